"""Why a source failed, in the words of `CameraFault`. No text made here can hold credentials."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import av.error

from shared.domain.camera import CameraFault
from shared.domain.errors import Transient


class SourceFailed(Transient):
    """A source cannot give pictures now: why, and one line for people."""

    def __init__(self, fault: CameraFault, detail: str) -> None:
        super().__init__(f"{fault.value}: {detail}")
        self.fault = fault
        self.detail = detail


# FFmpeg's own errors; the first match wins. Their texts repeat the URL, so none of them is ever passed on.
_OF_FFMPEG: tuple[tuple[type[BaseException], CameraFault, str], ...] = (
    (av.error.HTTPUnauthorizedError, CameraFault.AUTH_FAILED, "the camera refused the user name or password (401)"),
    (av.error.HTTPForbiddenError, CameraFault.AUTH_FAILED, "the camera forbids this to the user (403)"),
    (av.error.HTTPNotFoundError, CameraFault.NOT_FOUND, "the camera has no such stream (404)"),
    (av.error.HTTPTooManyRequestsError, CameraFault.NETWORK, "the camera asks to be left alone for a while (429)"),
    (av.error.HTTPServerError, CameraFault.NETWORK, "the camera reports a fault of its own (5xx)"),
    (av.error.HTTPClientError, CameraFault.NETWORK, "the camera refused the request (4xx)"),
    (av.error.DecoderNotFoundError, CameraFault.UNSUPPORTED_CODEC, "no decoder for this codec"),
    (av.error.DemuxerNotFoundError, CameraFault.UNSUPPORTED_CODEC, "no reader for this format"),
    (av.error.PatchWelcomeError, CameraFault.UNSUPPORTED_CODEC, "a variant of the codec that cannot be decoded"),
    (av.error.InvalidDataError, CameraFault.UNSUPPORTED_CODEC, "what came is not video, or is cut short"),
    (av.error.ArgumentError, CameraFault.UNSUPPORTED_CODEC, "this format is not accepted"),
    (av.error.ProtocolNotFoundError, CameraFault.INVALID_URL, "this protocol is not available"),
    (av.error.OptionNotFoundError, CameraFault.INVALID_URL, "an option of the address is not known"),
    (av.error.ExitError, CameraFault.STALLED, "connected, but nothing came in time"),
    (av.error.EOFError, CameraFault.NETWORK, "the camera closed the connection"),
)

_OF_SYSTEM: tuple[tuple[type[BaseException], CameraFault, str], ...] = (
    (ssl.SSLError, CameraFault.TLS, "the encrypted connection could not be set up"),
    (socket.gaierror, CameraFault.NETWORK, "the host name cannot be resolved"),
    (TimeoutError, CameraFault.TIMEOUT, "no answer in time"),
    (ConnectionRefusedError, CameraFault.NETWORK, "the connection was refused"),
    (FileNotFoundError, CameraFault.NOT_FOUND, "the file does not exist"),
    (IsADirectoryError, CameraFault.NOT_FOUND, "is a folder, not a file"),
    (PermissionError, CameraFault.NOT_FOUND, "may not be read: permission denied"),
)


def classify(error: BaseException) -> SourceFailed:
    """The failure behind an error of FFmpeg or of the system."""
    if isinstance(error, SourceFailed):
        return error
    for kind, fault, detail in (*_OF_FFMPEG, *_OF_SYSTEM):
        if isinstance(error, kind):
            return SourceFailed(fault, detail)
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and isinstance(number, int) and 0 < number < 4096:
        fault = CameraFault.TIMEOUT if number == errno.ETIMEDOUT else CameraFault.NETWORK
        return SourceFailed(fault, os.strerror(number).lower())
    return SourceFailed(CameraFault.NETWORK, f"the connection broke off ({type(error).__name__})")
