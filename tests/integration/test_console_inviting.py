"""The console's forms of a campaign: shared codes, and people invited by a list."""

import csv
import html
import io
import re
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.storage.invitations import code_of, contact_of
from tests.campaigns import (
    CAMPAIGN,
    EN,
    HOME,
    HOSTILE,
    PEOPLE,
    PUBLIC,
    ZH,
    Signed,
    all_invitations,
    by_mail,
    post,
    post_people,
    value_of,
    words_of,
)
from tests.console import console
from tests.mail_server import MailServer

# Shared codes


async def test_a_shared_code(signed: Signed) -> None:
    application, client = signed
    fields = {"type": "campus", "language": "zh", "source": "  A   校区 ", "limit": "30"}
    answer = await post(client, "/codes", **fields, expires="2099-12-31")
    assert answer.status_code == 303
    [row] = all_invitations(application)
    assert answer.headers["location"] == f"{HOME}/invitations/{row.id}"
    assert (row.kind, row.candidate_type, row.language) == ("shared", "campus", "zh")
    assert (row.source, row.max_uses, row.created_by) == ("A 校区", 30, "recruiter")
    page = await client.get(answer.headers["location"])
    code = code_of(application.master, row)
    assert f"{PUBLIC}/chat/{CAMPAIGN}?invitation={code}" in html.unescape(page.text)
    assert f"{code[:5]}-{code[5:]}" in page.text
    assert ZH["shared_is_not_sent"] in page.text
    assert 'datetime="2099-12-31T15:59:59' in page.text
    assert "应届生" in page.text
    listed = words_of(await client.get(HOME), row.id)
    assert ZH["shared_code"] in listed and "A 校区" in listed and ZH["nobody_yet"] in listed


@pytest.mark.parametrize(
    ("wrong", "given"),
    [
        ("limit", {"limit": "many"}),
        ("limit", {"limit": "0"}),
        ("limit", {"limit": "1000001"}),
        ("limit", {"limit": "٣"}),
        ("expires", {"expires": "soon"}),
        ("expires", {"expires": "2001-01-01"}),
        ("expires", {"expires": "9999-12-31x"}),
        ("source", {"source": "源" * 201}),
        ("choice", {"type": "nobody"}),
        ("choice", {"position": "nothing"}),
        ("choice", {"language": "xx"}),
    ],
)
async def test_what_is_wrong_with_a_code_is_told_and_nothing_is_lost(
    signed: Signed, wrong: str, given: dict[str, str]
) -> None:
    application, client = signed
    typed = {"source": HOSTILE, "limit": "7", "expires": "2099-01-02", **given}
    page = await post(client, "/codes", **typed)
    assert page.status_code == 422
    assert ZH["wrong"][wrong] in page.text
    for name in ("source", "limit", "expires"):
        assert value_of(page, f"code-{name}") == typed[name]
    assert value_of(page, "people-source") == ""
    assert '<details class="fold" id="code" open>' in page.text
    assert "<img src=x" not in page.text
    if wrong != "choice":
        field = re.search(rf'<input id="code-{wrong}"[^>]*>', page.text)
        assert field and 'aria-invalid="true"' in field[0]
        assert f'aria-describedby="code-{wrong}-note code-problem"' in field[0]
    assert f'href="{HOME}?lang=en"' in page.text
    assert all_invitations(application) == []


# People


async def test_people_are_invited_by_a_list(signed: Signed) -> None:
    application, client = signed
    answer = await post_people(client, list=PEOPLE, source="fair", expires="2099-12-31")
    assert answer.status_code == 303
    assert "new=2&before=0&sending=0&at=" in answer.headers["location"]
    done = await client.get(answer.headers["location"])
    assert ZH["done"].format(new=2, before=0, sending=0) in done.text
    assert {row.source for row in all_invitations(application)} == {"A 校区", "fair"}
    again = await post_people(client, list=PEOPLE + "候选人丙,three@example.org,\n")
    assert "new=1&before=2&sending=0" in again.headers["location"]
    page = await client.get(again.headers["location"])
    of_these = re.search(rf'href="({HOME}/links.csv\?at=[^"]+)"', page.text)
    assert of_these
    text = (await client.get(of_these[1])).content.decode("utf-8-sig")
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == ["候选人丙"]
    text = (await client.get(f"{HOME}/links.csv")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["name"] for row in rows} == {"候选人甲", "候选人乙", "候选人丙"}
    assert all(row["web"].startswith(f"{PUBLIC}/chat/{CAMPAIGN}?invitation=") for row in rows)


