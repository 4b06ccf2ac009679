"""A LoRA adapter for the tiny model: random matrices, large enough to change every answer."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

RANK, ALPHA = 4, 8.0
TENSORS = {"blk.0.attn_q.weight": (64, 64), "blk.1.attn_v.weight": (64, 64), "blk.1.ffn_down.weight": (64, 96)}
"""Which tensors it changes, with their rows and columns."""


def write_tiny_adapter(
    path: Path, *, architecture: str = "llama", kind: str = "lora", columns: int = 0, seed: int = 3
) -> Path:
    """Write the adapter; `columns` more than the tensors have make one of another model."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for name, (a, b) in _matrices(seed).items():
        wider = np.pad(a, ((0, 0), (0, columns)))
        writer.add_tensor(f"{name}.lora_a", wider)
        writer.add_tensor(f"{name}.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def change(scale: float = 1.0, seed: int = 3) -> dict[str, np.ndarray]:
    """What the adapter adds to the weights at a scale."""
    return {name: scale * ALPHA / RANK * (b @ a) for name, (a, b) in _matrices(seed).items()}


def _matrices(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)

    return {name: (matrix(RANK, columns), matrix(rows, RANK)) for name, (rows, columns) in TENSORS.items()}
