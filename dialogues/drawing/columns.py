"""The horizontal places of cells, after Brandes and Köpf (2001).

Cells that are joined are aligned into straight blocks, in four ways (from above or below, leaning
left or right); each way is packed, and every cell takes the mean of the middle two of its places.
Last, lines are drawn in towards the boxes that they join.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise

from dialogues.drawing.grid import Cell, Grid

PASSES = 12
FAR_OFF = 240.0
"""How far beside its ends a line stands, in px, before it may be bent to come closer."""

Separation = Callable[[Cell, Cell], float]


def find_columns(
    grid: Grid, rows: Mapping[int, Sequence[int]], separation: Separation
) -> list[float]:
    """The middle of every cell; neighbours in a row keep their separation."""
    above, below = grid.neighbours()
    crossed = _crossed(grid, rows, above)
    for upper, lower in sorted(grid.straight):
        for other in below[upper]:
            above[other] = [n for n in above[other] if n != upper]
        for other in above[lower]:
            below[other] = [n for n in below[other] if n != lower]
        above[lower], below[upper] = [upper], [lower]
    ways: list[list[float]] = []
    for joined, downwards in ((above, True), (below, False)):
        for sign in (1, -1):
            ordered = [list(rows[row][::sign]) for row in sorted(rows, reverse=not downwards)]
            roots = _align(ordered, joined, crossed)
            ways.append([sign * x for x in _pack(grid, ordered, roots, separation)])
    columns = [round(x, 1) for x in _middle(grid, ways)]
    _draw_in(grid, rows, columns, separation)
    return columns


def _crossed(
    grid: Grid, rows: Mapping[int, Sequence[int]], above: Sequence[Sequence[int]]
) -> set[tuple[int, int]]:
    """Joints (above, below) that cross a long line between two of its cells, which stays straight."""
    place = {number: i for row in rows.values() for i, number in enumerate(row)}
    crossed = set()
    ordered = [rows[row] for row in sorted(rows)]
    for upper, lower in pairwise(ordered):
        done, left = 0, 0
        for i, number in enumerate(lower):
            inner = _inner(grid, number, above)
            if inner is None and i < len(lower) - 1:
                continue
            right = len(upper) - 1 if inner is None else place[inner]
            for other in lower[done : i + 1]:
                for end in above[other]:
                    if not left <= place[end] <= right and _inner(grid, other, above) is None:
                        crossed.add((end, other))
            done, left = i + 1, right
    return crossed


def _inner(grid: Grid, number: int, above: Sequence[Sequence[int]]) -> int | None:
    """The upper end of a joint within a line."""
    if grid.cells[number].kind == "box":
        return None
    return next((end for end in above[number] if grid.cells[end].kind != "box"), None)


def _align(
    rows: Sequence[Sequence[int]],
    joined: Sequence[Sequence[int]],
    crossed: set[tuple[int, int]],
) -> list[int]:
    """For every cell the first of its block; each cell joins a middle one of its neighbours."""
    place = {number: i for row in rows for i, number in enumerate(row)}
    root = list(range(len(joined)))
    taken: set[int] = set()
    for row in rows:
        reached = -1
        for number in row:
            near = sorted(joined[number], key=place.__getitem__)
            for middle in {(len(near) - 1) // 2: 0, len(near) // 2: 0} if near else {}:
                end = near[middle]
                free = end not in taken and reached < place[end]
                if free and (end, number) not in crossed and (number, end) not in crossed:
                    root[number] = root[end]
                    taken.add(end)
                    reached = place[end]
                    break
    return root


def _pack(
    grid: Grid,
    rows: Sequence[Sequence[int]],
    root: Sequence[int],
    separation: Separation,
) -> list[float]:
    """Blocks as far left as they can be, then as far right as their right neighbours let them."""
    after: dict[int, dict[int, float]] = {block: {} for block in root}
    before: dict[int, dict[int, float]] = {block: {} for block in root}
    for row in rows:
        for left, right in pairwise(row):
            apart = separation(grid.cells[left], grid.cells[right])
            one, other = root[left], root[right]
            after[one][other] = before[other][one] = max(apart, after[one].get(other, 0.0))
    order = list(TopologicalSorter(before).static_order())
    x: dict[int, float] = {}
    for block in order:
        x[block] = max((x[other] + apart for other, apart in before[block].items()), default=0.0)
    for block in reversed(order):
        if after[block]:
            x[block] = min(x[other] - apart for other, apart in after[block].items())
    return [x[block] for block in root]


def _middle(grid: Grid, ways: Sequence[Sequence[float]]) -> list[float]:
    """The four ways laid over each other at the narrowest, leaning left or right as each does."""
    sides = []
    for way in ways:
        edges = [(x - c.width / 2, x + c.width / 2) for x, c in zip(way, grid.cells, strict=True)]
        sides.append((min(left for left, _ in edges), max(right for _, right in edges)))
    narrowest = min(sides, key=lambda side: side[1] - side[0])
    shifts = [
        narrowest[0] - left if i % 2 == 0 else narrowest[1] - right
        for i, (left, right) in enumerate(sides)
    ]
    columns = []
    for number in range(len(grid.cells)):
        places = sorted(way[number] + shift for way, shift in zip(ways, shifts, strict=True))
        columns.append((places[1] + places[2]) / 2)
    return columns


def _draw_in(
    grid: Grid, rows: Mapping[int, Sequence[int]], columns: list[float], separation: Separation
) -> None:
    """Move every straight piece of a line between its ends, as far as its neighbours let it."""
    above, below = grid.neighbours()
    left: dict[int, int] = {}
    right: dict[int, int] = {}
    for row in rows.values():
        for one, other in pairwise(row):
            left[other], right[one] = one, other
    pieces = _pieces(grid, columns)

    def wanted(piece: Sequence[int]) -> float:
        ends = [columns[n] for n in [*above[piece[0]], *below[piece[-1]]]]
        x = columns[piece[0]]
        return min(max(x, min(ends)), max(ends)) if ends else x

    def room(number: int, side: Mapping[int, int], sign: int) -> float:
        near = side.get(number)
        if near is None:
            return sign * math.inf
        return columns[near] - sign * separation(grid.cells[number], grid.cells[near])

    def place(piece: Sequence[int], x: float) -> float:
        low = max(room(number, left, -1) for number in piece)
        high = min(room(number, right, 1) for number in piece)
        return round(max(low, min(high, x)), 1)

    for _ in range(PASSES):
        moved = False
        distance = {piece[0]: abs(columns[piece[0]] - wanted(piece)) for piece in pieces}
        for piece in sorted(pieces, key=lambda piece: (distance[piece[0]], piece[0])):
            aim, before = wanted(piece), columns[piece[0]]
            for part in _bent(piece, aim, before, place):
                x = place(part, aim)
                moved = moved or x != before
                for number in part:
                    columns[number] = x
        pieces = _pieces(grid, columns)
        if not moved:
            break


def _bent(
    piece: list[int], aim: float, now: float, place: Callable[[Sequence[int], float], float]
) -> list[list[int]]:
    """The piece, in two if it is far off and its lower part could come much closer."""
    if abs(now - aim) > FAR_OFF:
        whole = abs(place(piece, aim) - aim)
        for start in range(1, len(piece)):
            if whole - abs(place(piece[start:], aim) - aim) > FAR_OFF / 2:
                return [piece[:start], piece[start:]]
    return [piece]


def _pieces(grid: Grid, columns: Sequence[float]) -> list[list[int]]:
    """The cells of each line from top to bottom, apart where it bends; boxes are none of them."""
    fixed = {number for joint in grid.straight for number in joint}
    pieces: list[list[int]] = []
    for route in grid.routes.values():
        for chain in (route.down, route.up[::-1]):
            last = None
            for number in chain:
                if grid.cells[number].kind == "box" or number in fixed:
                    last = None
                    continue
                if last is not None and columns[last] == columns[number]:
                    pieces[-1].append(number)
                else:
                    pieces.append([number])
                last = number
    return pieces
