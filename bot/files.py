"""Reading text files that people gave, and where guides and rubrics stand."""

from importlib.resources import files
from pathlib import Path

from dialogues.yamlfile import FileProblem

MAX_BYTES = 100_000_000


def read_text(file: Path) -> str:
    """The text of a UTF-8 file, without a byte-order mark; raises FileProblem or OSError."""
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FileProblem(
            str(file), 1, f"has more than {MAX_BYTES:,} bytes", "check that it is the right file"
        )
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileProblem(str(file), line, "is not UTF-8 text", "save it as UTF-8") from None


def rubric_path(guide_file: Path, rubric: str) -> Path:
    """The rubric of a guide: NAME.rubric.yml beside it, else scoring/rubrics/NAME.yml."""
    beside = guide_file.parent / f"{rubric}.rubric.yml"
    return beside if beside.exists() else Path(str(files("scoring"))) / "rubrics" / f"{rubric}.yml"


def sample_guide(name: str) -> Path:
    """The file of a sample guide."""
    return Path(str(files("dialogues"))) / "guides" / f"{name}.yml"
