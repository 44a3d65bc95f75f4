"""Reading number plates."""
