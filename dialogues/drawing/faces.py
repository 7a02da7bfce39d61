"""What boxes and labels say, in lines, and how large that makes them. Lengths are in px."""

from dataclasses import dataclass

from dialogues.drawing.textwidth import balanced, width_of, wrap

TITLE_SIZE, DETAIL_SIZE, LABEL_SIZE, HEADING_SIZE = 15.0, 12.5, 13.0, 22.0
LEADING = 1.36
"""Line height, in em."""
BOLD = 1.12
"""How much wider bold text is."""

BOX_WIDTH = 236.0
PADDING = 12.0
TITLE_LINES = 3
STRIP_HEIGHT = 20.0
STRIP_SEGMENTS = 6
"""Segments side by side at most; more go into further strips."""
CHIP = 18.0
LABEL_WIDTH = 210.0
LABEL_LINES = 8
TERMINAL_HEIGHT = 38.0

TITLE_EM = (BOX_WIDTH - 2 * PADDING) / TITLE_SIZE * TITLE_LINES


@dataclass(frozen=True)
class Face:
    """What a box says. Each group of details begins a line. `types` are the places of its candidate types; empty for all."""

    title: str
    full: str = ""
    id: str = ""
    details: tuple[tuple[str, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    types: tuple[int, ...] = ()
    type_names: tuple[str, ...] = ()
    dashed: bool = False
    terminal: bool = False


@dataclass(frozen=True)
class Label:
    """What stands on a line: its condition, marks of types, and where a reference leads."""

    text: str = ""
    marks: tuple[int, ...] = ()
    target: str = ""


def letter(place: int) -> str:
    """A, B, …, Z, AA, AB, … for the places 0, 1, …"""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def em(size: float, width: float, bold: bool = False) -> float:
    """A width in px as em of text of a size."""
    return width / size / (BOLD if bold else 1.0)


def title_lines(face: Face) -> tuple[str, ...]:
    return wrap(face.title, em(TITLE_SIZE, BOX_WIDTH - 2 * PADDING, bold=True), TITLE_LINES)


def detail_lines(face: Face) -> list[str]:
    """The details side by side; a line ends between two of them where it can."""
    width = em(DETAIL_SIZE, BOX_WIDTH - 2 * PADDING)
    lines: list[str] = []
    for group in face.details:
        for i, detail in enumerate(group):
            if i and width_of(f"{lines[-1]} · {detail}") <= width:
                lines[-1] += f" · {detail}"
            else:
                lines += wrap(detail, width, 2)
    return lines


def warning_lines(face: Face) -> list[str]:
    width = em(DETAIL_SIZE, BOX_WIDTH - 2 * PADDING, bold=True)
    return [line for warning in face.warnings for line in wrap(f"! {warning}", width, 2)]


def strips(face: Face) -> int:
    return -(-len(face.types) // STRIP_SEGMENTS)


def face_size(face: Face) -> tuple[float, float]:
    """Width and height of a box."""
    if face.terminal:
        width = width_of(face.title) * TITLE_SIZE * BOLD + 4 * PADDING
        return max(round(width, 1), 96.0), TERMINAL_HEIGHT
    height = max(strips(face) * STRIP_HEIGHT, 6.0) + 2 * PADDING - 4
    height += len(title_lines(face)) * TITLE_SIZE * LEADING
    small = len(detail_lines(face)) + len(warning_lines(face)) + bool(face.id)
    return BOX_WIDTH, round(height + small * DETAIL_SIZE * LEADING + 4, 1)


def label_lines(label: Label) -> tuple[str, ...]:
    width = em(LABEL_SIZE, LABEL_WIDTH)
    return balanced(label.text, width, LABEL_LINES) if label.text else ()


def target_lines(label: Label) -> tuple[str, ...]:
    width = em(LABEL_SIZE, LABEL_WIDTH, bold=True)
    return wrap(label.target, width, 2) if label.target else ()


def mark_width(place: int) -> float:
    return max(CHIP, round(width_of(letter(place)) * LABEL_SIZE + 8, 1))


def mark_rows(label: Label) -> list[list[int]]:
    return [list(label.marks[i : i + 6]) for i in range(0, len(label.marks), 6)]


def label_size(label: Label) -> tuple[float, float] | None:
    """Width and height of a label; None when it says nothing."""
    if not (label.text or label.marks or label.target):
        return None
    texts = [width_of(line) for line in label_lines(label)]
    texts += [width_of(line) * BOLD for line in target_lines(label)]
    words = max(texts, default=0.0) * LABEL_SIZE
    marks = max(
        (sum(map(mark_width, row)) + 3 * (len(row) - 1) for row in mark_rows(label)), default=0.0
    )
    height = max(len(texts) * LABEL_SIZE * LEADING, len(mark_rows(label)) * (CHIP + 3) - 3)
    between = 7.0 if texts and marks else 0.0
    return round(words + marks + between + 16, 1), round(height + 9, 1)
