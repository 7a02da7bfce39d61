"""Where the parts are chosen and put together; nothing else picks implementations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.assessors import Assessors
from bot.channels.base import Channel
from bot.channels.telegram import TelegramChannel
from bot.entry import Entry
from bot.hub import Hub
from bot.joining import Joining
from bot.partners import rasa
from bot.pipeline import Pipeline
from bot.prepare import ready_encoder, ready_parser
from bot.security.sealing import Key, load_master_key
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.interviews import Outcome
from bot.storage.migrate import check_schema, dbos_url
from bot.understanding.rasa import RasaParser
from bot.work.queues import WorkQueues
from bot.work.runner import Runner, Seat
from bot.work.tasks import Tasks
from connectors.base import Connector, PermanentError
from connectors.webhook import WebhookConnector
from scoring.encoder import Encoder

CHAT = "web"


class SettingsError(ValueError):
    """A setting is missing or wrong; permanent, mended in the environment."""


@dataclass
class Application:
    """The parts of a running Miantan."""

    settings: Settings
    database: Database
    master: Key
    encoder: Encoder
    pipeline: Pipeline
    joining: Joining
    queues: WorkQueues
    tasks: Tasks
    hub: Hub
    telegram: TelegramChannel | None
    channels: Mapping[str, Channel]
    """Those that replies are sent to, by name."""
    entry: Entry

    def runner(self, role: str) -> Runner:
        """Durable work in this process."""
        seat = Seat(self.settings.home, role)
        return Runner(self.database, self.tasks, seat, self.settings.poll_seconds)

    def close(self) -> None:
        self.queues.close()
        if isinstance(self.pipeline.parser, RasaParser):
            self.pipeline.parser.close()
        self.database.close()


def build(settings: Settings) -> Application:
    """Put everything together; raises SchemaError, ModelError, SettingsError or SealingError."""
    settings.home.mkdir(parents=True, exist_ok=True)
    connectors = build_connectors(settings)
    database = Database(settings.url)
    check_schema(database)
    master = load_master_key(
        settings.master_key.get_secret_value() if settings.master_key else None, settings.home
    )
    encoder = ready_encoder(settings)
    try:
        parser = ready_parser(settings, encoder)
    except ValueError as error:
        raise SettingsError(f"MIANTAN_RASA_URL: {error}") from None
    expire_seconds = settings.expire_days * 86_400
    queues = WorkQueues(dbos_url(settings.url), expire_seconds)
    hub = Hub()

    def announce(outcome: Outcome) -> None:
        hub.announce(outcome.interview_id)
        hub.announce("outbox")

    pipeline = Pipeline(
        database=database,
        master=master,
        parser=parser,
        assessors=Assessors(encoder),
        enqueue=queues.turn_work,
        pulled=frozenset({CHAT, rasa.CHANNEL}),
        on_replies=announce,
        encode_workers=settings.encode_workers,
    )
    joining = Joining(pipeline, settings.quiet_seconds, queues.listen)
    tasks = Tasks(
        database=database,
        master=master,
        pipeline=pipeline,
        joining=joining,
        queues=queues,
        connectors=connectors,
        expire_seconds=expire_seconds,
        delivery_delays=settings.delivery_delays,
    )
    telegram = build_telegram(settings)
    channels: dict[str, Channel] = {telegram.name: telegram} if telegram is not None else {}
    return Application(
        settings=settings,
        database=database,
        master=master,
        encoder=encoder,
        pipeline=pipeline,
        queues=queues,
        tasks=tasks,
        hub=hub,
        telegram=telegram,
        channels=channels,
        joining=joining,
        entry=Entry(pipeline, joining, channels),
    )


def build_connectors(settings: Settings) -> Mapping[str, Connector]:
    """The connectors that are set up, by name."""
    if not settings.webhook_url:
        return {}
    if settings.webhook_secret is None:
        raise SettingsError(
            "MIANTAN_WEBHOOK_URL is set without MIANTAN_WEBHOOK_SECRET; set a whsec_… secret"
        )
    try:
        webhook = WebhookConnector(
            "webhook",
            settings.webhook_url,
            settings.webhook_secret.get_secret_value(),
            settings.allow_hosts,
        )
    except PermanentError as error:
        raise SettingsError(str(error)) from None
    return {webhook.name: webhook}


def build_telegram(settings: Settings) -> TelegramChannel | None:
    """The Telegram bot, where a token is set."""
    if settings.telegram_token is None:
        return None
    secret = settings.telegram_secret
    if secret is not None and not re.fullmatch(r"[\w-]{1,256}", secret.get_secret_value(), re.A):
        raise SettingsError(
            "MIANTAN_TELEGRAM_SECRET: Telegram takes 1 to 256 letters, digits, _ and -; change it"
        )
    return TelegramChannel(settings.telegram_token.get_secret_value(), settings.telegram_api)
