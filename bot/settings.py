"""Settings, all from the environment as `MIANTAN_*`; each is explained in docs/settings.md."""

from pathlib import Path
from typing import Annotated

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
    quiet_seconds: float = Field(
        3.0,
        ge=0,
        le=60,
        description="In chats, messages that follow within this time are one answer; 0: never",
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
        0.1, ge=0.01, le=10, description="How often the work queues are looked at"
    )
    log_level: str = Field("info", description="debug, info, warning or error")

    @field_validator("allow_hosts", "delivery_delays", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )

    @field_validator(
        "master_key",
        "webhook_secret",
        "telegram_token",
        "telegram_secret",
        "rasa_token",
        "rasa_actions_token",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

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
