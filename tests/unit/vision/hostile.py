"""Picture files of every kind that people send, the good and the bad."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 96, 64
LEFT, RIGHT = (200, 40, 40), (40, 40, 200)
"""The two halves, RGB: enough to see whether a picture stands as it should."""


def halves(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Red on the left, blue on the right."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:, : width // 2] = LEFT
    pixels[:, width // 2 :] = RIGHT
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def grey16() -> bytes:
    """A PNG of 16 bits a pixel: dark on the left, light on the right."""
    pixels = np.full((HEIGHT, WIDTH), 0x2000, np.uint16)
    pixels[:, WIDTH // 2 :] = 0xE000
    return saved(Image.fromarray(pixels), "PNG")


def turned() -> bytes:
    """Lies on its side, and says so: 6 means to be turned right by a quarter."""
    lying = halves().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(lying, "JPEG", exif=exif, quality=95)


def see_through() -> bytes:
    """The left half cannot be seen."""
    image = halves().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, WIDTH // 2, HEIGHT))
    return saved(image, "PNG")


def animation() -> bytes:
    return saved(
        halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT), "green")], duration=100
    )


def png_that_promises(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


READABLE: Mapping[str, Callable[[], bytes]] = {
    "jpeg": lambda: saved(halves(), "JPEG", quality=95),
    "png": lambda: saved(halves(), "PNG"),
    "webp": lambda: saved(halves(), "WEBP", lossless=True),
    "bmp": lambda: saved(halves(), "BMP"),
    "tiff": lambda: saved(halves(), "TIFF"),
    "palette": lambda: saved(halves().quantize(8), "PNG"),
    "animated gif": animation,
    "cmyk": lambda: saved(halves().convert("CMYK"), "JPEG", quality=95),
    "exif-rotated": turned,
    "progressive": lambda: saved(halves(), "JPEG", quality=95, progressive=True),
}
"""These all show the two halves."""

ODD: Mapping[str, Callable[[], bytes]] = {
    "16 bit": grey16,
    "alpha": see_through,
    "grey": lambda: saved(halves().convert("L"), "JPEG"),
    "1x1": lambda: saved(halves().resize((1, 1)), "PNG"),
    "1x2000": lambda: saved(halves().resize((1, 2000)), "PNG"),
    "2000x1": lambda: saved(halves().resize((2000, 1)), "PNG"),
}

REFUSED: Mapping[str, Callable[[], bytes]] = {
    "0 bytes": lambda: b"",
    "not an image": lambda: b"%PDF-1.7 this is no picture",
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "100 MP": lambda: png_that_promises(10_000, 10_000),
    "4 GP": lambda: png_that_promises(65_000, 65_000),
    "a long strip": lambda: png_that_promises(1, 40_000),
    "truncated jpeg": lambda: saved(halves(640, 480), "JPEG", quality=95)[:-2000],
    "truncated png": lambda: saved(halves(640, 480), "PNG")[:-200],
    "jpeg header alone": lambda: saved(halves(), "JPEG")[:400],
    "damaged png": lambda: saved(halves(), "PNG")[:60] + b"\xff" * 60,
}
