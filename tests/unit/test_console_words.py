"""What the console says: every name that the code gives has its words, in both languages."""

import ast
import io
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from openpyxl import Workbook

from bot.invitations.sheet import Choices, read_guests
from bot.storage.campaign_list import SHOWS
from bot.storage.invitation_list import Stage
from bot.storage.invitations import Via
from bot.web.campaign_forms import MOST_GUESTS, MOST_USES
from bot.web.console_texts import LANGUAGES, TEXTS
from bot.web.sheet_words import told
from bot.web.upload import MAX_UPLOAD
from connectors.base import AuthenticationError, PermanentError, RetryableError
from dialogues.guide import ProfileField
from dialogues.yamlfile import FileProblem
from tests.helpers import ROOT

TEMPLATES = ROOT / "bot/web/templates"


def named(error: str) -> set[str]:
    """The names that the pages' code raises an error with."""
    found = set()
    for file in (ROOT / "bot/web").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == error:
                inner = (each for arg in node.args[:2] for each in ast.walk(arg))
                found |= {
                    each.value
                    for each in inner
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return found


def texts(within: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, text in within.items():
        if isinstance(text, Mapping):
            yield from texts(text, f"{path}{name}.")
        else:
            yield f"{path}{name}", text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_its_words(language: str) -> None:
    problems = TEXTS[language]["problems"]
    names = named("Problem")
    assert {"no_campaign", "campaign_closed", "too_large", "not_sent", "forged"} <= names
    assert names <= set(problems)
    for name in names:
        assert problems[name]["title"] and problems[name]["body"], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_wrong_in_a_form_has_its_words(language: str) -> None:
    names = named("WrongFormError")
    assert {"both", "nobody", "list", "many", "words", "choice", "expires"} <= names
    assert names == set(TEXTS[language]["campaign_pages"]["wrong"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_words(language: str) -> None:
    words = TEXTS[language]["campaign_pages"]
    assert set(get_args(Stage)) == set(words["stages"])
    assert set(get_args(Via)) == set(words["vias"])
    assert set(SHOWS) == set(words["shows"])
    outcomes = {error.outcome for error in (AuthenticationError, PermanentError, RetryableError)}
    assert outcomes | {"sent"} == set(words["outcomes"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_limits_in_words_are_those_of_the_code(language: str) -> None:
    words = TEXTS[language]
    assert f"{MAX_UPLOAD // 1_000_000} MB" in words["problems"]["too_large"]["body"]
    assert f"{MOST_GUESTS:,}" in words["campaign_pages"]["wrong"]["many"]
    assert f"{MOST_USES:,}" in words["campaign_pages"]["wrong"]["limit"]


def test_both_languages_fill_in_the_same_and_shout_at_nobody() -> None:
    zh, en = (dict(texts(TEXTS[language])) for language in ("zh", "en"))
    assert set(zh) == set(en)
    for name, text in zh.items():
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(words) if field}
            for words in (text, en[name])
        ]
        assert fields[0] == fields[1], name
        assert not set(text + en[name]) & set("!！"), name
        assert "你" not in text, name


def test_templates_name_texts_that_exist() -> None:
    known = TEXTS["zh"]["campaign_pages"]
    methods = set(dir({}))
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        if "set c = t.campaign_pages" in text:
            names = set(re.findall(r"\bc\.(\w+)", text)) - {"title"}
            assert names <= set(known), file.name
            assert not names & methods, file.name


def test_templates_fit_the_policy_of_the_pages() -> None:
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]* src=)", text), file.name


CHOICES = Choices(
    positions={"sales": {"zh": "销售代表", "en": "Sales"}},
    types={"campus": {"zh": "应届生", "en": "New graduate"}},
    languages=["zh", "en"],
    profile={"years": ProfileField(type="number", label={"zh": "工作年限"})},
)


def book(change: Any) -> bytes:
    made, file = Workbook(), io.BytesIO()
    assert made.active is not None
    made.active.append(["name", "email"])
    made.active.append(["One", "one@example.org"])
    change(made.active)
    made.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "row", "column", "words"),
    [
        ("name,email\nOne,x", 2, "email", "“x”不是邮箱地址，应写成 name@example.com"),
        ("姓名,手机\nOne,x", 2, "手机", "“x”不是电话号码。请把这一列设为文本格式"),
        ("name,语言\nOne,法语", 2, "语言", "这个项目没有“法语”，请写 zh 或 en"),
        ("name,岗位\nOne,x", 2, "岗位", "这个项目没有“x”，可以写：sales"),
        ("name,工作年限\nOne,x", 2, "工作年限", "“x”不是数，请只写数字"),
        ("name,telegram\nOne,@one", 2, "telegram", "“@one”不是 Telegram 的聊天编号"),
        ("name,wecom\nOne,企 业", 2, "wecom", "“企 业”不是用户编号"),
        (f"name\n{'长' * 201}", 2, "name", "这里有 201 个字，请不要超过 200 个"),
        ("name,来源\n,x", 2, "", "这一行没有写是谁"),
        ("name,email\nOne,\n", 2, "", "缺少发送地址（邮件）。请补上，或者换一种发送方式"),
        ("email\na@b.cn\n\na@b.cn", 4, "email", "“a@b.cn”在第 2 行也出现过"),
        ("name\nOne,Two", None, "", "第 2 行的格子比表头多"),
        ("name,,email\nOne,,x", None, "", "有一列没有表头"),
        ("name,姓名\nOne,Two", None, "", "“name”和“姓名”这两列意思相同"),
        ("source\nx", None, "", "看不出邀请的是谁"),
        ("name", None, "", "名单里没有人"),
        ("name\n" + "x\n" * 20_001, None, "", "超过了 20000 行"),
        (",".join(f"c{n}" for n in range(300)) + "\nx", None, "", "列，请删掉一些"),
        (b"\x00\x01", None, "", "这个文件读不出来"),
        (b"\xd0\xcf\x11\xe0old", None, "", "这是旧的 .xls 文件"),
        (book(lambda sheet: sheet.append(["=1+1"])), None, "", "单元格 A3 里是公式"),
        (book(lambda sheet: sheet.merge_cells("A2:B2")), None, "", "单元格 A2:B2 是合并的"),
        (book(lambda sheet: sheet.append(["#N/A"])), None, "", "单元格 A3 是错误值 #N/A"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_list_is_said_in_chinese(
    data: str | bytes, row: int | None, column: str, words: str
) -> None:
    given = data.encode() if isinstance(data, str) else data
    try:
        [problem] = read_guests(
            given, "list", CHOICES, "email" if words.startswith("缺少") else None
        ).problems
    except FileProblem as whole:
        problem = whole
    line = told(problem, "zh")
    assert (line.row, line.column) == (row, column)
    assert words in line.words
    english = told(problem, "en").words
    assert not re.search(r"[，。：]", english)
    assert "--send" not in english


def test_words_that_are_not_known_stay_english() -> None:
    problem = FileProblem("list", 1, "something new is wrong", "mend it")
    assert (
        told(problem, "zh").words == told(problem, "en").words == "something new is wrong; mend it"
    )
