"""Takes the text out of a document: `python extract.py KIND < document`, in a process of its own.

A document may be made to do harm, so this process has little time and memory, no files to write,
and no secrets. Nothing of ours is imported here. What it exits with says why there is no text.
"""

import io
import resource
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

LOCKED, EMPTY, UNREADABLE = 3, 4, 5
MAX_CHARACTERS = 50_000
MAX_PAGES = 40
MAX_PARTS = 2_000
MAX_UNPACKED = 60_000_000
"""Bytes of all parts of a DOCX file, which is a ZIP archive."""
CPU_SECONDS = 10
MEMORY_BYTES = 1_000_000_000

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


class LockedError(Exception):
    """A password is needed."""


class UnreadableError(Exception):
    """Not what it says it is, or beyond the limits."""


def text_of(kind: str, data: bytes) -> str:
    """The text of a document, as far as the limits go."""
    lines = {"pdf": _pdf, "docx": _docx, "txt": _plain, "md": _plain}[kind](data)
    found: list[str] = []
    length = 0
    for line in lines:
        found.append(line)
        length += len(line) + 1
        if length > MAX_CHARACTERS:
            break
    return "\n".join(found)[:MAX_CHARACTERS]


def _plain(data: bytes) -> Iterator[str]:
    """In UTF-8, UTF-16 with its mark, or the encoding of Chinese Windows."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not marked and b"\0" in data:
        raise UnreadableError("not a text")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            yield from data.decode(encoding).splitlines()
            return
    raise UnreadableError("no known encoding")


def _pdf(data: bytes) -> Iterator[str]:
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise LockedError
    for number, page in enumerate(reader.pages):
        if number >= MAX_PAGES:
            return
        yield page.extract_text().strip()


def _docx(data: bytes) -> Iterator[str]:
    from docx import Document

    if data.startswith(b"\xd0\xcf\x11\xe0"):  # how Office keeps documents with a password
        raise LockedError
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnreadableError("too large when unpacked")
    # Entities are not resolved (python-docx reads with resolve_entities=False).
    yield from _blocks(Document(io.BytesIO(data)).element.body)


def _blocks(element: Any) -> Iterator[str]:
    """The lines of paragraphs and tables; the cells of a row stand in one line where they can."""
    for child in element:
        if child.tag == f"{W}p":
            yield from "".join(_words(child)).splitlines()
            for box in child.iter(f"{W}txbxContent"):
                if not any(parent.tag == FALLBACK for parent in box.iterancestors()):
                    yield from _blocks(box)
        elif child.tag == f"{W}tr":
            cells = [[line for line in _blocks(cell) if line.strip()] for cell in child]
            if all(len(lines) <= 1 for lines in cells):
                yield " ".join(line for lines in cells for line in lines)
            else:
                yield from (line for lines in cells for line in lines)
        elif child.tag != FALLBACK:
            yield from _blocks(child)


def _words(paragraph: Any) -> Iterator[str]:
    """The words of a paragraph without those of text boxes in it."""
    for child in paragraph:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag == f"{W}tab":
            yield " "
        elif child.tag in (f"{W}br", f"{W}cr"):
            yield "\n"
        elif child.tag not in (f"{W}txbxContent", f"{W}pPr", f"{W}rPr", FALLBACK):
            yield from _words(child)


def main(kind: str) -> int:
    """Read from standard input, write to standard output."""
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a system may not know one, or have set it lower
            resource.setrlimit(limit, (most, most))
    try:
        text = text_of(kind, sys.stdin.buffer.read())
    except LockedError:
        return LOCKED
    except Exception:  # noqa: BLE001 - hostile input; the libraries raise nearly anything
        return UNREADABLE
    if not any(character.isalpha() for character in text):
        return EMPTY
    sys.stdout.buffer.write(text.encode(errors="replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
