"""The parser that asks Rasa: what it sends, what it makes of the answers, and Rasa's failures."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from bot.understanding.base import NOTHING_OPEN, Context, Understood
from bot.understanding.rasa import LARGEST_ANSWER, PAUSE_SECONDS, RasaParser
from tests.helpers import ROOT, free_port
from tests.rasa.server import TOKEN, RasaStandIn, Written, failure, told

RECORDED = sorted((ROOT / "tests/fixtures/rasa").glob("parse-*.json"))
SECRET = "我的身份证号是什么 my salary"
HOUR = 3600.0


class Fallback:
    """Says `thanks` to everything, and remembers it."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        self.heard.append(text)
        return Understood("thanks", 0.7, "fallback")


class Clock:
    """Seconds that pass when they are told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A parser with its fallback and its clock, and the stand-in that it asks, if any."""

    def __init__(self, url: str, token: str = TOKEN, seconds: float = 20.0) -> None:
        self.fallback, self.clock = Fallback(), Clock()
        self.parser = RasaParser(url, token, self.fallback, seconds, self.clock)

    def parse(self, text: str, kind: str = "open") -> Understood:
        return self.parser.parse(text, Context("您为什么想来？", kind))

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.parser.close()


def recorded(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return data


def logged(entries: list[Any]) -> list[tuple[str, str | None]]:
    return [(entry["event"], entry.get("kind")) for entry in entries]


# What is sent, and what is made of the answers.


def test_there_are_recordings_in_both_languages() -> None:
    names = {file.stem.rsplit("-", 1)[-1] for file in RECORDED}
    assert {"zh", "en"} <= names


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_answers_of_a_real_server(file: Path) -> None:
    answer = recorded(file)
    name, confidence = answer["intent"]["name"], round(answer["intent"]["confidence"], 4)
    expected = "unsure" if name == "nlu_fallback" else name
    with RasaStandIn({answer["text"]: answer}) as rasa, Line(rasa.url) as line:
        assert line.parse(answer["text"]) == Understood(expected, confidence, "rasa")
        assert rasa.heard == [answer["text"]]
        assert line.fallback.heard == []


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("  Please　SKIP\nthis one ", "please skip this one"),
        ("請重複一遍", "请重复一遍"),
        ("wa\u200bit a\u200d bit\ufeff", "wait a bit"),
        ("👍🏽 好的", "👍🏽 好的"),
        ("/delete_my_data", "delete_my_data"),
        ("／ /answer@1.0{}", "answer@1.0{}"),
        ('{"text": "x"}\u2028', '{"text": "x"}'),
        ("half \ud83d of an emoji", "half ? of an emoji"),
    ],
)
def test_the_normal_text_is_sent(said: str, sent: str) -> None:
    with RasaStandIn() as rasa, Line(rasa.url) as line:
        assert line.parse(said) == Understood("answer", 0.9, "rasa")
        assert rasa.heard == [sent]


def test_one_connection_is_kept() -> None:
    with RasaStandIn() as rasa, Line(rasa.url + "/") as line:
        for number in range(5):
            line.parse(f"answer {number}")
        assert len(rasa.heard) == 5
        assert rasa.connections == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "👍👍",
        "？！……",
        "\u200b\u200d",
        "3",
        "-12.5 %",
        "我说 " * 41,
        "word " * 81,
        "长" * 100_000,
        "x" * 100_000,
        "👍" * 100_000,
        "\u200b" * 100_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_what_needs_no_rasa_is_not_sent(text: str) -> None:
    with RasaStandIn() as rasa, Line(rasa.url) as line:
        assert line.parse(text).parser == "fallback"
        assert rasa.heard == []
        assert line.fallback.heard == [text]


@pytest.mark.parametrize(
    ("intent", "confidence", "expected"),
    [
        ("pause", 0.51, "pause"),
        ("pause", 0.49, "unsure"),
        ("answer", 0.31, "answer"),
        ("nlu_fallback", 0.3, "unsure"),
        ("order_pizza", 0.99, "unsure"),
        ("PAUSE", 0.99, "unsure"),
        (None, 0.0, "unsure"),
    ],
)
def test_doubt_about_short_and_longer_texts(intent: Any, confidence: float, expected: str) -> None:
    short, longer = "well you know", "well you know " * 8
    answers = {text.strip(): told(text, intent, confidence) for text in (short, longer)}
    with RasaStandIn(answers) as rasa, Line(rasa.url) as line:
        assert line.parse(short) == Understood(expected, confidence, "rasa")
        likely = "answer" if expected == "unsure" else expected
        assert line.parse(longer) == Understood(likely, confidence, "rasa")


