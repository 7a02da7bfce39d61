"""A stand-in for the speech model: recordings say what is written in them."""

import threading
from dataclasses import dataclass, field

from bot.bootstrap import Application
from dialogues.guide import Language
from tests.wechat_media import AMR_HEADER

FIGURES = {"seconds": 3.0, "mean_logprob": -0.2}


@dataclass(frozen=True)
class Heard:
    text: str
    original: str
    model: str = "stand-in@1"
    figures: dict[str, float] = field(default_factory=lambda: dict(FIGURES))
    reasons: tuple[str, ...] = ()


def saying(text: str, header: bytes = b"") -> bytes:
    """A recording with these words, behind the header of a format."""
    return header + f"say:{text}".encode()


def bad(*reasons: str, text: str = "") -> bytes:
    """A recording that cannot be judged."""
    return f"bad:{','.join(reasons)}:{text}".encode()


class Ears:
    """Hears recordings, one after the other. `closed` makes it wait until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.heard: list[tuple[bytes, Language]] = []
        self.failures = 0

    def __call__(self, audio: bytes, language: Language) -> Heard:
        if not self.open.wait(20):
            raise AssertionError("nobody opened the ears")
        self.heard.append((audio, language))
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError(f"the model died over {audio.decode()}")
        words = audio.removeprefix(AMR_HEADER).decode()
        kind, _, rest = words.partition(":")
        if kind == "bad":
            reasons, _, text = rest.partition(":")
            return Heard(text, text, reasons=tuple(reasons.split(",")))
        return Heard(rest.replace("語", "语"), rest)


def give_ears(application: Application) -> Ears:
    """From now on recordings are heard by the stand-in."""
    ears = Ears()
    application.tasks.transcribing.hear = ears
    return ears
