"""Encryption at rest of what Argus must be able to read back: camera URLs, tokens, signing secrets."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from shared.domain.errors import UserError
from shared.settings import Settings

_WRITING_S = 2.0


class SecretBox:
    """Fernet (AES-128-CBC with HMAC-SHA256) under the installation's key."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise UserError(
                "secret_key", "is not a Fernet key", remedy="32 url-safe base64 bytes; leave it unset to have one made"
            ) from None
        self._key = key.encode()

    def derived_key(self, purpose: str) -> bytes:
        """A key of 256 bits for one purpose, the same for as long as the installation keeps its own."""
        return hmac.digest(self._key, f"argus/{purpose}".encode(), hashlib.sha256)

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises `UserError` when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise UserError(
                "secret_key", "does not open the stored secrets", remedy="restore the key they were sealed with"
            ) from None


def installation_box(settings: Settings) -> SecretBox:
    """The box of this installation; its key is made at the first call. Raises `UserError` for a key that is none."""
    configured = settings.secret_key.get_secret_value() if settings.secret_key else None
    return SecretBox(installation_key(settings.data_dir, configured))


def installation_key(data_dir: Path, configured: str | None) -> str:
    """The configured key, else the one in the data dir (generated once, mode 0600)."""
    if configured:
        return configured
    path = data_dir / "secret.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path, data_dir=data_dir)
    except OSError as error:
        raise _unwritable(path, error) from None
    key = Fernet.generate_key()
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from None
    finally:
        os.close(descriptor)
    return key.decode()


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        "data_dir", f"{path} cannot be written: {error.strerror}", remedy="give write permission or choose another"
    )


def _read(path: Path, *, data_dir: Path) -> str:
    if not data_dir.is_dir():
        raise UserError("data_dir", f"{data_dir} is not a folder", remedy="choose another")
    until = time.monotonic() + _WRITING_S
    try:
        # Another process may have made the file a moment ago and be about to write the key.
        while not (key := path.read_text(encoding="ascii").strip()) and time.monotonic() < until:
            time.sleep(0.01)
    except OSError as error:
        raise UserError("data_dir", f"{path} cannot be read: {error.strerror}", remedy="restore it") from None
    except UnicodeDecodeError:
        raise UserError("data_dir", f"{path} holds no key", remedy="restore it") from None
    if not key:
        raise UserError("data_dir", f"{path} is empty", remedy="restore it, or delete it if no secret is stored yet")
    return key
