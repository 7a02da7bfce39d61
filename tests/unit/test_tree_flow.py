"""The compiler's answers against the engine's own ways, one by one."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dialogues import conditions
from dialogues.guide import END, Guide
from dialogues.path import StateFacts
from dialogues.tree.domains import Value
from dialogues.tree.findings import _may_be_asked
from dialogues.tree.flow import Flow, Route
from dialogues.tree.proofs import gap, is_scored, minutes_of
from dialogues.tree.walk import walk
from dialogues.tree.ways import BranchFate
from tests.plans import TYPES, Talk, make_guide, make_plan, question
from tests.unit.tree_samples import Visit, assignments, guides, visits

THOROUGH = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def all_ways(guide: Guide, flow: Flow) -> list[list[Visit]]:
    every = assignments(flow.variables, 400)
    assume(every is not None)
    return [list(visits(guide, flow.type, facts)) for facts in every or []]


def names(way: list[Visit]) -> tuple[str, ...]:
    return tuple(visit.question.id for visit in way)


@THOROUGH
@given(guides(), st.sampled_from(list(TYPES)))
def test_reach_lengths_and_routes_equal_those_of_all_ways(guide: Guide, kind: str) -> None:
    flow = Flow(guide, kind)
    ways = all_ways(guide, flow)
    for each in guide.questions:
        assert flow.reached(each.id) == any(each.id in names(way) for way in ways), each.id

    for weight in (minutes_of, is_scored):
        sums = [sum(weight(visit.question) for visit in way) for way in ways]
        extent = flow.extent(weight)
        assert (extent.low, extent.high) == (min(sums), max(sums))
        for route, value in ((extent.low_route, extent.low), (extent.high_route, extent.high)):
            assert sum(weight(guide.by_id[name]) for name in route.questions) == value
            check_route(guide, flow, route)

    counts = Counter(names(way) for way in ways)
    routes = flow.routes()
    assert routes is not None
    assert len(routes) == len(counts) == flow.count_routes()
    for route in routes:
        assert route.share == pytest.approx(counts[route.questions] / len(ways), abs=1e-12)
        check_route(guide, flow, route)
    assert [route.share for route in routes] == sorted((r.share for r in routes), reverse=True)
    assert flow.routes(len(counts) - 1) is None


def check_route(guide: Guide, flow: Flow, route: Route) -> None:
    """Its facts lead along it, whatever is the case with the others."""
    for pick in (0, -1):
        others = {name: values[pick] for name, values in flow.variables.items()}
        facts = {**others, **route.facts}
        assert names(list(visits(guide, flow.type, facts))) == route.questions
        assert walk(guide, flow.type, facts) == route.questions


@THOROUGH
@given(guides(), st.sampled_from(list(TYPES)))
def test_branches_and_coverage_equal_those_of_all_ways(guide: Guide, kind: str) -> None:
    flow = Flow(guide, kind)
    ways = all_ways(guide, flow)
    expected: dict[tuple[int, int], BranchFate] = {}
    for way in ways:
        for visit in way:
            note_branches(guide, visit, expected)
    found = {key: fate for key, fate in flow.fates.items() if fate.seen}
    assert found == expected

    for competency in ("c", "d"):
        scored = {q.id for q in guide.questions if q.competency == competency}
        route = gap(flow, competency)
        assert (route is None) == all(scored & set(names(way)) for way in ways)
        if route is not None:
            assert not scored & set(route.questions)
            check_route(guide, flow, route)
            lost = flow.where_lost(route.questions, scored)
            asked_by_any = any(scored & set(names(way)) for way in ways)
            assert (lost is not None) == asked_by_any

    for reader in guide.questions:
        for name in guide.position:
            before = any(
                visit.question == reader and name in visit.state.asked
                for way in ways
                for visit in way
            )
            assert _may_be_asked(flow, name, reader) == before, (reader.id, name)


def note_branches(guide: Guide, visit: Visit, fates: dict[tuple[int, int], BranchFate]) -> None:
    facts = StateFacts(visit.state)
    for number, branch in enumerate(visit.question.next):
        fate = fates.setdefault((guide.position[visit.question.id], number), BranchFate())
        fate.seen = True
        if branch.when is None or conditions.holds(conditions.parse(branch.when), facts):
            fate.taken = True
            if branch.go != END:
                target = guide.by_id[branch.go]
                if not target.meant_for(visit.state.candidate_type):
                    fate.other_type = True
                elif branch.go in visit.state.asked:
                    fate.repeats = True
            return
        fate.passed = True


@st.composite
def any_facts(draw: st.DrawFn) -> dict[str, Value]:
    """Facts as they come, not only those that stand for others."""
    number = st.one_of(st.none(), st.integers(-3, 6).map(float), st.floats(-3, 6, width=16))
    text = st.sampled_from((None, "X", "Y", "Zürich"))
    choice = st.sampled_from((None, "a", "b"))
    facts: dict[str, Value] = {
        "profile.degree": draw(st.sampled_from((None, "b", "m"))),
        "profile.years": draw(number),
        "profile.asked_years": draw(number),
        "resume.asked_years": draw(number),
        "profile.city": draw(text),
        "answer.q0": draw(choice),
        "answer.q5": draw(choice),
        "answer.q1": draw(st.one_of(st.none(), st.sampled_from((0.0, 0.5, 1.0, 1.5, 2.0)))),
        "answer.q2": draw(text),
    }
    for name in ("q0", "q1", "q2", "q3", "q4", "q5"):
        given = facts.get(f"answer.{name}", 0)
        facts[f"words({name})"] = None if given is None else draw(st.integers(0, 9))
    return facts


@THOROUGH
@given(guides(), st.sampled_from(list(TYPES)), st.lists(any_facts(), min_size=5, max_size=20))
def test_what_the_representatives_show_holds_for_all_facts(
    guide: Guide, kind: str, many: list[dict[str, Value]]
) -> None:
    routes = Flow(guide, kind).routes()
    assert routes is not None
    known = {route.questions for route in routes}
    for facts in many:
        assert names(list(visits(guide, kind, facts))) in known


@settings(max_examples=60, deadline=None)
@given(guides(), st.sampled_from(list(TYPES)), any_facts())
def test_a_walk_is_what_the_whole_engine_does(
    guide: Guide, kind: str, facts: dict[str, Value]
) -> None:
    ordered = {
        name.partition(".")[2]: value
        for name, value in facts.items()
        if name.startswith("profile.") and value is not None
    }
    stated = facts["resume.asked_years"]
    if stated is not None:
        stated = facts["resume.asked_years"] = float(abs(int(stated)))
        ordered["resume"] = f"{stated:g} years of work"
    talk = Talk(make_plan(guide)).started(profile=ordered, candidate_type=kind)
    while talk.state.question is not None:
        say_it(talk, facts)
    assert talk.asked == walk(guide, kind, facts)


def say_it(talk: Talk, facts: dict[str, Value]) -> None:
    """Answer what is open, or skip it."""
    name = talk.state.question
    value, words = facts.get(f"answer.{name}"), facts[f"words({name})"]
    if words is None:
        talk.say("skip", "skip_question")
        talk.say("yes", "affirm")
    elif name in ("q0", "q1", "q5"):
        # Its words are counted from what was said.
        facts[f"words({name})"] = 1 if name != "q1" else len(f"{value:g}".split("."))
        talk.say(f"{value:g}" if isinstance(value, float) else str(value))
    elif isinstance(value, str):
        facts[f"words({name})"] = 1
        talk.say(value)
    else:
        talk.say(" ".join(["word"] * int(words)) or "…")
        if name == "q2":
            facts["answer.q2"] = " ".join(["word"] * int(words)) or "…"


def test_no_question_for_a_type() -> None:
    guide = make_guide(question("a", **{"for": ["campus"]}), candidate_types=TYPES)
    flow = Flow(guide, "experienced")
    assert flow.routes() == [Route((), 1.0, {})]
    assert flow.extent(minutes_of).high == 0


def test_independent_facts_stay_small() -> None:
    """25 facts, each looked at twice, far apart: 2^25 combinations and a few hundred steps."""
    profile = {f"f{i}": {"type": "choice", "options": ["y", "n"]} for i in range(25)}
    made = []
    for part in ("a", "b"):
        for i in range(25):
            go = [{"when": f"profile.f{i} == 'y'", "go": f"{part}{i}-then"}]
            made += [
                question(f"{part}{i}", next=go),
                question(f"{part}{i}-extra"),
                question(f"{part}{i}-then"),
            ]
    flow = Flow(make_guide(*made, profile=profile), "campus")
    extent = flow.extent(lambda each: 1)
    assert (extent.low, extent.high) == (100, 150)
    assert flow.count_routes() is None
    assert extent.low_route.facts == {f"profile.f{i}": "y" for i in range(25)}
    assert extent.low_route.share == pytest.approx(3.0**-25)


def test_short_answers_that_skip_the_next_question() -> None:
    """300 facts in a row, each deciding on one question: far more ways than could be added up."""
    count = 300
    minutes = [round(1 + (i * 37 % 11) / 7, 2) for i in range(count)]
    made = [
        question(
            f"q{i}",
            minutes=minutes[i],
            next=[{"when": f"words(q{i}) < 5", "go": f"q{i + 2}"}] if i < count - 2 else [],
        )
        for i in range(count)
    ]
    flow = Flow(make_guide(*made), "campus")
    shortest = [0.0] * (count + 1)
    for i in reversed(range(count)):
        after = [shortest[i + 1]] + ([shortest[i + 2]] if i < count - 2 else [])
        shortest[i] = minutes[i] + min(after)
    extent = flow.extent(minutes_of)
    assert extent.low == pytest.approx(shortest[0])
    assert extent.high == pytest.approx(sum(minutes))
    for route, value in ((extent.low_route, extent.low), (extent.high_route, extent.high)):
        total = sum(flow.guide.by_id[name].minutes for name in route.questions)
        assert total == pytest.approx(value)


def test_a_fact_looked_at_on_one_of_two_ways_that_meet() -> None:
    profile = {name: {"type": "choice", "options": ["y", "n"]} for name in ("f", "g")}
    made = [
        question("q0", minutes=1, next=[{"when": "profile.f == 'y'", "go": "q2"}]),
        question("q1", minutes=1, next=[{"when": "profile.g == 'y'", "go": "long"}, {"go": "q3"}]),
        question("long", minutes=10, next=[{"go": "q3"}]),
        question("q2", minutes=0.5),
        question("q3", minutes=1, next=[{"when": "profile.g == 'y'", "go": "end"}]),
        question("q4", minutes=10),
    ]
    extent = Flow(make_guide(*made, profile=profile), "campus").extent(minutes_of)
    assert (extent.low, extent.high) == (2.5, 13)
    assert extent.low_route.questions == ("q0", "q2", "q3")


def test_exact_sums_of_decimal_minutes() -> None:
    made = [question(f"q{i}", minutes=0.1) for i in range(10)]
    assert Flow(make_guide(*made), "campus").extent(minutes_of).high == 1.0
