"""Faces: finding them, judging them, and saying whose they are."""
