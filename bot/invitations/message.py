"""The words of invitations: Jinja templates in both languages, which a company may replace."""

import calendar
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)

from bot.invitations.base import Letter
from bot.invitations.links import TELEGRAM, WEB
from bot.security.codes import grouped
from bot.storage.invitations import Contact
from connectors.base import PermanentError
from dialogues.guide import Language

OURS = Path(__file__).parent / "templates"


EXAMPLES = [
    Letter(
        contact=contact,
        language=language,
        company="Example",
        campaign="Example",
        position="",
        minutes=30,
        code="0123456789",
        links={WEB: "https://interviews.example/chat/example?invitation=0123456789"},
        expires_at=expires_at,
    )
    for contact in (Contact(), Contact(name="Example"))
    for language in ("zh", "en")
    for expires_at in (None, 0.0)
]


@dataclass(frozen=True)
class Mail:
    """The words of an e-mail."""

    subject: str
    text: str
    html: str


class Messages:
    """Fills the templates. Those in `folder` stand before ours; times are said in `zone`."""

    def __init__(self, folder: Path | None, zone: ZoneInfo) -> None:
        loaders: list[BaseLoader] = [FileSystemLoader(OURS)]
        if folder is not None:
            loaders.insert(0, FileSystemLoader(folder))
        self._zone = zone
        self._environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def mail(self, letter: Letter) -> Mail:
        """Raises PermanentError when a template is wrong, and so do the others."""
        name = f"email.{letter.language}"
        return Mail(
            subject=" ".join(self._filled(f"{name}.subject.txt", letter).split()),
            text=self._filled(f"{name}.txt", letter).strip() + "\n",
            html=self._filled(f"{name}.html", letter).strip() + "\n",
        )

    def short(self, letter: Letter) -> str:
        """The words of an SMS, in one line."""
        return " ".join(self._filled(f"sms.{letter.language}.txt", letter).split())

    def check(self) -> None:
        """Fill every template once, so that a wrong one is found before anybody is invited."""
        for example in EXAMPLES:
            self.mail(example)
            self.short(example)

    def _filled(self, name: str, letter: Letter) -> str:
        def fill() -> str:
            return self._environment.get_template(name).render(self._words(letter))

        return checked(f"the template {name}", fill)

    def _words(self, letter: Letter) -> Mapping[str, object]:
        """What templates may name."""
        return {
            "name": letter.contact.name,
            "company": letter.company,
            "campaign": letter.campaign,
            "position": letter.position,
            "title": letter.position or letter.campaign,
            "minutes": letter.minutes,
            "code": grouped(letter.code),
            "link": letter.links[WEB],
            "telegram_link": letter.links.get(TELEGRAM, ""),
            "expires": self.until(letter.expires_at, letter.language),
            "language": letter.language,
        }

    def until(self, expires_at: float | None, language: Language) -> str:
        """The last moment, with how far its clock is from UTC; "" when there is none."""
        if expires_at is None:
            return ""
        at = datetime.datetime.fromtimestamp(expires_at, self._zone)
        clock, zone = f"{at:%H:%M}", _offset(at)
        if language == "zh":
            return f"{at.year}年{at.month}月{at.day}日 {clock}（{zone}）"
        return f"{at.day} {calendar.month_name[at.month]} {at.year}, {clock} ({zone})"


def checked(name: str, fill: Callable[[], str]) -> str:
    """Fill a template; raises PermanentError that names it, and nothing of what was filled in."""
    try:
        return fill()
    except TemplateSyntaxError as error:
        raise PermanentError(f"{name}, line {error.lineno}: {error.message}; correct it") from None
    except TemplateError as error:
        raise PermanentError(f"{name}: {error.message}; correct it") from None
    except Exception as error:  # noqa: BLE001 (a template may do anything)
        raise PermanentError(f"{name}: {type(error).__name__}; correct it") from None


def _offset(at: datetime.datetime) -> str:
    """How far a clock is from UTC, as in UTC+8 or UTC+5:30."""
    minutes = round((at.utcoffset() or datetime.timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    shown = f"{hours}:{rest:02}" if rest else f"{hours}"
    return f"UTC{'-' if minutes < 0 else '+'}{shown}" if minutes else "UTC"
