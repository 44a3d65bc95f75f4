"""Protective equipment: who wears what, and who lacks what they should wear."""
