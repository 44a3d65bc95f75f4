"""Fire and smoke."""
