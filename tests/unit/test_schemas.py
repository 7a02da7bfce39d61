"""The published JSON Schemas are those of the code, and the samples are valid by them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.schemas import schemas, write
from connectors.result import ScoreRow as ContractRow
from dialogues.yamlfile import read_document
from scoring.evidence import Evidence, Found
from scoring.rubric import load_rubric
from scoring.score import score_answer

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "schema"
NAMES = ("guide", "rubric", "result", "score-row")
SAMPLE = ROOT / "dialogues" / "guides" / "campus-software-engineer.yml"
GUIDES = sorted((ROOT / "dialogues" / "guides").glob("*.yml"))
RUBRICS = sorted((ROOT / "scoring" / "rubrics").glob("*.yml"))


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schemas()[f"{name}.schema.json"])


def as_json(text: str) -> Any:
    """A YAML file as JSON has it: keys are words."""
    return json.loads(json.dumps(read_document(text, "file").data))


def test_the_published_files_are_up_to_date() -> None:
    assert {f"{name}.schema.json" for name in NAMES} == set(schemas())
    assert {file.name for file in PUBLISHED.iterdir()} == set(schemas())
    for name, schema in schemas().items():
        published = json.loads((PUBLISHED / name).read_text(encoding="utf-8"))
        assert published == schema, "run: python -m bot.schemas docs/schema"


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_schemas(name: str) -> None:
    schema = schemas()[f"{name}.schema.json"]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in schema
    assert schema["title"]
    assert schema["description"]


def test_they_are_written_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot.schemas"]
    subprocess.run([*command, str(tmp_path / "made")], cwd=ROOT, check=True)
    write(tmp_path)
    for name in schemas():
        assert (tmp_path / "made" / name).read_bytes() == (tmp_path / name).read_bytes()
    wrong = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (1, "usage: python -m bot.schemas FOLDER\n")


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.stem)
def test_sample_guides_are_valid(file: Path) -> None:
    validator("guide").validate(as_json(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", RUBRICS, ids=lambda file: file.stem)
def test_sample_rubrics_are_valid(file: Path) -> None:
    validator("rubric").validate(as_json(file.read_text(encoding="utf-8")))


def change(data: Any, path: str, value: object) -> Any:
    """`data` with another value at a dotted path."""
    *outer, last = path.split(".")
    part = data
    for key in outer:
        part = part[int(key)] if isinstance(part, list) else part[key]
    part[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 0),
        ("rubrik", "x"),
        ("languages", ["de"]),
        ("title.fr", "x"),
        ("title.zh", ""),
        ("candidate_types.1st", {"zh": "一", "en": "first"}),
        ("profile.degree.type", "date"),
        ("profile.degree.options", ["1a"]),
        ("questions", []),
        ("questions.0.id", "a b"),
        ("questions.0.kind", "essay"),
        ("questions.0.four", ["campus"]),
        ("questions.0.for", []),
        ("questions.0.max_probes", 6),
        ("questions.0.minutes", 0),
        ("questions.0.clarify", "which one you like"),
        ("questions.0.clarify", {"zh": "哪一件", "fr": "lequel"}),
        ("questions.0.next", [{"when": "known(profile.years)"}]),
    ],
)
def test_a_broken_guide_is_not_valid(path: str, value: object) -> None:
    data = as_json(SAMPLE.read_text(encoding="utf-8"))
    assert not validator("guide").is_valid(change(data, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("competencies.teamwork.weight", 0),
        ("competencies.teamwork.anchors.6", {"zh": "六", "en": "six"}),
        ("questions.verify.tests", [{"id": "a"}]),
        ("questions.verify.key_points.0.importance", 4),
        ("questions.verify.key_points.0.texts", {}),
        ("questions.verify.key_points.0.texts.zh", []),
        ("questions.verify.examples.0", {"zh": "零", "en": "none"}),
        ("questions.verify.wait", 1),
        ("questions.1st", {"options": {"a": 1}}),
        ("questions.verify.options", {"a": 101}),
    ],
)
def test_a_broken_rubric_is_not_valid(path: str, value: object) -> None:
    file = ROOT / "scoring" / "rubrics" / "software-engineer.yml"
    data = as_json(file.read_text(encoding="utf-8"))
    assert not validator("rubric").is_valid(change(data, path, value))


def test_one_text_may_stand_for_a_list_and_an_id_for_an_option() -> None:
    rubric = as_json((ROOT / "scoring" / "rubrics" / "software-engineer.yml").read_text("utf-8"))
    validator("rubric").validate(
        change(rubric, "questions.verify.key_points.0.texts.zh", "一句话就够")
    )
    guide = as_json(SAMPLE.read_text(encoding="utf-8"))
    validator("guide").validate(change(guide, "profile.degree.options", ["bachelor", "master"]))


@pytest.mark.parametrize("reasons", [(), ("empty",)])
def test_a_score_row_is_valid_and_fits_the_result(reasons: tuple[Any, ...]) -> None:
    file = ROOT / "scoring" / "rubrics" / "software-engineer.yml"
    rubric = load_rubric(file.read_text(encoding="utf-8"), file.name)
    point = rubric.questions["verify"].key_points[0].id
    evidence = Evidence(key_point=point, start=0, end=2, text="测试", strength=0.9)
    found = Found(evidence=(evidence,), reasons=reasons)
    data = score_answer(rubric, "verify", found).model_dump(mode="json")
    validator("score-row").validate(data)
    assert ContractRow.model_validate(data).model_dump(mode="json") == data
    assert not validator("score-row").is_valid({**data, "status": "rejected"})
