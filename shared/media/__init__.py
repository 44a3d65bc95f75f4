"""Pictures and footage: one store, local or S3."""

from shared.media.store import MediaStore

__all__ = ["MediaStore"]
