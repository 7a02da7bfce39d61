"""A form with a file in it. Nothing of it is read before it is known who sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bot.storage.users import SignedIn
from bot.web.api_error import ApiError
from bot.web.body import read_form
from bot.web.console_frame import Problem
from bot.web.signin import check_token, refuse_other_sites, signed_in

MAX_UPLOAD = 5_000_000
"""Bytes of the whole form."""


@dataclass(frozen=True)
class Upload:
    """The fields and the bytes of the file, empty where none was chosen."""

    viewer: SignedIn
    fields: Mapping[str, str]
    file: bytes


async def read_upload(request: Request) -> Upload:
    """The form of who is signed in; it must carry the session's token."""
    refuse_other_sites(request)
    who = await signed_in(request)
    try:
        fields, file = await read_form(request, MAX_UPLOAD)
    except ApiError as error:
        raise Problem(error.status, "too_large" if error.status == 413 else "unusable") from None
    check_token(who, fields.get("csrf", ""))
    if any("\0" in value for value in fields.values()):
        raise Problem(422, "unusable")
    return Upload(who, fields, file.data if file is not None else b"")


Sent = Annotated[Upload, Depends(read_upload)]
