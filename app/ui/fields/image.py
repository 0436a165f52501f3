"""A field for an image: the picture that it has is seen, and another file may take its place."""

import base64

import streamlit as st

from core.foundation.text import _

FILES, WIDTH = ("png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff"), 120


def image_field(label: str, *, value: str | None, key: str) -> str | None:
    """The file in base64: `value`, that of a held-out row, unless another one is chosen."""
    uploaded = st.file_uploader(label, type=list(FILES), key=key)
    if uploaded is None and value:
        st.image(base64.b64decode(value), width=WIDTH, caption=_("of the held-out row"))
    return base64.b64encode(uploaded.getvalue()).decode() if uploaded else value
