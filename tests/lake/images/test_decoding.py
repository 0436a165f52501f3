"""One decoder makes the same pixels of a file wherever it runs, and no file harms whoever has it decoded."""

import io
import os
import signal
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from core.foundation.errors import Invalid
from core.lake.images.decoders import Decoder, Decoders, Encoded
from core.lake.images.decoding import decode, encode, is_gray
from core.lake.images.values import ImageInput
from tests.pictures import noise, png

SMALL, GRAY = ImageInput(width=6, height=4), ImageInput(width=6, height=4, channels=1)
PHOTO = png(noise(60, 40), of="JPEG")


def bomb() -> bytes:
    """200 kB that say they are 1.6 billion black pixels, and unpack to all of them."""
    side, block = 40_000, bytes(1_000_200)
    size = (side // 8 + 1) * side
    packer = zlib.compressobj(9)
    start = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    # What follows a full flush repeats as it is, so the same piece unpacks to as many blocks as there are of it.
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    end = b"\x03\0" + struct.pack(">HH", size % 65_521, 1)
    packed = start + again * (size // len(block) - 1) + end
    header = struct.pack(">2I5B", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


HOSTILE = {
    "garbage": (b"garbage" * 100, "no image"),
    "nothing": (b"", "no image"),
    "half a JPEG": (PHOTO[: len(PHOTO) // 2], "damaged"),
    "half a PNG": (png(noise(60, 40))[:3000], "damaged"),
    "a head alone": (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, "image"),
    "a bomb": (bomb(), "50 million pixels"),
}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def test_pixels_of_the_size_are_what_they_are_and_a_png_of_them_gives_them_again() -> None:
    pixels = noise(6, 4)
    assert decode(png(pixels), SMALL) == pixels.tobytes()
    assert decode(encode(pixels.tobytes(), SMALL), SMALL) == pixels.tobytes()
    shades = pixels[..., :1].tobytes()
    assert decode(encode(shades, GRAY), GRAY) == shades


def test_others_are_scaled_turned_upright_and_laid_on_white() -> None:
    scaled = np.frombuffer(decode(png(np.full((40, 60), 80)), SMALL), dtype=np.uint8)
    assert set(scaled.tolist()) == {80}
    clear, sink = Image.new("RGBA", (6, 4), (0, 0, 0, 0)), io.BytesIO()
    clear.save(sink, "PNG")
    assert set(decode(sink.getvalue(), SMALL)) == {255}
    halves, sink = Image.fromarray(np.array([[0], [255]], dtype=np.uint8)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 3
    halves.save(sink, "PNG", exif=exif)
    assert decode(sink.getvalue(), ImageInput(width=1, height=2, channels=1)) == bytes([255, 0])


def test_deep_shades_keep_their_upper_byte() -> None:
    sink = io.BytesIO()
    Image.fromarray((np.arange(24, dtype=np.uint16) * 2_621).reshape(4, 6)).save(sink, "PNG")
    assert list(decode(sink.getvalue(), GRAY)) == [value * 2_621 >> 8 for value in range(24)]
    assert (is_gray(sink.getvalue()), is_gray(PHOTO), is_gray(b"garbage")) == (True, False, False)


def test_the_process_says_what_the_function_says(decoder: Decoder) -> None:
    for image in (SMALL, GRAY):
        for content in (PHOTO, png(noise(6, 4))):
            assert decoder.decode(Encoded(content, image)) == decode(content, image)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_costs_itself(decoder: Decoder, case: str) -> None:
    content, words = HOSTILE[case]
    with pytest.raises(Invalid, match=words):
        decoder.decode(Encoded(content, SMALL))
    assert len(decoder.decode(Encoded(PHOTO, SMALL))) == SMALL.bytes


def test_a_process_that_dies_or_takes_too_long_is_replaced() -> None:
    decoder = Decoder()
    decoder.decode(Encoded(PHOTO, SMALL))
    assert decoder.pid
    os.kill(decoder.pid, signal.SIGKILL)
    with pytest.raises(Invalid, match="cannot be decoded"):
        decoder.decode(Encoded(PHOTO, SMALL))
    assert len(decoder.decode(Encoded(PHOTO, SMALL))) == SMALL.bytes
    assert decoder.pid
    os.kill(decoder.pid, signal.SIGSTOP)
    decoder.seconds = 0.05
    with pytest.raises(Invalid, match="too long"):
        decoder.decode(Encoded(PHOTO, SMALL))
    decoder.close()


def test_many_are_decoded_side_by_side_in_their_order() -> None:
    decoders = Decoders(2)
    files = [png(np.full((4, 6), shade)) for shade in range(70)]
    decoded = list(decoders.decoded([Encoded(content, GRAY) for content in [*files, b"garbage"]]))
    assert [set(pixels) for pixels in decoded[:-1] if isinstance(pixels, bytes)] == [{shade} for shade in range(70)]
    assert isinstance(decoded[-1], Invalid)
    decoders.close()
