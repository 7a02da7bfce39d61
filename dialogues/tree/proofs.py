"""What holds on every way of every candidate type: coverage of competencies, and equal lengths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dialogues.guide import Guide, Question
from dialogues.tree.domains import Value
from dialogues.tree.flow import Extent, Flow, Route, TooComplexError
from dialogues.yamlfile import Document, FileProblem, Path

SHOWN_STEPS = 8
SHOWN_FACTS = 5


COUNTED_ROUTES = 100
"""Ways are counted up to here; counting on costs more than it tells."""


@dataclass(frozen=True)
class Proof:
    """What holds for one candidate type. `routes` is None when there are more than 1,000."""

    candidate_type: str
    routes: int | None
    minutes: Extent
    scored: Extent
    uncovered: tuple[str, ...] = ()


def minutes_of(question: Question) -> float:
    return question.minutes


def is_scored(question: Question) -> float:
    return float(question.competency is not None)


def prove(flow: Flow, competencies: Sequence[str]) -> Proof:
    """The proof for a candidate type; raises TooComplexError."""
    uncovered = [name for name in competencies if gap(flow, name) is not None]
    minutes, scored = flow.extent(minutes_of), flow.extent(is_scored)
    try:
        routes = flow.count_routes(COUNTED_ROUTES)
    except TooComplexError:
        routes = None
    return Proof(flow.type, routes, minutes, scored, tuple(uncovered))


def gap(flow: Flow, competency: str) -> Route | None:
    """A way on which no question of the competency is asked."""
    diagrams, covered = flow.diagrams, flow.diagrams.false
    for question in flow.guide.questions:
        if question.competency == competency:
            covered = diagrams.either(covered, flow.reach(question.id))
    if covered == diagrams.true:
        return None
    return flow.route_with(diagrams.pick(covered, False))


def coverage_problems(
    guide: Guide, document: Document, flow: Flow, proof: Proof
) -> Iterator[FileProblem]:
    """The competencies that some candidates of a type are not asked about."""
    for name in proof.uncovered:
        route = gap(flow, name)
        assert route is not None
        wanted = {question.id for question in guide.questions if question.competency == name}
        lost = flow.where_lost(route.questions, wanted)
        place: Path = ("questions",)
        if lost is not None:
            index, step = lost
            place = ("questions", index, "id")
            if step.branch is not None:
                place = ("questions", index, "next", step.branch)
        yield document.problem(
            place,
            f"{flow.type} candidates may be asked nothing about {name!r}: {described(route)}",
            f"ask a question about {name!r} on this way too",
            "uncovered-competency",
        )


def length_problems(
    guide: Guide, document: Document, proofs: Mapping[str, Proof]
) -> Iterator[FileProblem]:
    """Whether the longest way is too long beside the shortest, in minutes and scored questions."""
    minutes = {name: proof.minutes for name, proof in proofs.items()}
    scored = {name: proof.scored for name, proof in proofs.items()}
    for extents, what, code in (
        (minutes, "minute", "unequal-minutes"),
        (scored, "scored question", "unequal-questions"),
    ):
        if not extents:
            continue
        least, low = min(extents.items(), key=lambda item: item[1].low)
        most, high = max(extents.items(), key=lambda item: item[1].high)
        if low.low == 0 or high.high <= guide.length_ratio * low.low + 1e-9:
            continue  # A way without scored questions lacks competencies, which is said already.
        if code == "unequal-questions" and high.high - low.low < 2:
            continue  # Of few questions, one more is a large share and a small matter.
        shortest, longest = (
            f"{length:g} {what}{'' if length == 1 else 's'} for {name} ({described(route)})"
            for name, length, route in (
                (least, low.low, low.low_route),
                (most, high.high, high.high_route),
            )
        )
        yield document.problem(
            ("length_ratio",) if ("length_ratio",) in document.lines else ("questions",),
            f"the longest way is {high.high / low.low:.2f} times the shortest, and at most "
            f"{guide.length_ratio:g} times is wanted: "
            f"{shortest}, against {longest}",
            "make the ways more alike, or raise `length_ratio`",
            code,
        )


def described(route: Route) -> str:
    """A way in a line: the facts that lead there, and the questions."""
    names = list(route.questions)
    if len(names) > SHOWN_STEPS:
        half = SHOWN_STEPS // 2
        names = [*names[:half], "…", *names[-half:]]
    facts = [fact_in_words(name, value) for name, value in route.facts.items()]
    if len(facts) > SHOWN_FACTS:
        facts = [*facts[:SHOWN_FACTS], "…"]
    when = f"{', '.join(facts)}: " if facts else ""
    return f"{when}{' → '.join(names)}"


def fact_in_words(name: str, value: Value) -> str:
    """A fact as a person says it: `degree is master`, `weekends skipped`, `story in 12 words`."""
    kind, _, rest = name.partition(".")
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    if name.startswith("words("):
        question = name[len("words(") : -1]
        return f"{question} skipped" if value is None else f"{question} answered in {shown} words"
    if kind == "answer":
        return f"{rest} skipped" if value is None else f"{rest} answered {shown}"
    if kind == "resume":
        return f"{rest} {'not ' if value is None else ''}in the résumé" + (
            "" if value is None else f" as {shown}"
        )
    if kind == "profile":
        return f"{rest} not known beforehand" if value is None else f"{rest} is {shown}"
    return f"{name} is {shown}"
