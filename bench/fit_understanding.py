"""Trains the embedded parser on dialogues/nlu/nlu.yml and writes bot/understanding/model.npz.

    python -m bench.fit_understanding --home HOME [--blend-only]

The experts are trained on the examples; how they are blended is fitted on messages written apart
from them (bench/understanding/development.jsonl, and answers_in_context.jsonl with less weight).
Run it after a change of the examples; with --blend-only the experts stay as they are.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding import lexical
from bot.understanding.base import INTENTS, Context
from bot.understanding.examples import nlu_sha256, read_examples
from bot.understanding.model import (
    CONTEXT,
    GROUPS,
    MODEL_FILE,
    Blend,
    Linear,
    Model,
    Network,
    Vector,
    context_vector,
    cosine_to,
)
from bot.understanding.training import fit_linear, fit_network
from scoring.encoder import Encoder, load_encoder

FOLDER = Path(__file__).parent / "understanding"
ENCODER = "e5-small-int8"
IN_CONTEXT = 0.15
"""Weight of an answer chosen for looking like a command, against one that was not."""
PENALTY = 0.002
"""Of the squared biases."""

NO_BLEND = Blend(1.0, 1.0, (0.0,) * len(GROUPS), ((0.0,) * len(CONTEXT),) * len(GROUPS))


@dataclass(frozen=True)
class Measured:
    """What the blend is fitted on, a row a message: both experts, the context, the right intent."""

    linear: Vector
    network: Vector
    context: Vector
    labels: NDArray[np.int64]
    weights: Vector


def rows_of(name: str) -> list[dict[str, Any]]:
    """Messages with their intent and, mostly, the question that was open."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def measure(linear: Linear, network: Network, encoder: Encoder) -> Measured:
    usual, chosen = rows_of("development.jsonl"), rows_of("answers_in_context.jsonl")
    rows = usual + chosen
    texts = [lexical.normal(row["text"]) for row in rows]
    contexts = []
    for row, text in zip(rows, texts, strict=True):
        context = Context(**row.get("context") or {})
        cosine = None
        if context.question:
            asked = encoder.encode(lexical.normal(context.question))
            cosine = cosine_to(asked, encoder.features(text))
        contexts.append(context_vector(context, text, cosine))
    return Measured(
        np.array([linear.log_probabilities(text) for text in texts]),
        np.array([network.log_probabilities(encoder.features(text)) for text in texts]),
        np.array(contexts),
        np.array([INTENTS.index(row["intent"]) for row in rows]),
        np.array([1.0] * len(usual) + [IN_CONTEXT] * len(chosen), dtype=np.float32),
    )


def fit_blend(measured: Measured, with_network: bool) -> Blend:
    """The most likely weights and biases, with a penalty on the biases."""
    import torch

    experts = torch.tensor([0.5, 1.0 if with_network else 0.0], requires_grad=True)
    always = torch.zeros(len(GROUPS), requires_grad=True)
    by_context = torch.zeros(len(GROUPS), len(CONTEXT), requires_grad=True)
    linear, network, context = map(
        torch.from_numpy, (measured.linear, measured.network, measured.context)
    )
    labels, weights = torch.from_numpy(measured.labels), torch.from_numpy(measured.weights)
    optimiser = torch.optim.LBFGS([experts, always, by_context], max_iter=500)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        odds = experts[0] * linear + (experts[1] * network if with_network else 0)
        odds = odds - (always + context @ by_context.T) @ torch.from_numpy(GROUPS)
        each = torch.nn.functional.cross_entropy(odds, labels, reduction="none")
        found = (each * weights).sum() / weights.sum()
        found = found + PENALTY * (always.square().sum() + by_context.square().sum())
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimiser.step(loss)
    return Blend(
        round(experts[0].item(), 4),
        round(experts[1].item(), 4),
        tuple(round(x, 4) for x in always.tolist()),
        tuple(tuple(round(x, 4) for x in row) for row in by_context.tolist()),
    )


def examples() -> tuple[list[str], NDArray[np.int64]]:
    """Normal texts of all examples, and the places of their intents in INTENTS."""
    found = read_examples()
    texts = [lexical.normal(text) for intent in INTENTS for text in found[intent]]
    labels = [i for i, intent in enumerate(INTENTS) for _ in found[intent]]
    return texts, np.array(labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--home", type=Path, default=Path(".miantan"))
    parser.add_argument("--blend-only", action="store_true")
    options = parser.parse_args()
    encoder = load_encoder(ENCODER, options.home, 2)
    trained = Model.load(MODEL_FILE) if options.blend_only else train(encoder)
    assert trained.network is not None
    measured = measure(trained.linear, trained.network, encoder)
    blend, alone = fit_blend(measured, True), fit_blend(measured, False)
    replace(trained, blend=blend, alone=alone).save(MODEL_FILE)
    print(blend, alone, f"{MODEL_FILE.name}: {MODEL_FILE.stat().st_size:,} bytes", sep="\n")


def train(encoder: Encoder) -> Model:
    """The experts, trained on the examples; the blend is yet to be fitted."""
    texts, labels = examples()
    print(f"{len(texts)} examples; n-grams …", flush=True)
    linear = fit_linear(texts, labels)
    print("features …", flush=True)
    features = np.array([encoder.features(text) for text in texts])
    network = fit_network(features, labels, lambda done: print(f"network {done:.0%}", flush=True))
    about = {
        "nlu_sha256": nlu_sha256(),
        "encoder": encoder.name,
        "examples": len(texts),
        "command": "python -m bench.fit_understanding",
    }
    return Model(linear, network, NO_BLEND, NO_BLEND, about)


if __name__ == "__main__":
    main()
