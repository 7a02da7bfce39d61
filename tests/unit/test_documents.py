"""Taking the text out of documents, and out of files that mean harm."""

import io
import time
import zipfile

import pytest
from pypdf import PdfReader, PdfWriter

from bot.channels.base import Document
from bot.channels.errors import FetchError
from bot.documents import extract, reading
from bot.documents.reading import DocumentError, kind_of, read, text_of
from tests.documents import assembled, docx, pdf, pdf_bomb, with_parts

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def given(
    data: bytes | Exception, name: str = "cv.pdf", size: int | None = None, kind: str = ""
) -> Document:
    async def fetch() -> bytes:
        if isinstance(data, Exception):
            raise data
        return data

    return Document(name, size, kind, fetch)


async def refused(document: Document) -> str:
    with pytest.raises(DocumentError) as caught:
        await read(document)
    return caught.value.key


def body(inner: str) -> bytes:
    return (
        f'<?xml version="1.0"?><w:document xmlns:w="{W}"><w:body>{inner}</w:body></w:document>'
    ).encode()


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [
        ("CV.PDF", "", "pdf"),
        ("简历.docx", "application/octet-stream", "docx"),
        ("a.b.md", "text/plain", "md"),
        ("notes.txt ", "", "txt"),
        ("cv", "application/pdf", "pdf"),
        ("", "text/plain; charset=utf-8", "txt"),
        ("cv.doc", "application/msword", None),
        ("cv.pdf.exe", "application/pdf", None),
        ("cv.jpg", "image/jpeg", None),
        (".pdf", "", None),
        ("", "", None),
    ],
)
def test_kinds(name: str, content_type: str, kind: str | None) -> None:
    assert kind_of(name, content_type) == kind


async def test_a_pdf_is_read_page_by_page() -> None:
    text = await read(given(pdf("Jane Doe\nUniversity: Riverside", "5 years of experience")))
    assert text.splitlines() == ["Jane Doe", "University: Riverside", "5 years of experience"]


async def test_a_word_document_is_read_with_its_tables_and_boxes() -> None:
    data = docx("张三", "毕业院校：东海大学", table=[["工作年限", "5年"], ["学历", "硕士\n管理"]])
    text = await read(given(data, "简历.docx"))
    assert text.splitlines() == [
        "张三",
        "毕业院校：东海大学",
        "工作年限 5年",
        "学历",
        "硕士",
        "管理",
    ]
    box = "<w:r><w:t>before</w:t></w:r><w:r><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r>"
    box += "</w:p></w:txbxContent></w:r><w:r><w:tab/><w:t>after</w:t></w:r>"
    data = with_parts(data, {"word/document.xml": body(f"<w:p>{box}</w:p>")})
    assert (await read(given(data, "a.docx"))).splitlines() == ["before after", "in a box"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
async def test_plain_text_is_read_in_common_encodings(encoding: str) -> None:
    words = "# 张三\r\n5年工作经验"
    assert await read(given(words.encode(encoding), "a.md")) == "# 张三\n5年工作经验"


async def test_what_is_no_text_is_said_to_be_none() -> None:
    assert await refused(given(b"\x00\x01\x02", "a.txt")) == "document_unreadable"
    assert await refused(given(b"\xff\x00\xff", "a.md")) == "document_unreadable"
    assert await refused(given(b" \n 12 \n", "a.txt")) == "document_empty"
    assert await refused(given(b"", "a.txt")) == "document_empty"
    assert await refused(given(b"", "a.pdf")) == "document_unreadable"
    assert await refused(given(b"", "a.docx")) == "document_unreadable"
    assert await refused(given(b"%PDF-1.7 and then nothing")) == "document_unreadable"
    assert await refused(given(docx("words"), "a.pdf")) == "document_unreadable"
    assert await refused(given(pdf("words"), "a.docx")) == "document_unreadable"


async def test_pdfs_without_pages_or_text() -> None:
    none = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
    assert await refused(given(assembled(none))) == "document_empty"
    assert await refused(given(pdf("", ""))) == "document_empty"  # as a scan has no text
    loop = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]
    assert await refused(given(assembled(loop))) in ("document_empty", "document_unreadable")


