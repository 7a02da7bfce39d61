"""What is wrong with the ways through a guide: everything that a walk would show, without walking."""

from collections.abc import Iterator, Mapping, Sequence

from dialogues import conditions
from dialogues.conditions import Reference
from dialogues.guide import END, Guide, Question
from dialogues.tree.flow import Flow
from dialogues.tree.followups import FollowUpFate, Restricted, line_fates, probe_fates
from dialogues.tree.ways import BranchFate
from dialogues.yamlfile import Document, FileProblem, Path

Flows = Mapping[str, Flow]


def flow_problems(
    guide: Guide,
    document: Document,
    flows: Flows,
    amiss: set[Path],
    restricted: Mapping[str, Restricted],
) -> Iterator[FileProblem]:
    """Problems with the flow. `amiss` are conditions of which something worse is known already;
    `restricted` says of each question which key points count in some answers only."""
    for name, flow in flows.items():
        if flow.first is None:
            yield document.problem(
                ("candidate_types", name),
                f"a candidate of the type {name!r} is asked nothing",
                "add a question that is meant for it, or remove the type",
                "no-questions",
            )
    for path, question in guide.places():
        here = _flows_with(guide, flows, question)
        if not here:
            if any(question.meant_for(name) for name in flows):
                yield _unreachable(document, path, question)
            continue
        later = set()
        for problem, place in _asked_later(guide, document, here, path, question):
            later.add(place)
            yield problem
        yield from _branches(document, here, path, question, amiss | later)
        yield from _targets(document, here, path, question)
        yield from _probes(document, here, path, question, amiss | later)
        fates = [line_fates(flow, question, restricted.get(question.id)) for flow in here.values()]
        yield from _lines(document, fates, path, question, amiss | later)


def _flows_with(guide: Guide, flows: Flows, question: Question) -> dict[str, Flow]:
    """The candidate types that may be asked the question; of the bank, all it is meant for."""
    if question.id not in guide.position:
        return {name: flow for name, flow in flows.items() if question.meant_for(name)}
    return {name: flow for name, flow in flows.items() if flow.reached(question.id)}


def _unreachable(document: Document, path: Path, question: Question) -> FileProblem:
    return document.problem(
        (*path, "id"),
        f"no candidate is ever asked {question.id!r}",
        "let a branch lead to it, or remove it",
        "unreachable-question",
    )


def _asked_later(
    guide: Guide, document: Document, flows: Flows, path: Path, question: Question
) -> Iterator[tuple[FileProblem, Path]]:
    for place, text in question.conditions():
        named = dict.fromkeys(conditions.references(conditions.parse(text)))
        for reference in named:
            match reference:
                case Reference("answer", name) if guide.by_id[name].kind not in (
                    "choice",
                    "number",
                ):
                    continue
                case Reference("answer" | "words", name):
                    if not any(_may_be_asked(flow, name, question) for flow in flows.values()):
                        problem = document.problem(
                            (*path, *place),
                            f"{name!r} is never asked before {question.id!r}, so its answer is not known",
                            "move the question forward, or compare something else",
                            "asked-later",
                        )
                        yield problem, (*path, *place)


def _may_be_asked(flow: Flow, name: str, reader: Question) -> bool:
    """Whether a question may have been asked when the reader's conditions are looked at."""
    if reader.id not in flow.guide.position:
        return True
    diagrams = flow.diagrams
    return any(
        diagrams.both(reach, flow.asked(name, place)) != diagrams.false
        for place, reach in flow.places(reader.id)
    )


def _branches(
    document: Document, flows: Flows, path: Path, question: Question, amiss: set[Path]
) -> Iterator[FileProblem]:
    index, last = path[1], len(question.next) - 1
    for number, branch in enumerate(question.next):
        place: Path = (*path, "next", number)
        fates = [flow.fates.get((int(index), number), BranchFate()) for flow in flows.values()]
        taken = any(fate.taken for fate in fates)
        passed = any(fate.passed for fate in fates)
        if not taken and (*place, "when") not in amiss:
            yield _dead_branch(document, place, any(fate.seen for fate in fates))
        if taken and not passed and number < last and branch.when is None:
            yield document.problem(
                (*path, "next", number + 1),
                f"{question.id!r} never comes to this branch: the one before has no condition",
                "move the branch without a condition to the end",
                "dead-branch",
            )
        if taken and not passed:
            if branch.when is not None and (*place, "when") not in amiss:
                yield document.problem(
                    (*place, "when"),
                    "this condition always holds here"
                    + (", so the branches after it are never taken" if number < last else ""),
                    "remove the condition, or correct it",
                    "always-true",
                )
            return


