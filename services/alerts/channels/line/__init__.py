"""Telling users and groups of LINE."""
