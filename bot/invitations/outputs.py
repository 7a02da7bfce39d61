"""Invitations as files: a list of links for a spreadsheet, and a folder of QR codes."""

import csv
import datetime
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.invitations import qr
from bot.invitations.links import TELEGRAM, WEB, WECHAT
from bot.invitations.making import Made

_COLUMNS = ("name", "email", "phone", "position", "type", "language", "source", "code")
_PLACES = (WEB, TELEGRAM, WECHAT)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_row(made: Made, links: Mapping[str, str], zone: datetime.tzinfo) -> dict[str, Any]:
    """An invitation in a list."""
    row, contact = made.row, made.contact
    return {
        "code": made.code,
        "kind": row.kind,
        "new": made.is_new,
        "name": contact.name if contact else "",
        "email": contact.email if contact else "",
        "phone": contact.phone if contact else "",
        "position": row.position,
        "type": row.candidate_type,
        "language": row.language,
        "source": row.source,
        "limit": row.max_uses,
        "expires": moment(row.expires_at, zone),
        "links": dict(links),
    }


def moment(at: float | None, zone: datetime.tzinfo) -> str | None:
    """A moment as people and programs read it, ISO 8601."""
    if at is None:
        return None
    return datetime.datetime.fromtimestamp(at, zone).isoformat(timespec="minutes")


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The list for a spreadsheet, with the links of each place that any of them has."""
    rows = list(rows)
    places = [place for place in _PLACES if any(place in row["links"] for row in rows)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *places, "expires"])
    for row in rows:
        links = [row["links"].get(place, "") for place in places]
        cells = [*(row[name] or "" for name in _COLUMNS), *links, row["expires"] or ""]
        writer.writerow([_no_formula(str(cell)) for cell in cells])
    return text.getvalue()


def _no_formula(cell: str) -> str:
    """A text that a spreadsheet does not take for a formula; a phone number is none."""
    is_number = cell[1:].isdigit() and cell[0] == "+"
    return f"'{cell}" if cell.startswith(_FORMULA) and not is_number else cell


def write_codes(folder: Path, links: Mapping[str, Mapping[str, str]]) -> int:
    """A QR code for each link, as SVG and PNG, named by the code and the place; how many links."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for code, places in links.items():
        for place, link in places.items():
            file = folder / f"{code}-{place}"
            file.with_suffix(".svg").write_text(qr.svg(link), encoding="utf-8")
            file.with_suffix(".png").write_bytes(qr.png(link))
            count += 1
    return count