def _dead_branch(document: Document, place: Path, seen: bool) -> FileProblem:
    return document.problem(
        (*place, "when"),
        "this branch is never taken: "
        + ("its condition never holds here" if seen else "those before it take everyone"),
        "correct the condition, or remove the branch",
        "dead-branch",
    )


def _targets(
    document: Document, flows: Flows, path: Path, question: Question
) -> Iterator[FileProblem]:
    for number, branch in enumerate(question.next):
        fates = {n: flow.fates.get((int(path[1]), number)) for n, flow in flows.items()}
        place: Path = (*path, "next", number, "go")
        others = [name for name, fate in fates.items() if fate is not None and fate.other_type]
        if others and branch.go != END:
            yield document.problem(
                place,
                f"{branch.go!r} is not meant for {', '.join(others)}, who go on to the next that is",
                "go to a question that is meant for them, or extend its `for`",
                "go-to-other-type",
            )
        if any(fate is not None and fate.repeats for fate in fates.values()):
            yield document.problem(
                place,
                f"this leads back to {branch.go!r}, which has been asked and is not asked again",
                "go to a question that comes later",
                "cycle",
            )


def _probes(
    document: Document, flows: Flows, path: Path, question: Question, amiss: set[Path]
) -> Iterator[FileProblem]:
    rows = [probe_fates(flow, question) for flow in flows.values()]
    for number, fates in enumerate(zip(*rows, strict=True)):
        place: Path = (*path, "probes", number, "when")
        if place in amiss:
            continue
        if not any(fate.said for fate in fates):
            none = question.max_probes == 0
            yield document.problem(
                place,
                "this probe is never asked: "
                + ("max_probes is 0" if none else "it never holds while the limit allows it"),
                "raise max_probes" if none else "correct its condition, or remove the probe",
                "dead-probe",
            )
        elif not any(fate.passed for fate in fates):
            yield document.problem(
                place,
                "this probe's condition always holds, whatever was answered",
                _mend_of_always(question),
                "always-probe",
            )


def _mend_of_always(question: Question) -> str:
    if question.competency is None:
        return "an unscored question has no key points: give it a competency, or use words(…)"
    return "correct the condition, or make it part of the question"


def _lines(
    document: Document,
    rows: Sequence[Sequence[Sequence[FollowUpFate]]],
    path: Path,
    question: Question,
    amiss: set[Path],
) -> Iterator[FileProblem]:
    for turn, fates_of_turn in enumerate(zip(*rows, strict=True)):
        fates_of_lines = list(zip(*fates_of_turn, strict=True))
        if not any(fate.seen for fate in fates_of_lines[0]):
            return  # All replies of the turn before are dead, and named already.
        for number, fates in enumerate(fates_of_lines):
            place: Path = (*path, "turns", turn, "replies", number)
            conditional = question.turns[turn].replies[number].when is not None
            if not any(fate.said for fate in fates):
                if (*place, "when") not in amiss:
                    yield _dead_line(document, place, fates)
            elif not any(fate.passed for fate in fates):
                if conditional and (*place, "when") not in amiss:
                    yield _always_line(document, place, number < len(fates_of_lines) - 1)
                elif not conditional and number < len(fates_of_lines) - 1:
                    following = (*place[:-1], number + 1)
                    yield _dead_line(document, following, [])
                break


def _dead_line(document: Document, place: Path, fates: Sequence[FollowUpFate]) -> FileProblem:
    seen = any(fate.seen for fate in fates)
    return document.problem(
        (*place, "when"),
        "this reply is never said: "
        + ("its condition never holds here" if seen else "others are always said before it"),
        "correct the condition, or move or remove the reply",
        "dead-reply",
    )


def _always_line(document: Document, place: Path, hides: bool) -> FileProblem:
    return document.problem(
        (*place, "when"),
        "this condition always holds here"
        + (", so the replies after it are never said" if hides else ""),
        "remove the condition, or correct it",
        "always-true",
    )
