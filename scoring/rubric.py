"""The rubric (评分标准): the models of `scoring/rubrics/*.yml`, and their fit with a guide."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from dialogues import conditions
from dialogues.guide import (
    Guide,
    Identifier,
    Kind,
    Language,
    Number,
    Question,
    Strict,
    Text,
    Words,
)
from dialogues.yamlfile import Document, FileProblem, Path, read_document, try_validate

Level = Literal[1, 2, 3, 4, 5]


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


ScoredBy = Literal["key_points", "options", "bands", "tests"]
SCORED_BY: dict[Kind, ScoredBy] = {
    "open": "key_points",
    "scenario": "key_points",
    "case": "key_points",
    "choice": "options",
    "number": "bands",
    "code": "tests",
}
"""What a rubric says of the questions of each kind."""

LONGEST_RUN = 60
"""Seconds that all tests of a program may take together; the candidate waits for them."""

Many = Annotated[list[Words], Field(min_length=1)]
OneOrMany = Annotated[Many, BeforeValidator(_one_or_many, json_schema_input_type=Words | Many)]
Phrases = dict[Language, OneOrMany]
PerLevel: dict[str, JsonValue] = {"propertyNames": {"enum": ["1", "2", "3", "4", "5"]}}
"""What a JSON Schema says of objects with a level for key; keys are strings in JSON."""


Importance = Annotated[int, Field(ge=1, le=3)]
Points = Annotated[float, Field(ge=0, le=100)]


class KeyPoint(Strict):
    """Something a good answer says; `texts` are alternatives, any of which will do.

    `at` names the parts of a case, or the lines of a scenario, in whose answers it counts (the
    question's own id for the first answer), and in replies to probes; in all when absent.
    """

    id: Identifier
    importance: Importance = 1
    texts: Annotated[Phrases, Field(min_length=1)]
    at: Annotated[list[Identifier], Field(min_length=1)] | None = None

    def counts_at(self, place: str) -> bool:
        """Whether it counts in the answer to the part, line or question of this id."""
        return self.at is None or place in self.at


class Band(Strict):
    """The points, 0–100, for a number from `min` to `max`, both included; open where absent."""

    id: Identifier
    min: Number | None = None
    max: Number | None = None
    points: Points

    def holds(self, number: float) -> bool:
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)


class ProgramTest(Strict):
    """A program is given `input` and must print `output`; spaces at line ends do not count.

    Of an `example` the candidate is told by name whether it passed, of the others only how many.
    """

    id: Identifier
    input: Annotated[str, Field(max_length=100_000)] = ""
    output: Annotated[str, Field(max_length=100_000)]
    importance: Importance = 1
    example: bool = False


class RubricQuestion(Strict):
    """What is looked for in the answers to one question: in words the `key_points`, of a choice
    the points of each of its `options`, of a number its `bands` (the first that holds counts, none
    is 0 points), of a program its `tests`."""

    weight: Annotated[float, Field(gt=0, le=100)] = 1
    key_points: Annotated[list[KeyPoint], Field(max_length=100)] = Field(default_factory=list)
    options: dict[Identifier, Points] = Field(default_factory=dict)
    bands: Annotated[list[Band], Field(max_length=50)] = Field(default_factory=list)
    tests: Annotated[list[ProgramTest], Field(max_length=50)] = Field(default_factory=list)
    examples: dict[Level, Phrases] = Field(default_factory=dict, json_schema_extra=PerLevel)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(map(bool, (self.key_points, self.options, self.bands, self.tests))) != 1:
            raise ValueError("a question has one of key_points, options, bands and tests")
        return self

    @property
    def scored_by(self) -> ScoredBy:
        """Which of the four it is scored by."""
        if self.options:
            return "options"
        if self.bands:
            return "bands"
        return "tests" if self.tests else "key_points"


class Competency(Strict):
    """A competency with its weight in percent and behaviourally anchored levels (BARS)."""

    weight: Annotated[float, Field(gt=0, le=100)]
    name: Text
    anchors: dict[Level, Text] = Field(default_factory=dict, json_schema_extra=PerLevel)


class Rubric(Strict):
    """A role's competencies and, for each scored question, its key points."""

    rubric: Identifier
    version: Annotated[int, Field(ge=1)]
    competencies: Annotated[dict[Identifier, Competency], Field(min_length=1)]
    questions: dict[Identifier, RubricQuestion]


def load_rubric(text: str, file: str) -> Rubric:
    """Read and check a rubric; raises FileProblem with file, line and mend."""
    rubric, _, problems = read_rubric(text, file)
    if rubric is None or problems:
        raise problems[0]
    return rubric


def read_rubric(text: str, file: str) -> tuple[Rubric | None, Document, list[FileProblem]]:
    """The rubric with all its problems. Raises FileProblem when the file cannot be read as YAML."""
    document = read_document(text, file)
    rubric, problems = try_validate(document, Rubric)
    return rubric, document, problems if rubric is None else list(_problems(rubric, document))


def _problems(rubric: Rubric, document: Document) -> Iterator[FileProblem]:
    total = sum(competency.weight for competency in rubric.competencies.values())
    if abs(total - 100) > 1e-6:
        yield document.problem(
            ("competencies",), f"the weights sum to {total:g}", "make them sum to 100", "weights"
        )
    for question_id, question in rubric.questions.items():
        for part in ("key_points", "bands", "tests"):
            ids = [each.id for each in getattr(question, part)]
            for i, name in enumerate(ids):
                if name in ids[:i]:
                    yield document.problem(
                        ("questions", question_id, part, i, "id"),
                        f"{question_id}.{name} stands twice",
                        "give it another id",
                        "duplicate-id",
                    )


def check_fit(guide: Guide, guide_text: str, guide_file: str, rubric: Rubric) -> None:
    """Check that the rubric scores what the guide asks; raises FileProblem on the guide's line."""
    for problem in fit_problems(guide, read_document(guide_text, guide_file), rubric):
        raise problem


def fit_problems(guide: Guide, document: Document, rubric: Rubric) -> Iterator[FileProblem]:
    """Where the rubric does not score what the guide asks, on the guide's lines."""
    if rubric.rubric != guide.rubric:
        yield document.problem(
            ("rubric",),
            f"the guide wants the rubric {guide.rubric!r}, this is {rubric.rubric!r}",
            "correct the name or pass the right file with --rubric",
            "wrong-rubric",
        )
    for path, question in guide.places():
        if question.competency is not None:
            yield from _question_fit(question, rubric, document, path)


def _question_fit(
    question: Question, rubric: Rubric, document: Document, path: Path
) -> Iterator[FileProblem]:
    if question.competency not in rubric.competencies:
        yield document.problem(
            (*path, "competency"),
            f"the rubric has no competency {question.competency!r}",
            f"use one of {', '.join(rubric.competencies)}",
            "unknown-competency",
        )
    scored = rubric.questions.get(question.id)
    wanted = SCORED_BY[question.kind]
    if scored is None:
        yield document.problem(
            (*path, "id"),
            f"the rubric does not score {question.id!r}",
            "add it under the rubric's `questions:`, or drop the competency",
            "not-in-rubric",
        )
    elif scored.scored_by != wanted:
        yield document.problem(
            (*path, "kind"),
            f"the rubric scores {question.id!r} by {scored.scored_by}, its kind by {wanted}",
            f"give it `{wanted}` in the rubric, or change its kind",
            "scored-otherwise",
        )
    else:
        yield from _parts_fit(question, scored, document, path)


def _parts_fit(
    question: Question, scored: RubricQuestion, document: Document, path: Path
) -> Iterator[FileProblem]:
    known = {point.id for point in scored.key_points}
    for place, when in question.conditions():
        for reference in conditions.references(conditions.parse(when)):
            if isinstance(reference, conditions.Missing) and reference.key_point not in known:
                yield document.problem(
                    (*path, *place),
                    f"the rubric has no key point {reference.key_point!r} for this question",
                    f"use one of {', '.join(sorted(known))}",
                    "unknown-key-point",
                )
    for i, option in enumerate(question.options):
        if option.id not in scored.options:
            yield document.problem(
                (*path, "options", i, "id"),
                f"the rubric gives no points for {option.id!r}",
                "add it to the question's `options:` in the rubric",
                "unknown-option",
            )
    options = {option.id for option in question.options}
    for name in scored.options:
        if name not in options:
            yield document.problem(
                (*path, "id"),
                f"the rubric gives points for {name!r}, which is no option of this question",
                "remove it from the rubric, or add the option",
                "unknown-option",
            )
    probes = {probe.id for probe in question.probes}
    lines = {question.id, *question.follow_ups} - probes
    for point in scored.key_points:
        for name in point.at or []:
            if name not in lines:
                yield document.problem(
                    (*path, "id"),
                    f"the rubric's key point {point.id!r} counts at {name!r}, which is not here",
                    "name the question, or one of its parts or lines",
                    "unknown-line",
                )


def fit_advice(guide: Guide, document: Document, rubric: Rubric) -> Iterator[FileProblem]:
    """Where the rubric can be used as it is, but not as it was surely meant."""
    for path, question in guide.places():
        scored = rubric.questions.get(question.id)
        if scored is not None and question.competency is not None:
            yield from _question_advice(question, scored, document, path)


def _question_advice(
    question: Question, scored: RubricQuestion, document: Document, path: Path
) -> Iterator[FileProblem]:
    if question.code is not None and question.code.seconds * len(scored.tests) > LONGEST_RUN:
        yield document.problem(
            (*path, "code"),
            f"{len(scored.tests)} tests of {question.code.seconds:g} seconds may keep a candidate "
            "waiting for too long",
            f"keep tests times seconds within {LONGEST_RUN}",
            "slow-tests",
        )
    for name in _dead_bands(question, scored):
        yield document.problem(
            (*path, "id"),
            f"the rubric's band {name!r} is never given: no number from min to max falls into it "
            "that does not fall into an earlier one",
            "correct its bounds, move it up, or remove it",
            "dead-band",
        )


def _dead_bands(question: Question, scored: RubricQuestion) -> Iterator[str]:
    """Bands outside the question's bounds, or within one earlier band."""
    before: list[tuple[float, float]] = []
    for band in scored.bands:
        low = max(_or(band.min, -math.inf), _or(question.min, -math.inf))
        high = min(_or(band.max, math.inf), _or(question.max, math.inf))
        if low > high or any(a <= low and high <= b for a, b in before):
            yield band.id
        before.append((low, high))


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


__all__ = ["FileProblem", "KeyPoint", "Rubric", "RubricQuestion", "check_fit", "load_rubric"]
