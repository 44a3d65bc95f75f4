"""Specialists that look closer at what the eye found, as Celery workers."""
