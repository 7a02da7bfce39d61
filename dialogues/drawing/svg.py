"""The SVG of a placed drawing: its boxes, labels, lines, heading and legend.

No scripts, no style sheets and no outside fonts. Colour never stands alone: every candidate type
has a letter too. Lengths are in px.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from xml.etree import ElementTree as ET

from dialogues.drawing.faces import (
    BOX_WIDTH,
    CHIP,
    DETAIL_SIZE,
    HEADING_SIZE,
    LABEL_SIZE,
    LEADING,
    PADDING,
    STRIP_HEIGHT,
    STRIP_SEGMENTS,
    TITLE_SIZE,
    Face,
    Label,
    detail_lines,
    em,
    face_size,
    label_lines,
    letter,
    mark_rows,
    mark_width,
    target_lines,
    title_lines,
    warning_lines,
)
from dialogues.drawing.layout import Drawing, Rectangle, Stroke
from dialogues.drawing.textwidth import clean, shorten, width_of, wrap
from dialogues.guide import Language, Text

FONT = 'system-ui, "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif'
MONO = "ui-monospace, Consolas, monospace"
MARGIN = 28.0
LEAST_WIDTH = 560.0
ARROW = 5.0
STRIPE, MOST_STRIPES = 12.0, 6

INK, QUIET, PAPER, BORDER, NEUTRAL = "#1b1f24", "#57606a", "#ffffff", "#57606a", "#3d444d"
LABEL_PAPER, NEUTRAL_STRIP = "#f6f8fa", "#afb8c1"
COLOURS = ("#0072B2", "#C4490A", "#009E73", "#A3407A", "#7A5C00", "#4A4FB5")
"""For candidate types: after Okabe and Ito, as dark as lines on white have to be."""
DARK_TEXT_ON = frozenset({"#009E73"})

_LEGEND: dict[str, Text] = {
    "neutral": {"zh": "所有候选人", "en": "all candidates"},
    "dashed": {"zh": "不计分", "en": "not scored"},
    "backwards": {
        "zh": "回到前面（问过的题不再问）",
        "en": "back to earlier questions (none is asked twice)",
    },
    "references": {"zh": "→ 跳到较远的题", "en": "→ on to a question far away"},
    "ordered": {
        "zh": "1) 2) 按顺序，第一个成立的算数",
        "en": "1) 2) in this order, the first that holds counts",
    },
}


@dataclass(frozen=True)
class Legend:
    types: tuple[str, ...]
    neutral: bool
    dashed: bool
    backwards: bool
    references: bool
    ordered: bool


@dataclass(frozen=True)
class Picture:
    """All that is drawn. `line_types` are places of candidate types; empty for all."""

    language: Language
    title: str
    heading: str
    summary: str
    description: str
    legend: Legend
    faces: Mapping[str, Face]
    labels: Mapping[str, Label]
    line_types: Mapping[str, tuple[int, ...]]
    backwards: set[str]
    placed: Drawing
    bank_heading: str = ""
    bank: Sequence[Face] = field(default_factory=list)


# ---- Elements ------------------------------------------------------------------------------------


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _add(parent: ET.Element, tag: str, **attributes: str | float) -> ET.Element:
    given = {
        name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else _n(value)
        for name, value in attributes.items()
    }
    element = ET.SubElement(parent, tag, given)
    element.tail = "\n"
    return element


def _text(
    parent: ET.Element, x: float, y: float, lines: Sequence[str], size: float, **more: str | float
) -> float:
    """Lines of text from the top `y` on; returns where they end."""
    height = size * LEADING
    element = _add(parent, "text", x=x, y=y + size * 1.03, font_size=size, **more)
    element.tail = "\n"
    if len(lines) == 1:
        element.text = clean(lines[0])
    else:
        for i, line in enumerate(lines):
            part = ET.SubElement(element, "tspan", {"x": _n(x), "dy": _n(height if i else 0.0)})
            part.text = clean(line) + (" " if i < len(lines) - 1 else "")
    return y + height * len(lines)


def _rectangle(parent: ET.Element, place: Rectangle, radius: float, **more: str | float) -> None:
    _add(
        parent,
        "rect",
        x=place.x,
        y=place.y,
        width=place.width,
        height=place.height,
        rx=radius,
        **more,
    )


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _text_on(place: int) -> str:
    return INK if _colour(place) in DARK_TEXT_ON else PAPER


def _ink(types: tuple[int, ...]) -> str:
    """The colour of lines: a type's own, or neutral for several or all."""
    return _colour(types[0]) if len(types) == 1 else NEUTRAL


