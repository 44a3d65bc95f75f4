"""CCTV Smart, the native dialect, at the root."""
