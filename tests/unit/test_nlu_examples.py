"""The examples of dialogues/nlu/nlu.yml, and whether the model was trained on them."""

import re
import unicodedata

import pytest
from ruamel.yaml import YAML

from bot.understanding.base import INTENTS
from bot.understanding.examples import nlu_sha256, nlu_text, read_examples
from bot.understanding.model import MODEL_FILE, Model

LEAST = 60
HAN = re.compile(r"[\u3400-\u9fff]")
MARKUP = re.compile(r"\[[^\]]*\]\s*[({]")
"""An entity of Rasa's: [words](name) or [words]{"entity": …}."""


@pytest.fixture(scope="module")
def examples() -> dict[str, list[str]]:
    return read_examples()


def bare(text: str) -> str:
    """Without case, punctuation and spaces; what has nothing else is itself."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]", "", folded) or text


def test_the_file_is_training_data_of_rasa() -> None:
    data = YAML(typ="safe").load(nlu_text())
    assert set(data) == {"version", "nlu"}
    assert data["version"] == "3.1"
    for entry in data["nlu"]:
        assert set(entry) == {"intent", "examples"}
        for line in entry["examples"].splitlines():
            assert re.fullmatch(r"- \S(?:.*\S)?", line), (entry["intent"], line)


def test_every_intent_has_its_examples(examples: dict[str, list[str]]) -> None:
    assert set(examples) == set(INTENTS)


@pytest.mark.parametrize("intent", INTENTS)
def test_examples_in_both_languages(examples: dict[str, list[str]], intent: str) -> None:
    chinese = [text for text in examples[intent] if HAN.search(text)]
    assert len(chinese) >= LEAST
    assert len(examples[intent]) - len(chinese) >= LEAST


def test_no_example_stands_twice(examples: dict[str, list[str]]) -> None:
    places: dict[str, list[tuple[str, str]]] = {}
    for intent, texts in examples.items():
        for text in texts:
            places.setdefault(bare(text), []).append((intent, text))
    twice = [each for each in places.values() if len(each) > 1]
    assert twice == []


def test_no_example_carries_markup(examples: dict[str, list[str]]) -> None:
    marked = [text for texts in examples.values() for text in texts if MARKUP.search(text)]
    assert marked == []
    assert MARKUP.search("[zh](language)")


def test_the_model_was_trained_on_these_examples() -> None:
    trained_on = Model.load(MODEL_FILE).about["nlu_sha256"]
    assert trained_on == nlu_sha256(), (
        f"{MODEL_FILE.name} was trained on other examples; "
        "run: python -m bench.fit_understanding --home .miantan"
    )
