"""Images are decoded by processes of their own, since the decoder is the one place where the bytes of strangers meet a
library in C. A process that dies or takes too long is replaced, and costs the image that it had in hand."""

import os
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue
from typing import NamedTuple

from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _
from core.lake.images.child import ANSWER, REQUEST
from core.lake.images.values import ImageInput
from core.sandbox.starting import PYTHON, environment_of

CHILD = "core.lake.images.child"
# For one image; the first one waits for the process to be there.
SECONDS, CHUNK, PART = 20.0, 1 << 16, 32


class Encoded(NamedTuple):
    """The bytes of a file, and what it is decoded to."""

    content: bytes
    image: ImageInput


class Decoder:
    """One process, which decodes one image at a time. It is there from the first one on."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, encoded: Encoded) -> bytes:
        """The pixels. Invalid, without a field, for what is no whole image or takes more than it may."""
        process = self._process = self._process or _started()
        try:
            return self._exchange(process, encoded)
        except (BrokenPipeError, EOFError) as error:
            self.close()
            raise Invalid(_("the image cannot be decoded")) from error
        except TimeoutError as error:
            self.close()
            raise Invalid(_("the image takes too long to decode")) from error

    @property
    def pid(self) -> int:
        """Of the process; 0 where there is none."""
        return self._process.pid if self._process else 0

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _exchange(self, process: "subprocess.Popen[bytes]", encoded: Encoded) -> bytes:
        assert process.stdin is not None
        content, image = encoded
        process.stdin.write(REQUEST.pack(image.width, image.height, image.channels, len(content)) + content)
        process.stdin.flush()
        until = time.monotonic() + self.seconds
        is_decoded, size = ANSWER.unpack(_read(process, ANSWER.size, until=until))
        answer = _read(process, size, until=until)
        if not is_decoded:
            raise Invalid(answer.decode())
        if size != image.bytes:
            raise EOFError
        return answer


class Decoders:
    """So many processes side by side, each begun when it is first needed. `close` ends them."""

    def __init__(self, count: int, *, seconds: float = SECONDS) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="images")
        self._free: SimpleQueue[Decoder] = SimpleQueue()
        self._all = [Decoder(seconds=seconds) for _number in range(count)]
        for decoder in self._all:
            self._free.put(decoder)

    def decoded(self, images: Sequence[Encoded]) -> Iterator[bytes | Invalid]:
        """The pixels of each, in order, or what is wrong with it. They are shared out in parts, since a thread that
        changes hands costs more than a small image."""
        parts = [images[start : start + PART] for start in range(0, len(images), PART)]
        return chain.from_iterable(self._threads.map(self._several, parts))

    def submit(self, images: Sequence[Encoded]) -> "Future[list[bytes | Invalid]]":
        """The same, some time."""
        return self._threads.submit(self._several, images)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        for decoder in self._all:
            decoder.close()

    def _several(self, images: Sequence[Encoded]) -> list[bytes | Invalid]:
        decoder = self._free.get()
        try:
            return [_outcome(decoder, encoded) for encoded in images]
        finally:
            self._free.put(decoder)


def _outcome(decoder: Decoder, encoded: Encoded) -> bytes | Invalid:
    try:
        return decoder.decode(encoded)
    except Invalid as refusal:
        return refusal


def _started() -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            [*PYTHON, CHILD], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment_of(1), bufsize=-1
        )
    except OSError as error:
        raise Unavailable(_("Images cannot be decoded now: no process can be started")) from error


def _read(process: "subprocess.Popen[bytes]", size: int, *, until: float) -> bytes:
    """So many bytes of the answer. EOFError when the process ends before, TimeoutError when it is not done in time."""
    assert process.stdout is not None
    handle, data, arrived = process.stdout.fileno(), bytearray(), select.poll()
    arrived.register(handle, select.POLLIN)
    while len(data) < size:
        if not arrived.poll(max(0.0, until - time.monotonic()) * 1000):
            raise TimeoutError
        part = os.read(handle, min(CHUNK, size - len(data)))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
