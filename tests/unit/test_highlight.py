"""Marking the words of an answer."""

from hypothesis import given
from hypothesis import strategies as st

from bot.web.highlight import Segment, Span, by_line, segments

TEXTS = st.text(alphabet="ab 中文😀\n", max_size=30)
SPANS = st.lists(
    st.builds(Span, st.sampled_from("ABC"), st.integers(-3, 35), st.integers(-3, 35)), max_size=6
)


def test_words_without_spans_stay_whole() -> None:
    assert segments("我负责后端。", []) == [Segment("我负责后端。")]
    assert segments("", [Span("A1", 0, 3)]) == []


def test_one_span() -> None:
    assert segments("先看日志，再改。", [Span("A1", 0, 4)]) == [
        Segment("先看日志", ("A1",), ("A1",), ("A1",)),
        Segment("，再改。"),
    ]


def test_overlapping_nested_and_equal_spans() -> None:
    spans = [Span("A1", 0, 4), Span("A2", 2, 6), Span("A3", 2, 6), Span("A4", 3, 4)]
    assert segments("abcdefg", spans) == [
        Segment("ab", ("A1",), ("A1",), ()),
        Segment("c", ("A1", "A2", "A3"), ("A2", "A3"), ()),
        Segment("d", ("A1", "A2", "A3", "A4"), ("A4",), ("A1", "A4")),
        Segment("ef", ("A2", "A3"), (), ("A2", "A3")),
        Segment("g"),
    ]


def test_offsets_are_code_points() -> None:
    assert segments("😀好", [Span("A1", 1, 2)])[-1] == Segment("好", ("A1",), ("A1",), ("A1",))


def test_spans_of_the_whole_answer_fall_on_their_lines() -> None:
    lines = ["第一句", "", "second"]
    whole = "\n".join(lines)
    spans = [Span("A1", 1, 3), Span("A2", whole.index("sec"), len(whole)), Span("A3", 2, 7)]
    assert by_line(lines, spans) == [
        [Span("A1", 1, 3), Span("A3", 2, 3)],
        [],
        [Span("A2", 0, 6), Span("A3", 0, 2)],
    ]


@given(TEXTS, SPANS)
def test_segments_join_to_the_text_and_say_what_lies_over_them(
    text: str, spans: list[Span]
) -> None:
    found = segments(text, spans)
    assert "".join(segment.text for segment in found) == text
    at = 0
    for segment in found:
        for place in range(at, at + len(segment.text)):
            over = [s.label for s in spans if s.start <= place < s.end]
            assert sorted(over) == sorted(segment.labels)
        at += len(segment.text)
    kept = [s.label for s in spans if max(s.start, 0) < min(s.end, len(text))]
    assert sorted(label for s in found for label in s.beginning) == sorted(kept)
    assert sorted(label for s in found for label in s.ending) == sorted(kept)


@given(st.lists(TEXTS.map(lambda text: text.replace("\n", "")), max_size=5), SPANS)
def test_lines_keep_every_marked_word(lines: list[str], spans: list[Span]) -> None:
    whole = "\n".join(lines)
    marked = {
        (span.label, place)
        for span in spans
        for place in range(max(span.start, 0), min(span.end, len(whole)))
        if whole[place] != "\n"
    }
    found, offset = set(), 0
    for line, own in zip(lines, by_line(lines, spans), strict=True):
        found |= {(s.label, offset + place) for s in own for place in range(s.start, s.end)}
        offset += len(line) + 1
    assert found == marked
