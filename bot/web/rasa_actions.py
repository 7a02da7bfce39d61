"""The address that a Rasa 3 assistant calls as its action server (docs/rasa-assistant.md)."""

import hmac
import json
import re
import zlib
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError

from bot.channels.layout import with_progress
from bot.partners.rasa import Conversations, Heard, Told
from bot.web.api_error import ApiError
from bot.web.body import read_body
from dialogues.events import Reply
from dialogues.guide import Language

log = structlog.get_logger()

PATH = "/partners/rasa/actions"
ACTION = "miantan_interview"
"""The name of the custom action, and of the loop that it keeps open."""
SLOTS = ("miantan_session", "miantan_status", "miantan_seen")
"""What an assistant must be able to remember."""
EVERYBODY = "default"
"""Rasa's sender id for those who did not give one: not a person."""
COMMAND = re.compile(r"/\w+(\{.*\})?", re.S)
"""What Rasa takes for an intent by its name: widgets greet so, and buttons may."""
MAX_BODY = 16_000_000
"""Bytes. Rasa sends the whole conversation with every message."""


class LatestMessage(BaseModel):
    text: str | None = None
    message_id: str | None = Field(None, max_length=1_000)

    @property
    def words(self) -> str | None:
        """What a user said. None for what has no message id, an event that the assistant had
        triggered, and for an intent by its name."""
        text = self.text or ""
        return None if self.message_id is None or COMMAND.fullmatch(text) else text


class ActiveLoop(BaseModel):
    name: str | None = None


class Tracker(BaseModel):
    """The part of Rasa's tracker that is read."""

    slots: dict[str, Any] = Field(default_factory=dict)
    latest_message: LatestMessage = LatestMessage()
    latest_event_time: float | None = None
    active_loop: ActiveLoop = ActiveLoop()


class Call(BaseModel):
    """Rasa asks for an action to be run."""

    next_action: str
    sender_id: str = Field(min_length=1, max_length=1_000)
    tracker: Tracker


class RefusedError(Exception):
    """The action is not run. Rasa logs why, and lets the assistant do something else."""

    def __init__(self, status: int, why: str, action: str = "") -> None:
        super().__init__(why)
        self.status, self.why, self.action = status, why, action

    def answer(self) -> Response:
        log.warning("rasa: refused", status=self.status, why=self.why)
        return JSONResponse({"error": self.why, "action_name": self.action}, self.status)


def rasa_actions(conversations: Conversations, token: str) -> APIRouter:
    """The address, opened by the token: as a bearer, or as Rasa's own `token` parameter."""
    router = APIRouter(tags=["partners"])

    @router.post(PATH)
    async def act(request: Request) -> Response:
        """Run an action of a Rasa assistant."""
        if not _is_admitted(request, token):
            raise ApiError(401, "the token is missing or wrong")
        try:
            heard = _heard(_read(await _body(request)))
        except RefusedError as refused:
            return refused.answer()
        try:
            told = await conversations.take(heard)
        except Exception as error:  # noqa: BLE001 - the traceback may show a candidate's words
            log.error("rasa: not taken", error=type(error).__name__)
            return _failed(f"Miantan failed ({type(error).__name__}); see its log")
        if not told.replies:
            log.error("rasa: nothing to say", interview=told.session, status=told.status)
            return _failed("Miantan had nothing to say; see its log")
        return JSONResponse(_answer(told))

    return router


def _is_admitted(request: Request, token: str) -> bool:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else request.query_params.get("token", "")
    return hmac.compare_digest(given.encode(), token.encode())


async def _body(request: Request) -> bytes:
    """The body, inflated where Rasa was told to compress it."""
    body = await read_body(request, MAX_BODY)
    match request.headers.get("content-encoding", "identity").lower():
        case "identity":
            return body
        case "deflate":
            inflating = zlib.decompressobj()
            try:
                body = inflating.decompress(body, MAX_BODY)
            except zlib.error:
                raise RefusedError(400, "the body is not deflated as it says") from None
            if inflating.unconsumed_tail:
                raise ApiError(413, f"the request is larger than {MAX_BODY} bytes")
            return body
        case _:
            raise ApiError(415, "a body may be compressed by deflate only")


def _read(body: bytes) -> Call:
    try:
        return Call.model_validate(json.loads(body))
    except (ValueError, RecursionError) as error:
        if not isinstance(error, ValidationError):
            raise RefusedError(400, "the body is not valid JSON") from None
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedError(400, f"{where}: {first['msg']}") from None


def _heard(call: Call) -> Heard:
    """What was said; raises RefusedError for what the assistant's makers have to mend."""
    if call.next_action != ACTION:
        raise RefusedError(404, f"the only action here is {ACTION}", call.next_action)
    slots, latest = call.tracker.slots, call.tracker.latest_message
    missing = [name for name in SLOTS if name not in slots]
    if missing:
        raise RefusedError(400, f"the domain lacks the slots {', '.join(missing)}", ACTION)
    if call.sender_id == EVERYBODY:
        why = "the conversation has no sender id of its own, so anyone could read it"
        raise RefusedError(400, why, ACTION)
    session, seen = slots["miantan_session"], slots["miantan_seen"]
    return Heard(
        sender=call.sender_id,
        message_id=latest.message_id or f"event {call.tracker.latest_event_time}",
        text=latest.words,
        inside=call.tracker.active_loop.name == ACTION,
        campaign=_word(slots.get("miantan_campaign")),
        language=_language(slots.get("miantan_language"), latest.words or ""),
        session=_word(session) or None,
        seen=int(seen) if isinstance(seen, str) and re.fullmatch("[0-9]{1,18}", seen) else None,
    )


def _word(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= 200 else ""


def _language(wanted: Any, text: str) -> Language | None:
    """The language that the assistant names, else the one of the words that led here."""
    if wanted in ("zh", "en"):
        return "zh" if wanted == "zh" else "en"
    if re.search("[\u4e00-\u9fff]", text):
        return "zh"
    return "en" if re.search("[A-Za-z]", text) else None


def _answer(told: Told) -> dict[str, Any]:
    """In Rasa's words: events that it applies, and responses that it utters before."""
    slots = {
        "miantan_session": told.session,
        "miantan_status": told.status,
        "miantan_seen": None if told.seen is None else str(told.seen),
    }
    events: list[dict[str, Any]] = [
        {"event": "slot", "name": name, "value": value} for name, value in slots.items()
    ]
    events.append({"event": "active_loop", "name": ACTION if told.inside else None})
    return {"events": events, "responses": [_response(reply) for reply in told.replies]}


def _response(reply: Reply) -> dict[str, Any]:
    """A button's payload is sent as the user's own words: plain, so that Rasa sees no command."""
    response: dict[str, Any] = {"text": with_progress(reply)}
    if reply.options:
        response["buttons"] = [{"title": o.text, "payload": o.id} for o in reply.options]
    return response


def _failed(why: str) -> Response:
    return JSONResponse({"error": why, "action_name": ACTION}, 500)
