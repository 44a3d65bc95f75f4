"""The pages of docs/reference that are generated from the code, so that they stay true."""
