"""A model to tune: from a folder or name of Hugging Face, from a GGUF of the llama architecture, or from a LoRA adapter
that was trained here (its base with the adapter merged)."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from .chats import DataError

NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""llama.cpp's names of a block's tensors, and those of transformers."""
_OUTSIDE = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
_OUTSIDE |= {"output.weight": "lm_head.weight"}
# How llama.cpp cuts a text before merging, by the name that the file gives it.
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def tensor_names(blocks: int) -> dict[str, str]:
    """llama.cpp's name of every tensor of a llama model -> that of transformers."""
    inside = {
        f"blk.{i}.{theirs}.weight": f"model.layers.{i}.{ours}.weight"
        for i in range(blocks)
        for theirs, ours in NAMES.items()
    }
    return _OUTSIDE | inside


def paired(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key matrix as transformers has them (each head's first halves of the rotary pairs, then the
    second) in llama.cpp's order (pair by pair)."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def halved(rows: np.ndarray, heads: int) -> np.ndarray:
    """The other way round."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def fields(reader: gguf.GGUFReader) -> dict[str, Any]:
    """The metadata of a file."""
    return {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}


def load_gguf(path: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The model with its weights as float32, and its tokenizer. DataError for what is no plain llama model with a
    byte-level BPE vocabulary."""
    reader = gguf.GGUFReader(path)
    found = fields(reader)
    if found.get("general.architecture") != "llama" or any(t.name == "rope_freqs.weight" for t in reader.tensors):
        raise DataError(
            f"{path.name} cannot be tuned from its GGUF. Give the folder of the Hugging Face model instead."
        )

    def value(name: str, default: Any = None) -> Any:
        return found.get(f"llama.{name}", default)

    heads = int(value("attention.head_count"))
    names = tensor_names(int(value("block_count")))
    weights = {}
    for tensor in reader.tensors:
        rows = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if ".attn_q." in tensor.name or ".attn_k." in tensor.name:
            kind = "head_count" if ".attn_q." in tensor.name else "head_count_kv"
            rows = halved(rows, int(value(f"attention.{kind}", heads)))
        weights[names[tensor.name]] = torch.from_numpy(np.array(rows))
    tied = "lm_head.weight" not in weights
    bos, eos = (found.get(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos"))
    config = LlamaConfig(
        vocab_size=weights["model.embed_tokens.weight"].shape[0],
        hidden_size=int(value("embedding_length")),
        intermediate_size=int(value("feed_forward_length")),
        num_hidden_layers=int(value("block_count")),
        num_attention_heads=heads,
        num_key_value_heads=int(value("attention.head_count_kv", heads)),
        max_position_embeddings=int(value("context_length")),
        rms_norm_eps=float(value("attention.layer_norm_rms_epsilon")),
        rope_parameters={"rope_type": "default", "rope_theta": float(value("rope.freq_base", 10000.0))},
        tie_word_embeddings=tied,
        bos_token_id=bos,
        eos_token_id=eos,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config).float()
    lacking = model.load_state_dict(weights, strict=False).missing_keys
    if set(lacking) - ({"lm_head.weight"} if tied else set()):
        raise DataError(f"{path.name} lacks tensors: {', '.join(lacking)}. Download the file again.")
    model.tie_weights()
    model.name_or_path = model.config._name_or_path = str(path.resolve())
    return model, _tokenizer(found, path)


def _tokenizer(found: dict[str, Any], path: Path) -> PreTrainedTokenizerFast:
    kind = found.get("tokenizer.ggml.model"), found.get("tokenizer.ggml.pre")
    if kind not in (("gpt2", "gpt-2"), ("gpt2", "llama-bpe")):
        raise DataError(f"The vocabulary of {path.name} ({kind[1]}) is not known here. Give the Hugging Face folder.")
    tokens, types = found["tokenizer.ggml.tokens"], found["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ", 1)) for merge in found["tokenizer.ggml.merges"]]
    # Whole words of Llama 3's vocabulary are tokens whether or not merges lead to them.
    raw = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges, ignore_merges=kind[1] == "llama-bpe"))
    if kind[1] == "llama-bpe":
        cut = pre_tokenizers.Split(Regex(_LLAMA3), "isolated")
        bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        raw.pre_tokenizer = pre_tokenizers.Sequence([cut, bytes_])
    else:
        raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    raw.decoder = decoders.ByteLevel()
    for kind_of, special in ((gguf.TokenType.CONTROL, True), (gguf.TokenType.USER_DEFINED, False)):
        added = [
            AddedToken(t, special=special, normalized=False) for t, n in zip(tokens, types, strict=True) if n == kind_of
        ]
        (raw.add_special_tokens if special else raw.add_tokens)(added)
    bos, eos = (tokens[int(found[f"tokenizer.ggml.{name}_token_id"])] for name in ("bos", "eos"))
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=bos, eos_token=eos, pad_token=eos)


def base_of(path: Path) -> str | None:
    """What the adapter in a folder belongs to; None where the folder holds no adapter."""
    config = path / "adapter_config.json"
    return str(json.loads(config.read_text(encoding="utf-8"))["base_model_name_or_path"]) if config.is_file() else None


def gguf_of(given: str) -> Path | None:
    """The GGUF that a base begins from, if any: itself, the one beside a tuned folder, or that of its own base."""
    path = Path(given)
    if path.suffix == ".gguf":
        return path
    recorded = base_of(path)
    if recorded is not None:
        return gguf_of(recorded)
    beside = path.with_suffix(".gguf")
    return beside if beside.is_file() else None


def load_base(given: str, *, narrow: bool = False) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model and tokenizer that `given` names: a .gguf file, a folder that `training.sft` or `training.dpo` wrote,
    another folder or name of Hugging Face. `narrow`: bfloat16 weights, for a frozen base on a graphics card."""
    path = Path(given)
    if path.suffix == ".gguf":
        if not path.is_file():
            raise DataError(f"There is no file {path}. Check the path to the model.")
        model, tokenizer = load_gguf(path)
        return model.to(torch.bfloat16) if narrow else model, tokenizer
    if (recorded := base_of(path)) is not None:
        from peft import PeftModel

        base, tokenizer = load_base(recorded, narrow=narrow)
        merged = PeftModel.from_pretrained(base, given).merge_and_unload()
        merged.name_or_path = merged.config._name_or_path = str(path.resolve())
        return merged, tokenizer
    kind = torch.bfloat16 if narrow else torch.float32
    model = AutoModelForCausalLM.from_pretrained(given, dtype=kind, attn_implementation="sdpa")
    tokenizer = AutoTokenizer.from_pretrained(given)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer
