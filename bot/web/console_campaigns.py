"""The console's pages of campaigns: how candidates get in, who is invited, and what came of it."""

import asyncio
import math
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from bot.bootstrap import Application
from bot.invitations.letters import plan_of
from bot.invitations.setup import messages_of
from bot.invitations.sheet import Choices
from bot.security.codes import grouped
from bot.storage import invitations
from bot.storage.campaign_list import SHOWS, Show, campaign_lines
from bot.storage.console import PAGE, Place
from bot.storage.invitations import create
from bot.storage.tables import Campaign
from bot.web import campaign_page, signin
from bot.web.campaign_forms import VIAS, Maker, WrongFormError, people, shared_code
from bot.web.campaign_page import CampaignPage, OneInvitation, Where, read_one, read_page
from bot.web.chat_api import App
from bot.web.console_frame import ConsoleRoute, Problem, address, language_of, render
from bot.web.entry_links import Way, drawn, links_of
from bot.web.sheet_words import told
from bot.web.signin import HOME, access_console
from bot.web.upload import MAX_UPLOAD, Sent
from bot.work.inviting import start_sending
from connectors.base import PermanentError

CAMPAIGNS = f"{HOME}/campaigns"
MOST_SHOWN = 50
"""Problems of a list that are shown; whoever mends these sees the next."""

pages = APIRouter(
    prefix=CAMPAIGNS, route_class=ConsoleRoute, dependencies=[Depends(access_console)]
)
uploads = APIRouter(prefix=CAMPAIGNS, route_class=ConsoleRoute)


def read_where(show: str = "", older: str = "", newer: str = "") -> Where:
    """The part of the invitations that an address names."""
    shown: Show = next((each for each in SHOWS if each == show), "")
    return Where(shown, Place.parse(older), Place.parse(newer))


ShownPart = Annotated[Where, Depends(read_where)]


def _home(name: str) -> str:
    return f"{CAMPAIGNS}/{name}"


def _address(name: str, where: Where, **more: str | None) -> str:
    places = {"older": where.older, "newer": where.newer}
    kept = {key: str(place) for key, place in places.items() if place is not None}
    return address(_home(name), show=where.show, **kept, **more)


@pages.get("")
async def campaigns(app: App, request: Request) -> Response:
    """The campaigns."""
    lines = await app.database.read(campaign_lines)
    return render(request, "campaigns.html", lines=lines)


@pages.get("/{name}")
async def campaign(app: App, request: Request, name: str, where: ShownPart) -> Response:
    """A campaign: its entries, the forms, its invitations and its sources."""
    return await _page(app, request, name, where)


async def _page(
    app: Application,
    request: Request,
    name: str,
    where: Where,
    status: int = 200,
    **more: Any,
) -> Response:
    page = await app.database.read(lambda session: read_page(session, app, name, where))
    vias = campaign_page.ways(app)
    entry = await links_of(request, Way(name)) if page.line.row.open else None
    context: dict[str, Any] = {
        "wrong": None,
        "problems": (),
        "total": 0,
        "given": {},
        "done": _done(request.query_params),
        **more,
    }
    return render(
        request,
        "campaign.html",
        status,
        page=page,
        where=where,
        entry=entry,
        vias=vias,
        sendable=lambda it: campaign_page.sendable(page.line.row, it, vias),
        has_public_url=bool(app.settings.public_url),
        size=PAGE,
        megabytes=MAX_UPLOAD // 1_000_000,
        home=_home(name),
        shows=_shows(page, name, where),
        newer_href=_address(name, Where(where.show, newer=page.invitations.newer)),
        older_href=_address(name, Where(where.show, older=page.invitations.older)),
        first_href=_address(name, Where(where.show)),
        grouped=grouped,
        **_switch(request, name),
        **context,
    )


def _switch(request: Request, name: str) -> dict[str, str]:
    """The way to the other language from what was sent as a form."""
    if request.method == "GET":
        return {}
    other = "en" if language_of(request) == "zh" else "zh"
    return {"switch_href": address(_home(name), lang=other)}


def _shows(page: CampaignPage, name: str, where: Where) -> list[tuple[str, str, int, bool]]:
    """The filters: name, address, how many, and whether it is chosen."""
    counts = page.invitations.counts
    return [
        (each, _address(name, Where(each)), counts[each], each == where.show)
        for each in SHOWS
        if not each or counts[each] or each == where.show
    ]


def _done(query: Mapping[str, str]) -> dict[str, Any] | None:
    """What the last form did: numbers only."""
    try:
        counts = {name: int(query[name][:9]) for name in ("new", "before", "sending")}
    except (KeyError, ValueError):
        return None
    return {**counts, "at": _moment(query.get("at", ""))}


def _moment(text: str) -> float | None:
    try:
        at = float(text)
    except ValueError:
        return None
    return at if math.isfinite(at) else None


@pages.get("/{name}/entry-{place}.{kind}")
async def entry_code(app: App, request: Request, name: str, place: str, kind: str) -> Response:
    """The QR code of a campaign that is open to all."""

    def is_open(session: Session) -> bool:
        return campaign_page.campaign_of(session, name).open

    if not await app.database.read(is_open):
        raise Problem(404, "no_page")
    return await drawn(request, Way(name), place, kind)


