"""Run by Alembic; the connection comes from bot/storage/migrate.py."""

from alembic import context
from sqlmodel import SQLModel

from bot.storage import tables  # noqa: F401  (declares the tables)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
