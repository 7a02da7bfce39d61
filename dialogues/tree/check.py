"""The whole check of a guide: what is wrong in it, and what holds on every way through it."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from dialogues import conditions
from dialogues.conditions import Reference
from dialogues.guide import Guide, ProgrammingLanguage
from dialogues.tree.comparisons import comparison_problems
from dialogues.tree.diagram import MAX_STEPS
from dialogues.tree.domains import facts_of, question_conditions, value_facts
from dialogues.tree.findings import flow_problems
from dialogues.tree.flow import Budget, Flow, TooComplexError
from dialogues.tree.followups import Restricted
from dialogues.tree.proofs import Proof, coverage_problems, length_problems, prove
from dialogues.yamlfile import Document, FileProblem, Path

CODES = (
    "uncovered-competency",
    "unequal-minutes",
    "unequal-questions",
    "no-questions",
    "unreachable-question",
    "dead-branch",
    "always-true",
    "cycle",
    "go-to-other-type",
    "dead-probe",
    "always-probe",
    "dead-reply",
    "unknown-value",
    "impossible-comparison",
    "asked-later",
    "too-complex",
    "no-sandbox",
)
"""The codes of this check; the loaders and the rubric's check have more."""


@dataclass(frozen=True)
class Report:
    """What is wrong, in the order of the file, and what was proved for each candidate type."""

    problems: tuple[FileProblem, ...]
    proofs: tuple[Proof, ...] = ()


def check_guide(
    guide: Guide,
    document: Document,
    competencies: Sequence[str] | None = None,
    runnable: Collection[ProgrammingLanguage] = get_args(ProgrammingLanguage),
    steps: int = MAX_STEPS,
    restricted: Mapping[str, Restricted] | None = None,
) -> Report:
    """Check a guide whose parts fit together. Takes at most `steps` steps of analysis.

    `competencies` are the rubric's, each of which every candidate is to be asked about; the
    guide's own when None. `runnable` are the languages whose programs can be run here.
    `restricted` are, by question, the rubric's key points that count in some answers only.
    """
    if competencies is None:
        own = (question.competency for question in guide.questions)
        competencies = list(dict.fromkeys(name for name in own if name is not None))
    problems, amiss = _comparisons(guide, document)
    problems += _programs(guide, document, runnable)
    budget = Budget(steps)
    flows: dict[str, Flow] = {}
    proofs: dict[str, Proof] = {}
    name = ""
    try:
        for name in guide.candidate_types:
            flows[name] = Flow(guide, name, budget)
        problems += flow_problems(guide, document, flows, amiss, restricted or {})
        for name, flow in flows.items():
            if flow.first is not None:
                proofs[name] = prove(flow, competencies)
                problems += coverage_problems(guide, document, flow, proofs[name])
        problems += length_problems(guide, document, proofs)
    except TooComplexError as error:
        problems.append(_too_complex(guide, document, name, error))
        proofs = {}
    return Report(in_order(problems), tuple(proofs.values()))


def in_order(problems: Iterable[FileProblem]) -> tuple[FileProblem, ...]:
    """By file, line and code, each once."""
    once = {(p.file, p.line, p.code, p.message): p for p in problems}
    return tuple(once[key] for key in sorted(once))


def _comparisons(guide: Guide, document: Document) -> tuple[list[FileProblem], set[Path]]:
    problems: list[FileProblem] = []
    amiss: set[Path] = set()
    for path, question in guide.places():
        for place, text in question.conditions():
            found = comparison_problems(guide, text, document, (*path, *place))
            problems += found
            if found:
                amiss.add((*path, *place))
    return problems, amiss


def _programs(
    guide: Guide, document: Document, runnable: Collection[ProgrammingLanguage]
) -> Iterator[FileProblem]:
    for path, question in guide.places():
        lacking = [x for x in question.code.languages if x not in runnable] if question.code else []
        if lacking:
            yield document.problem(
                (*path, "kind"),
                f"programs in {', '.join(lacking)} cannot be run on this machine",
                "set the sandbox up as docs/programming.md says, or ask another kind of question",
                "no-sandbox",
            )


def _too_complex(
    guide: Guide, document: Document, candidate_type: str, error: TooComplexError
) -> FileProblem:
    place: Path = ("questions",)
    if error.args:
        place = ("questions", guide.position[error.args[0]], "next")
    facts = ", ".join(_heaviest(guide, candidate_type))
    return document.problem(
        place,
        f"the ways of {candidate_type} candidates are too many to be proved; "
        f"most depends on {facts or 'the branches that lead back'}",
        "simplify the conditions on these facts, or let fewer questions depend on them",
        "too-complex",
    )


def _heaviest(guide: Guide, candidate_type: str) -> list[str]:
    """The facts that weigh most: by their conditions, and their different values."""
    try:
        facts = facts_of(guide, candidate_type, Budget())
    except TooComplexError:
        facts = ()
    sizes = {fact.name: len(fact.values) for fact in facts}
    read: Counter[str] = Counter()
    for question in guide.questions:
        if question.meant_for(candidate_type):
            for condition in question_conditions(question):
                for reference in conditions.references(condition):
                    if isinstance(reference, Reference):
                        read.update(value_facts(guide, candidate_type, reference))
    weights = {name: count * math.log(1 + sizes.get(name, 1)) for name, count in read.items()}
    return sorted(weights, key=lambda name: (-weights[name], name))[:3]
