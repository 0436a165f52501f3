"""The portal as one ASGI application: Streamlit's pages, the REST API, sign-in, and the guard around all of them.
`uvicorn app.asgi:app` serves it."""

import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from app import session
from app.ui import frame, redraws
from app.web.guard import Guard
from app.web.mlflow_door import mlflow_routes
from app.web.operations import operation_routes
from app.web.requests import Requests
from app.web.rest import rest_routes
from app.web.sign_in import sign_in_routes
from core.foundation.errors import PortalError
from core.foundation.observability.logs import adopt_loggers

MAIN = Path(__file__).parent / "main.py"
# Streamlit would run a folder `pages` beside the entry script without the entry script, and so without its checks.
PagesManager.uses_pages_directory = False


@asynccontextmanager
async def warm(_app: st.App) -> AsyncIterator[None]:
    """Loads what the first visitor would otherwise wait for. Sockets and polls of live pages would fill a log."""
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    await run_in_threadpool(_load_heavy_parts)
    # Streamlit gives each of its loggers a handler of its own.
    adopt_loggers()
    yield


def _load_heavy_parts() -> None:
    for name in ("pandas", "pyarrow", "app.ui.charts"):
        importlib.import_module(name)


def show_error(error: Exception) -> bool:
    """What Streamlit calls for errors outside our frame: in callbacks and in live parts."""
    if isinstance(error, PortalError):
        frame.refusal(error)
    elif not redraws.met_another_run(error):
        frame.failure(error)
    return True


async def to_home(_request: Request) -> RedirectResponse:
    """Streamlit knows its first page as "/" only."""
    return RedirectResponse("/", status_code=307)


@cache
def build() -> st.App:
    """The application over the installation that the settings name."""
    settings = session.portal().foundation.settings
    return st.App(
        MAIN,
        lifespan=warm,
        routes=[
            *rest_routes(session.portal),
            *mlflow_routes(session.portal),
            *sign_in_routes(session.portal),
            *operation_routes(session.portal),
            Route("/home", to_home),
        ],
        middleware=[
            Middleware(Requests, access_log=settings.access_log),
            Middleware(Guard, portal=session.portal, settings=settings),
        ],
        on_script_error=show_error,
    )


def __getattr__(name: str) -> st.App:
    """`app` is built when a server asks for it, so that importing this module opens no installation."""
    if name == "app":
        return build()
    raise AttributeError(name)
