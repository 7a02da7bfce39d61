"""Reading a guide file: YAML, the model, and what within it must fit together."""

import re
from collections.abc import Iterator, Sequence

from dialogues import conditions
from dialogues.guide import END, RESUME, Guide, ProfileField, Text
from dialogues.yamlfile import Document, FileProblem, Path, read_document, try_validate

PERSONAL = re.compile(r"\{\s*profile\.([A-Za-z_][A-Za-z0-9_-]*)\s*\}")
"""A fact of the profile in a text."""


def load_guide(text: str, file: str) -> Guide:
    """Read and check a guide; raises FileProblem with file, line and mend."""
    guide, _, problems = read_guide(text, file)
    if guide is None or problems:
        raise problems[0]
    return guide


def read_guide(text: str, file: str) -> tuple[Guide | None, Document, list[FileProblem]]:
    """The guide with all its problems. Raises FileProblem when the file cannot be read as YAML."""
    document = read_document(text, file)
    guide, problems = try_validate(document, Guide)
    if guide is not None:
        problems = sorted(reference_problems(guide, document), key=lambda problem: problem.line)
    return guide, document, problems


def reference_problems(guide: Guide, document: Document) -> Iterator[FileProblem]:
    """What the parts of a guide say of each other and is not so."""
    yield from _repeated_ids(guide, document)
    yield from _texts(guide, document)
    yield from _profile(guide, document)
    for path, question in guide.places():
        for name in question.for_types or []:
            if name not in guide.candidate_types:
                yield document.problem(
                    (*path, "for"),
                    f"the candidate type {name!r} is not declared",
                    f"use one of {', '.join(guide.candidate_types)}",
                    "unknown-type",
                )
        for j, branch in enumerate(question.next):
            if path[0] == "bank":
                yield document.problem(
                    (*path, "next", j),
                    "a question of the bank has no branches",
                    "remove `next`",
                    "bank-branch",
                )
            elif branch.go != END and branch.go not in guide.position:
                yield document.problem(
                    (*path, "next", j, "go"),
                    f"there is no question {branch.go!r}",
                    "go to a question or end",
                    "unknown-question",
                )
        for place, when in question.conditions():
            yield from _condition(guide, when, document, (*path, *place), place[0] != "next")


def _repeated_ids(guide: Guide, document: Document) -> Iterator[FileProblem]:
    taken = {END}
    for path, question in guide.places():
        yield from _repeated(document, [((*path, "id"), question.id)], taken)
        options = [((*path, "options", i, "id"), o.id) for i, o in enumerate(question.options)]
        yield from _repeated(document, options, set())
        lines: list[tuple[Path, str]] = [
            ((*path, "parts", i, "id"), part.id) for i, part in enumerate(question.parts)
        ]
        for i, turn in enumerate(question.turns):
            lines += [
                ((*path, "turns", i, "replies", j, "id"), line.id)
                for j, line in enumerate(turn.replies)
            ]
        lines += [((*path, "probes", i, "id"), probe.id) for i, probe in enumerate(question.probes)]
        yield from _repeated(document, lines, set())
    for name, field in guide.profile.items():
        options = [
            (("profile", name, "options", i, "id"), o.id) for i, o in enumerate(field.options)
        ]
        yield from _repeated(document, options, set())


def _repeated(
    document: Document, ids: Sequence[tuple[Path, str]], taken: set[str]
) -> Iterator[FileProblem]:
    for path, name in ids:
        if name in taken:
            yield document.problem(
                path, f"the id {name!r} is taken", "give it another id", "duplicate-id"
            )
        taken.add(name)


def _texts(guide: Guide, document: Document) -> Iterator[FileProblem]:
    for path, text in guide.texts():
        for language in guide.languages:
            if language not in text:
                yield document.problem(
                    path,
                    f"the text has no {language}",
                    f"add `{language}: …` or drop the language",
                    "missing-language",
                )
        for name in sorted(_named_in(text)):
            field = guide.profile.get(name)
            if path[0] not in ("questions", "bank") or "options" in path or path[-1] == "label":
                yield document.problem(
                    path,
                    f"{{profile.{name}}} stands where no fact is filled in",
                    "name facts in questions, explanations, materials and follow-ups only",
                    "misplaced-fact",
                )
            elif field is None:
                yield _undeclared(document, path, name)
            elif not field.default:
                yield document.problem(
                    path,
                    f"the text says {{profile.{name}}}, which may be unknown",
                    f"give profile.{name} a `default:`",
                    "no-default",
                )


def _named_in(text: Text) -> set[str]:
    return {name for words in text.values() for name in PERSONAL.findall(words)}


def _undeclared(document: Document, path: Path, name: str) -> FileProblem:
    return document.problem(
        path,
        f"profile.{name} is not declared",
        f"add {name} under `profile:`",
        "unknown-profile",
    )


def _profile(guide: Guide, document: Document) -> Iterator[FileProblem]:
    for name, field in guide.profile.items():
        path: Path = ("profile", name)
        if name == RESUME:
            yield document.problem(
                path,
                "`resume` is the résumé's text and no fact of its own",
                "give it another name",
                "reserved-name",
            )
        if field.answer is not None:
            yield from _fill(guide, document, (*path, "answer"), field, field.answer)


def _fill(
    guide: Guide, document: Document, path: Path, field: ProfileField, asked: str
) -> Iterator[FileProblem]:
    question = guide.by_id.get(asked)
    if question is None:
        yield _no_question(document, path, asked)
        return
    fits = field.type == question.kind or (field.type == "text" and question.kind == "open")
    known = {option.id for option in field.options}
    strange = [option.id for option in question.options if option.id not in known]
    if not fits or strange:
        what = (
            f"its options {', '.join(strange)} are not among the profile's"
            if fits
            else (f"it is a {question.kind} question and the fact is a {field.type}")
        )
        yield document.problem(
            path,
            f"the answer to {asked!r} cannot be this fact: {what}",
            "make the two alike, or drop `answer`",
            "fill-mismatch",
        )


def _no_question(document: Document, path: Path, name: str) -> FileProblem:
    return document.problem(
        path, f"there is no question {name!r}", "name a question of this guide", "unknown-question"
    )


def _condition(
    guide: Guide, text: str, document: Document, path: Path, follow_up: bool
) -> Iterator[FileProblem]:
    for reference in conditions.references(conditions.parse(text)):
        match reference:
            case conditions.Missing() if not follow_up:
                yield document.problem(
                    path,
                    "missing(…) stands outside a probe",
                    "use it in the `when` of a probe or of a scenario's reply",
                    "misplaced-missing",
                )
            case conditions.Known(name) | conditions.Reference("profile", name):
                if name not in guide.profile:
                    yield _undeclared(document, path, name)
            case conditions.Reference("answer" | "words", name) if name not in guide.by_id:
                yield _no_question(document, path, name)
            case _:
                pass
