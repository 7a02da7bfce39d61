"""Reading text files that people gave."""

from pathlib import Path

from dialogues.yamlfile import FileProblem


def read_text(file: Path) -> str:
    """The text of a UTF-8 file, without a byte-order mark; raises FileProblem or OSError."""
    data = file.read_bytes()
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileProblem(str(file), line, "is not UTF-8 text", "save it as UTF-8") from None
