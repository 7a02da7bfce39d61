"""The direction of dependencies, as pyproject.toml says it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 broken" in found.stdout


def test_the_engine_imports_alone() -> None:
    """Importing the engine loads neither storage, web, numbers nor any other part of Miantan."""
    code = (
        "import sys, dialogues.engine;"
        "roots = {name.partition('.')[0] for name in sys.modules};"
        "print(*sorted(roots & {'bot', 'scoring', 'connectors', 'numpy', 'sqlalchemy', 'fastapi',"
        " 'httpx2', 'torch'}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == ""
