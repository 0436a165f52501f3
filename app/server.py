"""The portal's process: `python -m app.server`."""

import importlib
import os
import sys
from pathlib import Path

from app.web.connections import Connection
from core import garbage
from core.foundation.settings import PREFIX, load_settings

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Serves the portal until it is told to stop."""
    import uvicorn

    settings = load_settings()
    settings.start_logs("portal")
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


if __name__ == "__main__":
    sys.exit(main())
