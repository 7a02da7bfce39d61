"""`miantan guide export` and `import`: a guide and its rubric as a spreadsheet, and back."""

import re
from pathlib import Path

from bot.commands.errors import CommandError
from bot.demo import read_files
from bot.sheets.check import from_xlsx
from bot.sheets.fill import rows_of
from bot.sheets.layout_facts import GUIDE
from bot.sheets.limits import MAX_BYTES
from bot.sheets.write import to_xlsx
from bot.storage.catalogue import load_role


def export_to(guide: Path, rubric: Path | None, out: Path) -> None:
    """Write the guide and its rubric to an XLSX file; raises FileProblem, CommandError, OSError."""
    if out.suffix.lower() != ".xlsx":
        raise CommandError(f"{out}: a spreadsheet's name ends in .xlsx; name it so")
    role = load_role(read_files(guide, rubric))
    _write_all({out: to_xlsx(rows_of(role.guide, role.rubric), str(guide))})
    print(f"{out}: the guide {role.guide.guide} with the rubric {role.rubric.rubric}")


def import_from(sheet: Path, out: Path) -> None:
    """Write the guide of an XLSX file to `out`, and beside it its rubric; both or neither.

    Raises FileProblem, CommandError, OSError.
    """
    if sheet.suffix.lower() != ".xlsx":
        raise CommandError(f"{sheet}: is no .xlsx file; save it as one")
    with sheet.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    files = from_xlsx(data, str(sheet))
    rubric = out.parent / f"{files.rubric.rubric}.rubric.yml"
    if rubric.resolve() == out.resolve():
        raise CommandError(f"{out}: the rubric goes into this file; give the guide another name")
    if out.suffix.lower() not in (".yml", ".yaml"):
        raise CommandError(f"{out}: a guide's name ends in .yml; name it so")
    others = _others(out, files.rubric.rubric)
    if others and (not rubric.exists() or rubric.read_text("utf-8") != files.rubric_text):
        raise CommandError(
            f"{rubric}: {others[0]} uses this rubric too and would be scored by the new one; give "
            f"the rubric another id in the sheet {GUIDE.title!r}, or import into another folder"
        )
    _write_all({out: files.guide_text.encode(), rubric: files.rubric_text.encode()})
    print(f"{out}: the guide {files.guide.guide} from {sheet}")
    print(f"{rubric}: its rubric {files.rubric.rubric}")


def _others(guide: Path, rubric: str) -> list[Path]:
    """Other guides in the folder that name the rubric."""
    named = re.compile(rf"^rubric:\s*['\"]?{re.escape(rubric)}['\"]?\s*(#.*)?$", re.MULTILINE)
    return [
        file
        for file in sorted(guide.parent.glob("*.y*ml"))
        if file.resolve() != guide.resolve()
        and not file.name.endswith(".rubric.yml")
        and named.search(file.read_text("utf-8", errors="replace"))
    ]


def _write_all(files: dict[Path, bytes]) -> None:
    """Write all of the files or none: each beside its place first, then all into place."""
    parts = {file: file.with_name(f".{file.name}.part") for file in files}
    before = {file: file.read_bytes() if file.is_file() else None for file in files}
    placed = []
    try:
        for file, part in parts.items():
            part.write_bytes(files[file])
        for file, part in parts.items():
            part.replace(file)
            placed.append(file)
    except OSError:
        for file in placed:
            _restore(file, before[file])
        raise
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _restore(file: Path, data: bytes | None) -> None:
    if data is None:
        file.unlink()
    else:
        file.write_bytes(data)
