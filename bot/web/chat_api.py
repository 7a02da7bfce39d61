"""The chat API: any page, app or mini-program can be a channel."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, select
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from bot.bootstrap import CHAT, Application
from bot.pipeline import MAX_CHARACTERS, Arrival, Inbound
from bot.security.tokens import token_hash
from bot.storage import interviews
from bot.storage.interviews import Message, View, view_of_row
from bot.storage.people import key_of
from bot.storage.tables import Interview, MessageRow
from bot.web.body import MAX_BODY, read_body
from bot.web.errors import ApiError
from dialogues.events import Answered, Event, Held, Noted
from dialogues.guide import Language

POLL_SECONDS = 15.0

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])

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
    """A candidate's message. The same `id` again gets the same answer and changes nothing."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[!-~]{1,128}$")
    text: str


class OptionOut(BaseModel):
    id: str
    text: str


class MessageOut(BaseModel):
    """A message; `from` is there only for the candidate's own, in a history."""

    model_config = ConfigDict(populate_by_name=True)
    id: str
    kind: str
    text: str
    options: list[OptionOut] | None = None
    sender: str | None = Field(None, alias="from")


class StateOut(BaseModel):
    status: str
    question: str | None
    probe: str | None
    answered: int
    total: int


class Answer(BaseModel):
    messages: list[MessageOut]
    state: StateOut


class Begun(Answer):
    session: str
    token: str


def application(request: Request) -> Application:
    app: Application = request.app.state.application
    return app


App = Annotated[Application, Depends(application)]


async def access_session(
    request: Request, session: str, authorization: Annotated[str | None, Header()] = None
) -> Interview:
    """The interview that the token opens; 401 before anything else, then 404."""
    scheme, _, token = (authorization or "").partition(" ")
    hashed = token_hash(token.strip()) if scheme.lower() == "bearer" and token.strip() else None

    def find(db: Session) -> tuple[Interview | None, bool]:
        if hashed is None:
            return None, False
        mine = db.exec(select(Interview).where(Interview.token_hash == hashed)).first()
        exists = session.isalnum() and db.get(Interview, session) is not None
        return mine, mine is not None and exists

    mine, exists = await application(request).database.read(find)
    if mine is None:
        raise ApiError(401, "send the session's token as `Authorization: Bearer …`")
    if not exists:
        raise ApiError(404, "there is no such session")
    if mine.id != session:
        raise ApiError(401, "the token belongs to another session")
    return mine


Mine = Annotated[Interview, Depends(access_session)]


@router.post("/{campaign}/sessions", response_model_exclude_none=False)
async def begin(app: App, campaign: str, request: Request) -> Begun:
    """Begin an interview."""
    new = await _read(request, NewSession, optional=True)
    if new.invitation:
        raise ApiError(404, "there is no such invitation", "unknown_invitation")
    outcome, token = await app.pipeline.begin(
        Arrival(
            campaign=campaign,
            channel=CHAT,
            language=new.language,
            position=new.position,
            candidate_type=new.candidate_type,
            profile=new.profile,
        )
    )
    return Begun(
        session=outcome.interview_id,
        token=token,
        messages=_messages(outcome.messages),
        state=_state(outcome.view),
    )


@router.post("/sessions/{session}/messages")
async def send(app: App, mine: Mine, request: Request) -> Answer:
    """Send a message; the answer has the replies."""
    new = await _read(request, NewMessage)
    if len(new.text) > MAX_CHARACTERS:
        raise ApiError(413, f"a message has at most {MAX_CHARACTERS} characters")
    outcome = await app.pipeline.receive(Inbound(mine.id, CHAT, f"{mine.id}:{new.id}", new.text))
    return Answer(messages=_messages(outcome.messages), state=_state(outcome.view))


@router.get("/sessions/{session}/messages")
async def later(
    app: App,
    mine: Mine,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    history: Annotated[bool, Query(description="with the candidate's own messages")] = False,
) -> Answer:
    """Messages after an id, and the state."""
    return await app.database.read(lambda db: _read_later(app, db, mine.id, after, history))


@router.get("/sessions/{session}/events", response_class=EventSourceResponse)
async def events(
    app: App,
    mine: Mine,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """The same as server-sent events: `message` for each message, `state` after a change."""
    last = last_event_id or ""
    seen = int(last) if re.fullmatch("[0-9]{1,18}", last) else after
    state: StateOut | None = None
    with app.hub.listen(mine.id) as news:
        while True:
            news.clear()
            answer = await app.database.read(
                lambda db, seen=seen: _read_later(app, db, mine.id, seen, False)  # type: ignore[misc]
            )
            for message in answer.messages:
                seen = int(message.id)
                data = message.model_dump(by_alias=True, exclude_none=True)
                yield ServerSentEvent(event="message", id=message.id, data=data)
            if answer.state != state:
                state = answer.state
                yield ServerSentEvent(event="state", data=state.model_dump())
            await app.hub.wait(news, POLL_SECONDS)


def _read_later(app: Application, db: Session, session: str, after: int, history: bool) -> Answer:
    row = db.get_one(Interview, session)
    key = key_of(db, app.master, row)
    found = interviews.read_messages(db, row, key, after=after)
    if not history:
        return Answer(messages=_messages(found), state=_state(view_of_row(row)))
    last = db.get(MessageRow, after)
    seen = last.turn if last is not None and last.interview_id == session else 0
    said = [
        (turn, 0, MessageOut(id=f"said-{turn}", kind="text", text=text, sender="candidate"))
        for turn, event in interviews.read_events(db, row, key)
        if turn > seen and (text := _words(event)) is not None
    ]
    told = [(message.turn, 1, out) for message, out in zip(found, _messages(found), strict=True)]
    merged = sorted([*said, *told], key=lambda entry: entry[:2])
    return Answer(messages=[out for _, _, out in merged], state=_state(view_of_row(row)))


def _words(event: Event) -> str | None:
    """What the candidate said with this event; an answer that was held was said before."""
    match event:
        case Answered(confirmed=True):
            return None
        case Answered() | Noted() | Held():
            return event.text
    return None


def _messages(messages: tuple[Message, ...]) -> list[MessageOut]:
    return [
        MessageOut(
            id=str(message.id),
            kind=message.reply.kind,
            text=message.reply.text,
            options=[OptionOut(id=o.id, text=o.text) for o in message.reply.options] or None,
        )
        for message in messages
    ]


def _state(view: View) -> StateOut:
    return StateOut(**view.as_json())


async def _read(request: Request, model: type[Body], optional: bool = False) -> Body:
    """The body as the model: JSON, or a form for those that send media."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        data = await _read_form(request)
    else:
        data = _parse_json(await read_body(request), optional)
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


async def _read_form(request: Request) -> dict[str, Any]:
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise ApiError(413, f"the request is larger than {MAX_BODY} bytes")
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            if any(isinstance(value, UploadFile) for value in form.values()):
                message = "audio and files are not taken yet; send `text`"
                raise ApiError(422, message, "media_not_taken")
            return dict(form)
    except HTTPException as error:
        raise ApiError(422, str(error.detail)) from None
