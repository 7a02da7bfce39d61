"""`miantan understand`: the figures, and the rows that are read."""

import io
import json
from pathlib import Path

import pytest

from bot.commands.errors import CommandError
from bot.commands.understand import (
    as_json,
    as_line,
    as_table,
    judge,
    make_context,
    read_line,
    read_rows,
    tell,
)
from bot.understanding.base import NOTHING_OPEN, Context, Understood
from bot.understanding.hearing import LONGEST_QUESTION
from bot.understanding.measure import (
    Figures,
    Judged,
    calibration_error,
    confusion,
    figures,
    mistakes,
)
from dialogues.guide import Language
from dialogues.yamlfile import FileProblem


def row(
    wanted: str,
    found: str,
    confidence: float = 1.0,
    also: str | None = None,
    language: Language = "en",
) -> Judged:
    understood = Understood(found, confidence, "toy", also)
    return Judged("words", language, wanted, NOTHING_OPEN, understood)


# Figures.


def test_nothing_has_no_shares() -> None:
    assert figures([]) == Figures(0, None, 0, None, 0, None, None)
    assert figures([row("pause", "pause")]) == Figures(1, 1.0, 0, None, 0, None, 0.0)


def test_what_counts_as_an_answer_taken_for_a_command() -> None:
    found = ("answer", "unsure", "no_words", "off_topic", "thanks", "skip_question")
    measured = figures([row("answer", each) for each in found])
    assert measured.accuracy == pytest.approx(1 / 6)
    assert (measured.answers, measured.answers_as_commands) == (6, 0.5)


def test_a_withdrawal_that_was_heard_in_any_way_is_not_missed() -> None:
    measured = figures(
        [
            row("withdraw_consent", "withdraw_consent"),
            row("withdraw_consent", "delete_my_data"),
            row("delete_my_data", "answer", also="delete_my_data"),
            row("delete_my_data", "answer", also="pause"),
            row("delete_my_data", "unsure"),
            row("pause", "answer"),
        ]
    )
    assert measured.rights == 5
    assert measured.withdrawals_missed == pytest.approx(2 / 5)


def test_calibration_error() -> None:
    assert calibration_error([]) is None
    assert calibration_error([row("pause", "unsure", 0.3)]) is None
    assert calibration_error([row("pause", "pause"), row("pause", "skip_question", 0.0)]) == 0
    # Two of three right at 0.9; one wrong at 0.25; both on the border of a bin, and 1.0 in the last.
    rows = [row("pause", "pause", 0.9), row("pause", "pause", 0.9), row("pause", "resume", 0.9)]
    assert calibration_error(rows) == pytest.approx(0.9 - 2 / 3)
    rows.append(row("pause", "resume", 0.25))
    assert calibration_error(rows) == pytest.approx((2.7 - 2 + 0.25) / 4)


def test_confusions_are_counted_and_ordered() -> None:
    rows = [row("pause", "resume"), row("answer", "thanks"), row("answer", "answer")]
    rows += [row("answer", "thanks"), row("answer", "affirm")]
    assert confusion(rows) == {
        "answer": {"affirm": 1, "answer": 1, "thanks": 2},
        "pause": {"resume": 1},
    }
    assert list(confusion(rows)["answer"]) == ["affirm", "answer", "thanks"]
    assert mistakes(rows) == [
        ("answer", "thanks", 2),
        ("answer", "affirm", 1),
        ("pause", "resume", 1),
    ]


# Rows.

GOOD = {"text": "请再说一遍", "language": "zh", "intent": "repeat_question"}


def written(folder: Path, *lines: object) -> Path:
    file = folder / "rows.jsonl"
    text = "".join(
        (each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)) + "\n"
        for each in lines
    )
    file.write_text(text, encoding="utf-8", newline="")
    return file


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("not json", "row: Invalid JSON"),
        ("[1]", "row: Input should be"),
        ({"language": "zh", "intent": "pause"}, "text: Field required"),
        ({**GOOD, "text": ""}, "text: String should have at least 1 character"),
        ({**GOOD, "text": 3}, "text: Input should be a valid string"),
        ({**GOOD, "language": "fr"}, "language: Input should be 'zh' or 'en'"),
        ({"text": "x", "intent": "pause"}, "language: Field required"),
        ({**GOOD, "intent": "repeat"}, "there is no intent 'repeat'; use one of answer, "),
        ({**GOOD, "intent": "unsure"}, "there is no intent 'unsure'"),
        ({**GOOD, "context": "open"}, "context: "),
        ({**GOOD, "context": {"kind": "open"}}, "context.question: Field required"),
        ({**GOOD, "context": {"question": "q", "kind": "x"}}, "context.kind: Input should be"),
        ('{"text": "\\ud83d", "language": "zh", "intent": "answer"}', "row: Invalid JSON"),
    ],
)
def test_bad_rows_are_told_with_file_and_line(tmp_path: Path, line: object, complaint: str) -> None:
    file = written(tmp_path, GOOD, "", line)
    with pytest.raises(CommandError) as caught:
        read_rows(file, None)
    assert str(caught.value).startswith(f"{file}:3: {complaint}")
    assert "\n" not in str(caught.value)
    assert caught.value.code == 2


