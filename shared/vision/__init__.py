"""What everyone who looks at pictures shares: opening them, opening models, reading what models answer."""
