"""`miantan guide check`: what is wrong in guides, and what holds on every path through them."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.files import read_text, rubric_path
from dialogues.guide import Guide, ProgrammingLanguage, Text
from dialogues.guidefile import read_guide
from dialogues.tree.check import check_guide, in_order
from dialogues.tree.followups import Restricted
from dialogues.tree.proofs import COUNTED_ROUTES, Proof
from dialogues.yamlfile import Document, FileProblem
from dialogues.yamlfile import Path as Place
from scoring.rubric import Rubric, fit_advice, fit_problems, read_rubric

HARMLESS = {"missing-language", "no-default", "reserved-name"}
"""Problems of a guide that do not keep its paths from being checked."""

RUBRIC_CODES = ("no-rubric", "unused-key-points")
"""The codes that are found here."""


@dataclass(frozen=True)
class Read:
    """A guide that could be read, as far as that went."""

    file: Path
    guide: Guide | None
    document: Document
    problems: list[FileProblem]


@dataclass(frozen=True)
class ReadRubric:
    """A rubric, as far as it could be read; without a document it was not there or not YAML."""

    rubric: Rubric | None
    document: Document | None
    problems: list[FileProblem]


def run(files: Sequence[Path], rubric_file: Path | None, as_json: bool) -> int:
    """Check the guides, print what was found, and return the exit code.

    0 without findings, 1 with, 2 when a file cannot be read.
    """
    checked = Check(files, rubric_file)
    problems = in_order(checked.problems)
    if as_json:
        print(json.dumps({"findings": [p.as_json() for p in problems]}, ensure_ascii=False))
    else:
        for problem in problems:
            if problem not in checked.unreadable:
                print(f"{problem} [{problem.code}]")
        for line in checked.proved:
            print(line)
    for problem in checked.unreadable:
        print(problem, file=sys.stderr)
    if checked.unreadable:
        return 2
    return 1 if problems else 0


def count_findings(files: Sequence[Path]) -> int:
    """How many things a check of the guides finds."""
    return len(in_order(Check(files).problems))


class Check:
    """A check of guides, each once: all are read first, since they may share a rubric."""

    def __init__(self, files: Sequence[Path], rubric_file: Path | None = None) -> None:
        self.rubric_file = rubric_file
        self.guides: list[Read] = []
        self.rubrics: dict[Path, ReadRubric] = {}
        self.problems: list[FileProblem] = []
        self.unreadable: list[FileProblem] = []
        self.proved: list[str] = []
        for file in dict.fromkeys(files):
            self._read(file)
        self._check()

    def _read(self, file: Path) -> None:
        """Read a guide."""
        try:
            guide, document, problems = read_guide(_text_of(file), str(file))
        except FileProblem as problem:
            self._cannot_read(problem)
            return
        self.problems += problems
        self.guides.append(Read(file, guide, document, problems))

    def _check(self) -> None:
        """Check the guides and their rubrics."""
        using: dict[Path, list[Read]] = {}
        for read in self.guides:
            if read.guide is not None:
                path = self.rubric_file or rubric_path(read.file, read.guide.rubric)
                using.setdefault(path, []).append(read)
                self._check_guide(read, read.guide, self._rubric(path, read))
        for path, readers in using.items():
            found = self.rubrics[path]
            if found.rubric is not None and found.document is not None:
                guides = [read.guide for read in readers if read.guide is not None]
                self.problems += _languages(found.rubric, found.document, guides)
                if all(read.guide is not None for read in self.guides):
                    self.problems += _unused(found.rubric, found.document, guides)

    def _check_guide(self, read: Read, guide: Guide, found: ReadRubric) -> None:
        rubric = found.rubric
        if rubric is not None:
            self.problems += fit_problems(guide, read.document, rubric)
            self.problems += fit_advice(guide, read.document, rubric)
        if any(problem.code not in HARMLESS for problem in read.problems):
            return
        fits = rubric is not None and rubric.rubric == guide.rubric
        report = check_guide(
            guide,
            read.document,
            list(rubric.competencies) if rubric is not None and fits else None,
            _runnable(guide),
            restricted=_restricted(rubric) if rubric is not None else None,
        )
        self.problems += report.problems
        self.proved += _summary(str(read.file), guide, report.proofs, fits)

    def _rubric(self, path: Path, read: Read) -> ReadRubric:
        """The rubric of a guide; reading each once."""
        if not path.exists() and self.rubric_file is None:
            self.rubrics.setdefault(path, ReadRubric(None, None, []))
            name = read.guide.rubric if read.guide else ""
            self.problems.append(
                read.document.problem(
                    ("rubric",),
                    f"the rubric {name!r} is not found",
                    f"write {name}.rubric.yml beside the guide, or pass it with --rubric",
                    "no-rubric",
                )
            )
        if path not in self.rubrics:
            try:
                self.rubrics[path] = ReadRubric(*read_rubric(_text_of(path), str(path)))
                self.problems += self.rubrics[path].problems
            except FileProblem as problem:
                self._cannot_read(problem)
                self.rubrics[path] = ReadRubric(None, None, [])
        return self.rubrics[path]

    def _cannot_read(self, problem: FileProblem) -> None:
        self.problems.append(problem)
        self.unreadable.append(problem)


def _text_of(file: Path) -> str:
    try:
        return read_text(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileProblem(str(file), 1, f"cannot be read: {reason}", "check the path") from None


def _runnable(guide: Guide) -> list[ProgrammingLanguage]:
    """The languages of the guide's programs that can be run here."""
    wanted = dict.fromkeys(
        x for each in guide.by_id.values() if each.code for x in each.code.languages
    )
    if not wanted:
        return []
    from bot.sandbox import available

    return [language for language in wanted if available(language)]


