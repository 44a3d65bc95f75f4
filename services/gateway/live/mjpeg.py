"""A camera's pictures as browsers show them in an `<img>`: one JPEG after the other, without an end."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from services.gateway.live.permission import Permission
from services.gateway.live.pictures import LivePictures
from services.gateway.live.stream import Connection, Stream

CONTENT_TYPE: Final = "multipart/x-mixed-replace; boundary=frame"
SILENCE_S: Final = 1.2
"""A camera of which nothing came for so long gives no signal."""

_SAID_AGAIN_S: Final = 2.0
_SIZE: Final = (640, 360)


class Mjpeg(Stream):
    """Each picture as soon as it is there and the client has taken the last: whoever is slow misses some.

    While the camera gives none, a picture says so. It ends when the permission does.
    """

    kind = "mjpeg"

    def __init__(self, pictures: LivePictures, camera: str, *, drawn: bool = False, permission: Permission) -> None:
        self._pictures = pictures
        self._camera = camera
        self._drawn = drawn
        self._permission = permission

    async def run(self, connection: Connection) -> None:
        await connection.send(b"--frame\r\n")
        async with self._pictures.watch(self._camera, drawn=self._drawn) as screen:
            # One that is there already is shown at once.
            number, patience_s = 0, SILENCE_S
            while self._permission.stands():
                if await screen.next(number, timeout_s=patience_s):
                    number, patience_s = screen.number, SILENCE_S
                    await connection.send(_part(screen.jpeg))
                else:
                    patience_s = _SAID_AGAIN_S
                    await connection.send(_part(no_signal()))


@cache
def no_signal() -> bytes:
    """What is shown of a camera that gives no pictures."""
    image = Image.new("RGB", _SIZE, (24, 24, 28))
    draw = ImageDraw.Draw(image)
    for offset in range(-_SIZE[1], _SIZE[0], 40):
        draw.line([(offset, _SIZE[1]), (offset + _SIZE[1], 0)], fill=(34, 34, 40), width=10)
    draw.text((_SIZE[0] / 2, _SIZE[1] / 2), "no signal", fill=(200, 200, 205), anchor="mm", font_size=36)
    content = BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue()


def _part(jpeg: bytes) -> bytes:
    # The boundary follows at once: browsers show a picture when they have seen where it ends.
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
    return head + jpeg + b"\r\n--frame\r\n"