def _tint(place: int) -> str:
    """A type's colour, nine parts white."""
    parts = (int(_colour(place)[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * 0.09):02x}" for part in parts)


def _draw_face(parent: ET.Element, face: Face, place: Rectangle) -> None:
    group = _add(parent, "g")
    if face.full:
        ET.SubElement(group, "title").text = clean(face.full)
    if face.terminal:
        _rectangle(group, place, place.height / 2, fill=NEUTRAL)
        middle = place.x + place.width / 2
        y = place.y + (place.height - TITLE_SIZE * LEADING) / 2
        _text(
            group,
            middle,
            y,
            [face.title],
            TITLE_SIZE,
            fill=PAPER,
            text_anchor="middle",
            font_weight="600",
        )
        return
    paper = _tint(face.types[0]) if len(face.types) == 1 else PAPER
    _rectangle(group, place, 7, fill=paper)
    y = _draw_strips(group, face, place)
    outline = _colour(face.types[0]) if len(face.types) == 1 else BORDER
    dashes = {"stroke_dasharray": "6 4"} if face.dashed else {}
    _rectangle(group, place, 7, fill="none", stroke=outline, stroke_width="1.5", **dashes)
    x, y = place.x + PADDING, y + PADDING - 4
    y = _text(group, x, y, title_lines(face), TITLE_SIZE, font_weight="600") + 2
    y = _text(group, x, y, detail_lines(face), DETAIL_SIZE)
    for line in warning_lines(face):
        y = _text(group, x, y, [line], DETAIL_SIZE, font_weight="600", fill="#a40e26")
    # Fixed-width letters are 0.6 em wide, a little more than `shorten` counts.
    name = shorten(face.id, em(DETAIL_SIZE, BOX_WIDTH - 2 * PADDING) * 0.9)
    _text(group, x, y, [name], DETAIL_SIZE - 0.5, fill=QUIET, font_family=MONO)


def _draw_strips(parent: ET.Element, face: Face, place: Rectangle) -> float:
    """The strip of the candidate types at the top of a box; returns where it ends."""
    if not face.types:
        _strip(parent, Rectangle(place.x, place.y, place.width, 6), NEUTRAL_STRIP, True, True)
        return place.y + 6
    y = place.y
    for start in range(0, len(face.types), STRIP_SEGMENTS):
        segments = face.types[start : start + STRIP_SEGMENTS]
        ends = [
            place.x + round(place.width * i / len(segments), 1) for i in range(len(segments) + 1)
        ]
        for i, each in enumerate(segments):
            part = Rectangle(ends[i], y, round(ends[i + 1] - ends[i], 1), STRIP_HEIGHT)
            first, last = start == i == 0, start == 0 and i == len(segments) - 1
            _strip(parent, part, _colour(each), first, last)
            text = f"{letter(each)} {clean(face.type_names[start + i])}"
            room = em(DETAIL_SIZE, part.width - 12, bold=True)
            shown = shorten(text, room) if room > 4 else letter(each)
            x = part.x + PADDING if len(segments) == 1 else part.x + 6
            _text(parent, x, y + 1.5, [shown], DETAIL_SIZE, fill=_text_on(each), font_weight="600")
        y += STRIP_HEIGHT
    return y


def _strip(parent: ET.Element, place: Rectangle, fill: str, first: bool, last: bool) -> None:
    """A piece of a strip; its outer upper corners are as round as the box's."""
    left, right = (7.0 if first else 0.0), (7.0 if last else 0.0)
    x, y = place.x, place.y
    bottom = y + max(place.height, 7.0)
    path = (
        f"M{_n(x)} {_n(bottom)}V{_n(y + left)}q0 {_n(-left)} {_n(left)} {_n(-left)}"
        f"H{_n(place.right - right)}q{_n(right)} 0 {_n(right)} {_n(right)}V{_n(bottom)}z"
    )
    _add(parent, "path", d=path, fill=fill)


def _draw_label(parent: ET.Element, label: Label, place: Rectangle, types: tuple[int, ...]) -> None:
    group = _add(parent, "g")
    if label.text:
        ET.SubElement(group, "title").text = clean(label.text)
    _rectangle(group, place, 10, fill=LABEL_PAPER, stroke=_ink(types), stroke_width="1")
    x, y = place.x + 8, place.y + 4.5
    right = x
    for row, marks in enumerate(mark_rows(label)):
        at = x
        for mark in marks:
            at = _chip(group, at, y + row * (CHIP + 3), mark) + 3
        right = max(right, at + 4)
    lines, targets = label_lines(label), target_lines(label)
    if lines:
        y = _text(group, right, y, lines, LABEL_SIZE)
    if targets:
        _text(group, right, y, targets, LABEL_SIZE, font_weight="600")


def _chip(parent: ET.Element, x: float, y: float, place: int) -> float:
    """A type's letter on its colour; returns where it ends."""
    width = mark_width(place)
    _rectangle(parent, Rectangle(x, y, width, CHIP), 4, fill=_colour(place))
    middle = x + width / 2
    _text(
        parent,
        middle,
        y + 0.8,
        [letter(place)],
        12.0,
        fill=_text_on(place),
        text_anchor="middle",
        font_weight="700",
    )
    return x + width


def _path(strokes: Sequence[Stroke]) -> str:
    path, here = [], None
    for stroke in strokes:
        (x, y), (to_x, to_y) = stroke.start, stroke.end
        if stroke.start != here:
            path.append(f"M{_n(x)} {_n(y)}")
        if stroke.turns:
            reach = stroke.turns * 4 / 3
            path.append(
                f"C{_n(x)} {_n(y + reach)} {_n(to_x)} {_n(to_y + reach)} {_n(to_x)} {_n(to_y)}"
            )
        elif x == to_x:
            path.append(f"V{_n(to_y)}")
        else:
            half = (y + to_y) / 2
            path.append(f"C{_n(x)} {_n(half)} {_n(to_x)} {_n(half)} {_n(to_x)} {_n(to_y)}")
        here = stroke.end
    return "".join(path)


def _draw_line(
    parent: ET.Element,
    strokes: Sequence[Stroke],
    types: tuple[int, ...],
    backwards: bool,
) -> None:
    """A line in the colour of its type, striped for several, with a white edge where it crosses."""
    path = _path(strokes)
    group = _add(parent, "g", fill="none")
    _add(group, "path", d=path, stroke=PAPER, stroke_width="6")
    colours = [_colour(place) for place in types] if 0 < len(types) <= MOST_STRIPES else [NEUTRAL]
    for i, each in enumerate(colours):
        if len(colours) > 1:
            stripes = f"{_n(STRIPE)} {_n(STRIPE * (len(colours) - 1))}"
            dashes = {"stroke_dasharray": stripes, "stroke_dashoffset": _n(-STRIPE * i)}
        else:
            dashes = {"stroke_dasharray": "7 5"} if backwards else {}
        wide = "3" if len(colours) > 1 else "2"
        _add(group, "path", d=path, stroke=each, stroke_width=wide, **dashes)


def _draw_arrow(parent: ET.Element, strokes: Sequence[Stroke], types: tuple[int, ...]) -> None:
    x, y = strokes[-1].end
    head = f"M{_n(x - ARROW)} {_n(y - 2 * ARROW)}h{_n(2 * ARROW)}L{_n(x)} {_n(y)}z"
    _add(parent, "path", d=head, fill=_ink(types))


# ---- The whole -----------------------------------------------------------------------------------


def svg(picture: Picture) -> str:
    """The document. The same picture gives the same bytes."""
    placed = picture.placed
    width = max(placed.width, LEAST_WIDTH)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "role": "img",
            "lang": picture.language,
            "xml:lang": picture.language,
            "aria-labelledby": "guide-title",
            "aria-describedby": "guide-description",
            "font-family": FONT,
            "fill": INK,
        },
    )
    root.text = "\n"
    ET.SubElement(root, "title", {"id": "guide-title"}).text = clean(picture.title)
    described = ET.SubElement(root, "desc", {"id": "guide-description"})
    described.text = "\n".join(clean(line) for line in picture.description.splitlines())
    ground = _add(root, "rect", width="100%", height="100%", fill=PAPER)
    ground.tail = "\n"
    top = _draw_heading(root, picture, width)
    left = MARGIN + (width - placed.width) / 2
    tree = _add(root, "g", transform=f"translate({_n(left)} {_n(top)})")
    for key, strokes in placed.lines.items():
        _draw_line(tree, strokes, picture.line_types[key], key in picture.backwards)
    for key, strokes in placed.lines.items():
        if key not in placed.references:
            _draw_arrow(tree, strokes, picture.line_types[key])
    for key, place in placed.labels.items():
        _draw_label(tree, picture.labels[key], place, picture.line_types[key])
    for key, place in placed.boxes.items():
        _draw_face(tree, picture.faces[key], place)
    bottom = _draw_bank(root, picture, top + placed.height, width)
    root.set("viewBox", f"0 0 {_n(width + 2 * MARGIN)} {_n(bottom + MARGIN)}")
    root.set("width", _n(width + 2 * MARGIN))
    root.set("height", _n(bottom + MARGIN))
    return ET.tostring(root, encoding="unicode") + "\n"


