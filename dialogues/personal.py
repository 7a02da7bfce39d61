"""What is personal in an interview: facts from a résumé and from answers, and texts that name them.

Facts are found by phrases that the guide's author wrote beside them, never guessed. What a candidate
wrote is put into a text as one short plain line, and only once: it is not read for facts again.
"""

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from itertools import islice

from dialogues.guide import RESUME, Guide, Language, ProfileField, Question, Text
from dialogues.guidefile import PERSONAL
from dialogues.replying import LARGEST, read_number
from dialogues.texts import one_line

MAX_RESUME = 50_000
"""Characters of a résumé that are kept and read."""
MOST_PLACES = 100
"""Places of a phrase in a résumé that are looked at."""
LONGEST_FACT = 60
"""Characters of a fact in a text."""
MAX_GIVEN, LONGEST_GIVEN = 100, 500
"""How many given facts are kept, and how many characters of one."""

_RANGE = r"[-–—~～/至到]"
_NUMBER = (
    rf"(?<!\d)(?<!\d[.,])(?<!\d{_RANGE})(?<!\d {_RANGE} )"
    rf"(\d[\d.,]{{0,14}})(?![\d.,])(?! ?{_RANGE} ?\d)"
)
_BETWEEN = r"[ :：为是约+＋多余近个-]{0,6}"
_AFTER_A_COLON = re.compile(f"^ ?[:：]{_BETWEEN}{_NUMBER}")
_BEFORE = re.compile(f"{_NUMBER}{_BETWEEN}$")
_AFTER = re.compile(f"^{_BETWEEN}{_NUMBER}")
_CALENDAR_YEAR = re.compile(r"(?:19|20)\d\d$")

Facts = dict[str, str | float]


def storable(profile: Mapping[str, object]) -> dict[str, str | float | bool | None]:
    """What of the profile can be kept: words (a résumé's more than others), numbers, yes and no."""
    kept: dict[str, str | float | bool | None] = {}
    for key, value in islice(profile.items(), MAX_GIVEN):
        most = MAX_RESUME if key == RESUME else LONGEST_GIVEN
        match value:
            case None | bool():
                kept[key] = value
            case str():
                kept[key] = value[:most].encode(errors="replace").decode()
            case int() | float() if abs(value) < LARGEST:
                kept[key] = float(value)
    return kept


def known_at_start(guide: Guide, given: Mapping[str, object]) -> Facts:
    """The facts of an order, and beside them those that the résumé states (under `resume`)."""
    resume = given.get(RESUME)
    stated = from_resume(guide, resume) if isinstance(resume, str) else {}
    return {**stated, **guide.accept_profile(given)}


def from_resume(guide: Guide, resume: str) -> Facts:
    """The facts that a résumé's text states beside the guide's phrases."""
    lines = (" ".join(line.split()) for line in resume[:MAX_RESUME].splitlines())
    tidy = "\n".join(lines)
    found = {name: _stated(field, tidy) for name, field in guide.profile.items()}
    return {name: value for name, value in found.items() if value is not None}


def _stated(field: ProfileField, resume: str) -> str | float | None:
    if field.type == "choice":
        return _chosen(field, resume)
    for phrase in field.resume:
        for before, after in _beside(phrase, resume):
            stated = _number(before, after) if field.type == "number" else _rest(after)
            accepted = field.accept(stated)
            if accepted is not None:
                return accepted
    return None


def _chosen(field: ProfileField, resume: str) -> str | None:
    """The last option in the guide's order that the résumé speaks of: of degrees, the highest."""
    chosen = None
    for option in field.options:
        if any(_phrase(words).search(resume) for words in option.resume):
            chosen = option.id
    return chosen


@lru_cache(maxsize=4096)
def _phrase(words: str) -> re.Pattern[str]:
    """The words as such, in any case; Latin words not in the middle of longer ones."""
    inner = re.escape(words)
    before = r"(?<![A-Za-z])" if words[0].isascii() and words[0].isalpha() else ""
    after = r"(?![A-Za-z])" if words[-1].isascii() and words[-1].isalpha() else ""
    return re.compile(f"{before}{inner}{after}", re.IGNORECASE)


def _beside(phrase: str, resume: str) -> Iterator[tuple[str, str]]:
    """What stands before and after the phrase in its line, for each place where it stands."""
    for match in islice(_phrase(phrase).finditer(resume), MOST_PLACES):
        before = resume[max(0, match.start() - 40) : match.start()]
        after = resume[match.end() : match.end() + 200]
        if phrase.startswith("年"):
            before = _CALENDAR_YEAR.sub("", before)
        yield before.rpartition("\n")[2], after.partition("\n")[0]


def _number(before: str, after: str) -> float | None:
    """The number next to a phrase: after it and a colon, else before it, else after it.

    Ranges such as 3-5 are none.
    """
    stated = _AFTER_A_COLON.search(after) or _BEFORE.search(before) or _AFTER.search(after)
    return read_number(stated[1]) if stated else None


def _rest(after: str) -> str:
    return after.strip(" :：,，;；|-")


def after_answer(
    guide: Guide,
    profile: Facts,
    ordered: Mapping[str, object],
    question: Question,
    value: str | float | None,
    text: str,
) -> Facts:
    """The facts after an answer. What the order said stands over it."""
    facts = dict(profile)
    for name, field in guide.profile.items():
        if field.answer == question.id and field.accept(ordered.get(name)) is None:
            told = field.accept(text if question.kind == "open" else value)
            if told is not None:
                facts[name] = told
    return facts


def after_giving(
    guide: Guide, profile: Facts, given: Mapping[str, object], answered: Container[str]
) -> Facts:
    """The facts after more was given, such as a résumé: it takes an earlier one's place, and what
    answers told stays."""
    ordered = guide.accept_profile(given)
    told = {
        name: profile[name]
        for name, field in guide.profile.items()
        if field.answer in answered and name in profile and name not in ordered
    }
    return {**known_at_start(guide, given), **told}


def fill(text: Text, language: Language, guide: Guide, profile: Mapping[str, str | float]) -> str:
    """The text in a language, with `{profile.X}` as the fact or its default."""

    def fact(match: re.Match[str]) -> str:
        field = guide.profile[match[1]]
        value = profile.get(match[1])
        return _said(field, value, language) or field.default.get(language, "")

    return PERSONAL.sub(fact, text[language])


def _said(field: ProfileField, value: str | float | None, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.12g}" if abs(value) < LARGEST else ""
    for option in field.options:
        if option.id == value:
            return option.label(language)
    return one_line(value, LONGEST_FACT)
