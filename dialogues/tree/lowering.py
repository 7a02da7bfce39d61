"""Conditions as diagrams over facts: `conditions.holds` itself decides, value by value."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from dialogues import conditions
from dialogues.conditions import Comparison, Condition, Literal, Membership, Reference, Scalar
from dialogues.guide import Guide, Question
from dialogues.tree.diagram import FIRST_KNOWN, WHERE, Diagrams, Operation
from dialogues.tree.domains import Fact, answer_fact, profile_facts

Asked = Callable[[str], int]
"""Under which circumstances a question has been asked when a condition is looked at."""

LEFT, RIGHT = Reference("profile", "left"), Reference("profile", "right")


@dataclass(frozen=True)
class _Pair:
    """Two values for a comparison, as facts."""

    left: Scalar | None
    right: Scalar | None = None

    def profile(self, name: str) -> Scalar | None:
        return self.left if name == "left" else self.right

    def candidate_type(self) -> str | None:
        raise AssertionError

    def answer(self, question: str) -> Scalar | None:
        raise AssertionError

    def words(self, question: str) -> int | None:
        raise AssertionError

    def missing(self, key_point: str) -> bool:
        raise AssertionError


@cache
def _comparison(operator: str) -> Operation:
    compared = Comparison(LEFT, operator, RIGHT)
    return Operation(lambda left, right: conditions.holds(compared, _Pair(left, right)))


class Lowering:
    """Turns the conditions that one candidate type meets into diagrams.

    Facts that come up last stand nearest to the root: what is reached depends on earlier facts, and
    stays one shared part below later ones.
    """

    def __init__(
        self, guide: Guide, candidate_type: str, facts: tuple[Fact, ...], diagrams: Diagrams
    ) -> None:
        self.guide, self.type, self.diagrams = guide, candidate_type, diagrams
        self.levels = {fact.name: len(facts) - 1 - i for i, fact in enumerate(facts)}
        self.facts = {fact.name: fact for fact in facts}
        self._made: dict[str, int] = {}

    def condition(self, condition: Condition, question: Question, asked: Asked) -> int:
        """Where the condition of `question` holds."""
        diagrams = self.diagrams
        match condition:
            case conditions.AnyOf(terms):
                result = diagrams.false
                for term in terms:
                    result = diagrams.either(result, self.condition(term, question, asked))
                return result
            case conditions.AllOf(terms):
                result = diagrams.true
                for term in terms:
                    result = diagrams.both(result, self.condition(term, question, asked))
                return result
            case conditions.Not(term):
                return diagrams.negate(self.condition(term, question, asked))
            case conditions.Known(name):
                value = self._value(Reference("profile", name), asked)
                return diagrams.change(lambda known: known is not None, value)
            case conditions.Missing(key_point):
                name = f"missing({question.id}.{key_point})"
                return self._fact(name) if question.competency is not None else diagrams.true
            case Membership(value, options):
                member = Membership(LEFT, options)
                return diagrams.change(
                    lambda found: conditions.holds(member, _Pair(found)), self._value(value, asked)
                )
            case Comparison(left, operator, right):
                sides = (self._value(left, asked), self._value(right, asked))
                return diagrams.apply(_comparison(operator), *sides)

    def answered(self, question_id: str) -> int:
        """Where the question, once asked, is answered and not skipped."""
        for name in (f"answer.{question_id}", f"words({question_id})"):
            if name in self.facts:
                return self.diagrams.change(lambda value: value is not None, self._fact(name))
        return self.diagrams.true

    def _fact(self, name: str) -> int:
        if name not in self._made:
            values = self.facts[name].values
            self._made[name] = self.diagrams.choice(self.levels[name], values)
        return self._made[name]

    def _value(self, term: Literal | Reference, asked: Asked) -> int:
        """The value of a side of a comparison; None where it is absent."""
        diagrams = self.diagrams
        match term:
            case Literal(value):
                return diagrams.constant(value)
            case Reference("candidate"):
                return diagrams.constant(self.type)
            case Reference("profile", name):
                facts = profile_facts(self.guide, self.type, name)
                value = self._fact(facts[0])
                for fact in facts[1:]:
                    kind, _, rest = fact.partition(".")
                    other = self._fact(fact)
                    if kind == "answer":
                        other = diagrams.apply(WHERE, asked(rest), other)
                    value = diagrams.apply(FIRST_KNOWN, value, other)
                return value
            case Reference("answer", name):
                found = answer_fact(self.guide, self.type, name)
                if found is None:
                    return diagrams.constant(None)
                return diagrams.apply(WHERE, asked(name), self._fact(found))
            case Reference("words", name) if f"words({name})" in self.facts:
                given = diagrams.apply(WHERE, self.answered(name), self._fact(f"words({name})"))
                return diagrams.apply(WHERE, asked(name), given)
        return diagrams.constant(None)
