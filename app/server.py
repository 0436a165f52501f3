"""The portal's process: `python -m app.server`."""

import importlib
import os
import resource
import sys
from pathlib import Path

from app.web.connections import Connection
from core import garbage
from core.foundation.settings import PREFIX, load_settings

MOST_HANDLES = 16_384
ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Serves the portal until it is told to stop."""
    import uvicorn

    settings = load_settings()
    settings.start_logs("portal")
    take_connections()
    # Streamlit reads its settings and its look from `.streamlit` in the working folder.
    os.environ[f"{PREFIX}HOME"] = str(settings.home.absolute())
    os.chdir(ROOT)
    importlib.import_module("app.asgi")
    garbage.loaded()
    uvicorn.run(
        "app.asgi:app",
        http=Connection,
        host=settings.host,
        port=settings.portal_port,
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        ws_max_size=60 * 1024 * 1024,
        timeout_graceful_shutdown=3,
    )
    return 0


def take_connections() -> None:
    """Connections that are about to be ended for being slow leave handles for those that are not."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_HANDLES if hard == resource.RLIM_INFINITY else min(hard, MOST_HANDLES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