def workbook() -> bytes:
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["姓名", "邮箱", "来源"])
    book.active.append(["候选人甲", "one@example.org", "A 校区"])
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "file", [PEOPLE.encode("gb18030"), PEOPLE.replace(",", "\t").encode("utf-16"), workbook()]
)
async def test_people_are_invited_by_a_file(signed: Signed, file: bytes) -> None:
    application, client = signed
    answer = await post_people(client, file)
    assert answer.status_code == 303
    first = all_invitations(application)[0]
    contact = application.database.read_now(lambda s: contact_of(s, application.master, first))
    assert contact is not None
    assert (contact.name, first.source) == ("候选人甲", "A 校区")


async def test_problems_of_a_list_are_told_by_row_and_column(signed: Signed) -> None:
    application, client = signed
    typed = f"name,email\n{HOSTILE},nowhere\nTwo,two@example.org\n三,two@example.org\n"
    page = await post_people(client, list=typed, source="A 校区", expires="2099-01-02")
    assert page.status_code == 422
    assert ZH["wrong"]["list"].format(total=2) in page.text
    table = page.text.partition('class="mending"')[2].partition("</table>")[0]
    cells = [
        html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?</td>", table)
    ]
    assert cells == [
        "2", "email", "“nowhere”不是邮箱地址，应写成 name@example.com",
        "4", "email", "“two@example.org”在第 3 行也出现过，请删掉其中一行",
    ]  # fmt: skip
    assert value_of(page, "people-list").strip() == typed.strip()
    assert value_of(page, "people-source") == "A 校区"
    assert value_of(page, "people-expires") == "2099-01-02"
    assert "<img src=x" not in page.text
    client.headers["Accept-Language"] = "en"
    page = await post_people(client, list=typed)
    assert EN["wrong"]["list"].format(total=2) in page.text
    assert "is no e-mail address; write one, as name@example.com" in page.text
    assert all_invitations(application) == []


async def test_many_problems_are_cut(signed: Signed) -> None:
    _, client = signed
    lines = "\n".join(f"候选人,x{number}" for number in range(60))
    page = await post_people(client, list=f"name,email\n{lines}")
    assert page.text.count("不是邮箱地址") == 50
    assert ZH["more_problems"].format(shown=50) in page.text


@pytest.mark.parametrize(
    ("wrong", "fields", "file"),
    [
        ("nobody", {}, b""),
        ("nobody", {"list": "  \n "}, b""),
        ("both", {"list": PEOPLE}, PEOPLE.encode()),
        ("list", {}, b"\x00\x01\x02"),
        ("list", {"list": "nothing,of,this\n1,2,3"}, b""),
        ("many", {"list": "name\n" + "x\n" * 5001}, b""),
        ("choice", {"list": PEOPLE, "via": "email"}, b""),
        ("choice", {"list": PEOPLE, "via": "pigeon"}, b""),
        ("source", {"list": PEOPLE, "source": "源" * 201}, b""),
        ("expires", {"list": PEOPLE, "expires": "2001-01-01"}, b""),
    ],
)
async def test_what_is_wrong_with_a_list_is_told_and_nothing_is_lost(
    signed: Signed, wrong: str, fields: dict[str, str], file: bytes
) -> None:
    application, client = signed
    page = await post_people(client, file, **fields)
    assert page.status_code == 422
    assert ZH["wrong"][wrong].format(total=1) in page.text
    assert value_of(page, "people-list").split() == fields.get("list", "").split()
    assert value_of(page, "people-source") == fields.get("source", "")
    assert all_invitations(application) == []


async def test_a_mistake_in_the_words_is_found_before_anybody_is_invited(
    home: Path, tmp_path: Path
) -> None:
    words = tmp_path / "words"
    words.mkdir()
    (words / "sms.zh.txt").write_text("{{ nothing }}", encoding="utf-8")
    with MailServer() as mail:
        async with console(home, **by_mail(mail), templates=words) as (application, client):
            page = await post_people(client, list=PEOPLE, via="email")
            assert page.status_code == 422
            assert "<code>MIANTAN_TEMPLATES</code>" in page.text
            assert re.search(r'value="email" checked', page.text)
            assert all_invitations(application) == []
            assert (await post_people(client, list=PEOPLE)).status_code == 303


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (413, "multipart/form-data; boundary=x", b"x" * 5_000_001),
        (422, "multipart/form-data", b""),
        (422, "multipart/form-data; boundary=x", b"nonsense"),
        (422, "multipart/form-data; boundary=x; charset=utf-16", b"--x--"),
        (422, "application/x-www-form-urlencoded", b"csrf=x"),
    ],
)
async def test_what_is_no_such_form_is_refused(
    signed: Signed, status: int, kind: str, body: bytes
) -> None:
    _, client = signed
    page = await client.post(f"{HOME}/invite", content=body, headers={"Content-Type": kind})
    assert page.status_code in (status, 403 if body == b"--x--" else status)
    assert "<h1>" in page.text
