"""The migrations make exactly the tables that the code uses."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from bot.storage.database import Database
from bot.storage.migrate import SchemaError, check_schema, migrate
from tests.helpers import postgres, postgres_programs


def differences(database: Database) -> list[object]:
    """What the tables lack or have too much of; DBOS's own tables are not ours to compare."""
    with database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    return [one for one in found if one[0] not in ("remove_table", "remove_index")]


def check(database: Database) -> None:
    try:
        with pytest.raises(SchemaError, match="miantan migrate"):
            check_schema(database)
        migrate(database)
        migrate(database)
        check_schema(database)
        assert differences(database) == []
    finally:
        database.close()


def test_on_sqlite(tmp_path: Path) -> None:
    check(Database(f"sqlite:///{tmp_path / 'm.db'}"))


@pytest.mark.postgres
def test_on_postgresql() -> None:
    if postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with postgres() as url:
        check(Database(url.replace("postgresql://", "postgresql+psycopg://")))
