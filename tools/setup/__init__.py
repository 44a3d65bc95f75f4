"""`python3 -m tools.setup`: from a bare Python to a working environment. Standard library only."""
