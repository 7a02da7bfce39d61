"""How well a parser understands messages whose intent is known: figures only, no input or output."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.understanding.base import Context, Understood
from dialogues.guide import Language

RIGHTS = ("withdraw_consent", "delete_my_data")
"""What must not be missed."""
NO_COMMAND = ("answer", "unsure", "no_words")
"""What an answer may be taken for without its being taken for a command: when the parser is unsure,
the candidate is asked. `off_topic` counts as a command, although the candidate is asked then too.
"""
BINS = 10
"""Of the calibration error."""


@dataclass(frozen=True)
class Judged:
    """A message with its language and right intent, and what a parser made of it."""

    text: str
    language: Language
    intent: str
    context: Context
    found: Understood

    @property
    def right(self) -> bool:
        """`unsure` is never right."""
        return self.found.intent == self.intent

    @property
    def missed(self) -> bool:
        """Whether neither withdrawal nor deletion was found, not even beside an answer."""
        return self.found.intent not in RIGHTS and self.found.also not in RIGHTS


@dataclass(frozen=True)
class Figures:
    """Shares, 0–1, each None where there is nothing that it could be a share of."""

    n: int
    accuracy: float | None
    answers: int
    answers_as_commands: float | None
    """Of the answers, those taken for anything but NO_COMMAND."""
    rights: int
    withdrawals_missed: float | None
    """Of withdrawals and deletions, those in which neither was found."""
    calibration_error: float | None
    """See `calibration_error`."""


def figures(rows: Sequence[Judged]) -> Figures:
    """The figures of all rows together."""
    answers = [row for row in rows if row.intent == "answer"]
    rights = [row for row in rows if row.intent in RIGHTS]
    return Figures(
        n=len(rows),
        accuracy=_share([row.right for row in rows]),
        answers=len(answers),
        answers_as_commands=_share([row.found.intent not in NO_COMMAND for row in answers]),
        rights=len(rights),
        withdrawals_missed=_share([row.missed for row in rights]),
        calibration_error=calibration_error(rows),
    )


def calibration_error(rows: Sequence[Judged]) -> float | None:
    """The expected calibration error: the mean distance, 0–1, between confidence and accuracy in
    BINS equal ranges of confidence, weighted by their rows (Guo et al. 2017).

    Rows found `unsure` are left out, as their confidence is that of an intent that was not told.
    """
    bins: dict[int, list[Judged]] = {}
    told = [row for row in rows if row.found.intent != "unsure"]
    for row in told:
        bins.setdefault(min(int(row.found.confidence * BINS), BINS - 1), []).append(row)
    if not told:
        return None
    apart = (abs(sum(row.right - row.found.confidence for row in each)) for each in bins.values())
    return sum(apart) / len(told)


def confusion(rows: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """For each right intent, how often which was found; both in alphabetical order."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row.intent, Counter())[row.found.intent] += 1
    return {wanted: dict(sorted(counts[wanted].items())) for wanted in sorted(counts)}


def mistakes(rows: Sequence[Judged]) -> list[tuple[str, str, int]]:
    """Right intent, found intent and how often, of what was not right; the most frequent first."""
    found = [
        (wanted, given, count)
        for wanted, row in confusion(rows).items()
        for given, count in row.items()
        if given != wanted
    ]
    return sorted(found, key=lambda each: -each[2])


def _share(of: Sequence[bool]) -> float | None:
    return sum(of) / len(of) if of else None
