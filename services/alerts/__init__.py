"""Events to people: who is told, over which channel, and until it is certain."""
