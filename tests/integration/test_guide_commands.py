"""`miantan guide …` as people type it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import sandbox
from bot.files import sample_guide
from tests.helpers import ROOT

SOFTWARE = sample_guide("campus-software-engineer")
SALES = sample_guide("sales-representative")


def miantan(*words: object, say: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", *map(str, words)]
    return subprocess.run(
        command,
        input=say,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
        env={**os.environ, **env},
    )


def test_check_of_all_samples_finds_nothing() -> None:
    samples = sorted((ROOT / "dialogues" / "guides").glob("*.yml"))
    assert len(samples) >= 6
    done = miantan("guide", "check", *samples, "--json")
    codes = [finding["code"] for finding in json.loads(done.stdout)["findings"]]
    if sandbox.available("python") and sandbox.available("javascript"):
        assert (codes, done.returncode, done.stderr) == ([], 0, "")
    else:
        assert set(codes) == {"no-sandbox"}, (
            "programs cannot be run here, and nothing else is amiss"
        )


def test_check_names_file_line_and_mend(tmp_path: Path) -> None:
    text = SALES.read_text("utf-8")
    broken = tmp_path / "broken.yml"
    broken.write_text(text.replace("go: discovery", "go: discowery", 1), "utf-8")
    line = text[: text.index("go: discovery")].count("\n") + 1
    done = miantan("guide", "check", broken, "--json")
    assert done.returncode == 1
    [finding] = json.loads(done.stdout)["findings"]
    assert set(finding) == {"code", "file", "line", "message", "mend"}
    assert (finding["code"], finding["file"], finding["line"]) == (
        "unknown-question",
        str(broken),
        line,
    )
    missing = miantan("guide", "check", tmp_path / "nothing.yml")
    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1


def test_simulate(tmp_path: Path) -> None:
    done = miantan("guide", "simulate", SALES, "-n", 200, "--seed", 5, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert (data["n"], data["seed"]) == (200, 5)
    campus = data["types"]["campus"]
    assert campus["candidates"] == 100
    assert sum(path["share"] for path in campus["paths"]) == pytest.approx(1)
    assert campus["minutes"]["p50"] <= campus["minutes"]["p95"]
    assert all(0 <= each["share"] <= 1 for each in campus["follow_ups"])
    words = miantan("guide", "simulate", SALES, "-n", 50, "--type", "experienced", "--lang", "en")
    assert "Experienced hire: 50 candidates" in words.stdout
    assert "New graduate" not in words.stdout
    wrong = miantan("guide", "simulate", SALES, "--type", "retired")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--type retired: the guide has campus, experienced" in wrong.stderr


def test_walk_as_a_candidate_of_a_type() -> None:
    done = miantan("guide", "simulate", SOFTWARE, "--walk", "--type", "campus", "--lang", "en", say="master\n" + "+own_part +result I did it\n" * 40)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "[research ·" in done.stdout, "a master is asked about research"
    assert "[self_study ·" not in done.stdout
    assert "[project.project-result" not in done.stdout, "what was covered is not probed"
    assert "The end: 9 questions" in done.stdout
    asked = miantan("guide", "simulate", SOFTWARE, "--walk", "--type", "campus", "--lang", "en", say="\n\n\n\n?\n")  # fmt: skip
    assert asked.stdout.count("Pick the project you put the most into") == 2
    assert asked.stdout.count("A project may be of any size") == 1, "what the guide says it means"
    left = miantan("guide", "simulate", SOFTWARE, "--walk", "--type", "campus", say="master\n")
    assert left.returncode == 3
    unsaid = miantan("guide", "simulate", SOFTWARE, "--walk")
    assert unsaid.returncode == 2
    assert "--type" in unsaid.stderr


@pytest.mark.parametrize(("language", "words"), [("zh", "会多问到"), ("en", "may now be asked")])
def test_diff_says_what_changes_for_whom(tmp_path: Path, language: str, words: str) -> None:
    newer = tmp_path / "newer.yml"
    text = SALES.read_text("utf-8")
    extra = "  - id: extra\n    for: [experienced]\n    minutes: 2\n    text: {zh: 还有呢？, en: What else?}\n\n  - id: closing\n"
    newer.write_text(text.replace("  - id: closing\n", extra, 1), "utf-8")
    done = miantan("guide", "diff", SALES, newer, "--lang", language)
    assert done.returncode == 0, done.stderr
    assert "questions.extra" in done.stdout
    assert f"{words}: extra" in done.stdout
    data = json.loads(miantan("guide", "diff", SALES, newer, "--json").stdout)
    [change] = data["changes"]
    assert (change["kind"], change["where"], change["types"]) == (
        "added",
        "questions.extra",
        ["experienced"],
    )
    assert data["types"]["campus"]["before"] == data["types"]["campus"]["after"]
    same = miantan("guide", "diff", SALES, SALES, "--lang", language)
    assert len(same.stdout.splitlines()) == 1


def test_diff_shows_what_changes_in_the_rubric(tmp_path: Path) -> None:
    rubric = (ROOT / "scoring" / "rubrics" / "sales-representative.yml").read_text("utf-8")
    for name, text in (
        ("a", rubric),
        ("b", rubric.replace("  importance: 3\n", "  importance: 1\n", 1)),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "g.yml").write_text(SALES.read_text("utf-8"), "utf-8")
        (tmp_path / name / "sales-representative.rubric.yml").write_text(text, "utf-8")
    done = miantan("guide", "diff", tmp_path / "a" / "g.yml", tmp_path / "b" / "g.yml", "--json")
    [change] = json.loads(done.stdout)["changes"]
    assert change["where"].startswith("rubric.questions.")
    assert change["where"].endswith(".importance")
    assert (change["before"], change["after"]) in ((3, None), (3, 1))


def test_an_import_leaves_other_guides_their_rubric(tmp_path: Path) -> None:
    sheet = tmp_path / "guide.xlsx"
    assert miantan("guide", "export", SALES, "-o", sheet).returncode == 0
    assert miantan("guide", "import", sheet, "-o", tmp_path / "one.yml").returncode == 0
    same = miantan("guide", "import", sheet, "-o", tmp_path / "two.yml")
    assert same.returncode == 0, "the rubric is the same"
    rubric = tmp_path / "sales-representative.rubric.yml"
    rubric.write_text(rubric.read_text("utf-8").replace("weight: ", "weight:  ", 1), "utf-8")
    refused = miantan("guide", "import", sheet, "-o", tmp_path / "two.yml")
    assert refused.returncode == 2
    assert "one.yml uses this rubric too" in refused.stderr
    (tmp_path / "one.yml").unlink()
    assert miantan("guide", "import", sheet, "-o", tmp_path / "two.yml").returncode == 0


def test_graph_export_and_import(tmp_path: Path) -> None:
    svg, sheet, back = tmp_path / "tree.svg", tmp_path / "guide.xlsx", tmp_path / "guide.yml"
    assert miantan("guide", "graph", SALES, "-o", svg).returncode == 0
    assert svg.read_text("utf-8").lstrip().startswith("<")
    assert miantan("guide", "export", SALES, "-o", sheet).returncode == 0
    done = miantan("guide", "import", sheet, "-o", back)
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in tmp_path.glob("*.yml")) == [
        "guide.yml",
        "sales-representative.rubric.yml",
    ]
    assert miantan("guide", "diff", SALES, back, "--json").stdout.startswith('{"changes": []')
    assert miantan("guide", "check", back).returncode == 0


def test_opening_a_campaign_says_what_a_check_would_find(tmp_path: Path) -> None:
    home = {"MIANTAN_HOME": str(tmp_path / "home")}
    assert miantan("migrate", **home).returncode == 0
    good = miantan("campaign", "open", "good", "--guide", SALES, **home)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith("/chat/good\n")
    ended = tmp_path / "ended.yml"
    text = SALES.read_text("utf-8").replace("\nversion: ", "\nversion: 9", 1)
    first = "  - id: warmup\n"
    ended.write_text(text.replace(first, f"{first}    next: [{{go: end}}]\n", 1), "utf-8")
    done = miantan("campaign", "open", "ended", "--guide", ended, **home)
    assert done.returncode == 0
    assert f"findings; look at them with: miantan guide check {ended}" in done.stderr
