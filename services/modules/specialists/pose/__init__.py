"""How people stand, move and fall."""
