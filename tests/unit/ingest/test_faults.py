"""Errors of FFmpeg and of the system in the words of CameraFault."""

from __future__ import annotations

import errno
import socket
import ssl

import av.error
import pytest

from services.ingest.faults import SourceFailed, classify
from shared.domain.camera import CameraFault

URL = "rtsp://anna:topsecret@camera/live"


def ffmpeg(kind: type[av.error.FFmpegError], code: int = 1) -> av.error.FFmpegError:
    return kind(code, "Something went wrong", URL)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ffmpeg(av.error.HTTPUnauthorizedError), CameraFault.AUTH_FAILED),
        (ffmpeg(av.error.HTTPForbiddenError), CameraFault.AUTH_FAILED),
        (ffmpeg(av.error.HTTPNotFoundError), CameraFault.NOT_FOUND),
        (ffmpeg(av.error.HTTPServerError), CameraFault.NETWORK),
        (ffmpeg(av.error.HTTPBadRequestError), CameraFault.NETWORK),
        (ffmpeg(av.error.InvalidDataError), CameraFault.UNSUPPORTED_CODEC),
        (ffmpeg(av.error.DecoderNotFoundError), CameraFault.UNSUPPORTED_CODEC),
        (ffmpeg(av.error.ExitError), CameraFault.STALLED),
        (ffmpeg(av.error.TimeoutError, errno.ETIMEDOUT), CameraFault.TIMEOUT),
        (ffmpeg(av.error.ConnectionRefusedError, errno.ECONNREFUSED), CameraFault.NETWORK),
        (ffmpeg(av.error.OSError, errno.EIO), CameraFault.NETWORK),
        (ffmpeg(av.error.OSError, errno.ENETUNREACH), CameraFault.NETWORK),
        (ffmpeg(av.error.FileNotFoundError, errno.ENOENT), CameraFault.NOT_FOUND),
        (ffmpeg(av.error.ProtocolNotFoundError), CameraFault.INVALID_URL),
        (ffmpeg(av.error.EOFError), CameraFault.NETWORK),
        (ffmpeg(av.error.UnknownError), CameraFault.NETWORK),
        (TimeoutError(URL), CameraFault.TIMEOUT),
        (OSError(errno.ETIMEDOUT, URL), CameraFault.TIMEOUT),
        (OSError(errno.EHOSTUNREACH, URL), CameraFault.NETWORK),
        (socket.gaierror(-2, URL), CameraFault.NETWORK),
        (ssl.SSLError(1, URL), CameraFault.TLS),
        (PermissionError(errno.EACCES, URL), CameraFault.NOT_FOUND),
        (ValueError(URL), CameraFault.NETWORK),
    ],
)
def test_every_error_has_a_fault_and_a_line_without_the_address(error: BaseException, fault: CameraFault) -> None:
    failure = classify(error)
    assert failure.fault is fault
    assert failure.detail
    assert "\n" not in failure.detail
    assert "topsecret" not in str(failure)
    assert "camera/live" not in str(failure)


def test_a_failure_that_is_classified_already_stays_as_it_is() -> None:
    failure = SourceFailed(CameraFault.TLS, "why")
    assert classify(failure) is failure
