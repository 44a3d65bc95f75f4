"""Answers that do not end: streams, served beside the threads that answer requests."""
