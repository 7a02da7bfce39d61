"""Campaigns and the frozen files they point at."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlmodel import Session, col, select

from bot.storage.tables import Campaign, CampaignPosition, Published
from dialogues.guide import Guide, Text, sha256_of
from dialogues.guidefile import load_guide
from dialogues.plan import Dimension, Plan, Position
from scoring.rubric import Rubric, check_fit, load_rubric

Files = Mapping[str, Mapping[str, str]]
"""Position id to the hashes of its guide and rubric: {"guide": sha256, "rubric": sha256}."""


@dataclass(frozen=True)
class Role:
    """A guide with the rubric that scores it, both frozen."""

    guide: Guide
    rubric: Rubric
    guide_sha256: str
    rubric_sha256: str


@dataclass(frozen=True)
class GivenFiles:
    """A guide and a rubric as texts, with the names to blame in complaints."""

    guide: str
    rubric: str
    guide_file: str = "guide"
    rubric_file: str = "rubric"


@lru_cache(maxsize=64)
def load_role(given: GivenFiles) -> Role:
    """Read, check and match a guide and a rubric; raises FileProblem. The same texts are the same
    role, which nobody changes."""
    guide = load_guide(given.guide, given.guide_file)
    rubric = load_rubric(given.rubric, given.rubric_file)
    check_fit(guide, given.guide, given.guide_file, rubric)
    return Role(guide, rubric, sha256_of(given.guide), sha256_of(given.rubric))


def position_of(position_id: str, title: Mapping[str, str], role: Role) -> Position:
    """A position as the engine sees it."""
    dimensions = tuple(
        Dimension(name, competency.name, competency.weight)
        for name, competency in role.rubric.competencies.items()
    )
    return Position(position_id, dict(title), role.guide, dimensions)  # type: ignore[arg-type]


def _plain(text: Text) -> dict[str, str]:
    return {str(language): words for language, words in text.items()}


class Catalogue:
    """Campaigns from the database; what is frozen is read once and kept."""

    def __init__(self, voice_days: float = 0.0) -> None:
        """`voice_days` is how long recordings are kept after they were taken down."""
        self._voice_days = voice_days
        self._roles: dict[tuple[str, str], Role] = {}
        self._lock = threading.Lock()

    def plan(self, session: Session, campaign: Campaign, files: Files) -> Plan:
        """The campaign as the engine sees it, on the versions named by `files`."""
        titles = {
            row.id: row.title
            for row in session.exec(
                select(CampaignPosition).where(CampaignPosition.campaign_id == campaign.id)
            )
        }
        positions = {}
        for position_id, hashes in files.items():
            role = self.role(session, hashes)
            title = titles.get(position_id) or _plain(role.guide.title)
            positions[position_id] = position_of(position_id, title, role)
        title, company = dict(campaign.title), dict(campaign.company)
        voice = (self._voice_days, campaign.aloud)
        return Plan(title, company, positions, *voice)  # type: ignore[arg-type]

    def role(self, session: Session, hashes: Mapping[str, str]) -> Role:
        key = (hashes["guide"], hashes["rubric"])
        with self._lock:
            found = self._roles.get(key)
        if found is None:
            guide, rubric = (_published(session, sha256) for sha256 in key)
            found = load_role(GivenFiles(guide.text, rubric.text, guide.name, rubric.name))
            with self._lock:
                self._roles[key] = found
        return found


def _published(session: Session, sha256: str) -> Published:
    row = session.get(Published, sha256)
    if row is None:
        raise LookupError(f"no published file has the hash {sha256}")
    return row


def current_files(session: Session, campaign_id: str) -> dict[str, dict[str, str]]:
    """The versions that a new interview of the campaign starts on, in the positions' order."""
    rows = session.exec(
        select(CampaignPosition)
        .where(CampaignPosition.campaign_id == campaign_id)
        .order_by(col(CampaignPosition.ordinal))
    )
    return {row.id: {"guide": row.guide_sha256, "rubric": row.rubric_sha256} for row in rows}


class FrozenError(ValueError):
    """A published version is not changed. Permanent, mended by raising the version."""


def publish(session: Session, given: GivenFiles, now: float) -> Role:
    """Freeze a guide and its rubric; the same texts again change nothing.

    Raises FrozenError when another text was published under the same name and version.
    """
    role = load_role(given)
    for sha256, kind, name, version, text in (
        (role.guide_sha256, "guide", role.guide.guide, role.guide.version, given.guide),
        (role.rubric_sha256, "rubric", role.rubric.rubric, role.rubric.version, given.rubric),
    ):
        if session.get(Published, sha256) is None:
            _check_version_is_new(session, kind, name, version)
            session.add(
                Published(
                    sha256=sha256,
                    kind=kind,
                    name=name,
                    version=version,
                    text=text,
                    published_at=now,
                )
            )
    session.flush()
    return role


def _check_version_is_new(session: Session, kind: str, name: str, version: int) -> None:
    query = select(Published.version).where(Published.kind == kind, Published.name == name)
    published = set(session.exec(query))
    if version in published:
        raise FrozenError(
            f"version {version} of the {kind} {name!r} is published and stays as it is; "
            f"write `version: {max(published) + 1}` in the changed file"
        )


CAMPAIGN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def find_campaign(session: Session, name: str) -> Campaign | None:
    """The campaign of that name, if it can be one at all."""
    return session.get(Campaign, name) if CAMPAIGN_NAME.fullmatch(name) else None


def open_campaign(
    session: Session,
    name: str,
    company: Text,
    roles: Mapping[str, Role],
    now: float,
    to_all: bool = True,
    aloud: bool | None = None,
) -> None:
    """Make or update a campaign open to all, or to the invited; running interviews stay on their
    versions. With `aloud` its questions are spoken, or no longer; None leaves that as it is."""
    first = next(iter(roles.values()))
    campaign = session.get(Campaign, name) or Campaign(
        id=name, title={}, company={}, created_at=now
    )
    campaign.title, campaign.company = _plain(first.guide.title), _plain(company)
    campaign.open, campaign.closed_at = to_all, None
    campaign.aloud = campaign.aloud if aloud is None else aloud
    session.add(campaign)
    session.flush()
    for row in session.exec(select(CampaignPosition).where(CampaignPosition.campaign_id == name)):
        session.delete(row)
    session.flush()
    for ordinal, (position_id, role) in enumerate(roles.items()):
        session.add(
            CampaignPosition(
                campaign_id=name,
                id=position_id,
                ordinal=ordinal,
                title=_plain(role.guide.title),
                guide_sha256=role.guide_sha256,
                rubric_sha256=role.rubric_sha256,
            )
        )


def close_campaign(session: Session, campaign: Campaign, now: float) -> None:
    """Nobody begins any more, with or without an invitation; running interviews go on."""
    campaign.open = False
    campaign.closed_at = campaign.closed_at or now
    session.add(campaign)
