"""A llama model small enough to be made for a test: random weights, and a real byte-level BPE vocabulary.

As in the real model's vocabulary, BOS and EOS are control tokens and `[INST]` is ordinary text. `<|note|>` is a
user-defined token, the kind that llama.cpp finds in any text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np

BOS, EOS, NOTE = "<|begin_of_text|>", "<|end_of_text|>", "<|note|>"
CONTEXT = 8192
_WIDTH, _LAYERS, _INNER = 64, 2, 96
_CORPUS = """\
The harbour wakes before the sun does. Fishermen mend their nets while gulls argue over what was left behind.
Write the next paragraph of a long piece. Write that paragraph only, about as long as its word count says.
Paragraph 1 - Main Point: How the old town grew around its river - Word Count: 300 words
老城沿着河慢慢长大。第1段 - 主要观点：写一写港口的清晨 - 字数：300字。每一段只写一件事，不要重复已经写过的内容。
"""


def write_tiny_gguf(
    path: Path,
    *,
    name: str = "Tiny",
    architecture: str = "llama",
    chat_template: str | None = None,
    favourite: str | None = None,
    never: str | None = None,
    tokenizer: bool = True,
    weights: bool = True,
    without: str | None = None,
    context: int = CONTEXT,
    heads: int = 2,
    kv_heads: int | None = None,
    vocabulary: int = 200,
    added: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write the model. `favourite` is a token the model always finds most likely, `never` one that never comes (without
    EOS, it writes without end, and does not loop as one with a favourite does); `vocabulary` counts the
    merges of its byte-pair encoding; `without` is a tensor to leave out, `added` what is added to some."""
    tokens, merges = train_bpe(_CORPUS, vocabulary)
    tokens += [BOS, EOS, NOTE]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - 3) + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.USER_DEFINED]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_context_length(context)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads or heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // heads)
    if tokenizer:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("llama-bpe")
        writer.add_token_list(tokens)
        writer.add_token_types(kinds)
        writer.add_token_merges(merges)
        writer.add_bos_token_id(tokens.index(BOS))
        writer.add_eos_token_id(tokens.index(EOS))
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    leaning = {tokens.index(token): by for token, by in ((favourite, 2.0), (never, -2.0)) if token is not None}
    for label, data in _weights(len(tokens), leaning, _WIDTH * (kv_heads or heads) // heads).items():
        if weights and label != without:
            writer.add_tensor(label, (data + (added or {}).get(label, 0.0)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def train_bpe(corpus: str, count: int) -> tuple[list[str], list[str]]:
    """Byte-level BPE in the form GGUF stores it: 256 byte tokens, then one token for each of `count` merges."""
    letters = _byte_letters()
    words = Counter(tuple(letters[b] for b in word.encode()) for word in re.findall(r" ?[A-Za-z]+|.", corpus))
    tokens, merges = list(letters), []
    for _ in range(count):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                pairs[pair] += times
        left, right = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(f"{left} {right}")
        tokens.append(left + right)
        words = Counter({_merged(word, left, right): times for word, times in words.items()})
    return tokens, merges


def _merged(word: tuple[str, ...], left: str, right: str) -> tuple[str, ...]:
    result: list[str] = []
    for letter in word:
        if letter == right and result and result[-1] == left:
            result[-1] = left + right
        else:
            result.append(letter)
    return tuple(result)


def _byte_letters() -> list[str]:
    """The visible letter that stands for each byte in a byte-level vocabulary."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in visible]
    return [chr(b) if b in visible else chr(256 + hidden.index(b)) for b in range(256)]


def _weights(size: int, leaning: dict[int, float], narrow: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)

    def matrix(rows: int, columns: int, scale: float = 1.0) -> np.ndarray:
        return random.normal(0, scale / columns**0.5, (rows, columns))

    output = matrix(size, _WIDTH)
    embedding = matrix(size, _WIDTH, 8.0)
    if leaning:
        # The first value of every state is large and positive, and only these tokens answer to it.
        embedding[:, 0] = 20.0
        output[:, 0] = 0.0
        for token, by in leaning.items():
            output[token, 0] = by
    weights = {"token_embd.weight": embedding, "output_norm.weight": np.ones(_WIDTH), "output.weight": output}
    for i in range(_LAYERS):
        weights |= {
            f"blk.{i}.attn_norm.weight": np.ones(_WIDTH),
            f"blk.{i}.attn_q.weight": matrix(_WIDTH, _WIDTH, 2.0),
            f"blk.{i}.attn_k.weight": matrix(narrow, _WIDTH, 2.0),
            f"blk.{i}.attn_v.weight": matrix(narrow, _WIDTH),
            f"blk.{i}.attn_output.weight": matrix(_WIDTH, _WIDTH),
            f"blk.{i}.ffn_norm.weight": np.ones(_WIDTH),
            f"blk.{i}.ffn_gate.weight": matrix(_INNER, _WIDTH),
            f"blk.{i}.ffn_up.weight": matrix(_INNER, _WIDTH),
            f"blk.{i}.ffn_down.weight": matrix(_WIDTH, _INNER),
        }
    return weights
