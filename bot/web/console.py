"""The recruiter's console: the list of interviews, and an interview with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from bot.security.sealing import ErasedError
from bot.storage.console import PAGE, Filters, ListPage, Place, is_erased, list_page
from bot.storage.tables import Delivery, Interview
from bot.web import console_campaigns, signin
from bot.web.chat_api import App
from bot.web.console_frame import ConsoleRoute, Problem, address, render
from bot.web.dossier import Dossier, read_dossier
from bot.web.signin import HOME, access_console
from dialogues.additions import NotAddedError, NotReopenedError

STATUSES = (
    "asking",
    "waiting",
    "paused",
    "human",
    "consent",
    "finished",
    "withdrawn",
    "expired",
    "erased",
)
pages = APIRouter(prefix=HOME, route_class=ConsoleRoute, dependencies=[Depends(access_console)])


@dataclass(frozen=True)
class Choice:
    """A filter one may choose, with its address; `name` is None for all."""

    name: str | None
    href: str
    count: int | None
    chosen: bool


@pages.get("")
async def interviews(
    app: App,
    request: Request,
    campaign: str = "",
    status: str = "",
    older: str = "",
    newer: str = "",
) -> Response:
    """The list of interviews, newest first."""
    filters = Filters(campaign or None, status or None)

    def read(session: Session) -> ListPage:
        return list_page(
            session,
            app.master,
            app.pipeline.catalogue,
            filters,
            older=Place.parse(older),
            newer=Place.parse(newer),
        )

    page = await app.database.read(read)
    return render(
        request,
        "interviews.html",
        page=page,
        filters=filters,
        size=PAGE,
        statuses=_status_choices(page, filters),
        campaigns=_campaign_choices(page, filters),
        newer_href=_list_address(filters, newer=page.newer),
        older_href=_list_address(filters, older=page.older),
        query=address("", campaign=filters.campaign, status=filters.status),
    )


def _list_address(filters: Filters, **place: Place | None) -> str:
    kept = {name: str(value) for name, value in place.items() if value is not None}
    return address(HOME, campaign=filters.campaign, status=filters.status, **kept)


def _status_choices(page: ListPage, filters: Filters) -> Sequence[Choice]:
    """All, and each status that occurs."""
    everything = _list_address(Filters(filters.campaign))
    choices = [Choice(None, everything, sum(page.counts.values()), filters.status is None)]
    for status in STATUSES:
        chosen = filters.status == status
        if chosen or page.counts.get(status):
            href = _list_address(Filters(filters.campaign, status))
            choices.append(Choice(status, href, page.counts.get(status, 0), chosen))
    return choices


def _campaign_choices(page: ListPage, filters: Filters) -> Sequence[Choice]:
    return [
        Choice(name, _list_address(Filters(name, filters.status)), None, filters.campaign == name)
        for name in (None, *page.campaigns)
    ]


@pages.get("/interviews/{interview_id}")
async def interview(
    app: App, request: Request, interview_id: str, campaign: str = "", status: str = ""
) -> Response:
    """An interview: the transcript, and beside each answer its score and evidence."""
    filters = Filters(campaign or None, status or None)

    def read(session: Session) -> Dossier | None:
        return read_dossier(session, app.master, app.pipeline.catalogue, interview_id, filters)

    dossier = await app.database.read(read)
    if dossier is None:
        raise Problem(404, "no_interview")
    return render(
        request,
        "interview.html",
        it=dossier,
        back=_list_address(filters),
        query=address("", campaign=filters.campaign, status=filters.status),
    )


@pages.post("/interviews/{interview_id}/deliveries/{delivery_id}")
async def send_again(app: App, interview_id: str, delivery_id: str) -> Response:
    """Start a failed delivery anew."""

    def work(session: Session) -> None:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None or delivery.interview_id != interview_id:
            raise Problem(404, "no_interview")
        if is_erased(session.get_one(Interview, interview_id)):
            raise Problem(409, "erased")
        if not app.tasks.send_again(session, delivery_id):
            raise Problem(409, "not_failed")

    await app.database.write(work)
    return RedirectResponse(f"/console/interviews/{interview_id}#deliveries", 303)


@pages.post("/interviews/{interview_id}/questions")
async def add_question(
    app: App, viewer: signin.Viewer, form: signin.Form, interview_id: str
) -> Response:
    """Add a question of the guide's bank for this candidate."""
    try:
        await app.pipeline.add_question(interview_id, form.get("question", ""), viewer.user.name)
    except NotAddedError:
        raise Problem(409, "not_added") from None
    except (LookupError, ErasedError):
        raise Problem(404, "no_interview") from None
    return RedirectResponse(f"/console/interviews/{interview_id}#add", 303)


@pages.post("/interviews/{interview_id}/reopen")
async def reopen(app: App, viewer: signin.Viewer, interview_id: str) -> Response:
    """Open an expired interview again."""
    try:
        await app.pipeline.reopen(interview_id, viewer.user.name)
    except NotReopenedError:
        raise Problem(409, "not_reopened") from None
    except (LookupError, ErasedError):
        raise Problem(404, "no_interview") from None
    return RedirectResponse(f"/console/interviews/{interview_id}", 303)


@pages.get("/{rest:path}")
async def nothing_here(rest: str) -> Response:
    if not rest:
        return RedirectResponse(HOME, 303)
    raise Problem(404, "no_page")


router = APIRouter(include_in_schema=False)
router.include_router(signin.router)
router.include_router(console_campaigns.router)
router.include_router(pages)  # last, for it answers whatever address is left
