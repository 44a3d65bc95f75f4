"""What people do about alerts, over the API or by an answer to what they were told."""
