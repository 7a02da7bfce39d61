"""What an invitation says, gathered from the campaign and the person."""

from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from bot.invitations.base import Letter
from bot.invitations.links import Places
from bot.security.sealing import Key
from bot.storage.catalogue import Catalogue, current_files
from bot.storage.invitations import Contact, code_of, contact_of
from bot.storage.tables import Campaign, Invitation
from dialogues.guide import Language
from dialogues.plan import Plan


def plan_of(session: Session, catalogue: Catalogue, campaign: Campaign) -> Plan:
    """The campaign as interviews that begin now see it."""
    return catalogue.plan(session, campaign, current_files(session, campaign.id))


def letter_of(
    session: Session, master: Key, catalogue: Catalogue, places: Places, invitation: Invitation
) -> Letter:
    """What the invited person is told, in their language, else in the campaign's first.

    Raises ErasedError.
    """
    campaign = session.get_one(Campaign, invitation.campaign_id)
    plan = plan_of(session, catalogue, campaign)
    known = [language for language in plan.languages if language == invitation.language]
    language = known[0] if known else plan.languages[0]
    position = plan.positions.get(invitation.position or "")
    if position is not None:
        plan = replace(plan, positions={position.id: position})
    code = code_of(master, invitation)
    return Letter(
        contact=contact_of(session, master, invitation) or Contact(),
        language=language,
        company=_in(campaign.company, language),
        campaign=_in(campaign.title, language),
        position=_in(position.title, language) if position is not None else "",
        minutes=plan.minutes,
        code=code,
        links=places.of_code(campaign.id, code),
        expires_at=invitation.expires_at,
    )


def _in(texts: Mapping[Language, str] | Mapping[str, str], language: Language) -> str:
    """The text in the language, else in any."""
    return {str(name): text for name, text in texts.items()}.get(language) or next(
        iter(texts.values()), ""
    )
