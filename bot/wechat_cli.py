"""`miantan wechat`: what a WeChat official account needs once."""

from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings

app = typer.Typer(help="A WeChat official account.", no_args_is_help=True)


@app.command()
def menu() -> None:
    """Give the account its menu, in place of the one that it has."""
    from bot.commands import wechat

    print(wechat.set_menu(Settings()))


@app.command()
def qr(
    code: Annotated[str, typer.Argument(help="A campaign's name, or an invitation's code")],
    out: Annotated[Path | None, typer.Option("--out", help="An .svg or .png file")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=30, help="How long it works; lasting if not given")
    ] = None,
) -> None:
    """Draw the QR code by which people follow the account and begin."""
    from bot.commands import campaign, wechat

    file = out or Path(f"wechat-{code}.svg")
    seconds = days * 86_400 if days else None
    link = wechat.link_of_code(Settings(), code, seconds)
    file.write_bytes(campaign.drawn(link, file.suffix))
    print(f"{file}: {link}")
