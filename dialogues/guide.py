"""The interview guide (面试提纲): the models of `dialogues/guides/*.yml`."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from dialogues import conditions

Language = Literal["zh", "en"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=64)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
Text = dict[Language, Words]
Number = Annotated[float, Field(allow_inf_nan=False)]
Place = tuple[str | int, ...]
"""Where something stands in a file: the keys and indices that lead to it."""
END = "end"
RESUME = "resume"
"""The name under which a profile that is handed in may carry the résumé's text."""


class Strict(BaseModel):
    """A frozen model that knows every one of its fields."""

    # What was put in may be a candidate's words, so errors do not show it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _condition(text: Any) -> Any:
    if isinstance(text, str):
        conditions.parse(text)
    return text


ConditionText = Annotated[str, BeforeValidator(_condition)]


class Option(Strict):
    """One option of a choice; a bare id in a file means an id without texts.

    `resume` are words of a résumé that speak for the option (profile options only).
    """

    id: Identifier
    text: Text = Field(default_factory=dict)
    resume: list[Words] = Field(default_factory=list, max_length=50)

    def label(self, language: Language) -> str:
        return self.text.get(language, self.id)


def _bare_option(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


BareOption = Annotated[
    Option, BeforeValidator(_bare_option, json_schema_input_type=Identifier | Option)
]


class ProfileField(Strict):
    """A fact about the candidate: from the order, from an answer, or from the résumé's text.

    An order's fact stands over an answer's, and that over the résumé's. `answer` names the question
    whose answer is the fact. `resume` are phrases beside which a résumé states it: a number stands
    just before or after one of them, a text in the rest of its line. `default` stands in for an
    unknown fact where a text says `{profile.X}`.
    """

    type: Literal["choice", "number", "text"]
    label: Text = Field(default_factory=dict)
    options: list[BareOption] = Field(default_factory=list)
    answer: Identifier | None = None
    resume: list[Words] = Field(default_factory=list, max_length=50)
    default: Text = Field(default_factory=dict)

    @model_validator(mode="after")
    def _options_belong_to_choices(self) -> Self:
        if (self.type == "choice") != bool(self.options):
            raise ValueError("a choice has options, and nothing else has")
        return self

    def accept(self, value: object) -> str | float | None:
        """The value as conditions see it; None when it does not fit the field's type."""
        if value is None or isinstance(value, bool):
            return None
        if self.type == "number":
            try:
                number = float(str(value))
            except ValueError:
                return None
            return number if abs(number) < 1e12 else None
        text = (f"{value:.15g}" if isinstance(value, float) else str(value)).strip()[:500]
        if self.type == "choice":
            return text if any(option.id == text for option in self.options) else None
        return text or None


class Probe(Strict):
    """An authored follow-up, asked only when its condition holds."""

    id: Identifier
    when: ConditionText
    text: Text


class Branch(Strict):
    """Where to go next; without `when` always."""

    when: ConditionText | None = None
    go: Identifier


class Part(Strict):
    """A further question on a case's material; all of them are asked, in order."""

    id: Identifier
    text: Text


class Line(Strict):
    """What the other person of a scenario says; without `when` always."""

    id: Identifier
    when: ConditionText | None = None
    text: Text


class ScenarioTurn(Strict):
    """A turn of a scenario: the first line whose condition holds is said; with none, it is over."""

    replies: Annotated[list[Line], Field(min_length=1, max_length=20)]


ProgrammingLanguage = Literal["python", "javascript"]


class CodeTask(Strict):
    """What a program may use. `seconds` and `memory_mb` are limits for each test of the rubric."""

    languages: Annotated[list[ProgrammingLanguage], Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, le=10)] = 2
    memory_mb: Annotated[int, Field(ge=32, le=1024)] = 256
    attempts: Annotated[int, Field(ge=1, le=10)] = 3


Kind = Literal["open", "choice", "number", "scenario", "case", "code"]


