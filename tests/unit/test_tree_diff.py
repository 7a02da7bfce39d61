"""What changes for whom between two guides."""

import pytest

from dialogues.guide import Guide
from dialogues.tree.diff import Change, compare
from tests.plans import TYPES, both, make_guide, options, probe, question

YEARS = {"years": {"type": "number"}}


def guide(*questions: dict[str, object], **more: object) -> Guide:
    return make_guide(*questions, **{"candidate_types": TYPES, "profile": YEARS, **more})


def changes(before: Guide, after: Guide) -> list[tuple[str, str]]:
    return [(change.kind, change.where) for change in compare(before, after).changes]


BEFORE = guide(
    question("a", competency="craft", minutes=3),
    question("b", **{"for": ["campus"]}, probes=[probe("p", "missing(x)")]),
    question("c", kind="choice", options=options("yes", "no")),
)


def test_a_guide_does_not_differ_from_itself() -> None:
    found = compare(BEFORE, BEFORE)
    assert found.changes == ()
    assert all(was == now for was, now in found.types.values())


def test_what_changed_and_who_meets_it() -> None:
    after = guide(
        question("a", competency="craft", minutes=4, text=both("another text")),
        question("b", **{"for": ["campus"]}, probes=[probe("p", "missing(y)"), probe("q", "missing(x)")]),
        question("c", kind="choice", options=options("yes", "maybe")),
        question("d", **{"for": ["experienced"]}, competency="craft"),
        version=2,
    )  # fmt: skip
    found = compare(BEFORE, after)
    everyone, campus = ("campus", "experienced"), ("campus",)
    assert [(c.kind, c.where, c.types) for c in found.changes] == [
        ("changed", "version", ()),
        ("changed", "questions.a.minutes", everyone),
        ("changed", "questions.a.text.zh", everyone),
        ("changed", "questions.a.text.en", everyone),
        ("changed", "questions.b.follow_ups.p.when", campus),
        ("added", "questions.b.follow_ups.q", campus),
        ("removed", "questions.c.options.no", everyone),
        ("added", "questions.c.options.maybe", everyone),
        ("added", "questions.d", ("experienced",)),
    ]
    assert found.changes[1] == Change("changed", "questions.a.minutes", 3.0, 4.0, everyone)
    was, now = found.types["experienced"]
    assert was is not None
    assert now is not None
    assert (was.minutes, now.minutes) == ((5.0, 5.0), (8.0, 8.0))
    assert (was.scored, now.scored) == ((1, 1), (2, 2))
    assert now.questions - was.questions == {"d"}
    was, now = found.types["campus"]
    assert was is not None
    assert now is not None
    assert (was.minutes, now.minutes) == ((7.0, 7.0), (8.0, 8.0))


def test_an_explanation_is_a_text_as_others_are() -> None:
    plain = guide(question("a"), question("b", **{"for": ["campus"]}))
    told = guide(
        question("a", clarify=both("in a few words")),
        question("b", **{"for": ["campus"]}, clarify=both("any size")),
    )
    other = guide(
        question("a", clarify={**both("in a few words"), "en": "in some words"}),
        question("b", **{"for": ["campus"]}),
    )
    [a, b] = compare(plain, told).changes
    assert (a.kind, a.where, a.after) == ("added", "questions.a.clarify", both("in a few words"))
    assert (b.kind, b.where, b.types) == ("added", "questions.b.clarify", ("campus",))
    assert changes(told, other) == [
        ("changed", "questions.a.clarify.en"),
        ("removed", "questions.b.clarify"),
    ]


def test_a_removed_question_is_named_for_those_who_met_it() -> None:
    after = guide(*BEFORE_DATA[:1], *BEFORE_DATA[2:])
    [change] = compare(BEFORE, after).changes
    assert (change.kind, change.where, change.types) == ("removed", "questions.b", ("campus",))


BEFORE_DATA = (
    question("a", competency="craft", minutes=3),
    question("b", **{"for": ["campus"]}, probes=[probe("p", "missing(x)")]),
    question("c", kind="choice", options=options("yes", "no")),
)


def test_only_what_was_moved_is_called_moved() -> None:
    before = guide(*(question(name) for name in "abcde"))
    after = guide(*(question(name) for name in "acdbe"))
    [change] = compare(before, after).changes
    assert (change.kind, change.where, change.before, change.after) == (
        "moved",
        "questions.b",
        2,
        4,
    )


def test_branches_profile_bank_and_types() -> None:
    before = guide(question("a"), question("b"), question("c"))
    after = make_guide(
        question("a", next=[{"when": "profile.years >= 3", "go": "c"}]),
        question("b"),
        question("c"),
        candidate_types={**TYPES, "intern": both("Intern")},
        profile={**YEARS, "school": {"type": "text"}},
        bank=[question("extra")],
    )
    assert changes(before, after) == [
        ("added", "candidate_types.intern"),
        ("added", "profile.school"),
        ("changed", "questions.a.next"),
        ("added", "bank.extra"),
    ]
    found = compare(before, after)
    was, now = found.types["intern"]
    assert was is None
    assert now is not None
    assert (now.minutes, now.ways) == ((4.0, 6.0), 2)


@pytest.mark.parametrize("names", ["abcdefgh", "hgfedcba", "bdafhceg"])
def test_moves_are_as_few_as_can_be(names: str) -> None:
    before = guide(*(question(name) for name in "abcdefgh"))
    after = guide(*(question(name) for name in names))
    moved = {where[-1] for kind, where in changes(before, after) if kind == "moved"}
    kept = [name for name in names if name not in moved]
    assert kept == sorted(kept)
    longest = {"abcdefgh": 8, "hgfedcba": 1, "bdafhceg": 4}[names]
    assert len(kept) == longest
