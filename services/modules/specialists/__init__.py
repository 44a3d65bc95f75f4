"""The specialists by name. Strings only: nothing is imported until a worker opens it."""

CATALOGUE: dict[str, str] = {}
