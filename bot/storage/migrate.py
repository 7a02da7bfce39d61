"""Bringing the database's schema up to date: ours by Alembic, DBOS's by itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from dbos import DBOS

from bot.storage.database import Database


class SchemaError(Exception):
    """The schema is not the one this version needs; permanent, mended by `miantan migrate`."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(database: Database) -> None:
    """Upgrade both schemas to the newest; running it again changes nothing."""
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    DBOS.migrate(dbos_url(database.url))


def dbos_url(database_url: str) -> str:
    """The URL as DBOS writes it: it picks the PostgreSQL driver itself."""
    return database_url.replace("postgresql+psycopg://", "postgresql://")


def check_schema(database: Database) -> None:
    """Raises SchemaError when the database is older or newer than this version."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != newest:
        raise SchemaError(
            f"the database is at revision {current or 'none'}, this version needs {newest}; "
            "run `miantan migrate`"
        )


__all__ = ["SchemaError", "check_schema", "dbos_url", "migrate"]
