"""What a body looks like, as a vector: to find the same person again."""
