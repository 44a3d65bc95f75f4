"""Telling a chat of Telegram."""