def _restricted(rubric: Rubric) -> dict[str, Restricted]:
    """By question, the key points that count in the answers to some lines only."""
    return {
        name: {point.id: frozenset(point.at) for point in question.key_points if point.at}
        for name, question in rubric.questions.items()
    }


def _unused(rubric: Rubric, document: Document, guides: Sequence[Guide]) -> Iterator[FileProblem]:
    asked = {name: question for guide in guides for name, question in guide.by_id.items()}
    scored = {
        name
        for guide in guides
        for name, question in guide.by_id.items()
        if question.competency is not None
    }
    for name in rubric.questions:
        if name not in scored:
            why = "is asked without a competency" if name in asked else "is asked nowhere"
            yield document.problem(
                ("questions", name),
                f"{name!r} {why}, so what the rubric says of it is never used",
                "ask it in a guide and give it a competency there, or remove it here",
                "unused-key-points",
            )


def _languages(
    rubric: Rubric, document: Document, guides: Sequence[Guide]
) -> Iterator[FileProblem]:
    wanted = dict.fromkeys(language for guide in guides for language in guide.languages)
    for place, what, text in _texts(rubric):
        for language in wanted:
            if language not in text:
                yield document.problem(
                    place,
                    f"{what} has no {language}, and the guide is held in it",
                    f"add `{language}: …`",
                    "missing-language",
                )


def _texts(rubric: Rubric) -> Iterator[tuple[Place, str, Text]]:
    """What a rubric says in words, with its place and what to call it."""
    for name, competency in rubric.competencies.items():
        yield ("competencies", name, "name"), f"the name of {name!r}", competency.name
        for level, text in competency.anchors.items():
            yield ("competencies", name, "anchors", level), f"level {level} of {name!r}", text
    for name, question in rubric.questions.items():
        for i, point in enumerate(question.key_points):
            texts: Text = {language: each[0] for language, each in point.texts.items()}
            place: Place = ("questions", name, "key_points", i, "texts")
            yield place, f"the key point {name}.{point.id}", texts


def _summary(file: str, guide: Guide, proofs: Sequence[Proof], judged: bool) -> Iterator[str]:
    """What was proved of a guide, for each candidate type a line. `judged` by its rubric."""
    for proof in proofs:
        title = " ".join(guide.candidate_types[proof.candidate_type].values())
        routes = f"more than {COUNTED_ROUTES:,}" if proof.routes is None else f"{proof.routes:,}"
        covered = "every competency is asked about on every path 每条路径都问到每项能力"
        if not judged:
            covered = "without its rubric, competencies were not checked 没有评分标准，未检查能力"
        elif proof.uncovered:
            covered = f"not asked about on every path 有路径没有问到: {', '.join(proof.uncovered)}"
        yield (
            f"{file}: {proof.candidate_type} ({title}): paths 路径 {routes}; "
            f"minutes 分钟 {_range(proof.minutes.low, proof.minutes.high)}; "
            f"scored questions 计分题 {_range(proof.scored.low, proof.scored.high)}; {covered}"
        )


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"
