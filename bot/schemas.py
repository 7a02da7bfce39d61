"""The published JSON Schemas: `python -m bot.schemas docs/schema` writes them.

Editors complete and check guides and rubrics with them, and other systems check what they get.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from connectors.result import Result
from dialogues.guide import Guide
from scoring.rubric import Rubric
from scoring.score import ScoreRow

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each contract, by its file name."""
    models: dict[str, type[BaseModel]] = {
        "guide": Guide,
        "rubric": Rubric,
        "result": Result,
        "score-row": ScoreRow,
    }
    found = {
        f"{name}.schema.json": {"$schema": DIALECT, **model.model_json_schema(by_alias=True)}
        for name, model in models.items()
    }
    result = found["result.schema.json"]
    result["required"] = ["schema", *result["required"]]
    for schema in found.values():
        _close(schema)
    return found


def _close(part: object) -> None:
    """Refuse names that fit no pattern; pydantic leaves such objects open."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)


def write(folder: Path) -> None:
    """Write every schema into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bot.schemas FOLDER")
    write(Path(sys.argv[1]))
