"""A stand-in for a Rasa 3.6 server on loopback that holds its callers to Rasa's rules."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-parser"

Written = tuple[int, str, bytes]
"""A status, a content type, and a body."""


def told(text: str, intent: str, confidence: float = 0.9) -> dict[str, Any]:
    """An answer as a real server gives it, see tests/fixtures/rasa/parse-*.json."""
    found = {"name": intent, "confidence": confidence}
    tokens = [[0, len(text)]]
    return {
        "text": text,
        "intent": found,
        "entities": [],
        "text_tokens": tokens,
        "intent_ranking": [found],
    }


def failure(status: int, reason: str) -> Written:
    body = {"version": "3.6.21", "status": "failure", "reason": reason, "code": status}
    return status, "application/json", json.dumps(body).encode()


class RasaStandIn:
    """Answers /model/parse from `answers`, else with the intent `answer`; `heard` are the texts.

    `next` are answers to give before anything else. While `open` is cleared callers wait; `asked`
    is set once one has called. `cut` leaves out so many bytes at the end of a body.
    """

    def __init__(self, answers: dict[str, dict[str, Any]] | None = None) -> None:
        self.answers = answers or {}
        self.heard: list[str] = []
        self.connections = 0
        self.next: list[Written] = []
        self.asked = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.cut = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "RasaStandIn":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def answer(self, path: str, content_type: str, body: bytes) -> Written:
        """What Rasa answers: 401 without the token, 500 for what is not JSON."""
        parts = urlsplit(path)
        if parts.path != "/model/parse":
            return 404, "text/plain", b"not found"
        if parse_qs(parts.query).get("token") != [TOKEN]:
            return failure(401, "NotAuthenticated")
        if not body:
            return failure(400, "BadRequest")
        try:
            text = json.loads(body.decode())["text"]
        except (ValueError, KeyError, TypeError):
            return failure(500, "ParsingError")
        assert content_type == "application/json"
        assert isinstance(text, str)
        self.heard.append(text)
        if self.next:
            return self.next.pop(0)
        if text.startswith("/"):  # It is taken for the name of an intent.
            found = told(text, text[1:], 1.0)
        else:
            found = self.answers.get(text) or told(text, "answer")
        return 200, "application/json", json.dumps(found).encode()


def handler_of(rasa: RasaStandIn) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            rasa.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            rasa.asked.set()
            rasa.open.wait(60)
            status, kind, said = rasa.answer(self.path, self.headers["Content-Type"], body)
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(said)))
                if status // 100 == 3:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(said[: len(said) - rasa.cut])
            except OSError:  # The caller did not wait.
                self.close_connection = True
            if rasa.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    return Handler
