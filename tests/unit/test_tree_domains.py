"""The values that stand for all others."""

from typing import Any

import pytest

from dialogues.tree.diagram import Budget, TooComplexError
from dialogues.tree.domains import between, facts_of
from dialogues.tree.flow import Flow
from tests.plans import make_guide, options, question

PROFILE: dict[str, Any] = {
    "years": {"type": "number"},
    "filled": {"type": "number", "answer": "n"},
    "stated": {"type": "number", "answer": "n", "resume": ["years"]},
    "city": {"type": "text"},
    "home": {"type": "text"},
    "degree": {"type": "choice", "options": ["b", "m"]},
}


def values(condition: str, **number: float) -> dict[str, tuple[Any, ...]]:
    guide = make_guide(
        question("n", kind="number", **number),
        question("c", kind="choice", options=options("x", "y")),
        question("o", next=[{"when": condition, "go": "end"}]),
        question("last"),
        profile=PROFILE,
    )
    return {fact.name: fact.values for fact in facts_of(guide, "campus", Budget())}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("profile.degree == 'b'", {"profile.degree": (None, "b", "m")}),
        ("answer.c == 'x'", {"answer.c": (None, "x", "y")}),
        ("profile.city == 'X'", {"profile.city": (None, "X", "other")}),
        ("profile.city in ['other', '']", {"profile.city": (None, "other", "other 2")}),
        ("profile.years >= 3", {"profile.years": (None, 2, 3, 4)}),
        ("profile.years in [3, 3.5]", {"profile.years": (None, 2, 3, 3.25, 3.5, 4)}),
        ("known(profile.years)", {"profile.years": (None, 0)}),
        ("words(o) > 3 and words(o) < 6", {"words(o)": (None, 1, 3, 4, 6, 7)}),
        ("words(o) > 0 and words(o) < 1", {"words(o)": (None, 0, 1, 2)}),
        ("words(o) == 2.5", {"words(o)": (None, 1, 3)}),
        ("answer.n > 3 and words(n) > 3", {"answer.n": (None, 2, 3, 4), "words(n)": (1, 3, 4)}),
        (
            "profile.stated > 3",
            dict.fromkeys(("profile.stated", "answer.n", "resume.stated"), (None, 2, 3, 4)),
        ),
        (
            "profile.city == profile.home",
            dict.fromkeys(("profile.city", "profile.home"), (None, "other", "other 2")),
        ),
        (
            "profile.city == profile.degree",
            {"profile.city": (None, "b", "m", "other"), "profile.degree": (None, "b", "m")},
        ),
        ("profile.city == candidate.type", {"profile.city": (None, "campus", "other")}),
        (
            "profile.years < words(o)",
            {
                "profile.years": (None, -2, -1, 0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2, 3, 4),
                "words(o)": (None, 0, 1, 2, 3, 4),
            },
        ),
        ("answer.o == 'x' or words(last) == candidate.type", {"words(last)": (None, 1)}),
        ("candidate.type == 'campus'", {}),
    ],
)
def test_values(condition: str, expected: dict[str, tuple[Any, ...]]) -> None:
    found = values(condition)
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        near = [pytest.approx(x) if isinstance(x, int | float) else x for x in wanted]
        assert list(found[name]) == near


def test_bounds_of_a_number() -> None:
    assert values("answer.n >= 3", min=0, max=10)["answer.n"] == (None, 1, 3, 6)
    assert values("answer.n >= 3", min=3, max=10)["answer.n"] == (None, 3, 6)
    assert values("profile.filled >= 5", min=2, max=2)["answer.n"] == (None, 2)
    assert values("answer.n == profile.years", min=0, max=1)["answer.n"] == pytest.approx(
        (None, 0, 1 / 3, 2 / 3, 1)
    )


def test_numbers_between() -> None:
    assert between(0, 1, 1) == [0.5]
    assert between(0, 10, 2) == [4, 5]
    assert between(0, 2, 3) == [0.5, 1, 1.5]
    assert between(0, 3, 5, whole=True) == [1, 2]
    assert between(1, 1, 1) == []
    assert between(1.0, 1.0000000000000002, 1) == [], "there is no number between"


def test_facts_of_another_type_and_of_questions_without_a_value() -> None:
    guide = make_guide(
        question("n", kind="number", **{"for": ["hire"]}),
        question("a", next=[{"when": "answer.n > 3 or words(n) > 3", "go": "end"}]),
        question("b"),
        candidate_types={"campus": {"zh": "校", "en": "c"}, "hire": {"zh": "社", "en": "h"}},
    )
    assert Flow(guide, "campus").variables == {}
    assert list(Flow(guide, "hire").variables) == ["answer.n", "words(n)"]


def test_many_facts_compared_with_many_constants_end_it() -> None:
    profile = {f"f{i}": {"type": "number"} for i in range(300)}
    made = [
        question(
            f"q{i}",
            next=[{"when": f"profile.f{i} < profile.f{i + 1} or profile.f{i} > {i}", "go": "end"}],
        )
        for i in range(299)
    ]
    with pytest.raises(TooComplexError):
        Flow(make_guide(*made, profile=profile), "campus")
