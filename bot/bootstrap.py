"""Where the parts are chosen and put together; nothing else picks implementations."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr
from sqlmodel import Session

from bot.aloud import Aloud, NotSpokenError, Speak
from bot.arrival import NotReachedError
from bot.assessors import Assessors
from bot.channels.base import Channel, Clip, Format
from bot.channels.telegram.bot import TelegramBot
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.wechat.accounts import official_account, wecom_application
from bot.channels.wechat.api import Account
from bot.entry import Entry, nobody_speaks
from bot.fixing import Fixing
from bot.hub import Hub
from bot.invitations.setup import places_of, senders_of
from bot.joining import Joining
from bot.partners import rasa
from bot.pipeline import Pipeline
from bot.prepare import ready_encoder, ready_hearing, ready_parser, ready_speaker
from bot.recordings import Recordings
from bot.reminders import MayInterrupt, Reminders
from bot.security.sealing import ErasedError, Key, load_master_key
from bot.settings import Settings
from bot.speaking import base as speaking
from bot.speaking.base import EngineError
from bot.speaking.speaker import Speaker
from bot.speech.process import Hearing
from bot.storage.database import Database
from bot.storage.invitations import NotAdmittedError
from bot.storage.migrate import check_schema, dbos_url
from bot.storage.sending import left_for
from bot.storage.tables import Interview
from bot.understanding.rasa import RasaParser
from bot.work.inviting import Inviting, not_connected
from bot.work.queues import WorkQueues
from bot.work.runner import Runner, Seat
from bot.work.tasks import Tasks
from bot.work.transcribing import Transcribing
from connectors.base import Connector, PermanentError
from connectors.webhook import WebhookConnector
from dialogues.guide import Language
from scoring.encoder import Encoder

log = structlog.get_logger()

CHAT = "web"
SPEECH_PACE = 0.5
"""Seconds that one second of speech takes to be taken down, as candidates are told."""


BuildChannel = Callable[[Settings, Database, Key], Channel | None]
"""Builds a channel, or None where it is not set up; raises SettingsError."""


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
    channels: Mapping[str, Channel]
    """Those that replies are sent to, by name."""
    entry: Entry
    fixing: Fixing
    recordings: Recordings | None
    """None where nothing listens to voices."""
    hearing: Hearing | None
    aloud: Aloud | None
    speaker: Speaker | None
    """None where nothing is spoken."""

    def runner(self, role: str) -> Runner:
        """Durable work in this process."""
        seat = Seat(self.settings.home, role)
        return Runner(self.database, self.tasks, seat, self.settings.poll_seconds)

    def close(self) -> None:
        self.queues.close()
        if self.hearing is not None:
            self.hearing.close()
        if self.speaker is not None:
            self.speaker.close()
        if isinstance(self.pipeline.parser, RasaParser):
            self.pipeline.parser.close()
        self.database.close()


def build(
    settings: Settings,
    more_channels: Sequence[BuildChannel] = (),
    speak: Speak | None = None,
) -> Application:
    """Put everything together; `speak` takes the place of the settings' voice. Raises SchemaError, ModelError, SettingsError or SealingError."""
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
    reminders = build_reminders(settings)
    queues = WorkQueues(
        dbos_url(settings.url), reminders.first_look(expire_seconds), settings.fix_seconds
    )
    hub = Hub()
    pipeline = Pipeline(
        database=database,
        master=master,
        parser=parser,
        assessors=Assessors(encoder),
        enqueue=queues.turn_work,
        pulled=frozenset({CHAT, rasa.CHANNEL}),
        on_replies=lambda outcome: hub.announce(outcome.interview_id),
        encode_workers=settings.encode_workers,
        fix_seconds=settings.fix_seconds,
        voice_days=settings.voice_days,
    )
    joining = Joining(pipeline, settings.quiet_seconds, queues.listen)
    built = [one(settings, database, master) for one in (*CHANNELS, *more_channels)]
    channels = {channel.name: channel for channel in built if channel is not None}
    hearing = ready_hearing(settings)
    tasks = Tasks(
        database=database,
        master=master,
        pipeline=pipeline,
        joining=joining,
        queues=queues,
        connectors=connectors,
        expire_seconds=expire_seconds,
        delivery_delays=settings.delivery_delays,
        reminders=reminders,
        may_interrupt=counts_enough(channels, master),
        inviting=build_inviting(settings, pipeline, queues, channels),
        transcribing=Transcribing(pipeline, joining, queues, hearing),
    )
    recordings = Recordings(pipeline, SPEECH_PACE) if hearing is not None else None
    try:
        speaker = ready_speaker(settings, master)
    except EngineError as error:
        raise SettingsError(f"MIANTAN_SPEAKING: {error}") from None
    if speak is None and speaker is not None:
        speak = partial(speak_with, speaker)
    aloud = Aloud(speak, channels) if speak is not None else None
    return Application(
        settings=settings,
        database=database,
        master=master,
        encoder=encoder,
        pipeline=pipeline,
        queues=queues,
        tasks=tasks,
        hub=hub,
        channels=channels,
        joining=joining,
        entry=Entry(
            pipeline,
            joining,
            channels,
            hub.announce,
            recordings,
            aloud.can if aloud is not None else nobody_speaks,
        ),
        aloud=aloud,
        speaker=speaker,
        fixing=Fixing(pipeline),
        recordings=recordings,
        hearing=hearing,
    )


