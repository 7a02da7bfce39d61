"""`miantan campaign …`: campaigns, and who is invited to them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from bot.settings import Settings

app = typer.Typer(help="Campaigns that candidates enter.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The campaign's name")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]
Via = Literal["email", "sms", "telegram", "wechat", "wecom"]


@app.command(name="open")
def open_campaign(
    name: Annotated[str, typer.Argument(help="The campaign's name, as it stands in addresses")],
    guide: Annotated[list[Path], typer.Option("--guide", help="A guide; again for more positions")],
    to_all: Annotated[
        bool | None,
        typer.Option("--to-all/--invited", help="Who has the name may enter, or the invited only"),
    ] = None,
    aloud: Annotated[
        bool | None,
        typer.Option("--aloud/--silent", help="Read questions aloud, by a synthetic voice, or not"),
    ] = None,
) -> None:
    """Open a campaign to all or to the invited, or move it to new versions of its guides."""
    from bot.commands import server
    from bot.commands.guide_check import count_findings

    print(server.open_campaign_from(Settings(), name, guide, to_all, aloud))
    found = count_findings(guide)
    if found:
        names = " ".join(map(str, guide))
        print(f"{found} findings; look at them with: miantan guide check {names}", file=sys.stderr)


@app.command()
def close(name: Name) -> None:
    """Close a campaign: nobody begins any more."""
    from bot.commands import campaign

    print(campaign.close(Settings(), name))


@app.command()
def invite(
    name: Name,
    to: Annotated[
        Path | None, typer.Option("--to", help="People to invite: a CSV or XLSX file")
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="How many codes to make, each for one person", min=1)
    ] = None,
    shared: Annotated[bool, typer.Option(help="Codes that many may use")] = False,
    source: Annotated[str, typer.Option(help="Where the candidates come from, as a campus")] = "",
    limit: Annotated[int | None, typer.Option(help="How many may use a shared code", min=1)] = None,
    expires: Annotated[
        str | None, typer.Option(help="In how many days they end, or the last day")
    ] = None,
    send: Annotated[Via | None, typer.Option(help="Send them this way")] = None,
    links: Annotated[
        Path | None, typer.Option(help="Write a list of links (CSV); - prints it")
    ] = None,
    qr: Annotated[Path | None, typer.Option("--qr", help="A folder for QR codes")] = None,
    as_json: AsJson = False,
) -> None:
    """Invite people, or make codes to hand out."""
    from bot.commands import invite as command
    from bot.invitations.outputs import as_csv, write_codes

    settings = Settings()
    wanted = command.Wanted(name, to, count, shared, source.strip(), limit, expires, send)
    invited = command.run(wanted, settings)
    zone = ZoneInfo(settings.timezone)
    shown = command.as_json(invited, zone)
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
    elif str(links) == "-" or not (links or qr or send):
        print(as_csv(shown["invitations"]), end="")
    if links is not None and str(links) != "-":
        # With its mark, for Excel.
        links.write_text(as_csv(shown["invitations"]), encoding="utf-8-sig", newline="")
    if qr is not None:
        write_codes(qr, invited.links)
    for line in command.summary(invited, send):
        print(line, file=sys.stderr)


@app.command()
def invitations(name: Name, as_json: AsJson = False) -> None:
    """List a campaign's invitations, and where its candidates came from."""
    from bot.commands.invitation_list import overview

    found = overview(Settings(), name)
    print(json.dumps(found.as_json(), ensure_ascii=False) if as_json else found.as_text())


@app.command()
def revoke(code: Annotated[str, typer.Argument(help="The code of the invitation")]) -> None:
    """Revoke an invitation; interviews that began with it go on."""
    from bot.commands import campaign

    print(campaign.revoke(Settings(), code))


@app.command()
def qr(
    name: Name,
    out: Annotated[Path | None, typer.Option("--out", help="An .svg or .png file")] = None,
    place: Annotated[str, typer.Option(help="web or telegram")] = "web",
) -> None:
    """Draw the QR code of a campaign that is open to all."""
    from bot.commands import campaign

    file = out or Path(f"{name}.svg")
    link = campaign.entry(Settings(), name, place)
    file.write_bytes(campaign.drawn(link, file.suffix))
    print(f"{file}: {link}")
