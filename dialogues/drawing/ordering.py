"""The order of the cells in each row: few crossings, and every lane on its side."""

from bisect import bisect_right, insort
from collections.abc import Sequence

from dialogues.drawing.grid import Grid

SWEEPS = 12

Rows = dict[int, list[int]]


def order_rows(grid: Grid) -> Rows:
    """Each row from left to right: by lane at first, then by sweeps that lessen crossings."""
    above, below = grid.neighbours()
    rows = {
        row: sorted(grid.rows[row], key=lambda n: (grid.cells[n].outermost, grid.cells[n].lane, n))
        for row in sorted(grid.rows)
    }
    best, fewest = rows, _crossings(rows, below)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        rows = _sweep(grid, rows, above if sweep % 2 == 0 else below, downwards=sweep % 2 == 0)
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _sweep(grid: Grid, rows: Rows, fixed: Sequence[Sequence[int]], downwards: bool) -> Rows:
    """Order every row by the mean place of what its cells are joined to in the row before."""
    place = _places(rows)
    swept: Rows = {}
    for row in sorted(rows, reverse=not downwards):
        means = {
            n: sum(place[m] for m in fixed[n]) / len(fixed[n]) if fixed[n] else place[n]
            for n in rows[row]
        }
        swept[row] = sorted(
            rows[row],
            key=lambda n, means=means: (grid.cells[n].outermost, means[n], place[n]),  # type: ignore[misc]
        )
        place.update(_places({row: swept[row]}))
    return {row: swept[row] for row in sorted(swept)}


def _places(rows: Rows) -> dict[int, float]:
    """Where each cell stands in its row, from 0 to 1."""
    return {
        number: (i + 0.5) / len(numbers)
        for numbers in rows.values()
        for i, number in enumerate(numbers)
    }


def _crossings(rows: Rows, below: Sequence[Sequence[int]]) -> int:
    """How many pairs of joints cross."""
    place = _places(rows)
    total = 0
    for numbers in rows.values():
        seen: list[float] = []
        for number in numbers:
            ends = sorted(place[lower] for lower in below[number])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
