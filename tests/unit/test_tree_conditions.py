"""Conditions read by Python's own grammar, with facts looked up, against `conditions.holds`."""

import ast
import operator
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialogues import conditions
from dialogues.path import StateFacts
from dialogues.state import Given, Heard, State
from tests.unit.tree_samples import ATOMS, condition_texts

MORE = (
    "'campus' == candidate.type",
    "missing(a)",
    "not missing(b)",
    "missing(a) and missing(b) or known(profile.years)",
    "profile.years != 3",
    "3 > profile.years",
    "profile.city in ('X', 'Y', \"it's\")",
    "profile.years in [1, 2.5, -3]",
    "profile.city >= 'X'",
    "profile.city == 3",
    "profile.years == '3'",
    "1 == 1.0",
    "not profile.degree == profile.city and not answer.q1 <= words(q1)",
)
COMPARE: Mapping[type, Any] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def holds(text: str, facts: Mapping[str, Any]) -> bool:
    return truth(ast.parse(text, mode="eval").body, facts)


def truth(node: ast.AST, facts: Mapping[str, Any]) -> bool:
    match node:
        case ast.BoolOp(op=op, values=values):
            combine = all if isinstance(op, ast.And) else any
            return combine(truth(value, facts) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not truth(operand, facts)
        case ast.Call(func=ast.Name("known"), args=[fact]):
            return value_of(fact, facts) is not None
        case ast.Call(func=ast.Name("missing"), args=[ast.Name(name)]):
            return name not in facts["hits"]
        case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.List(each) | ast.Tuple(each)]):
            return any(compared(left, ast.Eq(), option, facts) for option in each)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return compared(left, op, right, facts)
    raise AssertionError(ast.dump(node))


def compared(left: ast.AST, op: ast.AST, right: ast.AST, facts: Mapping[str, Any]) -> bool:
    a, b = value_of(left, facts), value_of(right, facts)
    if a is None or b is None:
        return False
    words = isinstance(a, str), isinstance(b, str)
    if any(words) and not isinstance(op, ast.Eq | ast.NotEq):
        return False
    return bool(COMPARE[type(op)](a, b))


def value_of(node: ast.AST, facts: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(int(value) | float(value))):
            return -value
        case ast.Attribute(value=ast.Name(kind), attr=name):
            return facts.get(f"{kind}.{name}")
        case ast.Call(func=ast.Name("words"), args=[ast.Name(name)]):
            return facts.get(f"words({name})")
    raise AssertionError(ast.dump(node))


NUMBERS = st.one_of(st.none(), st.integers(-4, 5), st.sampled_from((2.5, 3.0, -3.0)))
TEXTS = st.sampled_from((None, "X", "Y", "it's", "a", "b", "m", "3"))


@settings(max_examples=400, deadline=None)
@given(
    condition_texts((*ATOMS, *MORE)),
    st.fixed_dictionaries(
        {
            "candidate.type": st.sampled_from((None, "campus", "experienced")),
            "profile.years": NUMBERS,
            "profile.asked_years": NUMBERS,
            "profile.city": TEXTS,
            "profile.degree": TEXTS,
            "answer.q0": TEXTS,
            "answer.q1": NUMBERS,
            "words(q0)": st.one_of(st.none(), st.integers(0, 6)),
            "words(q1)": st.one_of(st.none(), st.integers(0, 6)),
            "words(q2)": st.one_of(st.none(), st.integers(0, 6)),
            "hits": st.sets(st.sampled_from("ab")),
        }
    ),
)
def test_a_condition_holds_when_python_says_so(text: str, facts: dict[str, Any]) -> None:
    facts = consistent(facts)
    state = State(
        candidate_type=facts["candidate.type"],
        question="q3",
        profile=named(facts, "profile"),
        answers={
            **{
                name: Given(value=facts.get(f"answer.{name}"), heard={"": Heard(words=count)})
                for name, count in words(facts).items()
            },
            "q3": Given(heard={"": Heard(hits=tuple(sorted(facts["hits"])))}),
        },
    )
    assert conditions.holds(conditions.parse(text), StateFacts(state)) == holds(text, facts)


def consistent(facts: dict[str, Any]) -> dict[str, Any]:
    """An answer's value is known only with its words; here q3 is always answered, in no words."""
    absent = [name for name in ("q0", "q1") if facts[f"words({name})"] is None]
    return {**facts, **{f"answer.{name}": None for name in absent}, "words(q3)": 0}


def named(facts: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        key.partition(".")[2]: value
        for key, value in facts.items()
        if key.startswith(f"{kind}.") and value is not None
    }


def words(facts: Mapping[str, Any]) -> dict[str, int]:
    counted = ((re.match(r"words\((\w+)\)", key), value) for key, value in facts.items())
    return {match[1]: value for match, value in counted if match and value is not None}
