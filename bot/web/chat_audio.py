"""Questions spoken aloud on the page: made when somebody listens."""

from typing import cast

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from bot.aloud import NotSpokenError
from bot.storage.interviews import open_message
from bot.storage.people import key_of
from bot.storage.tables import MessageRow
from bot.web.api_error import ApiError
from bot.web.chat_api import App, Mine
from dialogues.events import Reply
from dialogues.guide import Language

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])


@router.get("/sessions/{session}/messages/{message}/audio", response_class=Response)
async def audio(app: App, mine: Mine, message: int) -> Response:
    """A question as speech, MP3, by a synthetic voice."""

    def read(db: Session) -> Reply | None:
        row = db.get(MessageRow, message)
        if row is None or row.interview_id != mine.id:
            return None
        return open_message(key_of(db, app.master, mine), row).reply

    reply = await app.database.read(read)
    if app.aloud is None or reply is None or reply.kind != "question":
        raise ApiError(404, "there is no such speech")
    try:
        language = cast("Language", mine.language)
        clip = await app.aloud.clip(reply.text, language, "mp3", reply.personal)
    except NotSpokenError:
        raise ApiError(404, "this cannot be spoken") from None
    return Response(clip.data, media_type="audio/mpeg")
