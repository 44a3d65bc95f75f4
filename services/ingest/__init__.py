"""Cameras to frames: connect, demux, decode as little as possible, publish."""
