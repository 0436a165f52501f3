"""The portal's process: `python -m app.server`."""

import sys

from core.foundation.settings import load_settings


def main() -> int:
    """Serves the portal until it is told to stop."""
    import uvicorn

    settings = load_settings()
    uvicorn.run(
        "app.asgi:app",
        host=settings.host,
        port=settings.portal_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        ws_max_size=60 * 1024 * 1024,
        timeout_graceful_shutdown=3,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
