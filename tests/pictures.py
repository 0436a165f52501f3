"""Pictures as files of images, made here or scikit-learn's digits."""

import io
import zipfile
from functools import cache
from typing import Any

import numpy as np
from PIL import Image


def png(pixels: Any, *, of: str = "PNG") -> bytes:
    """The file of pixels uint8 [height, width] or [height, width, 3]."""
    sink = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(sink, of)
    return sink.getvalue()


def noise(width: int, height: int, *, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def packed(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


@cache
def digits() -> bytes:
    """Scikit-learn's 1,797 digits of 8 by 8 as a ZIP of PNG files, in a folder for each digit."""
    from sklearn.datasets import load_digits

    images = load_digits()
    shades = np.minimum(images.images * 16, 255)
    files = zip(images.target, shades, strict=True)
    return packed({f"{digit}/{number:04d}.png": png(shade) for number, (digit, shade) in enumerate(files)})


def shapes(count: int = 160) -> dict[str, tuple[bytes, str, float]]:
    """PNG files of several sizes by their paths, with a class (a disc or a bar) and how bright it is."""
    random, files = np.random.default_rng(3), {}
    for number in range(count):
        side, kind, shade = int(random.integers(20, 90)), number % 2, int(random.integers(90, 255))
        rows, columns = np.mgrid[0:side, 0:side] / side - 0.5
        inside = rows**2 + columns**2 < 0.12 if kind else abs(columns) < 0.12
        pixels = np.where(inside[..., None], shade, random.integers(0, 60, (side, side, 3)))
        files[f"shapes/{number:04d}.png"] = (png(pixels), ("bar", "disc")[kind], shade / 255)
    return files
