"""The GGUF file of a model; skipped where the training requirements are not installed."""

import pytest

pytest.importorskip("torch", reason="needs training/requirements.txt (torch)")
gguf = pytest.importorskip("gguf", reason="needs training/requirements.txt (gguf)")
pytest.importorskip("tokenizers", reason="needs training/requirements.txt (tokenizers)")

from training import export, tokenizer  # noqa: E402
from training.model import Model, Shape  # noqa: E402


def test_matrices_are_written_in_eight_bits_but_those_of_the_first_layer(tmp_path):
    words = tokenizer.train(1, documents=40)
    model = Model(Shape(vocabulary=words.get_vocab_size(), width=64, layers=3, heads=2, hidden=96))
    export.write(model, words, tmp_path / "small.gguf")
    kinds = {each.name: each.tensor_type.name for each in gguf.GGUFReader(tmp_path / "small.gguf").tensors}
    matrices = {name: kind for name, kind in kinds.items() if "norm" not in name}
    assert {kind for name, kind in matrices.items() if name.startswith("blk.0.")} == {"F16"}
    assert {kind for name, kind in matrices.items() if not name.startswith("blk.0.")} == {"Q8_0"}
    assert {kinds[name] for name in kinds.keys() - matrices.keys()} == {"F32"}