def speak_with(
    speaker: Speaker, text: str, language: Language, form: Format, personal: bool
) -> Clip:
    """Speech as channels send it; raises `bot.aloud.NotSpokenError`."""
    try:
        clip = speaker.clip(text, language, form, personal=personal)
    except EngineError as error:
        log.error("nothing can be spoken", reason=str(error))
        raise NotSpokenError("no engine") from None
    except (speaking.NotSpokenError, speaking.NotNowError) as error:
        raise NotSpokenError(str(error)) from None
    return Clip(clip.data, clip.seconds)


def build_reminders(settings: Settings) -> Reminders:
    """When idle candidates are reminded."""
    seconds = tuple(hours * 3600 for hours in settings.remind_hours)
    return Reminders(seconds, settings.night_hours, ZoneInfo(settings.timezone))


def build_inviting(
    settings: Settings,
    pipeline: Pipeline,
    queues: WorkQueues,
    channels: Mapping[str, Channel],
) -> Inviting:
    """What sends invitations."""
    try:
        return Inviting(
            database=pipeline.database,
            master=pipeline.master,
            catalogue=pipeline.catalogue,
            queues=queues,
            places=places_of(settings),
            senders=senders_of(settings),
            delays=settings.delivery_delays,
            in_chat=partial(invite_in_chat, pipeline, channels),
        )
    except PermanentError as error:
        raise SettingsError(str(error)) from None


def invite_in_chat(
    pipeline: Pipeline, channels: Mapping[str, Channel], invitation_id: str, channel: str
) -> None:
    """Invite someone where they talk to us; raises PermanentError."""
    if channel not in channels:
        not_connected(invitation_id, channel)
    try:
        pipeline.invite(invitation_id, channel)
    except (NotReachedError, NotAdmittedError, ErasedError) as error:
        raise PermanentError(str(error)) from None


def counts_enough(channels: Mapping[str, Channel], master: Key) -> MayInterrupt:
    """Where a platform counts what we send, something must be left for the candidate's answers."""
    counted = frozenset(name for name, each in channels.items() if each.capabilities.quota)

    def may_interrupt(session: Session, interview: Interview) -> bool:
        if interview.channel not in counted:
            return True
        return left_for(session, master, interview, time.time()) > 1

    return may_interrupt


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


def build_telegram(settings: Settings, database: Database, master: Key) -> Channel | None:
    """The Telegram bot, where a token is set."""
    if settings.telegram_token is None:
        return None
    secret = settings.telegram_secret.get_secret_value() if settings.telegram_secret else None
    if secret is not None and not re.fullmatch(r"[\w-]{1,256}", secret, re.A):
        raise SettingsError(
            "MIANTAN_TELEGRAM_SECRET: Telegram takes 1 to 256 letters, digits, _ and -; change it"
        )
    bot = TelegramBot(settings.telegram_token.get_secret_value(), settings.telegram_api)
    return TelegramChannel(bot, database, secret, settings.base_url if settings.public_url else "")


def build_wechat(settings: Settings, database: Database, master: Key) -> Channel | None:
    """The official account, where its app id is set."""
    if not settings.wechat_appid:
        return None
    given = {"TOKEN": settings.wechat_token, "SECRET": settings.wechat_secret}
    token, secret = _all_of("WECHAT", "APPID", given)
    api = settings.wechat_api.rstrip("/")
    account = Account(settings.wechat_appid, secret, api, settings.wechat_stable_token)
    aes_key = settings.wechat_aes_key
    try:
        return official_account(
            database, master, account, token, aes_key.get_secret_value() if aes_key else None
        )
    except ValueError as error:
        raise SettingsError(f"MIANTAN_WECHAT_AES_KEY: {error}") from None


def build_wecom(settings: Settings, database: Database, master: Key) -> Channel | None:
    """The WeCom application, where its corp id is set."""
    if not settings.wecom_corpid:
        return None
    token, secret, aes_key = _all_of(
        "WECOM",
        "CORPID",
        {
            "TOKEN": settings.wecom_token,
            "SECRET": settings.wecom_secret,
            "AES_KEY": settings.wecom_aes_key,
        },
    )
    if settings.wecom_agent is None:
        raise SettingsError("MIANTAN_WECOM_CORPID is set without MIANTAN_WECOM_AGENT; set both")
    account = Account(settings.wecom_corpid, secret, settings.wecom_api.rstrip("/"))
    try:
        return wecom_application(database, master, account, settings.wecom_agent, token, aes_key)
    except ValueError as error:
        raise SettingsError(f"MIANTAN_WECOM_AES_KEY: {error}") from None


CHANNELS: tuple[BuildChannel, ...] = (build_telegram, build_wechat, build_wecom)
"""Where candidates may talk besides the web; a new channel is a row here."""


def _all_of(platform: str, first: str, given: Mapping[str, SecretStr | None]) -> list[str]:
    """The values, all of which must be set."""
    for name, value in given.items():
        if value is None:
            known = f"MIANTAN_{platform}_{first}"
            raise SettingsError(f"{known} is set without MIANTAN_{platform}_{name}; set both")
    return [value.get_secret_value() for value in given.values() if value is not None]
