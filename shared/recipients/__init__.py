"""The recipients of an installation: their addresses, adding and changing them, for everybody who does."""
