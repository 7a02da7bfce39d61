"""The parser that asks a Rasa 3.6 server, and another parser where Rasa cannot be reached.

`POST /model/parse` is told in https://rasa.com/docs/rasa/pages/http-api; the token goes into the
address, the only place where Rasa looks for it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import structlog
from pydantic import BaseModel, Field, ValidationError

from bot.understanding.base import INTENTS, NOTHING_OPEN, Context, Parser, Understood
from bot.understanding.lexical import normal
from bot.understanding.sentences import is_long, understand_with, without_model
from dialogues.replying import count_words

log = structlog.get_logger()

NAME = "rasa"
PAUSE_SECONDS = 15.0
"""How long Rasa is left alone after a failure: a slow Rasa must not slow every turn."""
SHORT = 20
"""Words (or Chinese characters) above which a message that Rasa is not sure of is an answer."""
LARGEST_ANSWER = 1 << 18
"""Bytes that are read of an answer."""

RETRYABLE, AUTHENTICATION, PERMANENT = "retryable", "authentication", "permanent"
_TRY_AGAIN = {408, 409, 425, 429}
"""Statuses that pass by themselves; 409 is Rasa's own while it has no model."""


class RasaError(Exception):
    """Rasa did not answer, or not what it should. The message holds no words and no token."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class _Intent(BaseModel):
    name: str | None
    # Single precision may be a little above 1.
    confidence: float = Field(ge=0, le=1.001, allow_inf_nan=False)


class _Answer(BaseModel):
    """What is read of an answer of /model/parse."""

    intent: _Intent


class RasaParser:
    """Parses by a Rasa server; `fallback` parses when it is unavailable, and what needs no model.

    Safe for threads. `seconds` bound each try; `clock` gives monotonic seconds. Raises ValueError
    for what is not an address.
    """

    def __init__(
        self,
        url: str,
        token: str,
        fallback: Parser,
        seconds: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fallback = fallback
        self._seconds = seconds
        self._clock = clock
        self._outages = _Outages(clock)
        self._client = httpx2.Client(timeout=seconds, follow_redirects=False, trust_env=False)
        self._address = _address(url, token)

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        """The intent of a message of any length."""
        needs_rasa = not is_long(text) and not without_model(text)
        turn = self._outages.may_ask() if needs_rasa else None
        if turn is None:
            return self._fallback.parse(text, context)
        try:
            found = understand_with(self._judge, NAME, text, context)
        except RasaError as error:
            self._outages.failed(error)
            return self._fallback.parse(text, context)
        self._outages.answered(turn)
        if found.intent == "unsure" and count_words(text) > SHORT:
            return Understood("answer", found.confidence, NAME)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _judge(self, text: str, context: Context) -> tuple[str, float]:
        """Rasa's intent; it knows nothing of the context. Raises RasaError."""
        # A slash at the beginning would name an intent, and Rasa writes such messages to its log.
        said = normal(text.encode("utf-8", "replace").decode()).lstrip("/ ")
        found = self._ask(said).intent
        intent = found.name if found.name in INTENTS else "unsure"
        return intent, round(min(found.confidence, 1.0), 4)

    def _ask(self, said: str) -> _Answer:
        until = self._clock() + self._seconds
        try:
            with self._client.stream("POST", self._address, json={"text": said}) as answer:
                _check(answer.status_code)
                body = b""
                for chunk in answer.iter_bytes():
                    body += chunk
                    if self._clock() > until:
                        raise RasaError(RETRYABLE, "too slow")
                    if len(body) > LARGEST_ANSWER:
                        raise RasaError(PERMANENT, "the answer is too large")
        except httpx2.HTTPError as error:
            raise RasaError(RETRYABLE, type(error).__name__) from None
        try:
            return _Answer.model_validate_json(body)
        except ValidationError:
            raise RasaError(PERMANENT, "not an answer of Rasa's /model/parse") from None


def _address(url: str, token: str) -> httpx2.URL:
    try:
        address = httpx2.URL(url.rstrip("/") + "/model/parse", params={"token": token})
    except httpx2.InvalidURL:
        address = httpx2.URL()
    if address.scheme not in ("http", "https") or not address.host:
        raise ValueError("not an http address; write it as http://127.0.0.1:5005")
    return address


def _check(status: int) -> None:
    """Raise RasaError for every status but 200."""
    if status in (401, 403):
        raise RasaError(AUTHENTICATION, f"HTTP {status}: Rasa does not accept the token")
    if status in _TRY_AGAIN or status >= 500:
        raise RasaError(RETRYABLE, f"HTTP {status}")
    if status != 200:
        raise RasaError(PERMANENT, f"HTTP {status}")


@dataclass(frozen=True)
class _Turn:
    """Leave to ask Rasa; `probing` when it is to show whether an outage is over."""

    probing: bool


@dataclass
class _Outages:
    """Whether Rasa may be asked. A kind of failure is logged once an outage, and so is its end."""

    clock: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began: float | None = None
    _again: float = 0.0
    _told: set[str] = field(default_factory=set)

    def may_ask(self) -> _Turn | None:
        """Leave to ask, or None. After a pause one thread probes; the others go on waiting."""
        with self._lock:
            if self._began is None:
                return _Turn(probing=False)
            now = self.clock()
            if now < self._again:
                return None
            self._again = now + PAUSE_SECONDS
            return _Turn(probing=True)

    def failed(self, error: RasaError) -> None:
        with self._lock:
            now = self.clock()
            if self._began is None:
                self._began = now
            self._again = now + PAUSE_SECONDS
            is_news = error.kind not in self._told
            self._told.add(error.kind)
        if is_news:
            log.warning("rasa_unavailable", kind=error.kind, reason=str(error))

    def answered(self, turn: _Turn) -> None:
        """An answer came. One that was asked for before the outage does not end it."""
        if not turn.probing:
            return
        with self._lock:
            if self._began is None:
                return
            seconds = round(self.clock() - self._began, 1)
            self._began = None
            self._told.clear()
        log.info("rasa_available_again", seconds=seconds)
