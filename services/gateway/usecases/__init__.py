"""What the API changes. Each function works in the caller's session; `commit` ends the transaction."""
