"""The parts of the embedded parser without an encoder: words, cuts, training, and the model's file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.understanding import lexical
from bot.understanding.base import INTENTS, NOTHING_OPEN, Context
from bot.understanding.model import (
    CONTEXT,
    GROUPS,
    Blend,
    Linear,
    Model,
    Network,
    context_vector,
    overlap,
)
from bot.understanding.sentences import BESIDE, cut_off_last, understand_with
from bot.understanding.training import fit_linear, fit_network

DIMENSIONS = 24


# Words.


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("請再說一遍", "请再说一遍"),
        ("ＳＫＩＰ　ｔｈｉｓ", "skip this"),
        ("  Don’t \n know ", "don't know"),
        ("跳\u200b过\ufeff", "跳过"),
        ("\u202eabc\u202c", "abc"),
        ("ﬁne ①", "fine 1"),
        ("", ""),
    ],
)
def test_normal_texts(text: str, normal: str) -> None:
    assert lexical.normal(text) == normal


@given(st.text(max_size=300))
def test_buckets_are_in_order_and_in_range(text: str) -> None:
    found = lexical.buckets(lexical.normal(text))
    assert found.dtype == np.int64
    assert (np.diff(found) > 0).all()
    assert found.min() >= 0
    assert found.max() < lexical.BUCKETS


def test_of_a_long_text_both_ends_count() -> None:
    words = [f"w{i}" for i in range(500)]
    middle = [*words[:200], "delete", *words[201:]]
    end = [*words[:-1], "delete"]
    whole = lexical.buckets(" ".join(words)).tolist()
    assert lexical.buckets(" ".join(middle)).tolist() == whole
    assert lexical.buckets(" ".join(end)).tolist() != whole


def test_a_vector_is_a_unit() -> None:
    idf = np.full(lexical.BUCKETS, 2.0, dtype=np.float32)
    rows, values = lexical.vector(idf, "skip this question")
    assert rows.shape == values.shape
    assert np.linalg.norm(values) == pytest.approx(1)


# What stands beside an answer.


@pytest.mark.parametrize(
    ("text", "head", "tail"),
    [
        ("我做了三年。谁会看？", "我做了三年。", "谁会看？"),
        ("It took 3.5 days. Who reads this?", "It took 3.5 days.", "Who reads this?"),
        ("我做了三年，对了，谁会看", "我做了三年", "对了，谁会看"),
        ("Three years, by the way who reads this", "Three years,", "by the way who reads this"),
        ("one\ntwo", "one", "two"),
        ("一。二。……", "一。", "二。……"),
        ("only one sentence.", "", ""),
        ("", "", ""),
    ],
)
def test_the_last_sentence_is_cut_off(text: str, head: str, tail: str) -> None:
    found = cut_off_last(text)
    assert (found[0], found[1].strip("。…")) == (head, tail.strip("。…"))


ANSWER = "我们用了三周把支付接口迁移到了新的系统。"


@pytest.mark.parametrize(
    ("judged", "kind", "expected"),
    [
        # What the whole, the head and the tail are judged as; what is told.
        ({"whole": ("answer", 0.9), "tail": ("pause", 0.95)}, "open", ("answer", "pause")),
        ({"whole": ("answer", 0.9), "tail": ("pause", 0.85)}, "open", ("answer", None)),
        ({"whole": ("answer", 0.9), "tail": ("thanks", 0.99)}, "open", ("answer", None)),
        ({"whole": ("answer", 0.9), "tail": ("pause", 0.95)}, "scenario", ("answer", None)),
        ({"whole": ("pause", 0.8), "head": ("answer", 0.95)}, "open", ("answer", "pause")),
        ({"whole": ("pause", 0.8), "head": ("answer", 0.8)}, "open", ("pause", None)),
        ({"whole": ("pause", 0.4), "head": ("thanks", 0.9)}, "open", ("unsure", None)),
        ({"whole": ("thanks", 0.6)}, "open", ("thanks", None)),
    ],
)
def test_an_answer_with_a_request(
    judged: dict[str, tuple[str, float]], kind: str, expected: tuple[str, str | None]
) -> None:
    tail = "先停一下。"

    def judge(text: str, context: Context) -> tuple[str, float]:
        part = {ANSWER + tail: "whole", ANSWER: "head", tail: "tail"}[text]
        assert context == (NOTHING_OPEN if part == "tail" else Context("q", kind))
        return judged[part]

    found = understand_with(judge, "mine", ANSWER + tail, Context("q", kind))
    assert (found.intent, found.also) == expected
    assert found.parser == "mine"


def test_what_may_stand_beside_an_answer_is_an_intent() -> None:
    assert set(INTENTS) > BESIDE


# Training, on toys whose structure is known.


def test_the_linear_model_finds_planted_words() -> None:
    fillers = "red blue green tall short old new round flat wide".split()
    keys = ["skip", "pause", "换"]
    texts = [f"{a} {key} {b}" for key in keys for a in fillers[:6] for b in fillers[:6]]
    labels = np.repeat(np.arange(3), 36)
    linear = fit_linear(texts, labels)
    assert linear.weights.shape == (lexical.BUCKETS, 3)
    for label, key in enumerate(keys):
        for a, b in zip(fillers[6:], fillers[::-1], strict=False):
            found = np.exp(linear.log_probabilities(f"{a} {key} {b}"))
            assert found.sum() == pytest.approx(1, abs=1e-5)
            assert found.argmax() == label
            assert found[label] > 0.6


def planted(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Noise with the class in two features' signs: no single one of them tells it (exclusive or)."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(1_500, DIMENSIONS)).astype(np.float32)
    signs = draw.choice([-1.0, 1.0], size=(1_500, 2))
    features[:, 3], features[:, 17] = signs[:, 0] * 4 + 10, signs[:, 1] * 0.04
    return features, (signs[:, 0] * signs[:, 1] > 0).astype(np.int64)


def test_the_network_finds_what_no_single_feature_tells() -> None:
    told: list[float] = []
    features, labels = planted(1)
    network = fit_network(features, labels, told.append)
    fresh, right = planted(2)
    found = [int(network.log_probabilities(each).argmax()) for each in fresh]
    assert (np.array(found) == right).mean() > 0.95
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_network_is_the_same_every_time() -> None:
    features, labels = planted(1)
    one, two = (fit_network(features[:300], labels[:300], lambda done: None) for _ in range(2))
    assert (one.hidden == two.hidden).all()
    assert (one.out == two.out).all()


# The model's numbers, and its file.


def random_model(seed: int = 0) -> Model:
    draw = np.random.default_rng(seed)
    n = len(INTENTS)

    def numbers(*shape: int) -> NDArray[np.float32]:
        return draw.normal(size=shape).astype(np.float32)

    idf = (1 + draw.random(lexical.BUCKETS)).astype(np.float16).astype(np.float32)
    linear = Linear(idf, numbers(lexical.BUCKETS, n), numbers(n))

    def network() -> Network:
        mean, scale = numbers(DIMENSIONS), np.abs(numbers(DIMENSIONS))
        inner = numbers(DIMENSIONS, 8), numbers(8)
        return Network(mean, scale, *inner, numbers(8, n), numbers(n))

    by_context = tuple(tuple(map(float, row)) for row in numbers(2, len(CONTEXT)).round(4))
    blends = tuple(Blend((0.6, 0.9, 1.1)[: i + 1], (0.1, -0.2), by_context) for i in range(3))
    about = {"nlu_sha256": "0" * 64, "examples": 3}
    return Model(linear, (network(), network()), blends, about)


def test_a_model_is_the_same_from_its_file(tmp_path: Path) -> None:
    given = random_model()
    given.save(tmp_path / "one.npz")
    loaded = Model.load(tmp_path / "one.npz")
    assert loaded.about == given.about
    for one, other in zip(loaded.blends, given.blends, strict=True):
        assert list(one.experts) == list(other.experts)
        assert np.array(one.context).tolist() == np.array(other.context).tolist()
    step = np.abs(given.linear.weights).max(axis=0) / 127
    assert (np.abs(loaded.linear.weights - given.linear.weights) <= step / 2 + 1e-6).all()
    loaded.save(tmp_path / "two.npz")
    again = Model.load(tmp_path / "two.npz")
    features = np.random.default_rng(5).normal(size=DIMENSIONS).astype(np.float32)
    for three in zip(given.networks, loaded.networks, again.networks, strict=True):
        before, after, later = (network.log_probabilities(features) for network in three)
        assert np.allclose(before, after, atol=0.05)
        assert (later == after).all()
    assert np.allclose(again.linear.weights, loaded.linear.weights, atol=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {"one.npz", "two.npz"}


def test_a_model_that_is_half_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "model.npz"
    random_model().save(file)
    before = file.read_bytes()
    with pytest.raises(TypeError):
        replace(random_model(1), about={"not": object()}).save(file)
    assert file.read_bytes() == before
    assert [*tmp_path.iterdir()] == [file]


def test_what_speaks_against_a_group_lowers_it() -> None:
    even = np.full(len(INTENTS), -np.log(len(INTENTS)), dtype=np.float32)
    against = tuple((1.0 if row == 1 else 0.0,) * len(CONTEXT) for row in range(len(GROUPS)))
    blend = Blend((1.0,), (0.0, 0.0), against)
    closed = blend.log_probabilities([even], context_vector(NOTHING_OPEN, "x", None))
    assert np.allclose(closed, even, atol=1e-5)
    asked = blend.log_probabilities([even], context_vector(Context("q", "open"), "x", 0.3))
    requests = GROUPS[1] > 0
    assert (asked[requests] < even[requests]).all()
    assert (asked[~requests] > even[~requests]).all()
    assert np.exp(asked).sum() == pytest.approx(1, abs=1e-5)


def test_context() -> None:
    assert not context_vector(NOTHING_OPEN, "anything", 0.9).any()
    asked = Context("你负责过什么项目", "case")
    near, far, unknown = (
        dict(zip(CONTEXT, context_vector(asked, "什么项目", likeness), strict=True))
        for likeness in (0.5, 0.0, None)
    )
    assert near["case"] == 1
    assert near["open"] == near["code"] == 0
    assert near["similarity"] > unknown["similarity"] == 0 > far["similarity"]
    assert near["overlap"] == 1
    assert overlap("", "anything") == overlap("one", "one") == 0
    assert overlap("ab cd ef", "cd ef gh") == 0.5


def test_weights_of_experts_multiply_their_log_probabilities() -> None:
    one, other = np.log(softmax([2.0, 1.0])), np.log(softmax([0.0, 3.0]))
    n = len(INTENTS)
    found = [
        np.concatenate([each, np.full(n - 2, -20.0)]).astype(np.float32) for each in (one, other)
    ]
    blend = Blend((0.5, 2.0), (0.0, 0.0), ((0.0,) * len(CONTEXT),) * len(GROUPS))
    likely = np.exp(blend.log_probabilities(found, context_vector(NOTHING_OPEN, "x", None)))
    assert likely[:2] == pytest.approx(softmax([0.5 * 1.0, 2.0 * 3.0 - 0.0]), abs=1e-4)


def softmax(odds: list[float]) -> NDArray[np.float64]:
    found = np.exp(np.array(odds))
    return np.asarray(found / found.sum())


def test_likeness_is_of_the_first_standardised_features() -> None:
    zeros = np.zeros(3, dtype=np.float32)
    mean, scale = np.array([1, 1, 9], np.float32), np.array([1, 2, 5], np.float32)
    network = Network(mean, scale, np.zeros((3, 1), np.float32), zeros[:1], zeros[None], zeros)
    one, other = np.array([4, 1, 7], np.float32), np.array([4, 3, -7], np.float32)
    assert network.likeness(one, other, 2) == pytest.approx(3 / 5)
    assert network.likeness(one, mean, 2) == 0
