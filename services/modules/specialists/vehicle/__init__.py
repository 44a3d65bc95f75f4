"""Type and colour of vehicles."""
