"""Where the boxes and lines of a layered drawing stand. Knows sizes only, no guide.

The rows are boxes and, between them, the labels of the lines that leave a row. A line that spans
several rows keeps a free column in each of them, so it never runs through a box or a label; it
bends only in the gaps between rows. Columns are found as by Brandes and Köpf, “Fast and Simple
Horizontal Coordinate Assignment” (2001).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dialogues.drawing.columns import find_columns
from dialogues.drawing.grid import Cell, Grid, Route
from dialogues.drawing.ordering import order_rows

GAP_BOXES = 40.0
GAP_LINES = 18.0
GAP_ROWS = 34.0
GAP_ROWS_MOST = 80.0
SLOPE = 0.07
"""How much the gap between two rows grows with the widest bend in it."""
PORT_STEP = 14.0
"""The distance between lines that leave or enter the same box."""
WIDE = 2_000.0
PASSING_WIDTH = 10.0
LONGEST_LINE = 14
"""Rows of boxes that a line may cross; longer ones become references."""
MOST_PASSING = 12
"""Lines that may pass by the boxes of a row; more become references."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """What stands in a row of boxes. `lane` is where it would like to be: 0 left, 1 right."""

    key: str
    row: int
    width: float
    height: float
    lane: float = 0.5


@dataclass(frozen=True)
class Line:
    """A line from the bottom of one box to the top of another, with the size of its label.

    `far_size` is the label's size should the line become a reference. `spine` lines stay straight
    where they are the only ones between two rows.
    """

    key: str
    source: str
    target: str
    lane: float = 0.5
    label: tuple[float, float] | None = None
    far_size: tuple[float, float] = (60.0, 20.0)
    spine: bool = True


@dataclass(frozen=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + self.width

    def overlaps(self, other: "Rectangle") -> bool:
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


@dataclass(frozen=True)
class Stroke:
    """A piece of a line: straight down or up, or a bend from one column to another.

    `turns` is how far a U-turn reaches beyond its ends; 0 for all others.
    """

    start: Point
    end: Point
    turns: float = 0.0


@dataclass
class Drawing:
    """Everything with its place; x and y grow to the right and downwards from 0."""

    boxes: dict[str, Rectangle] = field(default_factory=dict)
    labels: dict[str, Rectangle] = field(default_factory=dict)
    lines: dict[str, list[Stroke]] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    width: float = 0.0
    height: float = 0.0


def lay_out(boxes: Sequence[Box], lines: Sequence[Line]) -> Drawing:
    """Place boxes and lines; every row up to the last has a box, and only lines down leave row 0.

    Time grows about linearly with their number. A drawing that gets too wide is drawn again with
    every line to the next row taken for one of the spine.
    """
    row_of = {box.key: box.row for box in boxes}
    far = _too_far(lines, row_of)
    grid = _grid(boxes, lines, row_of, far)
    rows = order_rows(grid)
    drawing = _place(grid, rows, find_columns(grid, rows, _separation), far)
    if drawing.width > WIDE:
        _keep_straight(grid, _only_followers(lines, row_of) - far)
        drawing = min(
            drawing,
            _place(grid, rows, find_columns(grid, rows, _separation), far),
            key=lambda drawing: drawing.width,
        )
    return drawing


def _too_far(lines: Sequence[Line], row_of: Mapping[str, int]) -> set[str]:
    """The lines that become references; shorter lines are drawn first."""
    passing: Counter[int] = Counter()
    far: set[str] = set()
    spans = [(abs(row_of[line.target] - row_of[line.source]), i) for i, line in enumerate(lines)]
    for span, i in sorted(spans):
        line = lines[i]
        ends = sorted((row_of[line.source], row_of[line.target]))
        backwards = row_of[line.target] <= row_of[line.source]
        crossed = range(ends[0] + (not backwards), ends[1] + backwards)
        if span > LONGEST_LINE or any(passing[row] >= MOST_PASSING for row in crossed):
            far.add(line.key)
        else:
            passing.update(crossed)
    return far


def _grid(
    boxes: Sequence[Box], lines: Sequence[Line], row_of: Mapping[str, int], far: set[str]
) -> Grid:
    grid = Grid()
    cell_of = {
        box.key: grid.add(Cell(2 * box.row, box.width, box.height, box.lane, "box", box.key))
        for box in boxes
    }
    labelled = {
        2 * row_of[line.source] + 1
        for line in lines
        if line.label or line.key in far or row_of[line.target] <= row_of[line.source]
    }
    for line in lines:
        start, end = 2 * row_of[line.source], 2 * row_of[line.target]
        down = [cell_of[line.source]]
        if start + 1 in labelled:
            down.append(grid.add(_label_cell(line, start + 1, line.key in far, end <= start)))
        if line.key in far:
            grid.add_route(line.key, Route(down))
        elif end > start:
            between = [row for row in range(start + 2, end) if row % 2 == 0 or row in labelled]
            down += [grid.add(_passing(line, row)) for row in between]
            grid.add_route(line.key, Route([*down, cell_of[line.target]]))
        else:
            rows = [r for r in range(start + 1, end - 1, -1) if r % 2 == 0 or r in labelled]
            up = [grid.add(_passing(line, row, outermost=2)) for row in rows]
            grid.add_route(line.key, Route(down, up, cell_of[line.target]))
    spine = {line.key for line in lines if line.spine}
    _keep_straight(grid, (_only_followers(lines, row_of) & spine) - far)
    return grid


def _keep_straight(grid: Grid, keys: set[str]) -> None:
    for key in keys:
        grid.straight.update(pairwise(grid.routes[key].down))


def _only_followers(lines: Sequence[Line], row_of: Mapping[str, int]) -> set[str]:
    """The lines to the next row that are the only such line at both of their ends."""
    near = [line for line in lines if row_of[line.target] == row_of[line.source] + 1]
    leaving = Counter(line.source for line in near)
    entering = Counter(line.target for line in near)
    return {line.key for line in near if leaving[line.source] == entering[line.target] == 1}


def _label_cell(line: Line, row: int, far: bool, back: bool) -> Cell:
    size = line.far_size if far else line.label
    if size is None:
        return _passing(line, row, int(back))
    return Cell(row, size[0], size[1], line.lane, "label", line.key, int(back))


def _passing(line: Line, row: int, outermost: int = 0) -> Cell:
    return Cell(row, PASSING_WIDTH, 0.0, line.lane, "passing", line.key, outermost)


def _separation(left: Cell, right: Cell) -> float:
    """The least distance between the middles of two neighbours."""
    gap = GAP_BOXES if left.kind == right.kind == "box" else GAP_LINES
    return (left.width + right.width) / 2 + gap


@dataclass(frozen=True)
class _Placed:
    """The grid with the middle of each cell, and the top and bottom of each row."""

    grid: Grid
    xs: Sequence[float]
    tops: Mapping[int, float]
    bottoms: Mapping[int, float]
    gaps: Mapping[int, float]

    def top(self, number: int) -> Point:
        return self.xs[number], self.tops[self.grid.cells[number].row]

    def bottom(self, number: int) -> Point:
        """The lower end of the row, below the cell."""
        return self.xs[number], self.bottoms[self.grid.cells[number].row]

    def foot(self, number: int) -> Point:
        """The lower end of the cell itself."""
        x, y = self.top(number)
        return x, round(y + self.grid.cells[number].height, 1)


def _place(
    grid: Grid, rows: Mapping[int, Sequence[int]], columns: Sequence[float], far: set[str]
) -> Drawing:
    left = min(x - cell.width / 2 for x, cell in zip(columns, grid.cells, strict=True))
    xs = [round(x - left, 1) for x in columns]
    placed = _heights(grid, rows, xs)
    drawing = Drawing(height=max(placed.bottoms.values()), references=set(far))
    for number, cell in enumerate(grid.cells):
        drawing.width = max(drawing.width, round(xs[number] + cell.width / 2, 1))
        if cell.kind != "passing":
            kept = drawing.boxes if cell.kind == "box" else drawing.labels
            x, y = round(xs[number] - cell.width / 2, 1), placed.tops[cell.row]
            kept[cell.key] = Rectangle(x, y, cell.width, cell.height)
    leaving, entering = _ports(grid, xs)
    for key, route in grid.routes.items():
        drawing.lines[key] = _strokes(placed, route, leaving[key], entering.get(key, 0.0))
    return drawing


def _heights(grid: Grid, rows: Mapping[int, Sequence[int]], xs: Sequence[float]) -> _Placed:
    bend: Counter[int] = Counter()
    for above, below in grid.joints:
        row = grid.cells[above].row
        bend[row] = max(bend[row], round(abs(xs[above] - xs[below])))
    tops, bottoms, gaps, y = {}, {}, {}, 0.0
    for row in sorted(rows):
        tops[row] = round(y, 1)
        bottoms[row] = round(y + max(grid.cells[number].height for number in rows[row]), 1)
        gaps[row] = min(GAP_ROWS + SLOPE * bend[row], GAP_ROWS_MOST)
        y = bottoms[row] + gaps[row]
    return _Placed(grid, xs, tops, bottoms, gaps)


def _ports(grid: Grid, xs: Sequence[float]) -> tuple[dict[str, float], dict[str, float]]:
    """How far from the middle of its boxes each line leaves and enters, so that they stay apart."""
    out: dict[int, list[tuple[float, str]]] = {}
    into: dict[int, list[tuple[float, str]]] = {}
    for key, route in grid.routes.items():
        beyond = route.down[1] if len(route.down) > 1 else route.up[0]
        out.setdefault(route.down[0], []).append((xs[beyond], key))
        if route.target is not None:
            into.setdefault(route.target, []).append((xs[route.up[-1]], key))
        elif grid.cells[route.down[-1]].kind == "box":
            into.setdefault(route.down[-1], []).append((xs[route.down[-2]], key))
    return _spread(grid, xs, out), _spread(grid, xs, into)


def _spread(
    grid: Grid, xs: Sequence[float], ends: Mapping[int, list[tuple[float, str]]]
) -> dict[str, float]:
    """Side by side around the middle of the box, or around a line that stands right below it."""
    offsets = {}
    for number, keys in ends.items():
        keys.sort()
        step = min(PORT_STEP, 0.4 * grid.cells[number].width / len(keys))
        beyond = [x for x, _ in keys]
        middle = beyond.index(xs[number]) if xs[number] in beyond else (len(keys) - 1) / 2
        offsets.update({key: round((i - middle) * step, 1) for i, (_, key) in enumerate(keys)})
    return offsets


def _strokes(placed: _Placed, route: Route, leaving: float, entering: float) -> list[Stroke]:
    down, last = route.down, route.down[-1]
    x, y = placed.foot(down[0])
    strokes = [Stroke((x + leaving, y), (x + leaving, placed.bottom(down[0])[1]))]
    here = strokes[0].end
    for number in down[1:]:
        x, y = placed.top(number)
        arrives = number == last and placed.grid.cells[number].kind == "box"
        strokes.append(Stroke(here, (x + entering if arrives else x, y)))
        if arrives or (number == last and route.target is None):
            break
        strokes.append(Stroke(placed.foot(number), placed.bottom(number)))
        here = strokes[-1].end
    if route.target is not None:
        strokes += _rise(placed, route, route.target, here, entering)
    return [stroke for stroke in strokes if stroke.start != stroke.end]


def _rise(placed: _Placed, route: Route, target: int, here: Point, entering: float) -> list[Stroke]:
    """Round below the row, up the column on the outside, and round into the target's top."""
    cells, up = placed.grid.cells, route.up
    strokes = [Stroke(here, placed.bottom(up[0]), 0.6 * placed.gaps[cells[up[0]].row])]
    for number in up:
        if number != up[0]:
            strokes.append(Stroke(strokes[-1].end, placed.bottom(number)))
        strokes.append(Stroke(strokes[-1].end, placed.top(number)))
    x, y = placed.top(target)
    above = max(row for row in placed.tops if row < cells[target].row)
    strokes.append(Stroke(strokes[-1].end, (x + entering, y), -0.6 * placed.gaps[above]))
    return strokes