@pages.post("/{name}/codes")
async def make_code(
    app: App, request: Request, viewer: signin.Viewer, form: signin.Form, name: str
) -> Response:
    """Make a shared code."""
    maker = _maker(app, name, viewer.user.name)

    def work(session: Session) -> str:
        found = campaign_page.open_campaign_of(session, name)
        plan = plan_of(session, app.pipeline.catalogue, found)
        new = shared_code(form, plan, maker)
        return create(session, app.master, new, maker.now).id

    try:
        made = await app.database.write(work)
    except WrongFormError as wrong:
        return await _page(app, request, name, Where(), 422, wrong=("code", wrong.name), given=form)
    return RedirectResponse(f"{_home(name)}/invitations/{made}", 303)


def _maker(app: Application, name: str, user: str) -> Maker:
    return Maker(name, user, app.pipeline.now(), ZoneInfo(app.settings.timezone))


@uploads.post("/{name}/invite")
async def invite(app: App, request: Request, sent: Sent, name: str) -> Response:
    """Invite people by a list; with anything wrong in it nobody is."""
    maker = _maker(app, name, sent.viewer.user.name)

    def choices(session: Session) -> Choices:
        found: Campaign = campaign_page.open_campaign_of(session, name)
        return Choices.of(plan_of(session, app.pipeline.catalogue, found))

    known = await app.database.read(choices)
    try:
        wanted = await asyncio.to_thread(
            people, sent.fields, sent.file, known, campaign_page.ways(app), maker
        )
        if wanted.via is not None:
            _check_words(app)
    except WrongFormError as wrong:
        lines = [told(each, language_of(request)) for each in wrong.problems[:MOST_SHOWN]]
        return await _page(
            app,
            request,
            name,
            Where(),
            422,
            wrong=("people", wrong.name),
            problems=lines,
            total=len(wrong.problems),
            given=sent.fields,
        )
    done = await campaign_page.invite(app, wanted, maker.now)
    counts = {"new": done.new, "before": done.before, "sending": done.sending}
    query = {key: str(count) for key, count in counts.items()}
    at = repr(done.at) if done.new else None
    return RedirectResponse(address(_home(name), **query, at=at) + "#invitations", 303)


def _check_words(app: Application) -> None:
    """Whether the company's own words can be filled in, before anybody is invited."""
    try:
        messages_of(app.settings).check()
    except PermanentError:
        raise WrongFormError("words") from None


@pages.get("/{name}/links.csv")
async def links(app: App, name: str, at: str = "") -> Response:
    """A list of links, with a byte-order mark for Excel."""
    text = await app.database.read(
        lambda session: campaign_page.list_of_links(session, app, name, _moment(at))
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}-links.csv"'}
    return Response(text.encode("utf-8-sig"), media_type="text/csv", headers=headers)


@pages.get("/{name}/invitations/{invitation_id}")
async def invitation(app: App, request: Request, name: str, invitation_id: str) -> Response:
    """An invitation: its links and codes, and how it was sent."""
    one = await app.database.read(lambda session: read_one(session, app, name, invitation_id))
    return render(
        request,
        "invitation.html",
        one=one,
        entry=await links_of(request, _way(one)) if _admits(one) else None,
        home=_home(name),
        here=f"{_home(name)}/invitations/{invitation_id}",
        has_public_url=bool(app.settings.public_url),
        grouped=grouped,
    )


def _way(one: OneInvitation) -> Way:
    return Way(one.campaign.id, one.it.code, one.it.row.expires_at)


def _admits(one: OneInvitation) -> bool:
    return one.campaign.closed_at is None and one.it.admits


@pages.get("/{name}/invitations/{invitation_id}/{place}.{kind}")
async def invitation_code(
    app: App, request: Request, name: str, invitation_id: str, place: str, kind: str
) -> Response:
    """The QR code of an invitation."""
    one = await app.database.read(lambda session: read_one(session, app, name, invitation_id))
    if not _admits(one):
        raise Problem(404, "no_page")
    return await drawn(request, _way(one), place, kind)


@pages.post("/{name}/invitations/{invitation_id}/revoke")
async def revoke(app: App, form: signin.Form, name: str, invitation_id: str) -> Response:
    """Admit nobody by it any more."""

    def work(session: Session) -> None:
        row = campaign_page.invitation_in(session, name, invitation_id)
        invitations.revoke(session, row, app.pipeline.now())

    await app.database.write(work)
    return _back(name, invitation_id, form)


@pages.post("/{name}/invitations/{invitation_id}/send")
async def send(app: App, form: signin.Form, name: str, invitation_id: str) -> Response:
    """Send an invitation, or begin anew what failed."""
    via = next((each for each in VIAS if each == form.get("via")), None)

    def work(session: Session) -> None:
        one = read_one(session, app, name, invitation_id)
        if via is None or via not in one.sendable:
            raise Problem(409, "not_sent")
        start_sending(session, app.queues, invitation_id, via, app.pipeline.now())

    await app.database.write(work)
    return _back(name, invitation_id, form)


def _back(name: str, invitation_id: str, form: Mapping[str, str]) -> Response:
    """To the page that the form stood on."""
    if form.get("from") == "one":
        return RedirectResponse(f"{_home(name)}/invitations/{invitation_id}", 303)
    where = read_where(form.get("show", ""), form.get("older", ""), form.get("newer", ""))
    return RedirectResponse(f"{_address(name, where)}#i-{invitation_id}", 303)


router = APIRouter()
router.include_router(pages)
router.include_router(uploads)
