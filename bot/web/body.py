"""Reading a request's body or form, up to a limit; and whether it came over TLS."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from bot.web.api_error import ApiError

MAX_BODY = 1_000_000
MAX_FIELDS = 20


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, f"the request is larger than {limit} bytes")
    return bytes(body)


@dataclass(frozen=True)
class FormFile:
    """A file in a form. Its name and `content_type` are what its sender says."""

    name: str
    content_type: str
    data: bytes


async def read_form(request: Request, limit: int) -> tuple[dict[str, str], FormFile | None]:
    """The fields of a form and the one file in it, which never touches the disk.

    Raises ApiError: 413 over `limit` bytes, 422 for what is no such form.
    """
    body = await read_body(request, limit)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data") or "charset=" in kind:
        raise ApiError(422, "the body is no multipart/form-data")
    parser = _InMemory(
        request.headers, stream(), max_files=1, max_fields=MAX_FIELDS, max_part_size=limit
    )
    parser.spool_max_size = limit
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError) as error:
        raise ApiError(422, f"the form cannot be read: {error}") from None
    fields: dict[str, str] = {}
    file = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = FormFile(value.filename or "", value.content_type or "", await value.read())
        else:
            fields[name] = value
    await form.close()
    return fields, file


class _InMemory(MultiPartParser):
    """Files stay in memory: they may name people, or be their voices."""


def is_secure(request: Request) -> bool:
    """Whether cookies may be kept to TLS: the request, or the public address, is https."""
    public: str = request.app.state.application.settings.base_url
    return request.url.scheme == "https" or public.startswith("https://")
