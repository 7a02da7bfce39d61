"""The interview guide (面试提纲): the models of `dialogues/guides/*.yml`."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from dialogues import conditions
from dialogues.yamlfile import Document, read_document, validate

Language = Literal["zh", "en"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=64)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
Text = dict[Language, Words]
Number = Annotated[float, Field(allow_inf_nan=False)]
END = "end"


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
    """One option of a choice; a bare id in a file means an id without texts."""

    id: Identifier
    text: Text = Field(default_factory=dict)

    def label(self, language: Language) -> str:
        return self.text.get(language, self.id)


def _bare_option(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


BareOption = Annotated[
    Option, BeforeValidator(_bare_option, json_schema_input_type=Identifier | Option)
]


class ProfileField(Strict):
    """A fact about the candidate known before the interview (an order, a résumé)."""

    type: Literal["choice", "number", "text"]
    options: list[BareOption] = Field(default_factory=list)

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


class Question(Strict):
    """One question. Unscored when it has no competency."""

    id: Identifier
    for_types: list[Identifier] | None = Field(default=None, alias="for", min_length=1)
    competency: Identifier | None = None
    kind: Literal["open", "choice", "number", "scenario", "case"] = "open"
    minutes: Annotated[float, Field(gt=0, le=120)] = 2
    text: Text
    options: list[Option] = Field(default_factory=list)
    min: Number | None = None
    max: Number | None = None
    probes: list[Probe] = Field(default_factory=list)
    max_probes: Annotated[int, Field(ge=0, le=5)] = 1
    next: list[Branch] = Field(default_factory=list)

    @field_validator("kind", mode="before")
    @classmethod
    def _no_code_yet(cls, kind: Any) -> Any:
        if kind == "code":
            raise ValueError("code questions need a sandbox, which this version does not have")
        return kind

    @model_validator(mode="after")
    def _fields_fit_the_kind(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice question has options, and no other question has")
        if self.kind != "number" and (self.min is not None or self.max is not None):
            raise ValueError("min and max belong to number questions")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        if self.kind in ("choice", "number") and (self.competency or self.probes):
            raise ValueError("a choice or number question has neither competency nor probes")
        return self

    def meant_for(self, candidate_type: str | None) -> bool:
        return self.for_types is None or candidate_type in self.for_types

    def probe(self, probe_id: str) -> Probe:
        return next(probe for probe in self.probes if probe.id == probe_id)


class Guide(Strict):
    """An interview guide: what is asked of whom, in which order."""

    guide: Identifier
    version: Annotated[int, Field(ge=1)]
    title: Text
    rubric: Identifier
    languages: Annotated[list[Language], Field(min_length=1)]
    candidate_types: Annotated[dict[Identifier, Text], Field(min_length=1)]
    profile: dict[Identifier, ProfileField] = Field(default_factory=dict)
    questions: Annotated[list[Question], Field(min_length=1, max_length=1_000)]

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        return {question.id: question for question in self.questions}

    @cached_property
    def position(self) -> Mapping[str, int]:
        return {question.id: index for index, question in enumerate(self.questions)}

    def accept_profile(self, given: Mapping[str, object]) -> dict[str, str | float]:
        """The part of `given` that this guide knows, in the types that conditions compare."""
        accepted = {name: field.accept(given.get(name)) for name, field in self.profile.items()}
        return {name: value for name, value in accepted.items() if value is not None}

    def texts(self) -> Iterator[tuple[tuple[str | int, ...], Text]]:
        """Every text that a candidate may see, with its path in the file."""
        yield ("title",), self.title
        for name, text in self.candidate_types.items():
            yield ("candidate_types", name), text
        for i, question in enumerate(self.questions):
            yield ("questions", i, "text"), question.text
            for j, option in enumerate(question.options):
                yield ("questions", i, "options", j, "text"), option.text
            for j, probe in enumerate(question.probes):
                yield ("questions", i, "probes", j, "text"), probe.text


def sha256_of(text: str) -> str:
    """The hash that names a guide or rubric file: SHA-256 of its UTF-8 bytes, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def load_guide(text: str, file: str) -> Guide:
    """Read and check a guide; raises FileProblem with file, line and mend."""
    document = read_document(text, file)
    guide = validate(document, Guide)
    _check_references(guide, document)
    return guide


def _check_references(guide: Guide, document: Document) -> None:
    _check_ids(guide, document)
    for path, text in guide.texts():
        for language in guide.languages:
            if language not in text:
                raise document.problem(
                    path, f"the text has no {language}", f"add `{language}: …` or drop the language"
                )
    for i, question in enumerate(guide.questions):
        for name in question.for_types or []:
            if name not in guide.candidate_types:
                raise document.problem(
                    ("questions", i, "for"),
                    f"the candidate type {name!r} is not declared",
                    f"use one of {', '.join(guide.candidate_types)}",
                )
        for j, branch in enumerate(question.next):
            path = ("questions", i, "next", j)
            if branch.go != END and branch.go not in guide.by_id:
                raise document.problem(
                    (*path, "go"), f"there is no question {branch.go!r}", "go to a question or end"
                )
            _check_condition(guide, branch.when, document, (*path, "when"), in_probe=False)
        for j, probe in enumerate(question.probes):
            path = ("questions", i, "probes", j, "when")
            _check_condition(guide, probe.when, document, path, in_probe=True)


def _check_ids(guide: Guide, document: Document) -> None:
    _check_unique(("questions",), [q.id for q in guide.questions], document, taken=(END,))
    for i, question in enumerate(guide.questions):
        for part, ids in (
            ("options", [option.id for option in question.options]),
            ("probes", [probe.id for probe in question.probes]),
        ):
            _check_unique(("questions", i, part), ids, document)
    for name, field in guide.profile.items():
        ids = [option.id for option in field.options]
        _check_unique(("profile", name, "options"), ids, document)


def _check_unique(
    path: tuple[str | int, ...], ids: Sequence[str], document: Document, taken: Sequence[str] = ()
) -> None:
    for i, name in enumerate(ids):
        if name in taken or name in ids[:i]:
            raise document.problem(
                (*path, i, "id"), f"the id {name!r} is taken", "give it another id"
            )


def _check_condition(
    guide: Guide, text: str | None, document: Document, path: tuple[str | int, ...], in_probe: bool
) -> None:
    if text is None:
        return
    for reference in conditions.references(conditions.parse(text)):
        match reference:
            case conditions.Missing() if not in_probe:
                raise document.problem(
                    path, "missing(…) stands outside a probe", "use it in a probe's `when`"
                )
            case conditions.Known(name) | conditions.Reference("profile", name):
                if name not in guide.profile:
                    raise document.problem(
                        path, f"profile.{name} is not declared", f"add {name} under `profile:`"
                    )
            case conditions.Reference("answer" | "words", name) if name not in guide.by_id:
                raise document.problem(
                    path, f"there is no question {name!r}", "name a question of this guide"
                )
            case _:
                pass
