"""People who sign in to the console: one-time links, passwords and sessions."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.tokens import new_token, token_hash
from bot.storage.tables import ConsoleSession, SignInLink, User

LINK_SECONDS = 24 * 3600.0
IDLE_SECONDS = 8 * 3600.0
SESSION_SECONDS = 7 * 24 * 3600.0


class SignInError(Exception):
    """A one-time link that is unknown, used or too old."""


@dataclass(frozen=True)
class SignedIn:
    """A signed-in browser: who, the token its forms must carry, and when it was last seen."""

    user: User
    csrf: str
    seen_at: float


def ensure_user(session: Session, name: str, now: float) -> User:
    """The user of that name, made without a password when there is none."""
    user = find_user(session, name)
    if user is None:
        user = User(id=uuid.uuid4().hex, name=name, created_at=now)
        session.add(user)
        session.flush()
    return user


def new_link(session: Session, user: User, now: float) -> str:
    """A token that signs the user in once, within a day."""
    token = new_token()
    link = SignInLink(token_hash=token_hash(token), user_id=user.id, expires_at=now + LINK_SECONDS)
    session.add(link)
    return token


def link_user(session: Session, token: str, now: float) -> User:
    """Whose link this is; raises SignInError when it is unknown, used or too old."""
    link = session.get(SignInLink, token_hash(token))
    if link is None or link.used_at is not None or link.expires_at < now:
        raise SignInError("link")
    return session.get_one(User, link.user_id)


def use_link(session: Session, token: str, password_hash: str, now: float) -> str:
    """Set the password and sign in; the link is used up, and other browsers are signed out.

    Hashing is slow on purpose, so it is done before, outside the transaction. Returns the
    session's token.
    """
    user = link_user(session, token, now)
    user.password_hash = password_hash
    session.add(user)
    used = session.execute(
        sa.update(SignInLink)
        .where(col(SignInLink.token_hash) == token_hash(token), col(SignInLink.used_at).is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise SignInError("link")
    session.execute(sa.delete(ConsoleSession).where(col(ConsoleSession.user_id) == user.id))
    return begin_session(session, user, now)


def find_user(session: Session, name: str) -> User | None:
    return session.exec(select(User).where(User.name == name)).first()


def begin_session(session: Session, user: User, now: float) -> str:
    """Sign a browser in, whose user's password was right; returns the session's token."""
    session.execute(
        sa.delete(ConsoleSession).where(
            col(ConsoleSession.user_id) == user.id,
            col(ConsoleSession.created_at) < now - SESSION_SECONDS,
        )
    )
    token = new_token()
    session.add(
        ConsoleSession(
            token_hash=token_hash(token),
            user_id=user.id,
            csrf=new_token(),
            created_at=now,
            seen_at=now,
        )
    )
    return token


def signed_in(session: Session, token: str, now: float) -> SignedIn | None:
    """Who the browser's session belongs to; None when it is unknown, idle or too old."""
    found = session.get(ConsoleSession, token_hash(token))
    if (
        found is None
        or now - found.seen_at > IDLE_SECONDS
        or now - found.created_at > SESSION_SECONDS
    ):
        return None
    return SignedIn(session.get_one(User, found.user_id), found.csrf, found.seen_at)


def touch(session: Session, token: str, now: float) -> None:
    """Remember that the session was used."""
    found = session.get(ConsoleSession, token_hash(token))
    if found is not None:
        found.seen_at = now
        session.add(found)


def sign_out(session: Session, token: str) -> None:
    found = session.get(ConsoleSession, token_hash(token))
    if found is not None:
        session.delete(found)
