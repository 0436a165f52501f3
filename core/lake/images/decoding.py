"""The decoder "pillow-1": what stands in a file of an image becomes pixels of the size that a model takes. Whatever it
does differently one day gets another name, since models have learned from what this one gives."""

import io
import warnings
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.images.measuring import FORMATS, check_size, too_large
from core.lake.images.values import ImageInput

if TYPE_CHECKING:
    from PIL.Image import Image

DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def decode(content: bytes, image: ImageInput) -> bytes:
    """The pixels of the first picture in a file, row after row: turned upright as its EXIF says, laid on white where it
    lets through, of 8 bits, and scaled to the size, whatever its proportions were. The size is read from the header
    before anything is decoded. Invalid, without a field, for what is no whole image, or one of too many pixels."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=FORMATS)
            check_size(*opened.size)
            opened.load()
            return bytes(_scaled(opened, image).tobytes())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large() from error
    except Image.UnidentifiedImageError as error:
        raise Invalid(_("it is no image (PNG, JPEG, GIF, WebP, BMP, TIFF)")) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Invalid(_("the image is damaged")) from error


def encode(pixels: bytes, image: ImageInput) -> bytes:
    """A PNG that is decoded to these pixels."""
    from PIL import Image

    sink = io.BytesIO()
    size = (image.width, image.height)
    Image.frombytes("L" if image.channels == 1 else "RGB", size, pixels).save(sink, "PNG")
    return sink.getvalue()


def is_gray(content: bytes) -> bool:
    """Whether an image says that it has no colors. Its pixels are not read."""
    from PIL import Image

    try:
        mode = Image.open(io.BytesIO(content), formats=FORMATS).mode
    except (OSError, SyntaxError, ValueError, EOFError):
        return False
    return mode in ("1", "L", "LA", *DEEP_MODES)


def _scaled(opened: "Image", image: ImageInput) -> "Image":
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(opened)
    if upright.mode in DEEP_MODES:
        upright = upright.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if upright.has_transparency_data:
        clear = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    plain = upright.convert("L" if image.channels == 1 else "RGB")
    size = (image.width, image.height)
    return plain if plain.size == size else plain.resize(size, Image.Resampling.BILINEAR)
