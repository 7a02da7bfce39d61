"""Recordings of voices, the pieces of answers whose words they are, and questions read aloud"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("interview_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("audio", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["interview_id"], ["interview.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "message_id"),
    )
    op.add_column(
        "campaign", sa.Column("aloud", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_recording_interview_id", "recording", ["interview_id"])
    with op.batch_alter_table("waiting_message", table_kwargs={"sqlite_autoincrement": True}) as t:
        t.alter_column("body", existing_type=sa.LargeBinary(), nullable=True)
        t.add_column(sa.Column("recording_id", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("waiting_message", table_kwargs={"sqlite_autoincrement": True}) as t:
        t.drop_column("recording_id")
        t.alter_column("body", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_index("ix_recording_interview_id", "recording")
    op.drop_table("recording")
    op.drop_column("campaign", "aloud")
