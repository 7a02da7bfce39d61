"""`miantan campaign …`, run as a user runs it."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main
from bot.security.codes import normal_code
from tests.helpers import ROOT
from tests.mail_server import MailServer

GUIDE = ROOT / "dialogues/guides/campus-software-engineer.yml"
PEOPLE = """姓名,邮箱,手机,类型,来源,备注
候选人甲,one@example.com,13800000001,应届生,示例大学,
=1+1,two@example.com,+8613800000002,campus,,x
"""
PUBLIC = {"MIANTAN_PUBLIC_URL": "https://i.example", "MIANTAN_TELEGRAM_BOT": "@example_bot"}


@dataclass
class Done:
    """What a command ended with."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text.strip()


@pytest.fixture
def shell(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`miantan …` in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object, **settings: str) -> Done:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("MIANTAN_")]:
                patch.delenv(name)
            for name, value in {"MIANTAN_HOME": str(home), **settings}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["miantan", *map(str, args)])
            with pytest.raises(SystemExit) as ended:
                main()
        shown = capsys.readouterr()
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture
def campaign(shell: Run, tmp_path: Path) -> Run:
    """`miantan campaign ACTION autumn …` beside a campaign for the invited."""
    done = shell("campaign", "open", "autumn", "--guide", GUIDE, "--invited")
    assert done.returncode == 0, done.stderr
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")

    def run(action: str, *args: object, **settings: str) -> Done:
        return shell("campaign", action, "autumn", *args, **{**PUBLIC, **settings})

    return run


def test_people_are_invited_once(campaign: Run, tmp_path: Path) -> None:
    done = campaign("invite", "--to", "people.csv", "--source", "fair", "--expires", "2099-12-31")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "autumn: 2 new invitations",
        "no guide asks for '备注'; it is kept",
    ]
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["name"] for row in rows] == ["候选人甲", "'=1+1"]
    assert [row["source"] for row in rows] == ["示例大学", "fair"]
    assert [row["phone"] for row in rows] == ["13800000001", "+8613800000002"]
    assert [row["type"] for row in rows] == ["campus", "campus"]
    for row in rows:
        assert normal_code(row["code"]) == row["code"]
        assert row["web"] == f"https://i.example/chat/autumn?invitation={row['code']}"
        assert row["telegram"] == f"https://t.me/example_bot?start={row['code']}"
        assert row["expires"] == "2099-12-31T23:59+08:00"
    done = campaign("invite", "--to", "people.csv", "--links", "out.csv")
    assert done.stdout == ""
    assert "0 new invitations, 2 made before" in done.stderr
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    assert [row["code"] for row in csv.DictReader(io.StringIO(text))] == [
        row["code"] for row in rows
    ]


def test_codes_to_hand_out(campaign: Run, tmp_path: Path) -> None:
    done = campaign("invite", "--shared", "--limit", 30, "--source", "campus A", "--json")
    made = json.loads(done.stdout)
    [shared] = made["invitations"]
    assert (shared["kind"], shared["limit"], shared["source"]) == ("shared", 30, "campus A")
    done = campaign("invite", "--count", 3, "--qr", "codes")
    assert done.stdout == ""
    files = sorted(file.name for file in (tmp_path / "codes").iterdir())
    assert len(files) == 3 * 2 * 2
    assert {file.rpartition("-")[2] for file in files} == {
        "web.svg",
        "web.png",
        "telegram.svg",
        "telegram.png",
    }
    listed = json.loads(campaign("invitations", "--json").stdout)
    assert sorted(each["kind"] for each in listed["invitations"]) == ["personal"] * 3 + ["shared"]
    assert {each["stage"] for each in listed["invitations"]} == {"new"}
    assert listed["sources"] == []
    [line] = [line for line in campaign("invitations").stdout.splitlines() if "campus A" in line]
    assert shared["code"] in line
    assert "0/30" in line


def test_without_the_settings_of_links(campaign: Run) -> None:
    done = campaign("invite", MIANTAN_PUBLIC_URL="", MIANTAN_TELEGRAM_BOT="")
    assert done.stderr.splitlines()[1:] == [
        "no Telegram links; for Telegram links set MIANTAN_TELEGRAM_BOT",
        "the links lead to this machine only; set MIANTAN_PUBLIC_URL",
    ]
    assert "telegram" not in done.stdout


