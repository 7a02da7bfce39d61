"""Signing in to the console. Every page of the console goes through `access_console`."""

import asyncio
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl, unquote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from bot.bootstrap import Application
from bot.security.tokens import MIN_PASSWORD, hash_password, password_fits
from bot.storage import users
from bot.storage.users import SESSION_SECONDS, SignedIn, SignInError
from bot.web.body import is_secure, read_body
from bot.web.chat_api import App, application
from bot.web.console_frame import (
    ConsoleRoute,
    Problem,
    SignInNeeded,
    address,
    other_language,
    render,
)

COOKIE = "miantan_console"
HOME = "/console"
TOUCH_SECONDS = 60.0
MAX_FORM = 16_384
_PAGE_OF_OURS = re.compile(r"/console(/[\w-]+)*(\?[\w=&.%-]*)?", re.ASCII)
_hashing = ThreadPoolExecutor(2, thread_name_prefix="password")
"""Argon2 takes 64 MiB and a core each time, so few passwords are looked at at once."""

T = TypeVar("T")
router = APIRouter(prefix=HOME, route_class=ConsoleRoute)


async def read_form(request: Request) -> Mapping[str, str]:
    """The form's fields; empty for a page that is only read. Refuses forms of other sites."""
    if request.method in ("GET", "HEAD"):
        return {}
    refuse_other_sites(request)
    body = await read_body(request, MAX_FORM)
    try:
        fields = parse_qsl(body.decode(), True, errors="strict", max_num_fields=20)
    except ValueError:
        raise Problem(422, "unusable") from None
    if any("\0" in value for _, value in fields):
        raise Problem(422, "unusable")
    return dict(fields)


def refuse_other_sites(request: Request) -> None:
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Problem(403, "forged")


Form = Annotated[Mapping[str, str], Depends(read_form)]


async def access_console(request: Request, form: Form) -> SignedIn:
    """Who is signed in. A form that is sent must carry the session's token."""
    who = await signed_in(request)
    if request.method not in ("GET", "HEAD"):
        check_token(who, form.get("csrf", ""))
    return who


async def signed_in(request: Request) -> SignedIn:
    """Who is signed in; raises SignInNeeded."""
    app = application(request)
    token = request.cookies.get(COOKIE, "")
    now = app.pipeline.now()
    who = await app.database.read(lambda session: users.signed_in(session, token, now))
    if who is None:
        raise SignInNeeded
    if now - who.seen_at > TOUCH_SECONDS:
        await app.database.write(lambda session: users.touch(session, token, now))
    request.state.viewer = who
    if "\0" in unquote(f"{request.url.path}?{request.url.query}"):
        raise Problem(404, "no_page")  # the database would not take it
    return who


def check_token(who: SignedIn, given: str) -> None:
    """Whether a form was sent from a page of this session."""
    if not hmac.compare_digest(given.encode(), who.csrf.encode()):
        raise Problem(403, "forged")


Viewer = Annotated[SignedIn, Depends(access_console)]


class Brake:
    """Slows guessing down: so many tries for a name, then a wait.

    Kept in memory, so it counts for this process alone and is forgotten at a restart. It can keep
    the right person out too; a one-time link lets them in all the same.
    """

    TRIES = 5
    SECONDS = 15 * 60.0
    NAMES = 10_000

    def __init__(self) -> None:
        self._tries: OrderedDict[str, list[float]] = OrderedDict()

    def take(self, name: str, now: float) -> bool:
        """Count a try; False when there were too many. Counted before the password is looked at."""
        recent = [at for at in self._tries.pop(name, []) if now - at < self.SECONDS]
        self._tries[name] = recent
        if len(recent) >= self.TRIES:
            return False
        recent.append(now)
        if len(self._tries) > self.NAMES:
            self._tries.popitem(last=False)
        return True

    def release(self, name: str) -> None:
        self._tries.pop(name, None)


def _brake(request: Request) -> Brake:
    state = request.app.state
    if not hasattr(state, "sign_in_brake"):
        state.sign_in_brake = Brake()
    brake: Brake = state.sign_in_brake
    return brake


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return _sign_in_page(request, request.query_params.get("next", ""))


def _sign_in_page(
    request: Request, after: str, name: str = "", problem: str | None = None, status: int = 200
) -> Response:
    switch = address("/console/sign-in", next=after, lang=other_language(request))
    context = {"name": name, "after": after, "problem": problem, "switch_href": switch}
    return render(request, "signin.html", status, **context)


@router.post("/sign-in")
async def sign_in(app: App, request: Request, form: Form) -> Response:
    """Sign in by name and password. What was wrong is not said."""
    name, after = form.get("name", "").strip()[:100], form.get("next", "")
    brake, now = _brake(request), app.pipeline.now()
    if not brake.take(name, now):
        page = _sign_in_page(request, after, name, "braked", 429)
        page.headers["Retry-After"] = str(int(Brake.SECONDS))
        return page
    user = await app.database.read(lambda session: users.find_user(session, name))
    password = form.get("password", "")
    known = user.password_hash if user is not None else None
    fits = await _off_the_loop(lambda: password_fits(password, known))
    if user is None or not fits:
        return _sign_in_page(request, after, name, "password", 401)
    brake.release(name)
    token = await app.database.write(lambda session: users.begin_session(session, user, now))
    return _signed_in(request, token, after if _PAGE_OF_OURS.fullmatch(after) else HOME)


@router.get("/enter")
async def enter_page(app: App, request: Request, token: str = "") -> Response:
    """The page behind a one-time link. Looking at it does not use the link up."""
    return await _enter_page(app, request, token)


async def _enter_page(
    app: Application, request: Request, token: str, problem: str | None = None
) -> Response:
    try:
        now = app.pipeline.now()
        user = await app.database.read(lambda session: users.link_user(session, token, now))
    except SignInError:
        raise Problem(410, "link") from None
    switch = address("/console/enter", token=token, lang=other_language(request))
    context = {"token": token, "name": user.name, "problem": problem, "switch_href": switch}
    return render(request, "enter.html", 422 if problem else 200, least=MIN_PASSWORD, **context)


@router.post("/enter")
async def enter(app: App, request: Request, form: Form) -> Response:
    """Choose a password, which uses the link up, and sign in."""
    token, password = form.get("token", ""), form.get("password", "")
    if len(password) < MIN_PASSWORD:
        return await _enter_page(app, request, token, "short")
    if password != form.get("again", ""):
        return await _enter_page(app, request, token, "different")
    now = app.pipeline.now()
    try:
        # An unusable link is refused before any hashing, and again in the transaction.
        await app.database.read(lambda session: users.link_user(session, token, now))
        hashed = await _off_the_loop(lambda: hash_password(password))
        opened = await app.database.write(
            lambda session: users.use_link(session, token, hashed, now)
        )
    except SignInError:
        raise Problem(410, "link") from None
    return _signed_in(request, opened, HOME)


@router.post("/sign-out")
async def sign_out(app: App, request: Request, viewer: Viewer) -> Response:
    token = request.cookies[COOKIE]
    await app.database.write(lambda session: users.sign_out(session, token))
    answer = RedirectResponse("/console/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _signed_in(request: Request, token: str, where: str) -> Response:
    answer = RedirectResponse(where, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_SECONDS),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return answer


async def _off_the_loop(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_hashing, work)
