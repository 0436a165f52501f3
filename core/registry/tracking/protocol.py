"""MLflow's protocol: its messages, its errors and the tokens of its pages."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.foundation.database import refusal_of
from core.foundation.errors import Invalid, NotFound, Unavailable
from core.foundation.text import _

# The modules of its messages.
RUNS, MODELS = "service_pb2", "model_registry_pb2"
REFUSALS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")


def view_of(value: Any) -> Any:
    """Whether what was deleted is shown, as MLflow's stores take it."""
    from mlflow.entities import ViewType

    return ViewType.from_proto(value)


def message_called(name: str, *, module: str) -> Any:
    """One of MLflow's messages; a call that it answers has its `Response`."""
    from mlflow.protos import model_registry_pb2, service_pb2

    return getattr({RUNS: service_pb2, MODELS: model_registry_pb2}[module], name)


def request_of(message: Any, arguments: Mapping[str, Any]) -> Any:
    """The arguments as MLflow's message; of a query's values those of a list are kept together."""
    from google.protobuf.json_format import ParseError
    from mlflow.utils.proto_json_utils import parse_dict

    request, fields = message(), {}
    for name, value in arguments.items():
        field = message.DESCRIPTOR.fields_by_name.get(name)
        is_single = isinstance(value, list) and field is not None and not field.is_repeated
        fields[name] = value[-1] if is_single and value else value
    try:
        parse_dict(fields, request)
    except (ParseError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(_("This is no request that MLflow takes: {why}").format(why=str(error)[:200])) from error
    return request


def document_of(response: Any) -> dict[str, Any]:
    """A message as MLflow's own JSON."""
    from mlflow.utils.proto_json_utils import message_to_json

    document: dict[str, Any] = json.loads(message_to_json(response))
    return document


def plain(token: str | bytes | None) -> str:
    """A token as MLflow's stores give it, as text; empty where there is no further page."""
    return token.decode() if isinstance(token, bytes) else token or ""


def token_of(project: str, inner: str) -> str:
    """The token of a page that begins in a project, there at MLflow's own token."""
    return base64.urlsafe_b64encode(json.dumps([project, inner]).encode()).decode()


def place_of(token: str) -> tuple[str, str | None]:
    """Where a search goes on: at which project, and from where on in it."""
    if not token:
        return "", None
    try:
        project, inner = json.loads(base64.urlsafe_b64decode(token.encode()))
        return f"{project}.", str(inner) or None
    except (ValueError, TypeError) as error:
        raise Invalid(_("That token names no page"), field="page_token") from error


@contextmanager
def translated() -> Iterator[None]:
    """What MLflow raises as the errors of this portal."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            raise NotFound(_("MLflow has nothing of that name or id")) from error
        cause = error.__cause__
        # What it does not let by it calls an internal error here and there; one that is has a cause.
        if error.error_code in REFUSALS or (error.error_code == "INTERNAL_ERROR" and cause is None):
            raise Invalid(str(error)[:500]) from error
        if _is_lasting(cause):
            raise Invalid(_("MLflow cannot answer this request: a number, a token or its length is none")) from error
        raise Unavailable(_("MLflow does not answer")) from error
    except SQLAlchemyError as error:
        raise Unavailable(_("MLflow does not answer")) from error


def _is_lasting(cause: BaseException | None) -> bool:
    """Whether the request itself failed, so that sending it again fails, too."""
    if isinstance(cause, DBAPIError):
        return refusal_of(cause) is None
    return isinstance(cause, ArithmeticError | LookupError | TypeError | ValueError | AttributeError)
