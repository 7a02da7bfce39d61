"""What all pages of the console share: language, look, and problems shown as pages."""

import datetime
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.report import iso
from bot.web.api_error import ApiError
from bot.web.body import is_secure
from bot.web.console_texts import LANGUAGES, TEXTS
from bot.web.pages import HERE, STATIC

LANGUAGE_COOKIE = "miantan_language"
YEAR = 365 * 24 * 3600


class Problem(Exception):
    """Something that a page tells the person, by its name in the texts."""

    def __init__(self, status: int, name: str) -> None:
        super().__init__(name)
        self.status = status
        self.name = name


class SignInNeeded(Exception):
    """Nobody is signed in."""


class ConsoleRoute(APIRoute):
    """Answers problems with a page, and those who are not signed in with the sign-in page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeeded:
                return RedirectResponse(_sign_in_address(request), 303)
            except Problem as problem:
                return _problem_page(request, problem.status, problem.name)
            except ApiError as error:
                return _problem_page(request, error.status, "unusable")

        return handle_with_pages


def _sign_in_address(request: Request) -> str:
    path, query = request.url.path, request.url.query
    after = f"{path}?{query}" if query else path
    known = request.method == "GET" and after != "/console"
    return address("/console/sign-in", next=after if known else None)


def _problem_page(request: Request, status: int, name: str) -> Response:
    return render(request, "problem.html", status, problem=name)


def language_of(request: Request) -> str:
    """The language asked for, else the cookie's, else the browser's first, else English."""
    accepted = request.headers.get("accept-language", "").lower().split(",")
    wanted = (
        request.query_params.get("lang", ""),
        request.cookies.get(LANGUAGE_COOKIE, ""),
        *(part.split(";")[0].strip()[:2] for part in accepted),
    )
    return next((language for language in wanted if language in LANGUAGES), "en")


def render(request: Request, template: str, status: int = 200, **context: object) -> Response:
    """A page of the console in the reader's language; a switched language is remembered."""
    language = language_of(request)
    page = _templates.TemplateResponse(
        request,
        template,
        {
            "lang": language,
            "t": TEXTS[language],
            "static": STATIC,
            "viewer": getattr(request.state, "viewer", None),
            "switch_to": other_language(request),
            "switch_href": _own_address(request),
            **context,
        },
        status,
    )
    if request.query_params.get("lang") in LANGUAGES:
        page.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=YEAR,
            secure=is_secure(request),
            httponly=True,
            samesite="lax",
        )
    return page


def other_language(request: Request) -> str:
    return next(name for name in LANGUAGES if name != language_of(request))


def _own_address(request: Request) -> str:
    """The same page in the other language; the list for what was sent as a form."""
    if request.method != "GET":
        return address("/console", lang=other_language(request))
    return address(request.url.path, **{**request.query_params, "lang": other_language(request)})


def address(path: str, **query: str | None) -> str:
    """A path with a query; what is empty is left out."""
    kept = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def spoken(texts: Mapping[Any, str] | None, language: str) -> str:
    """A text in the language, else in any it has."""
    return texts.get(language) or next(iter(texts.values()), "") if texts else ""


def _utc(at: float) -> str:
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _number(value: float) -> str:
    """A score as people write it: 72.5, and 70 instead of 70.0."""
    return f"{value:.1f}".removesuffix(".0")


_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(iso=iso, utc=_utc, number=_number, spoken=spoken)
_templates = Jinja2Templates(env=_environment)
