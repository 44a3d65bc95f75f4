"""The HTTP API: one core, spoken in several dialects."""
