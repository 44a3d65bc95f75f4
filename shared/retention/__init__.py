"""How long things are kept, and what of them nobody needs any more."""
