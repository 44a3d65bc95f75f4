"""Who asks, by a Bearer token."""

from __future__ import annotations

import hmac

from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.stand_in import StandIn
from shared.settings.securevision import SecureVisionSettings

CHALLENGE = 'Bearer realm="Argus"'
_KEY_PREFIX = "sk-"


def bearer_credentials(token: str | None, settings: SecureVisionSettings, *, address: str) -> Credentials:
    """What a token stands for: the settings' own for their account, any other for an API key.

    Where nothing is required, whoever brings neither of the two acts for the settings' account as well.
    """
    if token is not None and _is_configured(token, settings):
        return _standing_in(settings, "securevision token", address=address)
    if not settings.auth_required and (token is None or not token.startswith(_KEY_PREFIX)):
        return _standing_in(settings, None, address=address)
    return Credentials(address=address, key=token, challenge=CHALLENGE)


def _standing_in(settings: SecureVisionSettings, name: str | None, *, address: str) -> Credentials:
    stand_in = StandIn(username=settings.account, name=name)
    return Credentials(address=address, stand_in=stand_in, challenge=CHALLENGE)


def _is_configured(token: str, settings: SecureVisionSettings) -> bool:
    expected = settings.auth_token.get_secret_value() if settings.auth_token is not None else ""
    # Digests of equal length: nothing can be learned from how long this takes.
    same = hmac.compare_digest(_digest(token), _digest(expected))
    return bool(expected) and same


def _digest(text: str) -> bytes:
    return hmac.digest(b"securevision", text.encode("utf-8", errors="surrogatepass"), "sha256")