def _draw_heading(root: ET.Element, picture: Picture, width: float) -> float:
    """Title and legend; returns where the tree begins."""
    lines = wrap(picture.heading, em(HEADING_SIZE, width, bold=True), 2)
    y = _text(root, MARGIN, MARGIN, lines, HEADING_SIZE, font_weight="700")
    y = _text(root, MARGIN, y, [picture.summary], LABEL_SIZE, fill=QUIET) + 10
    x = MARGIN
    for sign, text in _legend_items(picture):
        text = shorten(text, em(LABEL_SIZE, width - 60))
        needed = 34 + width_of(text) * LABEL_SIZE
        if x > MARGIN and x + needed > MARGIN + width:
            x, y = MARGIN, y + CHIP + 8
        at = x + _legend_sign(root, sign, x, y)
        _text(root, at, y, [text], LABEL_SIZE)
        x = round(at + width_of(text) * LABEL_SIZE + 20, 1)
    return round(y + CHIP + 26, 1)


def _legend_items(picture: Picture) -> list[tuple[str | int, str]]:
    legend = picture.legend
    items: list[tuple[str | int, str]] = [(i, name) for i, name in enumerate(legend.types)]
    for sign in ("neutral", "dashed", "backwards", "references", "ordered"):
        if getattr(legend, sign):
            shown = "" if sign in ("references", "ordered") else sign
            items.append((shown, _LEGEND[sign][picture.language]))
    return items


