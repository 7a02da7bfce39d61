"""Settings, all from the environment as `MIANTAN_*`; each is explained in docs/settings.md."""

import math
import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dialogues.guide import Language

# The schedule of the Standard Webhooks specification, without its last tries after 14 hours.
DELIVERY_DELAYS = [5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0]


class Settings(BaseSettings):
    """Everything that can be set. Paths are created when needed."""

    model_config = SettingsConfigDict(env_prefix="MIANTAN_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(Path(".miantan"), description="Data, keys and prepared models")
    database_url: str = Field(
        "", description="SQLAlchemy URL; empty means SQLite in MIANTAN_HOME/miantan.db"
    )
    master_key: SecretStr | None = Field(
        None, description="Master key, 32 bytes in base64; empty: MIANTAN_HOME/master.key"
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("MIANTAN_PORT", "PORT"),
        description="Port to listen on; PORT is read as well",
    )
    public_url: str = Field(
        "", description="The address candidates and recruiters reach, if not this"
    )
    company_zh: str = Field("本公司", description="Company name in Chinese")
    company_en: str = Field("our company", description="Company name in English")
    encoder: str = Field(
        "e5-small-int8",
        description="e5-small-int8, light, or torch:<hub id or folder of a SentenceTransformer>",
    )
    encoder_threads: int = Field(1, ge=1, le=64, description="Threads for one text")
    encode_workers: int = Field(2, ge=1, le=64, description="Texts encoded at the same time")
    expire_days: float = Field(7.0, gt=0, description="An idle interview closes after this time")
    remind_hours: Annotated[list[float], NoDecode] = Field(
        default_factory=lambda: [24.0],
        description="Hours without a word after which a candidate is reminded, separated by commas; never: not at all",
    )
    night: str = Field(
        "22-8",
        description="From which hour to which nobody is reminded; never: reminded at any hour",
    )
    timezone: str = Field(
        "Asia/Shanghai",
        description="The company's time zone, for the night and the ends of invitations",
    )
    quiet_seconds: float = Field(
        3.0,
        ge=0,
        le=60,
        description="In chats, messages that follow within this time are one answer; 0: never",
    )
    speech: str = Field(
        "whisper-base",
        description="What takes voices down: whisper-base, the hub id or folder of a faster-whisper model, or off",
    )
    speech_threads: int = Field(1, ge=1, le=64, description="Threads for one recording")
    speaking: str = Field(
        "off",
        description="What speaks questions aloud: off, or coqui:NAME, coqui:zh=FOLDER,en=NAME (docs/voice.md)",
    )
    speaking_threads: int = Field(1, ge=1, le=64, description="Threads for speaking")
    voice_days: float = Field(
        0.0,
        ge=0,
        description="Recordings are kept for so long once they are taken down; 0: not at all",
    )
    fix_seconds: float = Field(
        120.0,
        ge=0,
        description="How long candidates may correct what was taken down of a voice before it is scored",
    )
    webhook_url: str = Field("", description="Where finished results are sent, signed")
    webhook_secret: SecretStr | None = Field(
        None, description="Secret of the Standard Webhooks signature, whsec_…"
    )
    allow_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Private hosts that deliveries may go to, separated by commas",
    )
    delivery_delays: Annotated[list[float], NoDecode] = Field(
        default_factory=lambda: list(DELIVERY_DELAYS),
        description="Seconds to wait before each further try of a delivery, separated by commas",
    )
    telegram_token: SecretStr | None = Field(None, description="Token of the Telegram bot")
    telegram_api: str = Field("https://api.telegram.org", description="Address of the Bot API")
    telegram_secret: SecretStr | None = Field(
        None, description="Secret token of the Telegram webhook; set: webhook, empty: polling"
    )
    telegram_bot: str = Field(
        "",
        description="The Telegram bot's user name, for links in invitations; empty: no such links",
    )
    wechat_appid: str = Field("", description="App id (AppID) of the WeChat official account")
    wechat_secret: SecretStr | None = Field(None, description="Its AppSecret")
    wechat_token: SecretStr | None = Field(
        None, description="The Token that the account signs its pushes with"
    )
    wechat_aes_key: SecretStr | None = Field(
        None, description="Its EncodingAESKey; set: pushes must be encrypted, empty: plain mode"
    )
    wechat_api: str = Field(
        "https://api.weixin.qq.com", description="Address of the WeChat API, or of a gateway to it"
    )
    wechat_stable_token: bool = Field(
        True, description="Whether access tokens come from the stable-token endpoint"
    )
    wecom_corpid: str = Field("", description="Corp id (企业ID) of the company in WeCom")
    wecom_agent: int | None = Field(None, description="AgentId of the WeCom application")
    wecom_secret: SecretStr | None = Field(None, description="The application's Secret")
    wecom_token: SecretStr | None = Field(None, description="The Token of its 接收消息 address")
    wecom_aes_key: SecretStr | None = Field(None, description="The EncodingAESKey of that address")
    wecom_api: str = Field(
        "https://qyapi.weixin.qq.com", description="Address of the WeCom API, or of a gateway"
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server for invitations: smtp://user:password@host:587?starttls=1 or smtps://…",
    )
    mail_from: str = Field("", description="Sender of invitations: hr@example.com, or with a name")
    sms_url: SecretStr | None = Field(
        None,
        description="HTTP gateway for invitations by SMS; private addresses: MIANTAN_ALLOW_HOSTS",
    )
    sms_method: str = Field("POST", description="How the SMS gateway is asked: POST, PUT or GET")
    sms_headers: SecretStr | None = Field(
        None, description='Headers for the SMS gateway, as JSON: {"X-Key": "…"}'
    )
    sms_body: SecretStr | None = Field(
        None,
        description="Jinja template of what the SMS gateway gets, with phone, text and id; empty: these three as JSON; with GET it is the query",
    )
    sms_success: str = Field(
        "",
        description="Regular expression that the SMS gateway's answer matches when it took the message",
    )
    templates: Path | None = Field(
        None,
        description="Folder with your own templates of invitations; those that are not in it are ours",
    )
    rasa_url: str = Field(
        "", description="A Rasa 3.6 server that tells what messages mean; empty: told here"
    )
    rasa_token: SecretStr | None = Field(None, description="The token of that server")
    rasa_seconds: float = Field(2.0, gt=0, le=30, description="How long its answer is waited for")
    rasa_actions_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What a Rasa assistant shows to hold interviews; empty: none may",
    )
    poll_seconds: float = Field(
        0.5, ge=0.01, le=10, description="How often the work queues are looked at"
    )
    log_level: str = Field("info", description="debug, info, warning or error")

    @field_validator("allow_hosts", "delivery_delays", "remind_hours", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )

    # Validators that come later in the class see a value first.
    @field_validator("remind_hours", "night", mode="before")
    @classmethod
    def _never_is_empty(cls, value: object) -> object:
        return "" if isinstance(value, str) and value.strip().lower() == "never" else value

    @field_validator(
        "master_key",
        "webhook_secret",
        "telegram_token",
        "telegram_secret",
        "wechat_secret",
        "wechat_token",
        "wechat_aes_key",
        "wecom_agent",
        "wecom_secret",
        "wecom_token",
        "wecom_aes_key",
        "smtp_url",
        "sms_url",
        "sms_headers",
        "sms_body",
        "templates",
        "rasa_token",
        "rasa_actions_token",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("remind_hours")
    @classmethod
    def _hours_in_order(cls, hours: list[float]) -> list[float]:
        if not all(0 < each < math.inf for each in hours):
            raise ValueError("each must be a number of hours above 0, as in 24,72")
        return sorted(set(hours))

    @field_validator("night")
    @classmethod
    def _two_hours(cls, night: str) -> str:
        found = re.fullmatch(r"([0-9]{1,2})\s*-\s*([0-9]{1,2})", night.strip())
        hours = [int(each) for each in found.groups()] if found else []
        if night.strip() and (not hours or max(hours) > 24 or hours[0] % 24 == hours[1] % 24):
            raise ValueError("it is two different full hours from 0 to 24, as in 22-8")
        return "-".join(str(each % 24) for each in hours)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            raise ValueError("no such time zone is known here, as in Asia/Shanghai") from None
        return name

    @property
    def night_hours(self) -> tuple[int, int] | None:
        """From which full hour of the day to which it is night."""
        begins, _, ends = self.night.partition("-")
        return (int(begins), int(ends)) if ends else None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database, with its driver named."""
        if not self.database_url:
            return f"sqlite:///{(self.home / 'miantan.db').resolve()}"
        for prefix in ("postgresql://", "postgres://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def company(self) -> dict[Language, str]:
        """The company's name in each language."""
        return {"zh": self.company_zh, "en": self.company_en}

    @property
    def base_url(self) -> str:
        """The address to print and to put in links, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
