"""Hands and their landmarks."""
