"""The chat API: any page, app or mini-program can be a channel."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, select

from bot.arrival import Arrival
from bot.bootstrap import CHAT, Application
from bot.channels.base import Document
from bot.documents.reading import DocumentError, kind_of
from bot.fixing import Fixed
from bot.pipeline import MAX_CHARACTERS, ClosedError, Inbound
from bot.recordings import Arrived
from bot.security.tokens import token_hash
from bot.storage import interviews
from bot.storage.interviews import Message, Outcome, View, view_of_row
from bot.storage.people import key_of
from bot.storage.tables import Interview, MessageRow
from bot.web.api_error import ApiError
from bot.web.body import FormFile
from bot.web.chat_body import NewSession, SentFile, read_json, read_message
from dialogues.additions import NotGivenError
from dialogues.events import Answered, Event, Held, Noted, Reply, Unheard
from dialogues.guide import Language
from dialogues.state import CLOSED
from dialogues.texts import say
from dialogues.voice import NotRecordedError

POLL_SECONDS = 15.0

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])


class OptionOut(BaseModel):
    id: str
    text: str


class TranscriptOut(BaseModel):
    """What was understood of recordings, which the messages `of` were."""

    of: list[str]
    text: str


class MessageOut(BaseModel):
    """A message; `from` is there only for the candidate's own, in a history, `transcript` where it
    says back what was understood of a recording, and `audio`, an address, where it can be heard."""

    model_config = ConfigDict(populate_by_name=True)
    id: str
    kind: str
    text: str
    options: list[OptionOut] | None = None
    transcript: TranscriptOut | None = None
    audio: str | None = None
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
    """Begin an interview, or go on with the one that a personal invitation began elsewhere."""
    new = await read_json(request, NewSession, optional=True)
    outcome, token = await app.pipeline.begin(
        Arrival(
            campaign=campaign,
            channel=CHAT,
            language=new.language,
            position=new.position,
            candidate_type=new.candidate_type,
            profile=new.profile,
            source=CHAT,
            invitation=new.invitation or None,
        )
    )
    return Begun(
        session=outcome.interview_id,
        token=token,
        messages=_messages(app, outcome.interview_id, outcome.messages),
        state=_state(outcome.view),
    )


@router.post("/sessions/{session}/messages")
async def send(app: App, mine: Mine, request: Request) -> Answer:
    """Send a message; the answer has the replies. The words of a recording come later, and what is
    written meanwhile waits for them."""
    new = await read_message(request)
    message_id = f"{mine.id}:{new.id}"
    if isinstance(new, SentFile):
        outcome: Outcome | None = await _take_file(app, mine, message_id, new.media)
    elif len(new.text) > MAX_CHARACTERS:
        raise ApiError(413, f"a message has at most {MAX_CHARACTERS} characters")
    elif new.corrects is not None:
        spoken = f"{mine.id}:{new.corrects}"
        outcome = await app.fixing.take(Fixed(mine.id, CHAT, message_id, spoken, new.text))
    else:
        outcome = await app.joining.receive(Inbound(mine.id, CHAT, message_id, new.text))
    if outcome is None:
        return Answer(messages=[], state=_state(view_of_row(mine)))
    return Answer(
        messages=_messages(app, outcome.interview_id, outcome.messages), state=_state(outcome.view)
    )


async def _take_file(app: Application, mine: Interview, message_id: str, file: FormFile) -> Outcome:
    """A recording, or a résumé; what cannot be taken is told in the interview's language."""
    try:
        if kind_of(file.name, file.content_type) is not None:
            return await _hand_in(app, mine, message_id, file)
        if file.content_type.partition("/")[0] not in ("audio", "video") or app.recordings is None:
            raise ApiError(422, "a file of this kind is not taken; send `text`", "media_not_taken")
        return await app.recordings.take(Arrived(mine.id, CHAT, message_id, file.data))
    except (NotRecordedError, DocumentError) as error:
        if error.key == "closed":
            raise ClosedError("closed") from None
        language = cast("Language", mine.language)
        raise ApiError(422, say(error.key, language), error.key) from None


async def _hand_in(app: Application, mine: Interview, message_id: str, file: FormFile) -> Outcome:
    async def fetch() -> bytes:
        return file.data

    document = Document(file.name, len(file.data), file.content_type, fetch)
    try:
        return await app.entry.handing_in.read_in(document, mine.id, (CHAT, message_id))
    except NotGivenError:
        raise DocumentError("closed" if mine.status in CLOSED else "document_later") from None


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
        return Answer(messages=_messages(app, session, found), state=_state(view_of_row(row)))
    last = db.get(MessageRow, after)
    seen = last.turn if last is not None and last.interview_id == session else 0
    said = [
        (turn, 0, MessageOut(id=f"said-{turn}", kind="text", text=text, sender="candidate"))
        for turn, event in interviews.read_events(db, row, key)
        if turn > seen and (text := _words(event)) is not None
    ]
    told = [
        (message.turn, 1, out)
        for message, out in zip(found, _messages(app, session, found), strict=True)
    ]
    merged = sorted([*said, *told], key=lambda entry: entry[:2])
    return Answer(messages=[out for _, _, out in merged], state=_state(view_of_row(row)))


def _words(event: Event) -> str | None:
    """What the candidate said with this event; an answer that was held was said before."""
    match event:
        case Answered(confirmed=True):
            return None
        case Answered() | Noted() | Held():
            return event.text
        case Unheard():
            return "🎙"
    return None


def _messages(app: Application, session: str, messages: tuple[Message, ...]) -> list[MessageOut]:
    return [
        MessageOut(
            id=str(message.id),
            kind=message.reply.kind,
            text=message.reply.text,
            options=[OptionOut(id=o.id, text=o.text) for o in message.reply.options] or None,
            transcript=_transcript(message.reply),
            audio=_audio(app, session, message),
        )
        for message in messages
    ]


def _audio(app: Application, session: str, message: Message) -> str | None:
    if app.aloud is None or message.reply.kind != "question":
        return None
    return f"/api/v1/chat/sessions/{session}/messages/{message.id}/audio"


def _transcript(reply: Reply) -> TranscriptOut | None:
    if reply.transcript is None:
        return None
    of = [message.partition(":")[2] for message in reply.transcript.of]
    return TranscriptOut(of=of, text=reply.transcript.text)


def _state(view: View) -> StateOut:
    return StateOut(**view.as_json())