def test_a_confidence_of_single_precision() -> None:
    answers = {"wait a bit": told("wait a bit", "pause", 1.0000001192)}
    with RasaStandIn(answers) as rasa, Line(rasa.url) as line:
        assert line.parse("wait a bit") == Understood("pause", 1.0, "rasa")


STORY = "I rewrote the import so that it took ten minutes."


def test_what_stands_beside_an_answer() -> None:
    asked = "who will see this?"
    both = f"{STORY} {asked}"
    for whole in ("answer", "ask_about_privacy"):
        answers = {
            both.lower(): told(both, whole, 0.8),
            asked: told(asked, "ask_about_privacy", 0.95),
            STORY.lower(): told(STORY, "answer", 0.95),
        }
        with RasaStandIn(answers) as rasa, Line(rasa.url) as line:
            expected = Understood("answer", 0.8, "rasa", "ask_about_privacy")
            assert line.parse(both) == expected
            if whole == "answer":  # In a role play the question is for somebody else.
                assert line.parse(both, "scenario") == Understood("answer", 0.8, "rasa")


@pytest.mark.parametrize("url", ["", "127.0.0.1:5005", "ftp://rasa", "http://", "http://[::1"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="http://127"):
        RasaParser(url, TOKEN, Fallback())


# Failures.

FAILURES: dict[str, tuple[Written, str]] = {
    "forbidden": (failure(403, "NotAuthorized"), "authentication"),
    "no model": (failure(409, "Conflict"), "retryable"),
    "failed": (failure(500, "ParsingError"), "retryable"),
    "gateway": ((502, "text/html", b"<html>bad gateway</html>"), "retryable"),
    "not found": ((404, "text/plain", b"not found"), "permanent"),
    "redirect": ((307, "text/plain", b""), "permanent"),
    "html": ((200, "text/html", b"<html>welcome</html>"), "permanent"),
    "empty": ((200, "application/json", b""), "permanent"),
    "no content": ((204, "application/json", b""), "permanent"),
    "list": ((200, "application/json", b"[]"), "permanent"),
    "shape": ((200, "application/json", b'{"intent": "pause"}'), "permanent"),
    "half": ((200, "application/json", b'{"intent": {"name": "pause", "conf'), "permanent"),
    "confidence": (
        (200, "application/json", b'{"intent": {"name": "pause", "confidence": 17}}'),
        "permanent",
    ),
    "not a number": (
        (200, "application/json", b'{"intent": {"name": "pause", "confidence": NaN}}'),
        "permanent",
    ),
    "not UTF-8": ((200, "application/json", b'{"intent": {"name": "\xff"}}'), "permanent"),
    "too large": ((200, "application/json", b" " * (LARGEST_ANSWER + 1)), "permanent"),
}


@pytest.mark.parametrize(("written", "kind"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_for_the_fallback_and_logged_without_words(
    written: Written, kind: str
) -> None:
    with RasaStandIn() as rasa, Line(rasa.url) as line:
        rasa.next = [written]
        with structlog.testing.capture_logs() as entries:
            assert line.parse(SECRET) == Understood("thanks", 0.7, "fallback")
            assert line.parse(SECRET).parser == "fallback"
        assert len(rasa.heard) == 1, "Rasa is left alone after a failure"
        assert logged(entries) == [("rasa_unavailable", kind)]
        said = repr(entries)
        assert TOKEN not in said
        assert "salary" not in said
        assert "身份证" not in said


def test_a_wrong_token() -> None:
    with RasaStandIn() as rasa, Line(rasa.url, token="wrong & token=?") as line:
        with structlog.testing.capture_logs() as entries:
            assert line.parse("wait a bit").parser == "fallback"
        assert logged(entries) == [("rasa_unavailable", "authentication")]
        assert "wrong" not in repr(entries)


def test_an_answer_that_breaks_off() -> None:
    with RasaStandIn() as rasa, Line(rasa.url) as line:
        rasa.cut = 5
        with structlog.testing.capture_logs() as entries:
            assert line.parse("wait a bit").parser == "fallback"
        assert logged(entries) == [("rasa_unavailable", "retryable")]


def test_nobody_listens() -> None:
    with Line(f"http://127.0.0.1:{free_port()}") as line:
        with structlog.testing.capture_logs() as entries:
            assert {line.parse(f"hello {number}").parser for number in range(5)} == {"fallback"}
        assert [entry["reason"] for entry in entries] == ["ConnectError"]


def test_a_slow_server_is_waited_for_once() -> None:
    with RasaStandIn() as rasa, Line(rasa.url, seconds=0.1) as line:
        rasa.open.clear()
        with structlog.testing.capture_logs() as entries:
            for number in range(50):
                assert line.parse(f"hello {number}").parser == "fallback"
        assert [entry["reason"] for entry in entries] == ["ReadTimeout"]
        rasa.open.set()


def test_recovery() -> None:
    with RasaStandIn() as rasa, Line(rasa.url) as line:
        rasa.next = [failure(503, "x"), failure(503, "x"), failure(403, "x"), failure(403, "x")]
        with structlog.testing.capture_logs() as entries:
            for tries in range(1, 5):
                assert line.parse("hello").parser == "fallback"
                line.clock.now += PAUSE_SECONDS - 0.1
                assert line.parse("hello").parser == "fallback"
                assert len(rasa.heard) == tries
                line.clock.now += 0.2
            assert line.parse("hello").parser == "rasa"
            assert line.parse("hello").parser == "rasa"
        assert logged(entries) == [
            ("rasa_unavailable", "retryable"),
            ("rasa_unavailable", "authentication"),
            ("rasa_available_again", None),
        ]
        rasa.next = [failure(503, "x")]
        with structlog.testing.capture_logs() as entries:
            line.parse("hello")
        assert logged(entries) == [("rasa_unavailable", "retryable")], "a new outage is told"


def test_rasa_goes_away_in_the_middle_of_a_message() -> None:
    text = f"{STORY} Who will see this?"
    with RasaStandIn() as rasa, Line(rasa.url) as line:
        first = json.dumps(told(text, "answer")).encode()
        rasa.next = [(200, "application/json", first), failure(500, "x")]
        assert line.parse(text).parser == "fallback"
        assert line.fallback.heard == [text]


# Threads.


def test_each_thread_gets_its_own_answer() -> None:
    intents = ("pause", "resume", "thanks", "deny")
    texts = [f"message {number}" for number in range(200)]
    answers = {text: told(text, intents[i % 4]) for i, text in enumerate(texts)}
    with RasaStandIn(answers) as rasa, Line(rasa.url) as line, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(line.parse, texts))
    assert found == [Understood(intents[i % 4], 0.9, "rasa") for i in range(200)]


def test_one_thread_looks_whether_rasa_is_back() -> None:
    with ExitStack() as opened:
        rasa = opened.enter_context(RasaStandIn())
        line = opened.enter_context(Line(rasa.url))
        threads = opened.enter_context(ThreadPoolExecutor(1))
        rasa.next = [failure(503, "x")]
        line.parse("hello")
        line.clock.now += HOUR
        rasa.asked.clear()
        rasa.open.clear()
        probe = threads.submit(line.parse, "probe")
        assert rasa.asked.wait(20)
        assert line.parse("others do not wait").parser == "fallback"
        rasa.open.set()
        assert probe.result(20).parser == "rasa"
        assert line.parse("and back").parser == "rasa"


def test_many_failures_at_once_are_logged_once() -> None:
    together = threading.Barrier(8)
    with RasaStandIn() as rasa, Line(rasa.url) as line, ThreadPoolExecutor(8) as threads:
        rasa.next = [failure(500, "x")] * 8

        def parse(number: int) -> str:
            together.wait(20)
            return line.parse(f"hello {number}").parser

        with structlog.testing.capture_logs() as entries:
            assert set(threads.map(parse, range(8))) == {"fallback"}
        assert logged(entries) == [("rasa_unavailable", "retryable")]
