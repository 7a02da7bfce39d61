"""From a document to its text."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from bot.channels.base import Document
from bot.channels.errors import FetchError
from bot.documents import extract
from bot.text import clean

MAX_BYTES = 10_000_000
FETCH_SECONDS = 30.0
READ_SECONDS = 20.0
KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain",
    "md": "text/markdown",
}
"""What is taken, by the ending of the name, with the content type."""
SCRIPT = Path(extract.__file__)
_REASONS = {extract.LOCKED: "document_locked", extract.EMPTY: "document_empty"}


class DocumentError(Exception):
    """A document that is not taken. Permanent for it; `key` names what to tell the sender."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


async def read(document: Document) -> str:
    """Fetch a document and take its text out; raises DocumentError."""
    kind = kind_of(document.name, document.content_type)
    if kind is None:
        raise DocumentError("document_kind")
    if document.size is not None and document.size > MAX_BYTES:
        raise DocumentError("document_large")
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            data = await document.fetch()
    except (FetchError, TimeoutError):
        raise DocumentError("document_not_fetched") from None
    if len(data) > MAX_BYTES:
        raise DocumentError("document_large")
    return await text_of(kind, data)


def kind_of(name: str, content_type: str) -> str | None:
    """The kind by the name's ending, else by the content type; None where it is not taken."""
    stem, dot, ending = name.strip().lower().rpartition(".")
    if dot and stem:
        return ending if ending in KINDS else None
    given = content_type.partition(";")[0].strip().lower()
    return next((kind for kind, known in KINDS.items() if known == given), None)


async def text_of(kind: str, data: bytes) -> str:
    """The text of a document, taken out in a process that may be ended at any time."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(SCRIPT),
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(READ_SECONDS):
            output, _ = await child.communicate(data)
    except TimeoutError:
        raise DocumentError("document_unreadable") from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise DocumentError(_REASONS.get(child.returncode or 0, "document_unreadable"))
    text = clean(output.decode())
    if not text:
        raise DocumentError("document_empty")
    return text
