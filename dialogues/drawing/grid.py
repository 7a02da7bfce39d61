"""The grid of a layered drawing: rows of cells, and the joints between neighbouring rows."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A place in a row: a box, a label, or a line passing by.

    `lane` is where it would like to be, 0 left and 1 right; the more `outermost` stand at the end.
    """

    row: int
    width: float
    height: float
    lane: float
    kind: str
    key: str
    outermost: int = 0


@dataclass(frozen=True)
class Route:
    """The cells of a line: down from its source, and for one that goes back, up to its target."""

    down: list[int]
    up: list[int] = field(default_factory=list)
    target: int | None = None


@dataclass
class Grid:
    """Cells by number, those of each row, and the joints (above, below) of the lines.

    `straight` are the joints from a box to its only follower in the next row.
    """

    cells: list[Cell] = field(default_factory=list)
    rows: dict[int, list[int]] = field(default_factory=dict)
    joints: list[tuple[int, int]] = field(default_factory=list)
    routes: dict[str, Route] = field(default_factory=dict)
    straight: set[tuple[int, int]] = field(default_factory=set)

    def add(self, cell: Cell) -> int:
        self.cells.append(cell)
        self.rows.setdefault(cell.row, []).append(len(self.cells) - 1)
        return len(self.cells) - 1

    def add_route(self, key: str, route: Route) -> None:
        self.routes[key] = route
        self.joints += zip(route.down, route.down[1:], strict=False)
        self.joints += zip(route.up[1:], route.up, strict=False)

    def neighbours(self) -> tuple[list[list[int]], list[list[int]]]:
        """For every cell, what it is joined to in the row above, and in the row below."""
        above: list[list[int]] = [[] for _ in self.cells]
        below: list[list[int]] = [[] for _ in self.cells]
        for upper, lower in self.joints:
            above[lower].append(upper)
            below[upper].append(lower)
        return above, below
