"""The language of conditions: printing and reading back, an independent evaluator, refusals."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    ConditionError,
    Known,
    Literal,
    Membership,
    Missing,
    Not,
    Reference,
    Scalar,
    holds,
    parse,
    references,
)

NAMES = ("x", "years", "a-b", "_own", "Q1", "and", "or", "not", "in", "known", "missing", "type")
WORDS = ("", "a", "本科", "it's", 'say "hi"', "not (", "1", "and or", "a-b")

# Random conditions, and how to write them.


def literals() -> st.SearchStrategy[Literal]:
    numbers = st.decimals(-1000, 1000, places=2).map(lambda d: Literal(float(d)))
    return st.one_of(st.sampled_from(WORDS).map(Literal), numbers)


def values() -> st.SearchStrategy[Literal | Reference]:
    names = st.sampled_from(NAMES)
    return st.one_of(
        literals(),
        st.just(Reference("candidate", "")),
        st.builds(Reference, st.sampled_from(("profile", "answer", "words")), names),
    )


def conditions() -> st.SearchStrategy[Condition]:
    names = st.sampled_from(NAMES)
    operators = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
    leaves = st.one_of(
        st.builds(Comparison, values(), operators, values()),
        st.builds(Membership, values(), st.lists(literals(), min_size=1, max_size=3).map(tuple)),
        st.builds(Known, names),
        st.builds(Missing, names),
    )

    def compound(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        terms = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(Not, inner), st.builds(AllOf, terms), st.builds(AnyOf, terms))

    return st.recursive(leaves, compound, max_leaves=12)


@dataclass
class Writer:
    """Writes a condition with the spacing, brackets and redundant parentheses that `draw` picks."""

    draw: Callable[[int], int]

    def space(self) -> str:
        return (" ", "  ", "\n", "\t ")[self.draw(4)]

    def gap(self) -> str:
        return ("", " ")[self.draw(2)]

    def write(self, condition: Condition) -> str:
        match condition:
            case AnyOf(terms):
                return self.joined(terms, "or", (AnyOf,))
            case AllOf(terms):
                return self.joined(terms, "and", (AnyOf, AllOf))
            case Not(term):
                return f"not{self.space()}{self.within(term, (AnyOf, AllOf))}"
            case Known(name):
                return f"known({self.gap()}profile.{name}{self.gap()})"
            case Missing(key_point):
                return f"missing{self.gap()}({key_point})"
            case Membership(value, options):
                opening, closing = ("[]", "()")[self.draw(2)]
                listed = f"{self.gap()},".join(map(self.value, options))
                return f"{self.value(value)} in {opening}{listed}{closing}"
            case Comparison(left, sign, right):
                return f"{self.value(left)}{self.gap()}{sign}{self.gap()}{self.value(right)}"

    def joined(self, terms: tuple[Condition, ...], word: str, loose: tuple[type, ...]) -> str:
        parts = [self.within(term, loose) for term in terms]
        return f"{self.space()}{word}{self.space()}".join(parts)

    def within(self, term: Condition, loose: tuple[type, ...]) -> str:
        text = self.write(term)
        return f"({text})" if isinstance(term, loose) or not self.draw(4) else text

    def value(self, value: Literal | Reference) -> str:
        match value:
            case Reference("candidate"):
                return "candidate.type"
            case Reference("words", name):
                return f"words({name})"
            case Reference(kind, name):
                return f"{kind}.{name}"
            case Literal(str() as text):
                quote = '"' if "'" in text or ('"' not in text and self.draw(2)) else "'"
                return f"{quote}{text}{quote}"
            case Literal(number):
                return f"{number:.2f}" if number % 1 or self.draw(2) else f"{number:.0f}"


# An evaluator of its own: a condition becomes a function of facts.


@dataclass
class DictFacts:
    type_: str | None = None
    profiles: dict[str, Scalar] = field(default_factory=dict)
    answers: dict[str, Scalar] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    hit: frozenset[str] = frozenset()

    def candidate_type(self) -> str | None:
        return self.type_

    def profile(self, name: str) -> Scalar | None:
        return self.profiles.get(name)

    def answer(self, question: str) -> Scalar | None:
        return self.answers.get(question)

    def words(self, question: str) -> int | None:
        return self.counts.get(question)

    def missing(self, key_point: str) -> bool:
        return key_point not in self.hit


def facts() -> st.SearchStrategy[DictFacts]:
    names = st.sampled_from(NAMES)
    scalars = st.one_of(st.sampled_from(WORDS), st.integers(-3, 3).map(float))
    given = st.dictionaries(names, scalars, max_size=4)
    return st.builds(
        DictFacts,
        type_=st.none() | st.sampled_from(WORDS),
        profiles=given,
        answers=given,
        counts=st.dictionaries(names, st.integers(0, 3), max_size=4),
        hit=st.frozensets(names),
    )


Get = Callable[[DictFacts], Scalar | None]
SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def reader(value: Literal | Reference) -> Get:
    if isinstance(value, Literal):
        return lambda _: value.value
    return {
        "candidate": lambda f: f.type_,
        "profile": lambda f: f.profiles.get(value.name),
        "answer": lambda f: f.answers.get(value.name),
        "words": lambda f: f.counts.get(value.name),
    }[value.kind]


def comparison(left: Get, sign: str, right: Get) -> Callable[[DictFacts], bool]:
    def compare(f: DictFacts) -> bool:
        a, b = left(f), right(f)
        if a is None or b is None:
            return False
        alike = isinstance(a, str) == isinstance(b, str)
        if sign in ("==", "!="):
            return (alike and a == b) is (sign == "==")
        return alike and not isinstance(a, str) and bool(SIGNS[sign](a, b))

    return compare


def as_function(condition: Condition) -> Callable[[DictFacts], bool]:
    match condition:
        case AnyOf(terms):
            either = [as_function(t) for t in terms]
            return lambda f: True in [one(f) for one in either]
        case AllOf(terms):
            every = [as_function(t) for t in terms]
            return lambda f: False not in [one(f) for one in every]
        case Not(term):
            inner = as_function(term)
            return lambda f: inner(f) is False
        case Known(name):
            return lambda f: name in f.profiles
        case Missing(key_point):
            return lambda f: key_point not in f.hit
        case Membership(value, options):
            alternatives = [comparison(reader(value), "==", reader(o)) for o in options]
            return lambda f: True in [one(f) for one in alternatives]
        case Comparison(left, sign, right):
            return comparison(reader(left), sign, reader(right))


@given(conditions(), st.data())
def test_written_and_read_back(condition: Condition, data: st.DataObject) -> None:
    text = Writer(lambda n: data.draw(st.integers(0, n - 1))).write(condition)
    assert parse(text) == condition


@given(conditions(), facts())
def test_holds_as_an_independent_evaluator_says(
    condition: Condition, given_facts: DictFacts
) -> None:
    assert holds(condition, given_facts) is as_function(condition)(given_facts)


@given(conditions())
def test_references_are_all_that_is_named(condition: Condition) -> None:
    def named(part: object) -> list[object]:
        match part:
            case Reference() | Known() | Missing():
                return [part]
            case AnyOf(terms) | AllOf(terms):
                return [name for term in terms for name in named(term)]
            case Not(term):
                return named(term)
            case Comparison(left, _, right):
                return named(left) + named(right)
            case Membership(value, _):
                return named(value)
        return []

    assert list(references(condition)) == named(condition)


# Rules by example.

ABSENT = DictFacts()


@pytest.mark.parametrize("sign", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("left", ["profile.x", "answer.x", "words(x)", "candidate.type"])
def test_a_comparison_with_an_absent_value_is_false(left: str, sign: str) -> None:
    for text in (f"{left} {sign} 1", f"1 {sign} {left}", f"{left} {sign} {left}", f"{left} in [1]"):
        assert not holds(parse(text), ABSENT)
        assert holds(parse(f"not {text}"), ABSENT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("profile.n == '3'", False),
        ("profile.n != '3'", True),
        ("profile.n in ['3', 3]", True),
        ("profile.s < 'z'", False),
        ("profile.s in ('bachelor')", True),
        ("profile.n >= -1.5 and profile.n < 3.5", True),
        ("known(profile.n) and not known(profile.q)", True),
        ("known(profile.q) or known(profile.n) and known(profile.q)", False),
        ("(known(profile.n) or known(profile.q)) and known(profile.n)", True),
        ("not known(profile.n) or known(profile.n)", True),
        ("not (known(profile.n) or known(profile.n))", False),
        ("'a' == \"a\"", True),
        ("3 == 3.0", True),
    ],
)
def test_values_and_precedence(text: str, expected: bool) -> None:
    assert holds(parse(text), DictFacts(profiles={"n": 3.0, "s": "bachelor"})) is expected


@pytest.mark.parametrize("name", ["a-b", "a-1", "and", "or", "not", "in", "known", "type", "_"])
def test_any_identifier_is_a_name(name: str) -> None:
    assert parse(f"profile.{name} == 1") == Comparison(
        Reference("profile", name), "==", Literal(1.0)
    )
    assert parse(f"answer.{name} in [1]") == Membership(Reference("answer", name), (Literal(1.0),))
    assert parse(f"words({name}) > 1").left == Reference("words", name)  # type: ignore[union-attr]
    assert parse(f"missing({name})") == Missing(name)
    assert parse(f"known(profile.{name})") == Known(name)


def test_strings_hold_the_other_quote() -> None:
    assert parse("""profile.x == "it's" """).right == Literal("it's")  # type: ignore[union-attr]
    assert parse("""profile.x == 'say "hi"'""").right == Literal('say "hi"')  # type: ignore[union-attr]


# Refusals.


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "at its end"),
        ("candidate.type", "at its end"),
        ("profile.years >", "at its end"),
        ("known(profile.x) and", "at its end"),
        ("(known(profile.x)", "at its end"),
        ("profile.years => 3", "at character 15"),
        ("profile.years > 3)", "at character 18"),
        ("known(profile.x)\nand profile", "at its end"),
        ("known(profile.x)\nand ?", "at character 22"),
        ("notknown(profile.x)", "at character 1"),
        ("candidate.typein ['a']", "at character 15"),
        ("profile.x == 1and known(profile.x)", "at character 15"),
        ("profile.x == 1 OR known(profile.x)", "at character 16"),
        ("profile.x in []", "at character 15"),
        ("profile.x in [profile.y]", "at character 15"),
        ("profile.x == 'a\nb'", "at character 14"),
        ("profile.x == 'it\\'s'", "at character 19"),
        ("__import__('os')", "at character 1"),
        ("profile.x.y == 1", "at character 10"),
        ("missing('a')", "at character 9"),
        ("1 < profile.x < 3", "at character 15"),
        ("not", "at its end"),
    ],
)
def test_refused_with_the_place(text: str, where: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.endswith(where)
    assert message.isprintable()


DEEP = "condition is too long or too deeply nested (at most 2000 characters, 20 levels)"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "known(profile.x) and " * 500 + "known(profile.x)",
        "(" * 10_000,
        "(" * 21 + "known(profile.x)" + ")" * 21,
        "not " * 21 + "known(profile.x)",
        "not\t" * 400 + "known(profile.x)",
        "not(" * 11 + "known(profile.x)" + ")" * 11,
        "(not\n(not " * 200 + "known(profile.x)" + "))" * 200,
    ],
)
def test_long_and_deep_conditions_are_refused(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert str(caught.value) == DEEP


def test_length_and_breadth_are_not_depth() -> None:
    assert parse(" and ".join(["not known(profile.x)"] * 60)) == AllOf((Not(Known("x")),) * 60)
    assert parse(f"profile.x == '{'(' * 50}'").right == Literal("(" * 50)  # type: ignore[union-attr]
    nested = parse("not " * 15 + "known(profile.x)")
    assert holds(nested, ABSENT)
    assert parse("(" * 19 + "known(profile.x)" + ")" * 19) == Known("x")


def test_a_long_text_is_cut_in_its_complaint() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("profile." + "x" * 1_900)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=80) | st.text(alphabet="()'\"[]. notandorinprofilex123<>=!,", max_size=80))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse(text)
    except ConditionError as error:
        assert str(error).isprintable()
