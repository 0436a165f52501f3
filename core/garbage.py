"""How often a process looks for garbage. While it loads (see `core/__init__.py`) seldom, and from then on as often as
Python does by itself, for what lives long and is given up, such as the session of a visitor, lies in cycles."""

import gc

AS_USUAL = (700, 10, 10)


def loaded() -> None:
    """For a process that goes on for long, once it has loaded: what is there stays, so it is looked at no more."""
    gc.freeze()
    gc.set_threshold(*AS_USUAL)
