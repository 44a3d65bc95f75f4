"""What is wrong with the camera itself."""
