"""What the API reads: bounded, newest first, in a stable order."""
