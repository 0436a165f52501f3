"""The portal's own process: uvicorn serving `app/asgi.py`."""

import sys

from core.foundation.settings import load_settings


def main() -> int:
    """Serves until it is told to stop. The settings have been checked before the first request is read."""
    import uvicorn

    settings = load_settings()
    # The access log would hold session cookies' paths and grow with every poll of a page; errors are enough.
    uvicorn.run("app.asgi:app", host=settings.host, port=settings.portal_port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
