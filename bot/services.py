"""What runs beside the web server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter

from bot.bootstrap import Application
from bot.web.app import Service


def services(application: Application) -> list[Service]:
    """On SQLite this process does the durable work too."""

    @asynccontextmanager
    async def work() -> AsyncIterator[None]:
        runner = application.runner("web")
        await asyncio.to_thread(runner.start)
        try:
            yield
        finally:
            await asyncio.to_thread(runner.stop)

    return [work] if application.database.is_sqlite else []


def routers(application: Application) -> list[APIRouter]:
    return []
