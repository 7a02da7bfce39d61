"""The forms of a campaign's page: a shared code, and people to invite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast, get_args
from zoneinfo import ZoneInfo

from bot.invitations.making import Terms, end_of_day
from bot.invitations.sheet import Choices, Guest, read_guests
from bot.storage.invitations import NewInvitation, Via
from bot.text import clean
from dialogues.plan import Plan
from dialogues.yamlfile import FileProblem

LONGEST_SOURCE = 200
MOST_USES = 1_000_000
MOST_GUESTS = 5_000
"""People in one list; whoever waits for the page waits no longer than for these."""
VIAS: Sequence[Via] = get_args(Via)

Fields = Mapping[str, str]


class WrongFormError(Exception):
    """What is wrong in a form: the name of a text, and all that is wrong in a list."""

    def __init__(self, name: str, problems: Sequence[FileProblem] = ()) -> None:
        super().__init__(name)
        self.name, self.problems = name, problems


@dataclass(frozen=True)
class Maker:
    """Who makes invitations to which campaign, and when."""

    campaign: str
    user: str
    now: float
    zone: ZoneInfo


@dataclass(frozen=True)
class Wanted:
    """The people to invite on the same terms, and how it is sent to them."""

    terms: Terms
    guests: Sequence[Guest]
    unasked: Sequence[str] = field(default_factory=list)
    via: Via | None = None


def shared_code(fields: Fields, plan: Plan, maker: Maker) -> NewInvitation:
    """The shared code that a form asks for; raises WrongFormError."""
    position = _one_of(fields, "position", plan.positions)
    guides = [each.guide for each in plan.positions.values() if position in (None, each.id)]
    types = [name for guide in guides for name in guide.candidate_types]
    return NewInvitation(
        campaign_id=maker.campaign,
        created_by=maker.user,
        kind="shared",
        position=position,
        candidate_type=_one_of(fields, "type", types),
        language=_one_of(fields, "language", plan.languages),
        source=_source(fields),
        max_uses=_limit(fields),
        expires_at=_expiry(fields, maker),
    )


def people(
    fields: Fields, file: bytes, choices: Choices, vias: Sequence[Via], maker: Maker
) -> Wanted:
    """The people that a form names, in a file or pasted; raises WrongFormError."""
    via = cast(Via | None, _one_of(fields, "via", vias))
    terms = Terms(
        campaign_id=maker.campaign,
        created_by=maker.user,
        source=_source(fields),
        expires_at=_expiry(fields, maker),
    )
    pasted = fields.get("list", "").strip()
    if bool(pasted) == bool(file):
        raise WrongFormError("both" if pasted else "nobody")
    try:
        found = read_guests(file or pasted.encode(errors="replace"), "list", choices, via)
    except FileProblem as problem:
        raise WrongFormError("list", [problem]) from None
    if found.problems:
        raise WrongFormError("list", found.problems)
    if len(found.guests) > MOST_GUESTS:
        raise WrongFormError("many")
    return Wanted(terms, found.guests, found.unasked, via)


def _source(fields: Fields) -> str:
    source = " ".join(clean(fields.get("source", "")).split())
    if len(source) > LONGEST_SOURCE:
        raise WrongFormError("source")
    return source


def _limit(fields: Fields) -> int | None:
    text = fields.get("limit", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 0 < int(text) <= MOST_USES):
        raise WrongFormError("limit")
    return int(text)


def _expiry(fields: Fields, maker: Maker) -> float | None:
    """The end of the day that is named, in the company's time."""
    text = fields.get("expires", "").strip()
    if not text:
        return None
    try:
        end = end_of_day(text, maker.zone)
    except ValueError:
        raise WrongFormError("expires") from None
    if end <= maker.now:
        raise WrongFormError("expires")
    return end


def _one_of(fields: Fields, name: str, known: Sequence[str] | Mapping[str, object]) -> str | None:
    chosen = fields.get(name, "")
    if chosen and chosen not in known:
        raise WrongFormError("choice")
    return chosen or None
