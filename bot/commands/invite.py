"""`miantan campaign invite`: invitations for a list of people, or codes for whoever gets them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.commands.campaign import Desk, desk, missing
from bot.commands.errors import CommandError
from bot.invitations.letters import plan_of
from bot.invitations.making import Made, Terms, codes, end_of_day
from bot.invitations.outputs import as_row
from bot.invitations.setup import messages_of, senders_of
from bot.invitations.sheet import Choices, Guest, read_guests
from bot.settings import Settings
from bot.sheets.limits import MAX_BYTES
from bot.storage.catalogue import Catalogue
from bot.storage.invitation_list import already_invited
from bot.storage.invitations import Kind, Via
from bot.storage.migrate import dbos_url
from bot.storage.tables import Campaign
from bot.work.guests import Inviter, parts
from bot.work.queues import WorkQueues

MOST_CODES = 10_000
MOST_SHOWN = 20
MADE_BY = "command"


@dataclass(frozen=True)
class Wanted:
    """The options of the command."""

    campaign: str
    to: Path | None = None
    count: int | None = None
    shared: bool = False
    source: str = ""
    limit: int | None = None
    expires: str | None = None
    via: Via | None = None


@dataclass(frozen=True)
class Invited:
    """What the command made, with the links of each by its code, and what is to be said of it."""

    campaign: str
    made: Sequence[Made]
    links: Mapping[str, Mapping[str, str]]
    sending: int
    notes: Sequence[str]

    @property
    def new(self) -> int:
        return sum(each.is_new for each in self.made)


def run(wanted: Wanted, settings: Settings) -> Invited:
    """Make the invitations and put them on their way; raises CommandError and FileProblem."""
    _check(wanted, settings)
    with desk(settings) as at:
        terms = Terms(
            campaign_id=wanted.campaign,
            created_by=MADE_BY,
            source=wanted.source,
            expires_at=expiry(wanted.expires, at.now, ZoneInfo(settings.timezone)),
            limit=wanted.limit,
        )
        choices = at.read(lambda session: _choices(at, session, wanted.campaign))
        guests, notes = _guests(wanted, choices)
        if wanted.to is None:
            kind: Kind = "shared" if wanted.shared else "personal"
            count = wanted.count or 1
            made = at.write(lambda s: codes(s, at.master, terms, kind, count, at.now))
            sending = 0
        else:
            made, sending = _invite(at, terms, guests, wanted.via)
        links = {each.code: at.places.of_code(wanted.campaign, each.code) for each in made}
        if not at.places.telegram_bot:
            notes.append(f"no Telegram links{missing(at.places)}")
        if not settings.public_url:
            notes.append("the links lead to this machine only; set MIANTAN_PUBLIC_URL")
        return Invited(wanted.campaign, made, links, sending, notes)


def expiry(text: str | None, now: float, zone: ZoneInfo) -> float | None:
    """When invitations end: after so many days, or with the end of a day of the company's."""
    if text is None:
        return None
    mend = "give a number of days, or a day to come as in 2030-12-31"
    try:
        if text.isascii() and text.isdigit() and 0 < int(text) <= 3650:
            return now + int(text) * 86_400
        end = end_of_day(text, zone)
    except ValueError:
        raise CommandError(f"--expires {text}: is no time; {mend}") from None
    if end <= now:
        raise CommandError(f"--expires {text}: is over; {mend}")
    return end


def _check(wanted: Wanted, settings: Settings) -> None:
    """Whether the options fit together, and what they need is set up."""
    if wanted.to is not None and (wanted.shared or wanted.count is not None):
        raise CommandError(
            "--to makes an invitation for each person; leave --shared and --count out"
        )
    if wanted.limit is not None and not wanted.shared:
        raise CommandError("--limit is for --shared codes; every other code admits once")
    if wanted.count is not None and wanted.count > MOST_CODES:
        raise CommandError(f"--count {wanted.count}: at most {MOST_CODES} codes are made at once")
    if wanted.via is None:
        return
    if wanted.to is None:
        raise CommandError("--send needs people to send to; name them with --to FILE")
    if not settings.public_url:
        raise CommandError(
            "--send: candidates cannot reach this machine's own address; set MIANTAN_PUBLIC_URL"
        )
    messages_of(settings).check()
    senders = senders_of(settings)
    needed = {
        "email": ("MIANTAN_SMTP_URL", "email" in senders),
        "sms": ("MIANTAN_SMS_URL", "sms" in senders),
        "telegram": ("MIANTAN_TELEGRAM_TOKEN", settings.telegram_token is not None),
        "wechat": ("MIANTAN_WECHAT_APPID", bool(settings.wechat_appid)),
        "wecom": ("MIANTAN_WECOM_CORPID", bool(settings.wecom_corpid)),
    }
    setting, is_set = needed[wanted.via]
    if not is_set:
        raise CommandError(f"--send {wanted.via}: is not set up; set {setting}")


def _choices(at: Desk, session: Session, name: str) -> Choices:
    campaign: Campaign = at.campaign(session, name)
    if campaign.closed_at is not None:
        raise CommandError(
            f"{name}: is closed; open it with: miantan campaign open {name} --guide … --invited"
        )
    return Choices.of(plan_of(session, Catalogue(), campaign))


def _guests(wanted: Wanted, choices: Choices) -> tuple[Sequence[Guest], list[str]]:
    """The people of the file, and what is to be said of its columns."""
    if wanted.to is None:
        return [], []
    with wanted.to.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    found = read_guests(data, str(wanted.to), choices, wanted.via)
    problems = found.problems
    if len(problems) == 1:
        raise problems[0]
    if problems:
        for problem in problems[:MOST_SHOWN]:
            print(problem, file=sys.stderr)
        raise CommandError(f"{wanted.to}: {len(problems)} problems; mend them, nobody was invited")
    unasked = [f"no guide asks for {header!r}; it is kept" for header in found.unasked]
    return found.guests, unasked


def _invite(
    at: Desk, terms: Terms, guests: Sequence[Guest], via: Via | None
) -> tuple[list[Made], int]:
    """Invite them, and put the invitations on their way."""
    before = at.read(lambda s: already_invited(s, at.master, terms.campaign_id, at.now))
    queues = WorkQueues(dbos_url(at.settings.url), first_look=0.0)
    inviter = Inviter(at.master, queues, terms, before, via, at.now)
    made: list[Made] = []
    sending = 0
    try:
        for few in parts(guests):
            added, started = at.write(partial(inviter.invite, few))
            made, sending = made + added, sending + started
    finally:
        queues.close()
    return made, sending


def summary(invited: Invited, via: Via | None) -> list[str]:
    """What was done, and what is to be said of it."""
    before = len(invited.made) - invited.new
    made = f"{invited.campaign}: {invited.new} new invitations"
    parts = [made, f"{before} made before"] if before else [made]
    if via is not None:
        parts.append(f"{invited.sending} go out by {via} while `miantan serve` runs")
    return [", ".join(parts), *invited.notes]


def as_json(invited: Invited, zone: ZoneInfo) -> dict[str, Any]:
    """What a program reads."""
    return {
        "campaign": invited.campaign,
        "new": invited.new,
        "sending": invited.sending,
        "notes": list(invited.notes),
        "invitations": [as_row(each, invited.links[each.code], zone) for each in invited.made],
    }
