"""People who sign in to the console: one-time links, passwords and sessions."""

import uuid
from dataclasses import dataclass

from sqlmodel import Session, select

from bot.security.tokens import (
    MIN_PASSWORD,
    hash_password,
    new_token,
    password_fits,
    token_hash,
)
from bot.storage.tables import ConsoleSession, SignInLink, User

LINK_SECONDS = 24 * 3600.0
IDLE_SECONDS = 8 * 3600.0
SESSION_SECONDS = 7 * 24 * 3600.0


class SignInError(Exception):
    """A sign-in that is refused. The message says no more than the person may know."""


@dataclass(frozen=True)
class SignedIn:
    """A signed-in browser: who, and the token its forms must carry."""

    user: User
    csrf: str


def ensure_user(session: Session, name: str, now: float) -> User:
    """The user of that name, made without a password when there is none."""
    user = session.exec(select(User).where(User.name == name)).first()
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


def use_link(session: Session, token: str, password: str, now: float) -> str:
    """Set the password and sign in; the link is used up. Returns the session's token."""
    user = link_user(session, token, now)
    if len(password) < MIN_PASSWORD:
        raise SignInError("short")
    user.password_hash = hash_password(password)
    session.add(user)
    link = session.get_one(SignInLink, token_hash(token))
    link.used_at = now
    session.add(link)
    return _new_session(session, user, now)


def sign_in(session: Session, name: str, password: str, now: float) -> str:
    """Sign in by password; returns the session's token, or raises SignInError."""
    user = session.exec(select(User).where(User.name == name)).first()
    if not password_fits(password, user.password_hash if user else None) or user is None:
        raise SignInError("password")
    return _new_session(session, user, now)


def _new_session(session: Session, user: User, now: float) -> str:
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
    return SignedIn(session.get_one(User, found.user_id), found.csrf)


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
