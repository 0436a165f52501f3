"""What a request says: JSON, an address, a form with a file, or a file alone beside an address. Files go to disk while
they arrive, and nothing is larger than it may be."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from pydantic import ValidationError
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from core.foundation.actions.content import Content
from core.foundation.actions.spec import ActionSpec
from core.foundation.errors import Invalid, NoSpace, PortalError, is_disk_full
from core.foundation.json_text import unambiguous
from core.foundation.text import _
from core.foundation.validation import invalid_of, is_structured, refuse_booleans

MEGABYTE = 2**20
BODY_LIMIT = 70 * MEGABYTE
# A data file of 256 MB is a third larger as text.
FILE_LIMIT = 350 * MEGABYTE
TAKES_LARGE_FILES = frozenset({"imports.start_upload"})
FORM, RAW = "multipart/form-data", "application/octet-stream"
MOST_FIELDS = 100


class TooLarge(PortalError):
    """The body is larger than the portal reads."""

    status = 413


async def arguments_of(request: Request, spec: ActionSpec) -> dict[str, Any]:
    """The arguments of a call. Raises Invalid naming the first that is wrong, and TooLarge."""
    if request.method == "GET":
        return {key: _single(spec, key, request.query_params.getlist(key)) for key in request.query_params}
    body = _bounded(request, FILE_LIMIT if spec.name in TAKES_LARGE_FILES else BODY_LIMIT)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if spec.files and media_type == FORM:
            return await _of_form(request, body, spec)
        if spec.file and media_type == RAW:
            return _of_fields(spec, request.query_params) | {spec.file: await _spooled(body)}
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise NoSpace(_("No space is left on the disk")) from error
    return parsed(spec, b"".join([part async for part in body]) or b"{}")


def parsed(spec: ActionSpec, body: bytes) -> dict[str, Any]:
    """A JSON body as the action's arguments. Raises Invalid naming the first wrong field."""
    try:
        model = spec.parameters.model_validate_json(body)
    except ValidationError as error:
        raise invalid_of(error, model=spec.parameters) from error
    refuse_booleans(unambiguous(body), model=spec.parameters)
    return {name: getattr(model, name) for name in model.model_fields_set}


@contextmanager
def closing(arguments: dict[str, Any]) -> Iterator[None]:
    """After the call the files that came with it are there no more."""
    try:
        yield
    finally:
        for content in [argument for argument in arguments.values() if isinstance(argument, Content)]:
            content.close()


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooLarge(_("The body is larger than {size} MB").format(size=most // MEGABYTE))
        yield part


async def _spooled(body: AsyncIterator[bytes]) -> Content:
    with ExitStack() as opened:
        file = opened.enter_context(SpooledTemporaryFile(max_size=MEGABYTE))
        upload = UploadFile(cast(BinaryIO, file))
        async for part in body:
            await upload.write(part)
        opened.pop_all()
    return Content(upload.file)


async def _of_form(request: Request, body: AsyncGenerator[bytes, None], spec: ActionSpec) -> dict[str, Any]:
    try:
        form = await MultiPartParser(request.headers, body, max_files=len(spec.files), max_fields=MOST_FIELDS).parse()
    except MultiPartException as error:
        raise Invalid(_("The form cannot be read: {why}").format(why=error.message)) from error
    try:
        return _arguments_in(form, spec)
    except Invalid:
        await form.close()
        raise


def _arguments_in(form: FormData, spec: ActionSpec) -> dict[str, Any]:
    """The fields of a form. What the file is called that has to come is its `filename`, where the form has no field of
    that name."""
    fields = _of_fields(spec, FormData([(key, value) for key, value in form.multi_items() if key not in spec.files]))
    for name in spec.files:
        files = [_content_of(file) for file in form.getlist(name)]
        if len(files) > 1:
            raise _twice(name)
        fields |= dict(zip([name], files, strict=False))
    file = form.get(spec.file)
    if isinstance(file, UploadFile) and file.filename and "filename" in spec.parameters.model_fields:
        fields.setdefault("filename", file.filename)
    return fields


def _content_of(file: UploadFile | str) -> Content:
    return Content(file.file) if isinstance(file, UploadFile) else Content.of(file.encode())


def _of_fields(spec: ActionSpec, fields: FormData | QueryParams) -> dict[str, Any]:
    """Arguments that came as texts; those with parts are JSON."""
    arguments: dict[str, Any] = {}
    for key, text in fields.multi_items():
        if not isinstance(text, str):
            raise Invalid(_("{name} is no file").format(name=key), field=key)
        if key in arguments:
            raise _twice(key)
        arguments[key] = _argument(spec, key, text)
    return arguments


def _argument(spec: ActionSpec, key: str, text: str) -> Any:
    field = spec.parameters.model_fields.get(key)
    if field is None or not is_structured(field.annotation):
        return text
    try:
        return unambiguous(text)
    except ValueError as error:
        raise Invalid(_("{name} is not JSON").format(name=key), field=key) from error


def _twice(name: str) -> Invalid:
    return Invalid(_("{name} is there twice").format(name=name), field=name)


def _single(spec: ActionSpec, key: str, values: list[str]) -> Any:
    field = spec.parameters.model_fields.get(key)
    many = field is not None and "tuple" in str(field.annotation)
    return values if many or len(values) > 1 else values[0]
