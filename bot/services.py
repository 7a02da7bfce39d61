"""What runs beside the web server, and the addresses it adds: chosen from the settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter

from bot.bootstrap import Application
from bot.outbox import Outbox
from bot.partners.rasa import Conversations
from bot.web.app import Service
from bot.web.rasa_actions import rasa_actions


def services(application: Application, work: bool = True) -> list[Service]:
    """In the order they start. `work` does durable work too, where one process does all of it."""
    found: list[Service] = []
    if work and application.database.is_sqlite:
        found.append(lambda: durable_work(application, "web"))
    found.append(application.joining.running)
    found.append(application.entry.handing_in.running)
    for channel in application.channels.values():
        found.append(partial(channel.running, application.entry))
    if application.aloud is not None:
        found.append(application.aloud.running)
    if application.channels:
        found.append(lambda: _outbox(application).running())
    return found


def routers(application: Application) -> list[APIRouter]:
    """The addresses that platforms and partners call."""
    every = (channel.router(application.entry) for channel in application.channels.values())
    found = [router for router in every if router is not None]
    token = application.settings.rasa_actions_token
    if token is not None:
        conversations = Conversations(application.pipeline)
        found.append(rasa_actions(conversations, token.get_secret_value()))
    return found


@asynccontextmanager
async def durable_work(application: Application, role: str) -> AsyncIterator[None]:
    """Durable work in this process."""
    runner = application.runner(role)
    await asyncio.to_thread(runner.start)
    try:
        yield
    finally:
        await asyncio.to_thread(runner.stop)


def _outbox(application: Application) -> Outbox:
    found = Outbox(application.database, application.master, application.hub, application.channels)
    if application.aloud is not None:
        found.on_sent = application.aloud.follow
    return found
