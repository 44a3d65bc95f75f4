"""What every answer has in common, whatever the dialect."""
