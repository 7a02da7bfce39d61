"""Documents for tests, made without the libraries that read them."""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from docx import Document


def pdf(*pages: str, packed: bool = True) -> bytes:
    """A PDF file with a page for each text, in Latin letters."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 "
            b"3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * number)
        )
        lines = "".join(f"({line}) Tj T*\n" for line in text.splitlines())
        stream = f"BT /F1 12 Tf 14 TL 50 800 Td\n{lines}ET".encode("latin-1")
        objects.append(_stream(stream, packed))
    return assembled(objects)


def _stream(data: bytes, packed: bool) -> bytes:
    kind = b" /Filter /FlateDecode" if packed else b""
    data = zlib.compress(data) if packed else data
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(data), kind, data)


def pdf_bomb(megabytes: int = 200) -> bytes:
    """A page whose contents unpack to very much."""
    inner = b"0 0 m 1 1 l S\n" * (megabytes * 1_000_000 // 14)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        _stream(inner, True),
    ]
    return assembled(objects)


def assembled(objects: Sequence[bytes], more: bytes = b"") -> bytes:
    """A PDF file of these objects."""
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s>>\n" % (len(objects) + 1, more)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def docx(*lines: str, table: Sequence[Sequence[str]] = ()) -> bytes:
    """A Word document with paragraphs, and a table after them."""
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    if table:
        made = document.add_table(len(table), len(table[0]))
        for row, texts in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The Word document with parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in given.namelist():
            if name not in parts:
                made.writestr(name, given.read(name))
        for name, part in parts.items():
            made.writestr(name, part)
    return out.getvalue()
