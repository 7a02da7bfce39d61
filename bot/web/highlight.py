"""Which words of an answer to mark. Pure; offsets are Unicode code points."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Span:
    """Words from `start` up to `end`, and the label they are marked with."""

    label: str
    start: int
    end: int


@dataclass(frozen=True)
class Segment:
    """A run of text under the same spans: those over it, those that begin and that end with it."""

    text: str
    labels: tuple[str, ...] = ()
    beginning: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()


def segments(text: str, spans: Iterable[Span]) -> list[Segment]:
    """The text cut wherever a span begins or ends; joined again, it is the text.

    Spans may overlap in any way. What lies outside the text is cut off; empty spans are ignored.
    """
    kept = _inside(spans, 0, len(text))
    cuts = sorted({0, len(text), *(s.start for s in kept), *(s.end for s in kept)})
    return [
        Segment(
            text[start:end],
            tuple(s.label for s in kept if s.start < end and s.end > start),
            tuple(s.label for s in kept if s.start == start),
            tuple(s.label for s in kept if s.end == end),
        )
        for start, end in pairwise(cuts)
    ]


def by_line(lines: Sequence[str], spans: Iterable[Span]) -> list[list[Span]]:
    """Spans of the lines joined by line breaks, as spans of each line."""
    given = list(spans)
    found = []
    offset = 0
    for line in lines:
        found.append(_inside(given, offset, offset + len(line)))
        offset += len(line) + 1
    return found


def _inside(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The parts of spans that lie in [start, end), counted from `start`."""
    cut = (Span(s.label, max(s.start, start) - start, min(s.end, end) - start) for s in spans)
    return [span for span in cut if span.start < span.end]
