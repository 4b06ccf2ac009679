"""Files of random weights with a real shape."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from bench.forced import STEP_WORDS, ForcedEngine, script
from bench.synthetic_model import SHAPES, Shape, _row_bytes, _tensors, write_synthetic_model
from longwriter_ui.engine.base import Part, assistant, user
from longwriter_ui.engine.header import read_header
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.words import count_words
from tests.engine.answers import ask


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: Path) -> Path:
    shape = Shape(2, 256, 512, 8, 2, 32, 4096, 10_000.0, vocabulary=1000)
    return write_synthetic_model(tmp_path_factory.mktemp("synthetic") / "model.gguf", shape, tiny_gguf)


def test_a_synthetic_model_is_whole_and_writes(synthetic: Path) -> None:
    header = read_header(synthetic)
    assert 0 <= synthetic.stat().st_size - header.size < 32  # padding at its end
    assert header.metadata["tokenizer.ggml.tokens"] == 1000
    engine = LlamaCppEngine.load(synthetic)
    assert ask(engine, (user("Write about the harbour."),), 20).last.written == 20
    engine.close()


def test_the_8b_shape_has_the_size_of_the_real_file() -> None:
    kinds = gguf.GGMLQuantizationType
    tensors = _tensors(SHAPES["8b"], 128_256)
    size = sum(
        rows * (columns * 4 if kind == kinds.F32 else _row_bytes(columns, kind)) for _, rows, columns, kind in tensors
    )
    assert 4.90e9 < size < 4.93e9


def test_forced_answers_are_the_script_and_are_in_the_cache(synthetic: Path) -> None:
    engine = ForcedEngine(LlamaCppEngine.load(synthetic))
    first = (user("Now write:\nParagraph 3 - Main Point: the rain - Word Count: 500 words"),)
    engine.reserve(4000)
    answer = ask(engine, first)
    assert answer.text == script(3, 0)
    assert count_words(answer.text, "en") == STEP_WORDS
    following = (*first, assistant(Part(answer.text, answer.tokens)), user("Paragraph 4 - Main Point: the wind"))
    assert engine.measure(following).unread == engine.measure(following).total - engine.measure(following[:2]).total
    assert ask(engine, following[:1]).text == script(3, 1) != script(3, 0)
    engine.close()
