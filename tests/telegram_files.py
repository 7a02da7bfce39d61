"""Of the stand-in for Telegram: the bot's menus, signs of typing, and files."""

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from tests.telegram_people import Candidate

CHAT_ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document "
    "choose_sticker find_location record_video_note upload_video_note".split()
)
LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of a file that a bot may fetch (Bot API, getFile)."""


class ApiError(Exception):
    """An error in the Bot API's words."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.parameters = parameters


class MenusAndFiles:
    """Mixed into the server."""

    token: str
    candidates: "dict[int, Candidate]"
    groups: set[int]

    def __init__(self) -> None:
        self.menus: dict[str, dict[str, str]] = {}
        """For a language, "" for all others, the commands and what they are for."""
        self.files: dict[str, bytes] = {}
        """What each file id stands for."""
        self._paths: dict[str, bytes] = {}
        self._file_numbers = itertools.count(1)

    def upload(self, data: bytes) -> dict[str, Any]:
        """A file on Telegram's servers; its id, name apart, as it stands in a message."""
        file_id = f"BQACAgIAAxkBAAI{next(self._file_numbers)}"
        self.files[file_id] = data
        return {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(data)}

    async def _on_getfile(self, parameters: dict[str, Any]) -> Any:
        file_id = parameters.get("file_id", "")
        data = self.files.get(file_id)
        if data is None:
            raise ApiError(400, "Bad Request: invalid file_id")
        if len(data) > LARGEST_FILE:
            raise ApiError(400, "Bad Request: file is too big")
        path = f"documents/file_{next(self._file_numbers)}"
        self._paths[path] = data
        return {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_size": len(data),
            "file_path": path,
        }

    async def download(self, request: Request) -> Response:
        data = self._paths.get(request.path_params["path"])
        if request.path_params["token"] != self.token or data is None:
            return JSONResponse(
                {"ok": False, "error_code": 404, "description": "Not Found"}, status_code=404
            )
        return Response(data, media_type="application/octet-stream")

    async def _on_sendchataction(self, parameters: dict[str, Any]) -> Any:
        chat = int(parameters["chat_id"])
        if parameters.get("action") not in CHAT_ACTIONS:
            raise ApiError(400, "Bad Request: wrong parameter action in request")
        self._check_chat(chat)
        self._check_up()
        if chat not in self.groups:
            self.candidates[chat].typing += 1
        return True

    async def _on_sendvoice(self, parameters: dict[str, Any]) -> Any:
        chat, voice = int(parameters["chat_id"]), parameters["voice"]
        self._check_chat(chat)
        self._check_up()
        if not voice.startswith(b"OggS"):
            raise ApiError(400, "Bad Request: a voice message is Opus in an OGG file")
        said = (voice, int(parameters["duration"]), parameters.get("caption", ""))
        self.candidates[chat].hear(said)
        return {
            "message_id": next(self._file_numbers),
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": "private"},
            "voice": {"file_id": "v", "file_unique_id": "u", "duration": said[1]},
        }

    async def _on_setmycommands(self, parameters: dict[str, Any]) -> Any:
        self._check_up()
        given, language = parameters["commands"], parameters.get("language_code", "")
        commands = json.loads(given) if isinstance(given, str) else given
        if language and not re.fullmatch("[a-z]{2}", language):
            raise ApiError(400, "Bad Request: invalid language code specified")
        if len(commands) > 100:
            raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        for each in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"]):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(each["description"]) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.menus[language] = {each["command"]: each["description"] for each in commands}
        return True

    def _check_up(self) -> None:
        raise NotImplementedError

    def _check_chat(self, chat: int) -> None:
        raise NotImplementedError
