"""What runs beside the web server, and the addresses it adds: chosen from the settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import APIRouter

from bot.bootstrap import Application
from bot.channels.telegram_polling import Polling, Webhook
from bot.outbox import Outbox
from bot.partners.rasa import Conversations
from bot.web.app import Service
from bot.web.rasa_actions import rasa_actions
from bot.web.telegram_webhook import PATH, telegram_webhook

log = structlog.get_logger()


def services(application: Application, work: bool = True) -> list[Service]:
    """In the order they start. `work` does durable work too, where one process does all of it."""
    found: list[Service] = []
    if work and application.database.is_sqlite:
        found.append(lambda: durable_work(application, "web"))
    if application.telegram is not None:
        found.append(application.telegram.running)
    if application.channels:
        found.append(lambda: _outbox(application).running())
    return found + _telegram(application)


def routers(application: Application) -> list[APIRouter]:
    """The addresses that platforms and partners call."""
    found: list[APIRouter] = []
    telegram, secret = application.telegram, application.settings.telegram_secret
    if telegram is not None and secret is not None:
        found.append(telegram_webhook(telegram, application.entry.take, secret.get_secret_value()))
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
    return Outbox(application.database, application.master, application.hub, application.channels)


def _telegram(application: Application) -> list[Service]:
    """How updates come: by webhook with a secret, else by polling."""
    telegram, settings = application.telegram, application.settings
    if telegram is None:
        return []
    if settings.telegram_secret is None:
        entry = application.entry
        return [Polling(telegram, entry.take, entry.give_up, application.database).running]
    if not settings.public_url:
        log.warning("telegram: set MIANTAN_PUBLIC_URL, or set the webhook by hand", path=PATH)
        return []
    secret = settings.telegram_secret.get_secret_value()
    return [Webhook(telegram, settings.base_url + PATH, secret).running]
