"""What an interview is made from: a campaign's positions with their guides, and what is judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from dialogues.guide import Guide, Language, Text
from dialogues.path import longest_minutes


@dataclass(frozen=True)
class Dimension:
    """A competency as the candidate hears of it; `weight` in percent."""

    id: str
    name: Text
    weight: float

    def called(self, language: Language) -> str:
        """Its name in the language, else in any."""
        return self.name.get(language) or next(iter(self.name.values()))


@dataclass(frozen=True)
class Position:
    """A position (岗位) of a campaign."""

    id: str
    title: Text
    guide: Guide
    dimensions: tuple[Dimension, ...]

    def describe_dimensions(self, language: Language) -> str:
        return ("、" if language == "zh" else ", ").join(
            f"{d.called(language)} {d.weight:g}%" for d in self.dimensions
        )

    def dimension(self, competency: str | None) -> Dimension | None:
        """The competency of that id, as candidates hear of it."""
        return next((d for d in self.dimensions if d.id == competency), None)


@dataclass(frozen=True)
class Plan:
    """A campaign (招聘项目) as the engine sees it; it has at least one position.

    Recordings are kept for `voice_days` after they were taken down; 0: not at all. `aloud` says that
    questions are spoken unless the candidate does not want that.
    """

    title: Text
    company: Text
    positions: Mapping[str, Position]
    voice_days: float = 0.0
    aloud: bool = False

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages that every position can be held in, in the first guide's order."""
        guides = [position.guide for position in self.positions.values()]
        return tuple(x for x in guides[0].languages if all(x in g.languages for g in guides))

    @property
    def minutes(self) -> int:
        """About how long the interview takes: the longest path that anyone can have."""
        return max(
            round(longest_minutes(position.guide, name))
            for position in self.positions.values()
            for name in position.guide.candidate_types
        )