def test_rows_are_read_with_their_context(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {**GOOD, "context": None, "note": "kept out"},
        "   \r",
        {**GOOD, "text": "a\u2028b", "context": {"question": "q", "kind": "case"}},
        {**GOOD, "language": "en", "intent": "no_words", "context": {"question": "q"}},
    )
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    first, second, third = read_rows(file, None)
    assert first.context is None
    assert second.text == "a\u2028b"
    assert second.context is not None
    assert third.context is not None
    assert (second.context.kind, third.context.kind) == ("case", "open")
    assert read_rows(file, "en") == [third]


def test_a_file_must_have_rows(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no rows; write one a line"):
        read_rows(written(tmp_path, ""), None)
    with pytest.raises(CommandError, match="has no rows in en"):
        read_rows(written(tmp_path, GOOD), "en")
    with pytest.raises(FileNotFoundError):
        read_rows(tmp_path / "none", None)
    (tmp_path / "bad").write_bytes(b"{}\n\xff")
    with pytest.raises(FileProblem, match="bad:2: is not UTF-8"):
        read_rows(tmp_path / "bad", None)


class Echo:
    """A parser that answers with the message's own text, and keeps the contexts."""

    def __init__(self) -> None:
        self.contexts: dict[str, Context] = {}

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        self.contexts[text] = context
        return Understood(text, 0.5, "echo")


def test_rows_are_judged_in_order_as_the_pipeline_hears_them(tmp_path: Path) -> None:
    lines = [{**GOOD, "text": f" m{i}\x00\r\n"} for i in range(200)]
    lines[7]["context"] = {"question": "x" * 500 + "end", "kind": "code"}  # type: ignore[assignment]
    parser = Echo()
    judged = judge(parser, read_rows(written(tmp_path, *lines), None), 4)
    assert [each.found.intent for each in judged] == [f"m{i}" for i in range(200)]
    assert parser.contexts["m6"] == NOTHING_OPEN
    assert parser.contexts["m7"].kind == "code"
    assert len(parser.contexts["m7"].question) == LONGEST_QUESTION
    assert parser.contexts["m7"].question.endswith("end")


# Options and what is printed.


def test_context_from_options() -> None:
    assert make_context(None, None) == NOTHING_OPEN
    assert make_context("q", None) == Context("q", "open")
    assert make_context("q", "case") == Context("q", "case")
    with pytest.raises(CommandError, match="--kind x: use one of open, choice"):
        make_context("q", "x")
    with pytest.raises(CommandError, match="give --question"):
        make_context(None, "open")


def test_a_line_is_read() -> None:
    assert read_line(io.BytesIO("请再说一遍\nmore\n".encode())) == "请再说一遍\n"
    assert read_line(io.BytesIO(b"\n")) == "\n"
    with pytest.raises(CommandError, match="no message"):
        read_line(io.BytesIO())
    with pytest.raises(CommandError, match="not UTF-8"):
        read_line(io.BytesIO(b"\xff\n"))


def test_what_is_printed_of_a_message() -> None:
    plain = Understood("pause", 0.987, "toy")
    assert tell(plain) == {"intent": "pause", "confidence": 0.987, "parser": "toy"}
    assert as_line(plain) == "pause (99%, by toy)"
    beside = Understood("answer", 1.0, "toy", "pause")
    assert tell(beside)["also"] == "pause"
    assert as_line(beside) == "answer, and besides pause (100%, by toy)"


def test_the_table() -> None:
    rows = [row("answer", "answer", language="zh"), row("answer", "thanks", language="zh")]
    assert as_table(rows).splitlines() == [
        "    n  accuracy  answers as commands  withdrawals missed  calibration error",
        "zh  2     50.0%           50.0% of 2                   –              0.500",
        "",
        "most frequent confusions:",
        "     1  answer taken for thanks",
    ]
    table = as_table([*rows, row("delete_my_data", "delete_my_data")])
    assert [line.split()[0] for line in table.splitlines()[1:4]] == ["zh", "en", "both"]
    assert "confusions" not in as_table([row("pause", "pause")])


def test_json() -> None:
    found = json.loads(as_json([row("answer", "answer", 0.9, "pause", "zh")]))
    assert found == {
        "n": {"zh": 1, "en": 0},
        "accuracy": {"zh": 1.0, "en": None},
        "answers_as_commands": 0.0,
        "withdrawals_missed": None,
        "calibration_error": 0.1,
        "confusion": {"answer": {"answer": 1}},
        "rows": [
            {
                "text": "words",
                "language": "zh",
                "intent": "answer",
                "right": True,
                "found": {"intent": "answer", "confidence": 0.9, "parser": "toy", "also": "pause"},
            }
        ],
    }
