"""People and their faces: adding, finding, removing, and what a gallery is made of."""