async def test_a_pdf_with_a_password() -> None:
    for password, key in (("secret", "document_locked"), ("", None)):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Jane Doe"))))
        writer.encrypt(password, "owner", algorithm="AES-256")
        out = io.BytesIO()
        writer.write(out)
        document = given(out.getvalue())
        if key is None:  # only changing it needs a password
            assert await read(document) == "Jane Doe"
        else:
            assert await refused(document) == key
    assert await refused(given(b"\xd0\xcf\x11\xe0" + bytes(600), "a.docx")) == "document_locked"


async def test_bombs_end_soon() -> None:
    start = time.monotonic()
    assert await refused(given(pdf_bomb())) in ("document_unreadable", "document_empty")
    large = with_parts(docx("words"), {"word/media/image1.png": bytes(100_000_000)})
    assert len(large) < 1_000_000
    assert await refused(given(large, "a.docx")) == "document_unreadable"
    many = with_parts(docx("words"), {f"word/{i}.xml": b"<a/>" for i in range(2_100)})
    assert await refused(given(many, "a.docx")) == "document_unreadable"
    assert time.monotonic() - start < 60


async def test_a_part_that_lies_about_its_size() -> None:
    data = bytearray(with_parts(docx("x"), {"word/document.xml": body("<w:p/>" * 5_000_000)}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        true_size = archive.getinfo("word/document.xml").file_size
    lie = bytes(data).replace(true_size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert await refused(given(lie, "a.docx")) == "document_unreadable"


async def test_entities_say_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text("the secret words")
    laughs = "".join(
        f'<!ENTITY l{i} "{"".join(f"&l{i - 1};" for _ in range(10))}">' for i in range(1, 10)
    )
    for declared, used in (
        (f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "&x;"),
        (f'<!ENTITY l0 "laugh">{laughs}', "&l9;"),
    ):
        inner = f"<w:p><w:r><w:t>Jane {used} Doe</w:t></w:r></w:p>"
        evil = body(inner).replace(
            b"?>", b"?><!DOCTYPE w:document [" + declared.encode() + b"]>", 1
        )
        document = given(with_parts(docx("x"), {"word/document.xml": evil}), "a.docx")
        try:
            text = await read(document)
        except DocumentError as error:
            assert error.key == "document_unreadable"
        else:
            assert "secret" not in text
            assert len(text) < 100


async def test_deep_nesting_ends() -> None:
    deep = "<w:tbl><w:tr><w:tc>" * 5_000 + "</w:tc></w:tr></w:tbl>" * 5_000
    data = with_parts(docx("x"), {"word/document.xml": body(deep)})
    assert await refused(given(data, "a.docx")) in ("document_unreadable", "document_empty")


async def test_limits_of_pages_and_characters() -> None:
    pages = [f"page {number}" for number in range(extract.MAX_PAGES + 5)]
    text = await read(given(pdf(*pages)))
    assert text.splitlines() == pages[: extract.MAX_PAGES]
    long = await read(given(b"word " * 100_000, "a.txt"))
    assert 49_000 < len(long) <= extract.MAX_CHARACTERS


async def test_size_and_trouble_with_fetching(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await refused(given(b"", size=reading.MAX_BYTES + 1)) == "document_large"
    assert await refused(given(b"x" * (reading.MAX_BYTES + 1), "a.txt")) == "document_large"
    assert await refused(given(b"", "a.exe")) == "document_kind"
    assert await refused(given(FetchError("NetworkError"))) == "document_not_fetched"
    assert await refused(given(TimeoutError())) == "document_not_fetched"
    monkeypatch.setattr(reading, "READ_SECONDS", 0.0)
    with pytest.raises(DocumentError, match="unreadable"):
        await text_of("txt", b"words")


async def test_control_characters_are_left_out() -> None:
    assert await read(given("a\x07b\u202ec\x1b".encode(), "a.txt")) == "ab\u202ec"
