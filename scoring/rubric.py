"""The rubric (评分标准): the models of `scoring/rubrics/*.yml`, and their fit with a guide."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue

from dialogues import conditions
from dialogues.guide import Guide, Identifier, Language, Strict, Text, Words
from dialogues.yamlfile import Document, FileProblem, read_document, validate

Level = Literal[1, 2, 3, 4, 5]


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Many = Annotated[list[Words], Field(min_length=1)]
OneOrMany = Annotated[Many, BeforeValidator(_one_or_many, json_schema_input_type=Words | Many)]
Phrases = dict[Language, OneOrMany]
PerLevel: dict[str, JsonValue] = {"propertyNames": {"enum": ["1", "2", "3", "4", "5"]}}
"""What a JSON Schema says of objects with a level for key; keys are strings in JSON."""


class KeyPoint(Strict):
    """Something a good answer says; `texts` are alternatives, any of which will do."""

    id: Identifier
    importance: Annotated[int, Field(ge=1, le=3)] = 1
    texts: Annotated[Phrases, Field(min_length=1)]


class RubricQuestion(Strict):
    """What is looked for in the answers to one question."""

    weight: Annotated[float, Field(gt=0, le=100)] = 1
    key_points: Annotated[list[KeyPoint], Field(min_length=1, max_length=100)]
    examples: dict[Level, Phrases] = Field(default_factory=dict, json_schema_extra=PerLevel)


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
    document = read_document(text, file)
    rubric = validate(document, Rubric)
    _check_weights(rubric, document)
    for question_id, question in rubric.questions.items():
        ids = [point.id for point in question.key_points]
        for i, point_id in enumerate(ids):
            if point_id in ids[:i]:
                raise document.problem(
                    ("questions", question_id, "key_points", i, "id"),
                    f"the key point {point_id!r} stands twice",
                    "give it another id",
                )
    return rubric


def _check_weights(rubric: Rubric, document: Document) -> None:
    total = sum(competency.weight for competency in rubric.competencies.values())
    if abs(total - 100) > 1e-6:
        raise document.problem(
            ("competencies",), f"the weights sum to {total:g}", "make them sum to 100"
        )


def check_fit(guide: Guide, guide_text: str, guide_file: str, rubric: Rubric) -> None:
    """Check that the rubric scores what the guide asks; raises FileProblem on the guide's line."""
    document = read_document(guide_text, guide_file)
    if rubric.rubric != guide.rubric:
        raise document.problem(
            ("rubric",),
            f"the guide wants the rubric {guide.rubric!r}, this is {rubric.rubric!r}",
            "correct the name or pass the right file with --rubric",
        )
    for i, question in enumerate(guide.questions):
        if question.competency is None:
            continue
        if question.competency not in rubric.competencies:
            raise document.problem(
                ("questions", i, "competency"),
                f"the rubric has no competency {question.competency!r}",
                f"use one of {', '.join(rubric.competencies)}",
            )
        if question.id not in rubric.questions:
            raise document.problem(
                ("questions", i, "id"),
                f"the rubric does not score {question.id!r}",
                "add it under the rubric's `questions:`, or drop the competency",
            )
        for j, probe in enumerate(question.probes):
            _check_probe(rubric.questions[question.id], probe.when, document, (i, j))


def _check_probe(
    scored: RubricQuestion, when: str, document: Document, place: tuple[int, int]
) -> None:
    known = {point.id for point in scored.key_points}
    for reference in conditions.references(conditions.parse(when)):
        if isinstance(reference, conditions.Missing) and reference.key_point not in known:
            raise document.problem(
                ("questions", place[0], "probes", place[1], "when"),
                f"the rubric has no key point {reference.key_point!r} for this question",
                f"use one of {', '.join(sorted(known))}",
            )


__all__ = ["FileProblem", "KeyPoint", "Rubric", "RubricQuestion", "check_fit", "load_rubric"]
