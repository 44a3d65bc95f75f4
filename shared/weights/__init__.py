"""The model weights: which exist (`registry`), which are here (`store`), and how they get here (`pull`)."""
