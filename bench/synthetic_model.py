"""A GGUF file with the shape of a real model and random weights.

    python bench/synthetic_model.py /tmp/8b.gguf --shape 8b

Speed and memory do not depend on the weights' values, so such a file shows what a model will cost on a machine before
it is downloaded. Quantised blocks are written directly, a tensor at a time. Tensor types are those of a Q4_K_M file.
The tokenizer is another GGUF's (by default the demonstration model's), filled up to the real size of the vocabulary
with words that no text contains.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind

DEMO_MODEL = Path(__file__).resolve().parents[1] / "models" / "demo.gguf"
_ROWS = 2048  # rows of a matrix that are made at once


@dataclass(frozen=True)
class Shape:
    """Sizes of a llama; `head` is the width of one head; `vocabulary` None: as large as the tokenizer that is copied;
    `tied`: no output matrix."""

    layers: int
    width: int
    inner: int
    heads: int
    kv_heads: int
    head: int
    context: int
    rope_base: float
    vocabulary: int | None = 128_256
    tied: bool = False


SHAPES = {
    "tiny": Shape(1, 256, 256, 1, 1, 32, 32_768, 10_000.0, vocabulary=None),
    "1b": Shape(16, 2048, 8192, 32, 8, 64, 131_072, 500_000.0, tied=True),
    "8b": Shape(32, 4096, 14_336, 32, 8, 128, 131_072, 500_000.0),
}


def write_synthetic_model(path: Path, shape: Shape, tokenizer: Path = DEMO_MODEL) -> Path:
    """Write the file; `tokenizer` is the GGUF whose vocabulary it gets."""
    fields = _tokenizer(tokenizer)
    tokens = list(fields["tokenizer.ggml.tokens"])
    kinds = list(fields["tokenizer.ggml.token_type"])
    missing = max(0, (shape.vocabulary or 0) - len(tokens))
    tokens += [f"\u0120unheard{n}" for n in range(missing)]
    kinds += [int(gguf.TokenType.NORMAL)] * missing

    writer = gguf.GGUFWriter(path, "llama", use_temp_file=False)
    writer.add_name(f"Synthetic {path.stem}")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_tokenizer_model(fields["tokenizer.ggml.model"])
    writer.add_tokenizer_pre(fields["tokenizer.ggml.pre"])
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(list(fields["tokenizer.ggml.merges"]))
    writer.add_bos_token_id(fields["tokenizer.ggml.bos_token_id"])
    writer.add_eos_token_id(fields["tokenizer.ggml.eos_token_id"])

    tensors = _tensors(shape, len(tokens))
    for name, rows, columns, kind in tensors:
        width = columns * 4 if kind is Kind.F32 else _row_bytes(columns, kind)
        size = rows * width
        writer.add_tensor_info(name, [rows, columns] if rows > 1 else [columns], np.dtype(np.float32), size, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    assert writer.fout is not None
    file = writer.fout[0]
    random = np.random.default_rng(1)
    for _, rows, columns, kind in tensors:
        writer.write_padding(file, file.tell())
        for piece in _data(random, rows, columns, kind):
            file.write(piece)
    writer.write_padding(file, file.tell())
    writer.close()
    return path


def _tensors(shape: Shape, vocabulary: int) -> list[tuple[str, int, int, Kind]]:
    """Name, rows, columns and type of each tensor; which ones are Q6_K is llama.cpp's recipe for Q4_K_M."""
    width, inner, query, kv = shape.width, shape.inner, shape.heads * shape.head, shape.kv_heads * shape.head
    tensors = [("token_embd.weight", vocabulary, width, Kind.Q6_K if shape.tied else Kind.Q4_K)]
    for i in range(shape.layers):
        eighth = shape.layers // 8
        fine = i < eighth or i >= 7 * shape.layers // 8 or (i - eighth) % 3 == 2
        mixed = Kind.Q6_K if fine else Kind.Q4_K
        tensors += [
            (f"blk.{i}.attn_norm.weight", 1, width, Kind.F32),
            (f"blk.{i}.attn_q.weight", query, width, Kind.Q4_K),
            (f"blk.{i}.attn_k.weight", kv, width, Kind.Q4_K),
            (f"blk.{i}.attn_v.weight", kv, width, mixed),
            (f"blk.{i}.attn_output.weight", width, query, Kind.F32 if query % 256 else Kind.Q4_K),
            (f"blk.{i}.ffn_norm.weight", 1, width, Kind.F32),
            (f"blk.{i}.ffn_gate.weight", inner, width, Kind.Q4_K),
            (f"blk.{i}.ffn_up.weight", inner, width, Kind.Q4_K),
            (f"blk.{i}.ffn_down.weight", width, inner, mixed),
        ]
    tensors.append(("output_norm.weight", 1, width, Kind.F32))
    if not shape.tied:
        tensors.append(("output.weight", vocabulary, width, Kind.Q6_K))
    return tensors


def _row_bytes(columns: int, kind: Kind) -> int:
    block, size = gguf.GGML_QUANT_SIZES[kind]
    return columns // block * size


def _data(random: np.random.Generator, rows: int, columns: int, kind: Kind) -> Iterator[bytes]:
    """The tensor's bytes, some rows at a time: norms of ones, blocks of small random values around 0."""
    if kind is Kind.F32:
        ones = np.ones((1, columns), np.float32)
        yield (ones if rows == 1 else random.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)).tobytes()
        return
    for first in range(0, rows, _ROWS):
        count = min(_ROWS, rows - first) * (columns // 256)
        scale = 1 / columns**0.5
        yield (_q4_k if kind is Kind.Q4_K else _q6_k)(random, count, scale).tobytes()


def _q4_k(random: np.random.Generator, count: int, scale: float) -> np.ndarray:
    """Blocks of d, dmin, 12 bytes of scales, 128 bytes of values 0..15, which `dmin` brings around 0."""
    blocks = np.frombuffer(random.bytes(count * 144), np.uint8).reshape(count, 144).copy()
    d = scale / 180
    blocks[:, 0:2] = np.frombuffer(np.float16(d).tobytes(), np.uint8)
    blocks[:, 2:4] = np.frombuffer(np.float16(7.5 * d).tobytes(), np.uint8)
    return blocks


def _q6_k(random: np.random.Generator, count: int, scale: float) -> np.ndarray:
    """Blocks of 192 bytes of values -32..31, 16 signed scales, d."""
    blocks = np.frombuffer(random.bytes(count * 210), np.uint8).reshape(count, 210).copy()
    blocks[:, 208:210] = np.frombuffer(np.float16(scale / 1400).tobytes(), np.uint8)
    return blocks


def _tokenizer(path: Path) -> dict[str, Any]:
    names = ("model", "pre", "tokens", "token_type", "merges", "bos_token_id", "eos_token_id")
    reader = gguf.GGUFReader(path)
    return {key: reader.fields[key].contents() for key in (f"tokenizer.ggml.{name}" for name in names)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--shape", choices=list(SHAPES), default="tiny")
    parser.add_argument("--tokenizer", type=Path, default=DEMO_MODEL, help="a GGUF; default: the demonstration model")
    options = parser.parse_args()
    write_synthetic_model(options.out, SHAPES[options.shape], options.tokenizer)
    print(f"{options.out}: {options.out.stat().st_size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
