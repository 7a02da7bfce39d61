"""What candidates' pages send: JSON, or a form with a recording in it."""

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.recordings import MAX_BYTES
from bot.web.api_error import ApiError
from bot.web.body import FormFile, read_body, read_form
from dialogues.guide import Language

ID = r"^[!-~]{1,128}$"
FORM_BYTES = 100_000
"""What a form holds besides its recording."""

ProfileValue = str | int | float | bool | None
Body = TypeVar("Body", bound=BaseModel)


class NewSession(BaseModel):
    """What is known of a candidate who arrives; the rest is asked."""

    model_config = ConfigDict(extra="forbid")
    position: str | None = Field(None, max_length=64)
    candidate_type: str | None = Field(None, max_length=64)
    language: Language | None = None
    invitation: str | None = Field(None, max_length=200)
    profile: dict[str, ProfileValue] = Field(default_factory=dict, max_length=50)


class NewMessage(BaseModel):
    """A candidate's message. The same `id` again gets the same answer and changes nothing.

    With `corrects`, the id of a message that was a recording, the text is what was said in it.
    """

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=ID)
    text: str
    corrects: str | None = Field(None, pattern=ID)


class SentFile(BaseModel):
    """A file in the part `media` of a form: an answer, spoken, or a résumé."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    id: str = Field(pattern=ID)
    media: FormFile


async def read_message(request: Request) -> NewMessage | SentFile:
    """A message: words as JSON or as a form, or a form with a recording."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await read_json(request, NewMessage)
    fields, media = await read_form(request, MAX_BYTES + FORM_BYTES)
    return _as({**fields, "media": media}, SentFile) if media else _as(fields, NewMessage)


async def read_json(request: Request, model: type[Body], optional: bool = False) -> Body:
    """The body as the model; with `optional` it may be empty."""
    return _as(_parse_json(await read_body(request), optional), model)


def _as(data: Any, model: type[Body]) -> Body:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ApiError(422, f"{where}: {first['msg']}" if where else str(first["msg"])) from None


def _parse_json(body: bytes, optional: bool) -> Any:
    if optional and not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError(422, "the body is not valid JSON") from None
