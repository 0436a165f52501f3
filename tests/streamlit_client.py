"""Streamlit's own client for tests, without the components of installed packages: to find them it reads about every
package there is, and the portal registers its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

SECONDS = 20


def script(file: Path) -> AppTest:
    """A script, before its first run."""
    return _bare(AppTest.from_file(str(file), default_timeout=SECONDS))


def function(body: Callable[..., Any]) -> AppTest:
    """The source of a function as a script, before its first run."""
    return _bare(AppTest.from_function(body, default_timeout=SECONDS))


def _bare(test: AppTest) -> AppTest:
    test._bidi_component_manager = BidiComponentManager()
    return test
