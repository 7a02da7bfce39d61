"""The commands, run as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, SECRET, Receiver, good_answers

GUIDE = ROOT / "dialogues/guides/campus-software-engineer.yml"
RUBRIC = ROOT / "scoring/rubrics/software-engineer.yml"


class Shell:
    """Runs `miantan` in a home of its own, with the light encoder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *args: object, **settings: str) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIANTAN")}
        environment = kept | {
            "MIANTAN_HOME": str(self.home / "home"),
            "MIANTAN_ENCODER": "light",
            **settings,
        }
        command = [sys.executable, "-c", "from bot.cli import main; main()", *map(str, args)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=self.home, timeout=120
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text.strip()


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def interview(
    shell: Shell, answers: Path, out: Path, language: str = "zh", *more: object
) -> "subprocess.CompletedProcess[str]":
    return shell(
        "interview", "--guide", GUIDE, "--type", "campus", "--lang", language,
        "--answers", answers, "--out", out, *more,
    )  # fmt: skip


def good(tmp_path: Path, language: str) -> Path:
    answer = good_answers("campus-software-engineer", language)
    from bot.demo import read_files
    from bot.storage.catalogue import load_role

    guide = load_role(read_files(GUIDE)).guide
    named = {question.id: answer({"question": question.id}) for question in guide.questions}
    return written(tmp_path / f"good-{language}.json", json.dumps(named, ensure_ascii=False))


@pytest.mark.parametrize(
    ("language", "unknowing"), [("zh", "不知道"), ("en", "I don't know, sorry.")]
)
def test_good_answers_score_above_unknowing_ones(
    shell: Shell, tmp_path: Path, language: str, unknowing: str
) -> None:
    lines = written(tmp_path / "bad.txt", f"{unknowing}\n" * 40)
    bad = interview(shell, lines, tmp_path / "bad.json", language)
    assert bad.returncode == 0, bad.stderr
    assert "not used: line" in bad.stderr
    done = interview(shell, good(tmp_path, language), tmp_path / "good.json", language)
    assert done.returncode == 0, done.stderr
    scores = [
        json.loads((tmp_path / name).read_text(encoding="utf-8"))["scores"]["overall"]["score"]
        for name in ("good.json", "bad.json")
    ]
    assert scores[0] >= scores[1] + 20
    for name in ("good.json", "bad.json"):
        checked = shell("verify", name, "--json")
        assert checked.returncode == 0, checked.stderr
        assert json.loads(checked.stdout) == {
            "holds": True,
            "scores_equal": True,
            "largest_difference": 0.0,
            "problems": [],
            "note": "",
        }


@pytest.mark.model
def test_the_same_with_the_real_encoder(shell: Shell, tmp_path: Path, model_home: Path) -> None:
    real = {"MIANTAN_HOME": str(model_home), "MIANTAN_ENCODER": "e5-small-int8"}
    scores = {}
    for name, answers in (
        ("good", good(tmp_path, "zh")),
        ("bad", written(tmp_path / "bad.txt", "不知道\n" * 40)),
    ):
        out = tmp_path / f"{name}.json"
        done = shell(
            "interview", "--guide", GUIDE, "--type", "campus", "--lang", "zh",
            "--answers", answers, "--out", out, **real,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert shell("verify", out, **real).returncode == 0
        scores[name] = json.loads(out.read_text(encoding="utf-8"))["scores"]["overall"]["score"]
    assert scores["good"] >= scores["bad"] + 20


def test_verify_finds_what_was_changed(shell: Shell, tmp_path: Path) -> None:
    interview(shell, good(tmp_path, "zh"), tmp_path / "r.json")
    result = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    raised = json.loads(json.dumps(result))
    raised["scores"]["overall"]["score"] = 99.0
    stronger = json.loads(json.dumps(result))
    stronger["scores"]["answers"][0]["evidence"][0]["strength"] = 0.0123
    reworded = json.loads(json.dumps(result))
    next(
        x for x in reworded["transcript"] if x["kind"] == "answer" and x["question_id"] == "project"
    )["text"] = "我没有做过什么项目。"
    moved = json.loads(json.dumps(result))
    moved["scores"]["answers"][0]["evidence"][0]["text"] = "我什么都没说"
    flagged = json.loads(json.dumps(result))
    flag = {"kind": "dont_know", "reason": "x", "start": 0, "end": 1, "question_id": "project"}
    flagged["flags"] = [flag]
    for changed, complaint in (
        (moved, "the evidence is not in the words"),
        (flagged, "the flags are not those of the answers"),
        (raised, "the scores do not follow from the evidence"),
        (stronger, "do"),
        (reworded, "project: the evidence does not follow from the words"),
    ):
        file = written(tmp_path / "changed.json", json.dumps(changed))
        checked = shell("verify", file)
        assert checked.returncode == 1
        assert complaint in one_line(checked.stderr)
    assert shell("verify", written(tmp_path / "x.json", "{}")).returncode == 2


def test_too_few_answers(shell: Shell, tmp_path: Path) -> None:
    done = interview(shell, written(tmp_path / "few.txt", "一\n二\n"), tmp_path / "r.json")
    assert done.returncode == 3
    assert "no answer left" in one_line(done.stderr)
    assert not (tmp_path / "r.json").exists()
    named = written(tmp_path / "few.json", '{"warmup": "写代码"}')
    done = interview(shell, named, tmp_path / "r.json")
    assert done.returncode == 3
    assert "'project'" in one_line(done.stderr)


def test_probe_replies_in_json(shell: Shell, tmp_path: Path) -> None:
    answers = json.loads(good(tmp_path, "zh").read_text(encoding="utf-8"))
    answers["project"] = "做过一个网站。"
    answers["project.project-own_part"] = "登录和支付是我一个人写的。"
    file = written(tmp_path / "a.json", json.dumps(answers, ensure_ascii=False))
    assert interview(shell, file, tmp_path / "r.json").returncode == 0
    result = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    said = [
        x["text"]
        for x in result["transcript"]
        if x["question_id"] == "project" and x["speaker"] == "candidate"
    ]
    assert said[:2] == ["做过一个网站。", "登录和支付是我一个人写的。"]


@pytest.mark.parametrize(
    ("changes", "where", "complaint"),
    [
        ({"competency: teamwork": "competency: nothing"}, "guide.yml:", "no competency 'nothing'"),
        ({"languages: [zh, en]": "languages: [zh, fr]"}, "guide.yml:", "fr"),
        ({"version: 3": "version: 3\nversion: 4"}, "guide.yml:", "stands twice"),
        ({"guide: campus": "guide: [campus"}, "guide.yml:", "YAML"),
    ],
)
def test_broken_guide_is_one_line(
    shell: Shell, tmp_path: Path, changes: dict[str, str], where: str, complaint: str
) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    file = written(tmp_path / "guide.yml", text)
    done = shell("interview", "--guide", file, "--type", "campus", "--lang", "zh")
    assert done.returncode == 2
    line = one_line(done.stderr)
    assert where in line
    assert complaint in line
    assert not (tmp_path / "home" / "published").exists()


def test_a_file_in_another_encoding_is_one_line(shell: Shell, tmp_path: Path) -> None:
    """As an editor on a Chinese Windows may save it."""
    file = tmp_path / "guide.yml"
    file.write_bytes(GUIDE.read_text(encoding="utf-8").encode("gb18030"))
    done = shell("interview", "--guide", file, "--type", "campus")
    assert done.returncode == 2
    assert "save it as UTF-8" in one_line(done.stderr)
    assert "guide.yml:2:" in one_line(done.stderr)


def test_bad_options_are_one_line(shell: Shell, tmp_path: Path) -> None:
    for args, complaint in (
        (["interview", "--guide", "nothing.yml"], "nothing.yml"),
        (["interview", "--guide", GUIDE, "--type", "nobody"], "campus, experienced"),
        (["interview", "--guide", GUIDE, "--lang", "fr"], "zh or en"),
        (["worker"], "miantan serve"),
        (["serve"], "miantan migrate"),
        (["deliver", "--connector", "webhook", "nothing.json"], "nothing.json"),
    ):
        done = shell(*args)
        assert done.returncode == 2, (args, done.stderr)
        assert complaint in one_line(done.stderr)
    done = shell("migrate", MIANTAN_PORT="abc")
    assert done.returncode == 2
    assert "MIANTAN_PORT" in one_line(done.stderr)


def test_score_rows(shell: Shell, tmp_path: Path) -> None:
    rows = [
        {
            "question_id": "project",
            "answer": "登录和支付是我一个人写的，延迟降到一半。",
            "language": "zh",
        },
        {"question_id": "project", "answer": "I don't know.", "language": "en"},
        {"question_id": "project", "answer": "   ", "language": "en"},
    ]
    file = written(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = shell("score", "--rubric", RUBRIC, "--in", file, "--out", tmp_path / "s.jsonl")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "s.jsonl").read_text(encoding="utf-8").splitlines()
    scored = [json.loads(line) for line in lines]
    assert [row["status"] for row in scored] == ["scored", "scored", "unscored"]
    assert scored[1]["score"] < 5
    assert scored[1]["level"] == 1
    assert scored[1]["flags"][0]["kind"] == "dont_know"
    assert scored[2]["score"] is None
    assert scored[2]["reasons"] == ["empty"]
    bad = written(tmp_path / "b.jsonl", '{"question_id": "nothing", "answer": "x"}\n')
    done = shell("score", "--rubric", RUBRIC, "--in", bad, "--out", tmp_path / "t.jsonl")
    assert done.returncode == 2
    assert "b.jsonl:1:" in one_line(done.stderr)
    assert not (tmp_path / "t.jsonl").exists()


def test_deliver(shell: Shell, tmp_path: Path) -> None:
    interview(shell, good(tmp_path, "en"), tmp_path / "r.json", "en")
    with Receiver() as receiver:
        settings = {
            "MIANTAN_WEBHOOK_URL": receiver.url,
            "MIANTAN_WEBHOOK_SECRET": SECRET,
            "MIANTAN_ALLOW_HOSTS": "127.0.0.1",
        }
        done = shell("deliver", "--connector", "webhook", "r.json", **settings)
        assert done.returncode == 0, done.stderr
        assert "HTTP 204" in done.stdout
        assert receiver.received[0][1] == (tmp_path / "r.json").read_bytes()
        receiver.answers = [500]
        done = shell("deliver", "--connector", "webhook", "r.json", **settings)
        assert done.returncode == 1
        assert "retryable" in one_line(done.stderr)


def test_campaign_from_a_companys_own_guide(shell: Shell, tmp_path: Path) -> None:
    assert shell("migrate").returncode == 0
    done = shell("campaign", "open", "autumn-2026", "--guide", GUIDE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/chat/autumn-2026")
    assert shell("campaign", "open", "../x", "--guide", GUIDE).returncode == 2
    link = shell("sign-in", "hr").stdout.strip()
    assert "/console/enter?token=" in link