def test_revoking(shell: Run, campaign: Run) -> None:
    made = json.loads(campaign("invite", "--json").stdout)
    code = made["invitations"][0]["code"]
    done = shell("campaign", "revoke", f"{code[:5].lower()}-{code[5:]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "autumn: the invitation is revoked; nobody used it\n"
    [listed] = json.loads(campaign("invitations", "--json").stdout)["invitations"]
    assert listed["stage"] == "revoked"
    assert "there is no invitation" in one_line(shell("campaign", "revoke", "0000000000").stderr)


def test_opening_and_closing(shell: Run, campaign: Run, tmp_path: Path) -> None:
    refused = campaign("qr")
    assert refused.returncode == 2
    assert "not open to all" in one_line(refused.stderr)
    assert shell("campaign", "open", "autumn", "--guide", GUIDE).returncode == 0
    assert campaign("qr").returncode == 2, "what is for the invited stays so"
    assert shell("campaign", "open", "autumn", "--guide", GUIDE, "--to-all").returncode == 0
    done = campaign("qr", "--out", "entry.png", "--place", "telegram")
    assert done.stdout == "entry.png: https://t.me/example_bot?start=autumn\n"
    assert (tmp_path / "entry.png").read_bytes().startswith(b"\x89PNG")
    assert campaign("qr").returncode == 0
    assert "<svg" in (tmp_path / "autumn.svg").read_text(encoding="utf-8")
    assert "closed" in campaign("close").stdout
    for again in (campaign("invite"), campaign("qr")):
        assert again.returncode == 2
    assert "open it with" in campaign("invite").stderr
    again = shell("campaign", "open", "autumn", "--guide", GUIDE)
    assert again.returncode == 2
    assert "--to-all or --invited" in one_line(again.stderr)
    assert shell("campaign", "open", "autumn", "--guide", GUIDE, "--invited").returncode == 0
    assert campaign("invite").returncode == 0


def test_sending_waits_for_the_server(campaign: Run) -> None:
    with MailServer() as mail:
        given = {"MIANTAN_SMTP_URL": mail.url, "MIANTAN_MAIL_FROM": "hr@example.com"}
        done = campaign("invite", "--to", "people.csv", "--send", "email", **given)
    assert done.returncode == 0, done.stderr
    assert "2 go out by email while `miantan serve` runs" in done.stderr
    assert mail.taken == []
    listed = json.loads(campaign("invitations", "--json").stdout)["invitations"]
    assert [each["stage"] for each in listed] == ["waiting", "waiting"]
    assert listed[0]["sendings"] == [
        {"via": "email", "status": "waiting", "attempts": 0, "detail": ""}
    ]


def test_many_problems_of_a_list(campaign: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("name,email\nOne,x\nTwo,y\n", encoding="utf-8")
    done = campaign("invite", "--to", "bad.csv")
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["bad.csv"] * 3
    assert "2 problems; mend them, nobody was invited" in done.stderr.splitlines()[-1]
    assert campaign("invitations").stdout == "no invitations\n"


SMTP = "smtp://u:secret@127.0.0.1:1"


@pytest.mark.parametrize(
    ("args", "settings", "complaint"),
    [
        (["--to", "nothing.csv"], {}, "nothing.csv: No such file"),
        (["--to", "people.csv", "--shared"], {}, "leave --shared and --count out"),
        (["--limit", "3"], {}, "--limit is for --shared codes"),
        (["--count", "10001"], {}, "at most 10000 codes"),
        (["--expires", "soon"], {}, "--expires soon: is no time; give a number of days"),
        (["--expires", "2020-01-01"], {}, "is over"),
        (["--expires", "0"], {}, "is no time"),
        (["--send", "email"], {}, "name them with --to FILE"),
        (["--to", "people.csv", "--send", "email"], {}, "set MIANTAN_SMTP_URL"),
        (["--to", "people.csv", "--send", "sms"], {}, "set MIANTAN_SMS_URL"),
        (["--to", "people.csv", "--send", "telegram"], {}, "set MIANTAN_TELEGRAM_TOKEN"),
        (["--to", "people.csv", "--send", "email"], {"MIANTAN_PUBLIC_URL": ""}, "own address"),
        (
            ["--to", "people.csv", "--send", "email"],
            {"MIANTAN_SMTP_URL": SMTP},
            "MIANTAN_SMTP_URL is set without MIANTAN_MAIL_FROM",
        ),
        (
            ["--to", "people.csv", "--send", "email"],
            {"MIANTAN_SMTP_URL": f"{SMTP}/x", "MIANTAN_MAIL_FROM": "hr@example.com"},
            "write it as smtp://",
        ),
        ([], {"MIANTAN_TELEGRAM_BOT": "a b"}, "MIANTAN_TELEGRAM_BOT: a bot's user name"),
        (
            ["--to", "people.csv", "--send", "sms"],
            {"MIANTAN_TEMPLATES": "nowhere"},
            "MIANTAN_TEMPLATES: nowhere is no folder",
        ),
    ],
)
def test_errors_are_one_line(
    campaign: Run, args: list[str], settings: dict[str, str], complaint: str
) -> None:
    done = campaign("invite", *args, **settings)
    assert done.returncode == 2
    assert complaint in one_line(done.stderr)
    assert "secret" not in done.stderr


def test_unknown_campaigns_are_one_line(shell: Run) -> None:
    for action in ("invite", "invitations", "close", "qr"):
        done = shell("campaign", action, "nobody")
        assert done.returncode == 2
        assert "there is no campaign 'nobody'; open one with" in one_line(done.stderr)