class Question(Strict):
    """One question. Unscored when it has no competency.

    A scenario (情景模拟) opens with `text` and goes on with `turns`; a case (案例分析) shows its
    `material`, asks `text`, then its `parts`; to a `code` question the candidate sends a program.
    `clarify` is said to everyone who asks what the question means.
    """

    id: Identifier
    label: Text = Field(default_factory=dict)
    for_types: list[Identifier] | None = Field(default=None, alias="for", min_length=1)
    competency: Identifier | None = None
    kind: Kind = "open"
    minutes: Annotated[float, Field(gt=0, le=120)] = 2
    material: Text = Field(default_factory=dict)
    text: Text
    clarify: Text = Field(default_factory=dict)
    options: list[Option] = Field(default_factory=list)
    min: Number | None = None
    max: Number | None = None
    turns: list[ScenarioTurn] = Field(default_factory=list, max_length=20)
    parts: list[Part] = Field(default_factory=list, max_length=20)
    code: CodeTask | None = None
    probes: list[Probe] = Field(default_factory=list)
    max_probes: Annotated[int, Field(ge=0, le=5)] = 1
    next: list[Branch] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fields_fit_the_kind(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice question has options, and no other question has")
        if self.kind != "number" and (self.min is not None or self.max is not None):
            raise ValueError("min and max belong to number questions")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        if self.kind != "scenario" and self.turns:
            raise ValueError("turns belong to scenario questions")
        if self.kind != "case" and (self.material or self.parts):
            raise ValueError("material and parts belong to case questions")
        if (self.kind == "code") != (self.code is not None):
            raise ValueError("a code question says `code: {languages: […]}`, and no other does")
        if self.kind == "code" and self.competency is None:
            raise ValueError("a code question has a competency, which its tests are scored for")
        if self.kind in ("choice", "number", "code") and self.probes:
            raise ValueError(f"a {self.kind} question has no probes")
        return self

    def meant_for(self, candidate_type: str | None) -> bool:
        return self.for_types is None or candidate_type in self.for_types

    @cached_property
    def follow_ups(self) -> Mapping[str, Probe | Part | Line]:
        """All that may be said after the question itself, by id."""
        lines = [line for turn in self.turns for line in turn.replies]
        every: list[Probe | Part | Line] = [*self.parts, *lines, *self.probes]
        return {each.id: each for each in every}

    def place_of(self, follow_up: str | None) -> str | None:
        """Where the reply to a follow-up counts: as the answer to a part or line, or to the question
        itself (its own id); everywhere, None, when it replies to a probe."""
        if follow_up is None:
            return self.id
        return None if isinstance(self.follow_ups[follow_up], Probe) else follow_up

    def conditions(self) -> Iterator[tuple[Place, str]]:
        """Its conditions with their places in it, in the order in which they are looked at."""
        for i, turn in enumerate(self.turns):
            for j, line in enumerate(turn.replies):
                if line.when is not None:
                    yield ("turns", i, "replies", j, "when"), line.when
        for i, probe in enumerate(self.probes):
            yield ("probes", i, "when"), probe.when
        for i, branch in enumerate(self.next):
            if branch.when is not None:
                yield ("next", i, "when"), branch.when

    @cached_property
    def asked_about(self) -> tuple[str, ...]:
        """The key points that its conditions ask about, in the order they are looked at."""
        found = [
            reference.key_point
            for _, when in self.conditions()
            for reference in conditions.references(conditions.parse(when))
            if isinstance(reference, conditions.Missing)
        ]
        return tuple(dict.fromkeys(found))


class Guide(Strict):
    """An interview guide: what is asked of whom, in which order.

    `length_ratio` is how many times as long as the shortest path the longest may be, in minutes
    and in scored questions. `bank` are approved questions that a recruiter may add for a candidate.
    """

    guide: Identifier
    version: Annotated[int, Field(ge=1)]
    title: Text
    rubric: Identifier
    languages: Annotated[list[Language], Field(min_length=1)]
    candidate_types: Annotated[dict[Identifier, Text], Field(min_length=1)]
    length_ratio: Annotated[float, Field(ge=1, le=100)] = 1.5
    profile: dict[Identifier, ProfileField] = Field(default_factory=dict)
    questions: Annotated[list[Question], Field(min_length=1, max_length=1_000)]
    bank: Annotated[list[Question], Field(max_length=1_000)] = Field(default_factory=list)

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        """Every question, those of the bank included."""
        return {question.id: question for question in (*self.questions, *self.bank)}

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Where each question stands in the file; those of the bank stand nowhere."""
        return {question.id: index for index, question in enumerate(self.questions)}

    def accept_profile(self, given: Mapping[str, object]) -> dict[str, str | float]:
        """The part of `given` that this guide knows, in the types that conditions compare."""
        accepted = {name: field.accept(given.get(name)) for name, field in self.profile.items()}
        return {name: value for name, value in accepted.items() if value is not None}

    def places(self) -> Iterator[tuple[Place, Question]]:
        """Every question with its place in the file, those of the bank included."""
        for i, question in enumerate(self.questions):
            yield ("questions", i), question
        for i, question in enumerate(self.bank):
            yield ("bank", i), question

    def texts(self) -> Iterator[tuple[Place, Text]]:
        """Every text that a candidate may see and that must not lack a language, with its path."""
        yield ("title",), self.title
        for name, text in self.candidate_types.items():
            yield ("candidate_types", name), text
        for name, field in self.profile.items():
            yield from _given(("profile", name, "label"), field.label)
            yield from _given(("profile", name, "default"), field.default)
            for i, option in enumerate(field.options):
                yield from _given(("profile", name, "options", i, "text"), option.text)
        for place, question in self.places():
            for path, text in question_texts(question):
                yield (*place, *path), text


def _given(path: Place, text: Text) -> Iterator[tuple[Place, Text]]:
    if text:
        yield path, text


def question_texts(question: Question) -> Iterator[tuple[Place, Text]]:
    """The texts of a question with their paths in it."""
    yield from _given(("label",), question.label)
    yield from _given(("material",), question.material)
    yield ("text",), question.text
    yield from _given(("clarify",), question.clarify)
    for i, option in enumerate(question.options):
        yield ("options", i, "text"), option.text
    for i, part in enumerate(question.parts):
        yield ("parts", i, "text"), part.text
    for i, turn in enumerate(question.turns):
        for j, line in enumerate(turn.replies):
            yield ("turns", i, "replies", j, "text"), line.text
    for i, probe in enumerate(question.probes):
        yield ("probes", i, "text"), probe.text


def sha256_of(text: str) -> str:
    """The hash that names a guide or rubric file: SHA-256 of its UTF-8 bytes, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
