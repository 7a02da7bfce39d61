"""The candidate's page and what pages share."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sqlmodel import Session

from bot.storage.admission import UnknownCampaignError, is_invited
from bot.storage.catalogue import current_files, find_campaign
from bot.web.chat_api import App
from dialogues.plan import Plan

HERE = Path(__file__).parent
templates = Jinja2Templates(HERE / "templates")
router = APIRouter(include_in_schema=False)
CHAT_PAGE = "/chat/{campaign}"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in sorted((HERE / "static").iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


STATIC = f"/static/{_fingerprint()}"
"""The address of static files changes with their content, so they may be kept for ever."""


class _Kept(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def mount_static(app: FastAPI) -> None:
    app.mount(STATIC, _Kept(directory=HERE / "static"), name="static")


@router.get("/")
async def home() -> Response:
    return RedirectResponse("/console", 303)


@router.get("/favicon.ico")
async def icon() -> Response:
    return RedirectResponse(f"{STATIC}/icon.svg", 308)


@router.get(CHAT_PAGE)
async def chat(
    app: App, request: Request, campaign: str, lang: str = "", invitation: str = ""
) -> Response:
    """The candidate's page."""

    def read(session: Session) -> Plan:
        found = find_campaign(session, campaign)
        if found is None or not (found.open or is_invited(session, app.master, found, invitation)):
            raise UnknownCampaignError(campaign)
        files = current_files(session, campaign)
        return app.pipeline.catalogue.plan(session, found, files)

    plan = await app.database.read(read)
    return templates.TemplateResponse(
        request,
        "chat.html",
        {
            "campaign": campaign,
            "title": plan.title,
            "company": plan.company,
            "languages": plan.languages,
            "lang": _language(request, lang, plan),
            "minutes": plan.minutes,
            "types": [],
            "positions": [{"id": p.id, **p.title} for p in plan.positions.values()],
            "invitation": invitation or None,
            "voice": {"fix": app.settings.fix_seconds} if app.recordings is not None else None,
            "static": STATIC,
        },
    )


def _language(request: Request, wanted: str, plan: Plan) -> str:
    """The language asked for, else the browser's first that the plan has, else the plan's first."""
    accepted = request.headers.get("accept-language", "").lower().split(",")
    for language in (wanted, *(part.split(";")[0].strip()[:2] for part in accepted)):
        if language in plan.languages:
            return language
    return plan.languages[0]
