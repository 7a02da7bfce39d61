"""Lists of people: what columns and cells mean, and how what is wrong is said."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from bot.invitations.sheet import Choices, Guest, Guests, read_guests
from bot.storage.invitations import Contact, Via
from bot.text import clean
from dialogues.guide import Option, ProfileField
from dialogues.yamlfile import FileProblem

CHOICES = Choices(
    positions={
        "sales": {"zh": "销售代表", "en": "Sales representative"},
        "service": {"zh": "客服", "en": "Customer service"},
    },
    types={
        "campus": {"zh": "应届生", "en": "New graduate"},
        "experienced": {"zh": "社招", "en": "Experienced hire"},
    },
    languages=["zh", "en"],
    profile={
        "degree": ProfileField(
            type="choice",
            label={"zh": "学历", "en": "Degree"},
            options=[
                Option(id="bachelor", text={"zh": "本科", "en": "Bachelor"}),
                Option(id="master"),
            ],
        ),
        "years": ProfileField(type="number", label={"zh": "工作年限"}),
        "school": ProfileField(type="text", label={"zh": "学校"}),
    },
)
CHINESE = """姓名,邮箱,手机,语言,岗位,类型,来源,学历,工作年限,学校,备注
候选人甲,one@example.com,138 0000 0001,中文,客服,应届生,示例大学,本科,0,示例大学,第一批
候选人乙,,+44 20 7946 0000,英语,sales,Experienced hire,,master,3.5,,
"""
EXPECTED = [
    Guest(
        Contact(
            name="候选人甲",
            email="one@example.com",
            phone="13800000001",
            profile={"degree": "bachelor", "years": 0.0, "school": "示例大学", "备注": "第一批"},
        ),
        position="service",
        candidate_type="campus",
        language="zh",
        source="示例大学",
    ),
    Guest(
        Contact(name="候选人乙", phone="+442079460000", profile={"degree": "master", "years": 3.5}),
        position="sales",
        candidate_type="experienced",
        language="en",
    ),
]


def read(text: str, via: Via | None = None) -> Guests:
    return read_guests(text.encode(), "people.csv", CHOICES, via)


def book(rows: list[list[Any]]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def complaints(found: Guests) -> list[str]:
    return [str(problem) for problem in found.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_as_spreadsheets_write_it(encoding: str, delimiter: str, line_end: str) -> None:
    text = CHINESE.replace(",", delimiter).replace("\n", line_end)
    found = read_guests(text.encode(encoding), "people.csv", CHOICES)
    assert list(found.guests) == EXPECTED
    assert (complaints(found), list(found.unasked)) == ([], ["备注"])


def test_xlsx() -> None:
    rows: list[list[Any]] = [row or [None] for row in csv.reader(io.StringIO(CHINESE))]
    rows[1][2] = 13800000001
    rows[1][8], rows[2][8] = 0, 3.5
    rows.insert(1, [None])
    found = read_guests(book(rows), "people.xlsx", CHOICES)
    assert list(found.guests) == EXPECTED
    assert complaints(found) == []


@given(
    st.lists(
        st.tuples(
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\0="),
                min_size=1,
                max_size=40,
            ),
            st.text("abcdefghij0123456789._-", max_size=12),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    st.booleans(),
)
def test_names_come_through_whole(
    people: list[tuple[str, str]], encoding: str, as_book: bool
) -> None:
    """Any name, with delimiters, quotes and line breaks in it, from either kind of file."""
    rows = [["name", "email"]]
    expected = []
    for number, (name, word) in enumerate(people):
        address = f"p{number}{word.strip('.')}@example.com".replace("..", ".")
        shown = " ".join(clean(name).split())
        rows.append([shown if as_book else name, address])
        expected.append((shown, address))
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    data = book(rows) if as_book else text.getvalue().encode(encoding)
    found = read_guests(data, "people", CHOICES)
    if not found.problems:
        assert [(one.contact.name, one.contact.email) for one in found.guests] == expected
    else:
        assert any(".." in address or ".@" in address for _, address in expected)


@given(st.binary(max_size=300))
def test_whatever_is_read_is_read_or_refused_in_one_line(data: bytes) -> None:
    for given_data in (data, b"name,email\n" + data, b"PK\x03\x04" + data):
        try:
            read_guests(given_data, "people", CHOICES)
        except FileProblem as problem:
            assert "\n" not in str(problem)


# What is wrong


@pytest.mark.parametrize(
    ("header", "cell", "complaint"),
    [
        ("邮箱", "one.example.com", "is no e-mail address; write one, as name@example.com"),
        ("邮箱", "one@example.com, two@example.com", "is no e-mail address"),
        ("邮箱", "one@例子.中国", "is no e-mail address"),
        ("手机", "1.38E+10", "format the column as text"),
        ("手机", "12345", "is no phone number"),
        ("语言", "法语", "the campaign is not held in '法语'; write zh or en"),
        ("岗位", "厨师", "'厨师' is none of the campaign's; write one of sales, service"),
        ("类型", "校友", "write one of campus, experienced"),
        ("学历", "博士", "write one of bachelor, master"),
        ("工作年限", "三年", "'三年' is no number; write digits only"),
        ("telegram", "@candidate", "is no Telegram chat id"),
        ("wechat", "微信号", "is no id of a user"),
        ("姓名", "甲" * 201, "there are 201 characters; keep to 200"),
    ],
)
def test_a_wrong_cell_is_named(header: str, cell: str, complaint: str) -> None:
    first = "name" if header != "姓名" else "email"
    good = "候选人甲" if first == "name" else "one@example.com"
    text = io.StringIO()
    csv.writer(text).writerows([[first, header], [], [good, cell]])
    found = read(text.getvalue())
    [told] = complaints(found)
    assert told.startswith(f"people.csv:3: row 3, column {header!r}: ")
    assert complaint in told


def test_every_problem_is_told_in_order() -> None:
    found = read(
        "name,email,phone\n"
        "One,one@example.com,13800000001\n"
        "Two,ONE@example.com,+86 138-0000-0001\n"
        "Three,x,y\n"
        ",,\n"
        '"  ",two@example.com,\n'
        ",,\t\n"
    )
    assert complaints(found) == [
        "people.csv:3: row 3, column 'email': 'ONE@example.com' stands in row 2 too; delete one of the rows",
        "people.csv:3: row 3, column 'phone': '+86 138-0000-0001' stands in row 2 too; delete one of the rows",
        "people.csv:4: row 4, column 'email': 'x' is no e-mail address; write one, as name@example.com",
        "people.csv:4: row 4, column 'phone': 'y' is no phone number; format the column as text, and "
        "write digits, with + and the country code if abroad",
    ]


def test_who_cannot_be_reached() -> None:
    found = read("name,email\nOne,one@example.com\nTwo,\n", "email")
    [told] = complaints(found)
    assert told.startswith("people.csv:3: row 3: there is no address to send to by email; fill in")
    assert len(complaints(read("name,email\nOne,one@example.com\n", "wecom"))) == 1
    assert "nobody is named" in complaints(read("name,school\nOne,x\n,y\n"))[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "there is nobody in this file"),
        ("name,email\n", "there is nobody in this file"),
        ("学校,学历\nx,本科\n", "no column says who is invited"),
        ("name,email,邮箱\na,b,c\n", "the columns 'email' and '邮箱' mean the same"),
        ("name,,email\na,b,c\n", "a column has no header"),
        ("name,email\na,b,c\n", "row 2 has more cells than there are headers"),
        (",".join(f"c{n}" for n in range(70)) + "\nx\n", "there are over 60 columns"),
        ('name,email\n"' + "x" * 200_000 + '",\n', "this is no readable CSV file"),
    ],
)
def test_a_wrong_file_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(FileProblem, match=complaint):
        read(text)


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\x00", b"name\x00", b"\x80\x80name,\n", b"\xff\xfea"]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(FileProblem, match="no readable text; save it as CSV"):
        read_guests(data, "people.csv", CHOICES)


def test_wrong_books_are_refused() -> None:
    for rows, complaint in (
        ([["name"], ["=A1"]], "cell A2 holds a formula"),
        ([["name", "email"], ["One", "#N/A"]], "cell B2: this is the error #N/A"),
    ):
        data = book(rows)  # type: ignore[arg-type]
        with pytest.raises(FileProblem, match=complaint):
            read_guests(data, "people.xlsx", CHOICES)
    with pytest.raises(FileProblem, match=r"old \.xls file"):
        read_guests(b"\xd0\xcf\x11\xe0" + bytes(600), "people.xls", CHOICES)


def test_an_empty_first_sheet_is_passed_over() -> None:
    made = Workbook()
    made.active.title = "Notes"
    sheet = made.create_sheet("People")
    sheet.append(["name"])
    sheet.append(["One"])
    stream = io.BytesIO()
    made.save(stream)
    found = read_guests(stream.getvalue(), "people.xlsx", CHOICES)
    assert [guest.contact.name for guest in found.guests] == ["One"]
