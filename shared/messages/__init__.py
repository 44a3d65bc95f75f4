"""What services say to each other: versioned messages, each with an example, and the topics they travel on."""
