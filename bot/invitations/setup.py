"""What invitations need from the settings; raises PermanentError that names the setting."""

from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot.invitations.base import Sender
from bot.invitations.links import Places
from bot.invitations.mail import MailSender, parse_sender, parse_server
from bot.invitations.message import Messages
from bot.invitations.sms import BODY, Gateway, SmsSender, parse_headers
from bot.settings import Settings
from bot.storage.invitations import Via
from connectors.base import PermanentError


def places_of(settings: Settings) -> Places:
    """Where candidates enter."""
    try:
        return Places(settings.base_url, settings.telegram_bot.removeprefix("@"))
    except ValueError as error:
        raise PermanentError(f"MIANTAN_TELEGRAM_BOT: {error}; correct it") from None


def messages_of(settings: Settings) -> Messages:
    """The words of invitations."""
    folder = settings.templates
    if folder is not None and not folder.is_dir():
        raise PermanentError(f"MIANTAN_TEMPLATES: {folder} is no folder; correct it")
    return Messages(folder, ZoneInfo(settings.timezone))


def senders_of(settings: Settings) -> dict[Via, Sender]:
    """What is set up of e-mail and SMS."""
    messages = messages_of(settings)
    found: dict[Via, Sender] = {}
    if settings.smtp_url is not None:
        if not settings.mail_from:
            raise PermanentError(
                "MIANTAN_SMTP_URL is set without MIANTAN_MAIL_FROM; set the sender's address"
            )
        server = parse_server(_shown(settings.smtp_url))
        found["email"] = MailSender(server, parse_sender(settings.mail_from), messages)
    if settings.sms_url is not None:
        gateway = Gateway(
            url=_shown(settings.sms_url),
            method=settings.sms_method.upper(),
            headers=parse_headers(_shown(settings.sms_headers)),
            body=_shown(settings.sms_body) or BODY,
            success=settings.sms_success,
        )
        found["sms"] = SmsSender(gateway, messages, settings.allow_hosts)
    return found


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
