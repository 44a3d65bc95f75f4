"""Finding hands and their 21 landmarks."""
