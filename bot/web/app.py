"""The web application: the chat API, the pages, the webhooks and the health checks."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.bootstrap import Application
from bot.storage.database import reachable
from bot.web import chat_api, chat_audio, console, errors, pages

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SPEAKING_HEADERS = {
    **SECURITY_HEADERS,
    "Content-Security-Policy": (
        f"{SECURITY_HEADERS['Content-Security-Policy']}; media-src 'self' blob:"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
"""Where candidates may answer by voice, and listen to their recording before they send it."""
REQUESTS = Counter("miantan_requests_total", "HTTP requests", ["route", "status"])
SECONDS = Histogram("miantan_request_seconds", "Seconds to answer an HTTP request")

Service = Callable[[], AbstractAsyncContextManager[None]]
"""Something that runs beside the web server, such as durable work or a polling channel."""


def create_app(
    application: Application, services: Sequence[Service] = (), routers: Sequence[APIRouter] = ()
) -> FastAPI:
    """The web application, with services that live as long as it does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        application.hub.bind()
        async with AsyncExitStack() as stack:
            for service in services:
                await stack.enter_async_context(service())
            yield

    app = FastAPI(
        title="Miantan",
        version="1",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.application = application
    errors.install(app)
    app.add_middleware(Observed)
    for router in (
        health,
        chat_api.router,
        chat_audio.router,
        pages.router,
        console.router,
        *routers,
    ):
        app.include_router(router)
    pages.mount_static(app)
    return app


class Observed:
    """Security headers on every answer; counts and times by route, never by address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                route = getattr(scope.get("route"), "path", "other")
                speaking = route == pages.CHAT_PAGE
                for name, value in (SPEAKING_HEADERS if speaking else SECURITY_HEADERS).items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
                REQUESTS.labels(route, message["status"]).inc()
            await send(message)

        start = time.perf_counter()
        try:
            await self.app(scope, receive, observed)
        except Exception:
            REQUESTS.labels(getattr(scope.get("route"), "path", "other"), 500).inc()
            raise
        finally:
            if not scope["path"].endswith("/events"):  # These stay open as long as the page.
                SECONDS.observe(time.perf_counter() - start)


health = APIRouter(tags=["health"])


@health.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@health.get("/readyz")
async def readyz(request: Request) -> Response:
    """The process can serve: the database answers."""
    application: Application = request.app.state.application
    if await run_in_threadpool(reachable, application.database):
        return JSONResponse({"status": "ok"})
    return errors.envelope(503, "the database does not answer")


@health.get("/metrics")
async def metrics() -> Response:
    """Metrics in the Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
