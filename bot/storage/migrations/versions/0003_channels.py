"""Held messages and what carried them, quotas, access tokens, pushes answered too early"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BEFORE = sa.text("sent_at IS NULL AND failed IS NULL")
_WAITING = sa.text("sent_at IS NULL AND failed IS NULL AND held_at IS NULL")
_HELD = sa.text("held_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("message", sa.Column("held_at", sa.Float(), nullable=True))
    op.add_column("message", sa.Column("carrier", sa.String(), nullable=True))
    op.add_column(
        "message", sa.Column("parts_sent", sa.Integer(), nullable=False, server_default="0")
    )
    _index("ix_message_waiting", ["channel", "id"], _WAITING, again=True)
    _index("ix_message_held", ["interview_id"], _HELD)
    op.create_table(
        "sending_quota",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("message_left", sa.Integer(), nullable=False),
        sa.Column("message_until", sa.Float(), nullable=False),
        sa.Column("event_left", sa.Integer(), nullable=False),
        sa.Column("event_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address_hash"),
    )
    op.create_table(
        "access_token",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "kept_push",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "message_id"),
    )


def downgrade() -> None:
    op.drop_table("kept_push")
    op.drop_table("access_token")
    op.drop_table("sending_quota")
    op.drop_index("ix_message_held", "message")
    _index("ix_message_waiting", ["channel", "id"], _BEFORE, again=True)
    op.drop_column("message", "parts_sent")
    op.drop_column("message", "carrier")
    op.drop_column("message", "held_at")


def _index(name: str, columns: list[str], where: sa.TextClause, again: bool = False) -> None:
    if again:
        op.drop_index(name, "message")
    op.create_index(name, "message", columns, sqlite_where=where, postgresql_where=where)
