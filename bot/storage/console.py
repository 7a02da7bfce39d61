"""What the console reads: a page of the list of interviews, and who stands next to whom."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from bot.security.sealing import Key
from bot.storage.catalogue import Catalogue
from bot.storage.people import key_of
from bot.storage.tables import (
    Campaign,
    CampaignPosition,
    Delivery,
    Interview,
    Person,
    ResultRow,
)

PAGE = 50
WORST_FIRST = ("failed", "retrying", "waiting", "sent")

Titles = Mapping[Any, str]
"""A text by language."""


@dataclass(frozen=True)
class Filters:
    """Which interviews are listed; None is all."""

    campaign: str | None = None
    status: str | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        wanted = []
        if self.campaign:
            wanted.append(col(Interview.campaign_id) == self.campaign)
        if self.status:
            wanted.append(col(Interview.status) == self.status)
        return wanted


@dataclass(frozen=True)
class Place:
    """A place in the list, which runs from the newest to the oldest."""

    started_at: float
    id: str

    def __str__(self) -> str:
        return f"{self.started_at!r}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """None when the text is no place."""
        number, _, interview_id = text.partition("-")
        try:
            at = float(number)
        except ValueError:
            return None
        return cls(at, interview_id) if math.isfinite(at) and interview_id else None

    @classmethod
    def of(cls, row: Interview) -> "Place":
        return cls(row.started_at, row.id)


@dataclass(frozen=True)
class Overall:
    """The overall score of an interview; None when it could not be scored."""

    score: float | None
    interval: tuple[float, float]


@dataclass(frozen=True)
class Deliveries:
    """The state furthest from done, how many deliveries are in it, and how many there are."""

    status: str
    count: int
    total: int


@dataclass(frozen=True)
class Listed:
    """A line of the list."""

    row: Interview
    campaign: Titles
    position: Titles | None
    candidate_type: Titles | None
    overall: Overall | None
    deliveries: Deliveries | None


@dataclass(frozen=True)
class ListPage:
    """A page of the list. `counts` are by status, over the campaign that was asked for."""

    rows: Sequence[Listed]
    campaigns: Mapping[str, Titles]
    counts: Mapping[str, int]
    total: int
    newer: Place | None
    older: Place | None


_UNREAD = (defer(Interview.state), defer(Interview.address))  # type: ignore[arg-type]


def is_erased(row: Interview) -> bool:
    """Whether the content is gone, or asked to be."""
    return row.key is None or row.status == "erased"


def list_page(
    session: Session,
    master: Key,
    catalogue: Catalogue,
    filters: Filters,
    *,
    older: Place | None = None,
    newer: Place | None = None,
) -> ListPage:
    """The newest interviews, or those older or newer than a place."""
    found = _rows(session, filters, older, newer, PAGE + 1)
    more, rows = len(found) > PAGE, found[:PAGE]
    if newer is not None:
        rows = rows[::-1]
    counts = _counts(session, filters.campaign)
    has_newer = more if newer is not None else older is not None
    has_older = newer is not None or more
    return ListPage(
        rows=_listed(session, master, catalogue, rows),
        campaigns={row.id: row.title for row in session.exec(select(Campaign))},
        counts=counts,
        total=counts.get(filters.status, 0) if filters.status else sum(counts.values()),
        newer=Place.of(rows[0]) if rows and has_newer else None,
        older=Place.of(rows[-1]) if rows and has_older else None,
    )


def neighbours(session: Session, row: Interview, filters: Filters) -> tuple[str | None, str | None]:
    """The interviews just newer and just older in the filtered list."""
    place = Place.of(row)
    newer = _rows(session, filters, None, place, 1)
    older = _rows(session, filters, place, None, 1)
    return (newer[0].id if newer else None, older[0].id if older else None)


def _rows(
    session: Session, filters: Filters, older: Place | None, newer: Place | None, limit: int
) -> Sequence[Interview]:
    """Interviews beyond a place, the nearest first. Without a place, the newest first."""
    key = sa.tuple_(col(Interview.started_at), col(Interview.id))
    query = select(Interview).options(*_UNREAD)
    query = query.where(*filters.conditions())
    if newer is not None:
        query = query.where(key > (newer.started_at, newer.id))
        query = query.order_by(col(Interview.started_at), col(Interview.id))
    else:
        if older is not None:
            query = query.where(key < (older.started_at, older.id))
        query = query.order_by(col(Interview.started_at).desc(), col(Interview.id).desc())
    return session.exec(query.limit(limit)).all()


def _counts(session: Session, campaign: str | None) -> dict[str, int]:
    query = select(Interview.status, func.count()).group_by(Interview.status)
    if campaign:
        query = query.where(Interview.campaign_id == campaign)
    return dict(session.exec(query).all())


def _listed(
    session: Session, master: Key, catalogue: Catalogue, rows: Sequence[Interview]
) -> list[Listed]:
    ids = [row.id for row in rows]
    campaigns = {row.id: row.title for row in session.exec(select(Campaign))}
    positions = {(p.campaign_id, p.id): p.title for p in session.exec(select(CampaignPosition))}
    overall = _overall(session, master, rows)
    deliveries = _deliveries(session, ids)
    return [
        Listed(
            row=row,
            campaign=campaigns[row.campaign_id],
            position=positions.get((row.campaign_id, row.position)) if row.position else None,
            candidate_type=type_of(session, catalogue, row),
            overall=overall.get(row.id),
            deliveries=deliveries.get(row.id),
        )
        for row in rows
    ]


def type_of(session: Session, catalogue: Catalogue, row: Interview) -> Titles | None:
    """The candidate type as the guide names it."""
    hashes = row.files.get(row.position or "")
    if hashes is None or row.candidate_type is None:
        return None
    return catalogue.role(session, hashes).guide.candidate_types.get(row.candidate_type)


def _overall(session: Session, master: Key, rows: Sequence[Interview]) -> dict[str, Overall]:
    """Overall scores with their intervals, which are in the sealed results."""
    readable = {row.id: row for row in rows if not is_erased(row)}
    results = session.exec(select(ResultRow).where(col(ResultRow.interview_id).in_(readable))).all()
    # Loaded at once, so that `key_of` finds each in the session.
    people = {readable[result.interview_id].person_id for result in results}
    loaded = session.exec(select(Person).where(col(Person.id).in_(people))).all()
    found = {}
    for result in results:
        key = key_of(session, master, readable[result.interview_id])
        text = key.open(result.body, f"result.body:{result.interview_id}")
        low, high = json.loads(text)["scores"]["overall"]["interval"]
        found[result.interview_id] = Overall(result.overall, (low, high))
    del loaded
    return found


def _deliveries(session: Session, ids: Sequence[str]) -> dict[str, Deliveries]:
    rows = session.exec(
        select(Delivery.interview_id, Delivery.status, func.count())
        .where(col(Delivery.interview_id).in_(ids))
        .group_by(col(Delivery.interview_id), col(Delivery.status))
    ).all()
    counts: dict[str, dict[str, int]] = {}
    for interview_id, status, count in rows:
        counts.setdefault(interview_id, {})[status] = count
    found = {}
    for interview_id, by_status in counts.items():
        worst = min(by_status, key=WORST_FIRST.index)
        found[interview_id] = Deliveries(worst, by_status[worst], sum(by_status.values()))
    return found
