"""What hands say."""
