"""The process that decodes images, one after the other, as long as it is sent any: `python -m core.lake.images.child`.
It has closed itself in before the first one: what a hostile file makes of it reaches nothing, and ends at its limits.
It takes a head and the bytes of a file from its standard input, and answers on its standard output with a head and the
pixels, or the sentence that says what is wrong."""

import resource
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.images.decoding import decode, encode
from core.lake.images.values import ImageInput
from core.sandbox import landlock, seccomp
from core.sandbox.sandbox import system_paths

# Width, height, channels and the bytes of the file; whether it was decoded, and the bytes of the answer.
REQUEST, ANSWER = struct.Struct("<HHBI"), struct.Struct("<?I")
# 50 million pixels of four bytes, three times over, beside Python and Pillow.
MEMORY_MB, MB = 1024, 1 << 20


def main() -> None:
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    # Whatever Pillow loads at its first image is loaded before the door closes.
    small = ImageInput(width=1, height=1)
    decode(encode(b"\0\0\0", small), small)
    close_in()
    while head := requests.read(REQUEST.size):
        width, height, channels, size = REQUEST.unpack(head)
        image = ImageInput.model_construct(width=width, height=height, channels=channels)
        _answer(answers, requests.read(size), image)


def close_in() -> None:
    """Limits, and a sandbox where the kernel has one."""
    limits = {resource.RLIMIT_AS: MEMORY_MB * MB, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    with suppress(OSError, KeyError):
        landlock.restrict(readable=system_paths(), writable=())
        seccomp.restrict(keeping_files=True)


def _answer(answers: BinaryIO, content: bytes, image: ImageInput) -> None:
    try:
        is_decoded, answer = True, decode(content, image)
    except Invalid as refusal:
        is_decoded, answer = False, refusal.message.encode()
    except MemoryError:
        is_decoded, answer = False, _("the image takes too much memory").encode()
    answers.write(ANSWER.pack(is_decoded, len(answer)) + answer)
    answers.flush()


if __name__ == "__main__":
    main()
