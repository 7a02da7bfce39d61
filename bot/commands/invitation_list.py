"""`miantan campaign invitations`: how far each has come, and which sources brought candidates."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands.campaign import desk
from bot.invitations.making import Made
from bot.invitations.outputs import as_row, moment
from bot.settings import Settings
from bot.storage.invitation_list import Brought, Listed, brought_by, invitations_of
from bot.storage.tables import InvitationSending


@dataclass(frozen=True)
class Overview:
    """A campaign's invitations as they stand, and its interviews by source and channel."""

    campaign: str
    rows: Sequence[dict[str, Any]]
    sources: Sequence[Brought]

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "invitations": list(self.rows),
            "sources": [asdict(source) for source in self.sources],
        }

    def as_text(self) -> str:
        """A line for each invitation, then one for each source and channel."""
        lines = [_line(row) for row in self.rows] or ["no invitations"]
        for each in self.sources:
            came = f"{each.begun} begun, {each.finished} finished"
            lines.append(f"{each.source or '(no source)'} over {each.channel}: {came}")
        return "\n".join(lines)


def overview(settings: Settings, name: str) -> Overview:
    """Read it; raises CommandError."""
    zone = ZoneInfo(settings.timezone)
    with desk(settings) as at:
        campaign = at.read(lambda session: at.campaign(session, name)).id
        found = at.read(lambda s: invitations_of(s, at.master, campaign, at.now))
        rows = [_row(each, at.places.of_code(campaign, each.code), zone) for each in found]
        return Overview(campaign, rows, at.read(lambda session: brought_by(session, campaign)))


def _row(each: Listed, links: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    made = Made(each.row, each.code, each.contact, is_new=False)
    shown = as_row(made, links, zone)
    del shown["new"]
    return {
        **shown,
        "stage": each.stage,
        "uses": each.row.uses,
        "interview": each.row.interview_id,
        "created": moment(each.row.created_at, zone),
        "created_by": each.row.created_by,
        "sendings": [_sending(one.row, one.detail) for one in each.sendings],
    }


def _sending(row: InvitationSending, detail: str) -> dict[str, Any]:
    return {"via": row.via, "status": row.status, "attempts": row.attempts, "detail": detail}


def _line(row: dict[str, Any]) -> str:
    uses = f"{row['uses']}/{row['limit'] or '∞'}" if row["kind"] == "shared" else ""
    sent = ", ".join(
        f"{one['via']} {one['status']}" + (f" ({one['detail']})" if one["detail"] else "")
        for one in row["sendings"]
    )
    who = row["name"] or row["email"] or row["phone"]
    shown = (row["code"], f"{row['stage']:<8}", who, row["source"], uses, sent)
    return "  ".join(part for part in shown if part).rstrip()
