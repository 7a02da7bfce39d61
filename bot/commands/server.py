"""`miantan serve`, `worker`, `migrate` and `demo`."""

import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from sqlmodel import Session

from bot import logs, sandbox
from bot.bootstrap import Application, SettingsError, build
from bot.commands.errors import CommandError
from bot.demo import SAMPLES, open_samples, read_files
from bot.services import routers, services
from bot.settings import Settings
from bot.storage.catalogue import (
    CAMPAIGN_NAME,
    GivenFiles,
    Role,
    find_campaign,
    open_campaign,
    publish,
)
from bot.storage.database import Database
from bot.storage.migrate import check_schema, migrate
from bot.storage.users import ensure_user, new_link
from bot.web.app import create_app

LOOPBACK = ["127.0.0.1", "localhost", "::1"]


def migrate_now(settings: Settings) -> None:
    """Upgrade the schema."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        migrate(database)
    finally:
        database.close()


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    logs.set_up(settings.log_level)
    _run(_built(settings))


def work(settings: Settings) -> None:
    """Do durable work until told to stop."""
    if settings.url.startswith("sqlite"):
        raise CommandError(
            "on SQLite `miantan serve` does the work itself; "
            "set MIANTAN_DATABASE_URL to PostgreSQL to run workers"
        )
    logs.set_up(settings.log_level)
    application = _built(settings)
    runner = application.runner("worker")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    runner.start()
    try:
        stop.wait()
    finally:
        runner.stop()
        application.close()


def demo(settings: Settings) -> None:
    """Migrate, open the samples, print the addresses, and serve."""
    logs.set_up("warning" if settings.log_level == "info" else settings.log_level)
    settings = settings.model_copy(update={"allow_hosts": [*settings.allow_hosts, *LOOPBACK]})
    migrate_now(settings)
    application = _built(settings)
    application.database.write_now(lambda session: open_samples(session, settings))
    print(_addresses(application), flush=True)
    _run(application)


def sign_in_link(settings: Settings, name: str) -> str:
    """A one-time link for a user, made if there is none of that name."""
    database = Database(settings.url)
    try:
        return _link(database, settings, name)
    finally:
        database.close()


def open_campaign_from(
    settings: Settings,
    name: str,
    guides: Sequence[Path],
    to_all: bool | None = None,
    aloud: bool | None = None,
) -> str:
    """Publish the guides and open the campaign on them; returns the candidates' address.

    Unless it is said whether `to_all`, a new one is, and another stays as it is; and so with
    `aloud`, which a new one is not.
    """
    if not CAMPAIGN_NAME.fullmatch(name):
        raise CommandError(f"{name!r}: a campaign's name has letters, digits, _ and -; change it")
    given = [read_files(guide) for guide in guides]
    database = Database(settings.url)
    try:
        check_schema(database)
        database.write_now(lambda session: _open(session, settings, name, given, to_all, aloud))
    finally:
        database.close()
    return f"{settings.base_url}/chat/{name}"


def _check_sandbox(roles: Sequence[Role]) -> None:
    """Code questions are asked only where their programs can be run."""
    for role in roles:
        for question in (*role.guide.questions, *role.guide.bank):
            for language in question.code.languages if question.code else ():
                if not sandbox.available(language):
                    raise CommandError(
                        f"{role.guide.guide}: {question.id} needs a sandbox for {language}, which "
                        "is not here; install bubblewrap (docs/programming.md), or drop the question"
                    )


def _open(
    session: Session,
    settings: Settings,
    name: str,
    given: Sequence[GivenFiles],
    to_all: bool | None,
    aloud: bool | None,
) -> None:
    now = time.time()
    before = find_campaign(session, name)
    if to_all is None and before is not None and before.closed_at is not None:
        raise CommandError(f"{name}: was closed; open it again with --to-all or --invited")
    if to_all is None:
        to_all = before.open if before is not None else True
    roles = [publish(session, files, now) for files in given]
    _check_sandbox(roles)
    if not set.intersection(*(set(role.guide.languages) for role in roles)):
        raise CommandError("the guides have no language in common; give each at least one")
    named = {role.guide.guide: role for role in roles}
    open_campaign(session, name, settings.company, named, now, to_all, aloud)


def _link(database: Database, settings: Settings, name: str) -> str:
    now = time.time()
    token = database.write_now(lambda s: new_link(s, ensure_user(s, name, now), now))
    return f"{settings.base_url}/console/enter?token={token}"


def _built(settings: Settings) -> Application:
    try:
        return build(settings)
    except SettingsError as error:
        raise CommandError(str(error)) from None


def _run(application: Application) -> None:
    settings = application.settings
    app = create_app(application, services(application), routers(application))
    try:
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    finally:
        application.close()


def _addresses(application: Application) -> str:
    settings = application.settings
    user = application.database.write_now(
        lambda session: ensure_user(session, "recruiter", time.time())
    )
    lines = ["", "Miantan 面谈 is ready.", "", "Candidates 候选人:"]
    lines += [f"  {settings.base_url}/chat/{name}" for name in SAMPLES]
    lines += ["", "Recruiter 招聘人员:"]
    if user.password_hash is None:
        lines.append(f"  {_link(application.database, settings, user.name)}")
        lines.append("  (one-time sign-in, choose a password there 一次性登录，请在页面设置密码)")
    else:
        lines.append(f"  {settings.base_url}/console  (user {user.name})")
    return "\n".join([*lines, ""])