def _legend_sign(root: ET.Element, sign: str | int, x: float, y: float) -> float:
    """A sample of what is explained; returns the room it takes."""
    box = {"fill": "none", "stroke": BORDER, "stroke_width": "1.5"}
    if isinstance(sign, int):
        return _chip(root, x, y, sign) + 6 - x
    if not sign:
        return 0
    place = Rectangle(x, y + 1, 28, CHIP - 2)
    if sign == "neutral":
        _strip(root, Rectangle(x, y + 1, 28, 5), NEUTRAL_STRIP, True, True)
        _rectangle(root, place, 7, **box)
    elif sign == "dashed":
        _rectangle(root, place, 7, **box, stroke_dasharray="6 4")
    else:
        line = f"M{_n(x)} {_n(y + 9)}h28"
        _add(root, "path", d=line, stroke=NEUTRAL, stroke_width="2", stroke_dasharray="7 5")
    return 34


def _draw_bank(root: ET.Element, picture: Picture, y: float, width: float) -> float:
    """The bank's questions in rows below the tree; returns where they end."""
    if not picture.bank:
        return y
    y = _text(root, MARGIN, y + 40, [picture.bank_heading], LABEL_SIZE + 3, font_weight="600") + 8
    columns = max(1, int((width + 20) // (BOX_WIDTH + 20)))
    for start in range(0, len(picture.bank), columns):
        row = picture.bank[start : start + columns]
        sizes = [face_size(face) for face in row]
        lefts = accumulate((size[0] + 20 for size in sizes), initial=MARGIN)
        for face, (wide, high), x in zip(row, sizes, lefts, strict=False):
            _draw_face(root, face, Rectangle(x, y, wide, high))
        y = round(y + max(high for _, high in sizes) + 20, 1)
    return y
