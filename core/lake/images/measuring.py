"""Images are opened here to be measured and proven whole, within limits that no decompression bomb gets past."""

import io
import warnings

from core.foundation.errors import Invalid
from core.foundation.text import _

IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
MOST_PIXELS = 50_000_000


def measure_image(content: bytes) -> tuple[str, int, int]:
    """Media type, width and height in pixels. Raises Invalid, without a field, for an image that is damaged, or of more
    than 50 million pixels."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = image.size
            check_size(width, height)
            image.load()
            return image.get_format_mimetype() or "image", width, height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large() from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Invalid(_("the image is damaged")) from error


def thumbnail(content: bytes, *, side: int) -> bytes:
    """A picture of an image as PNG, no wider and no higher than `side` pixels. Raises Invalid like `measure_image`."""
    from PIL import Image

    measure_image(content)
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    image.thumbnail((side, side))
    sink = io.BytesIO()
    image.convert("RGBA").save(sink, "PNG")
    return sink.getvalue()


def check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise too_large()


def too_large() -> Invalid:
    return Invalid(_("the image has more than {most} million pixels").format(most=MOST_PIXELS // 10**6))
