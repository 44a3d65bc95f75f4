"""Tracks for an image in the context of its camera."""
