"""Figures, and how they are written down: a page for readers, and the same as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from bench.machine import facts


def percentile(seconds: Sequence[float], share: float) -> float:
    """Milliseconds that this share of the times, 0 to 1, does not exceed."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: the median, the slow ones, the slowest."""
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: percentile(seconds, share) for name, share in shares.items()}


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time that a process has used, in and for the program."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_mib(process: psutil.Process) -> float:
    """Memory that a process holds (resident)."""
    return float(process.memory_info().rss) / 2**20


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows with the same columns, in Markdown."""
    names = list(rows[0])
    lines = [
        "| " + " | ".join(name.replace("_", " ") for name in names) + " |",
        "|---" * len(names) + "|",
    ]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def ran_on() -> str:
    """The machine, in a sentence."""
    return "Ran on: " + ", ".join(f"{name} {value}" for name, value in facts().items()) + "."


def write(out: Path, name: str, data: Mapping[str, Any], page: str) -> None:
    """Write NAME.json and NAME.md into a folder, and show the page."""
    out.mkdir(parents=True, exist_ok=True)
    told = {"machine": facts(), **data}
    (out / f"{name}.json").write_text(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    (out / f"{name}.md").write_text(page.strip() + "\n", "utf-8")
    print(page)
