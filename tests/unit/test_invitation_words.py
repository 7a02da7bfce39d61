"""The words of invitations: both languages, what is escaped, and a company's own templates."""

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.invitations.base import Letter
from bot.invitations.message import EXAMPLES, OURS, Messages
from bot.storage.invitations import Contact
from connectors.base import PermanentError

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVIL = '<script>alert("x")</script> & {{ code }}'


def letter(**changes: object) -> Letter:
    first = EXAMPLES[0]
    given = {"language": "en", "company": "Example Co", "campaign": "Autumn", **changes}
    return Letter(**{**vars(first), **given})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda _: "")
@pytest.mark.parametrize("telegram", ["", "https://t.me/example_bot?start=0123456789"])
def test_every_message_says_what_matters(example: Letter, telegram: str) -> None:
    links = {**example.links, **({"telegram": telegram} if telegram else {})}
    example = Letter(**{**vars(example), "links": links})
    messages = Messages(None, SHANGHAI)
    mail = messages.mail(example)
    for words in (mail.text, mail.html):
        assert example.links["web"] in words
        assert "01234-56789" in words
        assert ("AI" in words) and ("30" in words)
        assert (telegram in words) if telegram else "t.me" not in words
        assert ("1970" in words) == (example.expires_at is not None)
    short = messages.short(example)
    assert example.links["web"] in short.split()
    for words in (mail.subject, short):
        assert "\n" not in words
        assert "Example" in words
    assert "  " not in mail.text
    assert "\n\n\n" not in mail.text


def test_names_are_text_and_nothing_else() -> None:
    mail = Messages(None, SHANGHAI).mail(letter(contact=Contact(name=EVIL), company=EVIL))
    assert "<script" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert EVIL in mail.text, "plain text is not escaped"
    assert "\n" not in mail.subject


@pytest.mark.parametrize(
    ("language", "zone", "shown"),
    [
        ("zh", "Asia/Shanghai", "2026年3月9日 23:59（UTC+8）"),
        ("en", "Asia/Shanghai", "9 March 2026, 23:59 (UTC+8)"),
        ("en", "Asia/Kolkata", "9 March 2026, 21:29 (UTC+5:30)"),
        ("en", "America/St_Johns", "9 March 2026, 13:29 (UTC-2:30)"),
        ("en", "UTC", "9 March 2026, 15:59 (UTC)"),
    ],
)
def test_the_last_moment_in_the_companys_time(language: str, zone: str, shown: str) -> None:
    at = datetime.datetime(2026, 3, 9, 15, 59, 59, tzinfo=datetime.UTC).timestamp()
    messages = Messages(None, ZoneInfo(zone))
    assert messages.until(at, "zh" if language == "zh" else "en") == shown


def test_a_position_stands_for_the_campaign() -> None:
    mail = Messages(None, SHANGHAI).mail(letter(position="Sales"))
    assert "Sales" in mail.subject
    assert "Autumn" not in mail.subject


def test_a_company_replaces_what_it_wants(tmp_path: Path) -> None:
    (tmp_path / "sms.en.txt").write_text("Hi {{ name }}, {{ link }}", encoding="utf-8")
    messages = Messages(tmp_path, SHANGHAI)
    found = messages.short(letter(contact=Contact(name="Person One")))
    assert found == f"Hi Person One, {letter().links['web']}"
    assert messages.mail(letter()) == Messages(None, SHANGHAI).mail(letter())
    messages.check()


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("Hi {{ nmae }}", "the template sms.en.txt: 'nmae' is undefined; correct it"),
        ("Hi\n{% if name %}", "the template sms.en.txt, line 2: "),
        ("{{ minutes + name }}", "the template sms.en.txt: TypeError; correct it"),
        ("{% include 'other.txt' %}", "the template sms.en.txt: other.txt; correct it"),
    ],
)
def test_a_wrong_template_is_named(tmp_path: Path, template: str, complaint: str) -> None:
    (tmp_path / "sms.en.txt").write_text(template, encoding="utf-8")
    with pytest.raises(PermanentError) as caught:
        Messages(tmp_path, SHANGHAI).check()
    assert str(caught.value).startswith(complaint)


def test_every_template_stands_in_both_languages() -> None:
    names = {file.name for file in OURS.iterdir()}
    assert {name.replace(".zh.", ".en.") for name in names if ".zh." in name} == {
        name for name in names if ".en." in name
    }
