"""Images as callers send them, the bytes of a file, become the pixels that the model takes. They are decoded in bounded
processes beside the server, never in its loop, by the function that decoded them for training; a file that is none
costs the request that it came with."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

import numpy as np

from core.foundation.errors import Invalid, PortalError, Unavailable
from core.foundation.text import _
from core.lake.images.decoders import Decoders, Encoded
from core.lake.images.decoding import encode
from core.lake.images.values import ImageInput
from core.serving.model_server.decode import quoted, wrong
from core.serving.model_server.layout import Array

PROCESSES, MOST_WAITING = 2, 1_000
Done = Callable[[PortalError | None], None]


class Picture(NamedTuple):
    """A file that a request came with, where it stood in it, and where its pixels belong."""

    encoded: Encoded
    where: str
    pixels: Array


def picture_of(text: Any, *, image: ImageInput, where: str, pixels: Array) -> Picture:
    """Of a file in base64. Invalid for anything else."""
    if not isinstance(text, str):
        raise wrong(where, _("{value} is no image in base64").format(value=quoted(text)))
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong(where, _("is no image in base64")) from error
    return Picture(Encoded(content, image), where, pixels)


def digest_of_pixels(pixels: Any) -> str:
    """What is said of pixels where a value is wanted."""
    return hashlib.sha256(bytes(pixels)).hexdigest()


class PictureDecoding:
    """Decodes for the requests of a server."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._decoders, self._waiting = loop, Decoders(PROCESSES), 0

    def warm(self) -> None:
        """Starts a process, so that no caller waits for it."""
        small = ImageInput(width=1, height=1)
        self._decoders.submit([Encoded(encode(b"\0\0\0", small), small)])

    def decode(self, pictures: Sequence[Picture], done: Done) -> None:
        """Writes the pixels where they belong and calls `done` in the loop, with the first refusal where there is
        one."""
        if self._waiting + len(pictures) > MOST_WAITING:
            busy = Unavailable(_("Too many images wait to be decoded"), hint=_("Try again in a moment."))
            self._loop.call_soon(done, busy)
            return
        self._waiting += len(pictures)
        future = self._decoders.submit([picture.encoded for picture in pictures])
        future.add_done_callback(lambda done_one: self._loop.call_soon_threadsafe(self._end, pictures, done_one, done))

    def close(self) -> None:
        self._decoders.close()

    def _end(self, pictures: Sequence[Picture], future: "Future[list[bytes | Invalid]]", done: Done) -> None:
        self._waiting -= len(pictures)
        try:
            _settle(pictures, future.result())
        except PortalError as refusal:
            done(refusal)
        else:
            done(None)


def _settle(pictures: Sequence[Picture], decoded: Sequence[bytes | Invalid]) -> None:
    for picture, pixels in zip(pictures, decoded, strict=True):
        if isinstance(pixels, Invalid):
            raise wrong(picture.where, pixels.message)
        picture.pixels[...] = np.frombuffer(pixels, dtype=np.uint8).reshape(picture.pixels.shape)
