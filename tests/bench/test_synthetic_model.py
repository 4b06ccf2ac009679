"""Files of random weights with a real shape."""

from __future__ import annotations

import threading
from pathlib import Path

import gguf
import pytest

from bench.forced import STEP_WORDS, ForcedEngine, script
from bench.synthetic_model import SHAPES, Shape, _row_bytes, _tensors, write_synthetic_model
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Part, Request, Sampling, assistant, user
from longwriter_ui.engine.header import read_header
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.words import count_words
from tests.engine.answers import ask


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: Path) -> Path:
    shape = Shape(2, 256, 512, 8, 2, 32, 16_384, 10_000.0, vocabulary=1000)
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
    engine = ForcedEngine.load(synthetic)
    first = (user("Now write:\nParagraph 3 - Main Point: the rain - Word Count: 500 words"),)
    engine.reserve(4000)
    answer = ask(engine, first, 3000)
    assert answer.text == script(3, 0) and answer.last.finish is FinishReason.STOP
    assert count_words(answer.text, "en") == STEP_WORDS
    following = (*first, assistant(Part(answer.text, answer.tokens)), user("Paragraph 4 - Main Point: the wind"))
    assert engine.measure(following).unread == engine.measure(following).total - engine.measure(following[:2]).total
    assert ask(engine, following[:1], 3000).text == script(3, 1) != script(3, 0)
    engine.close()


def test_forced_alternatives_go_through_one_batch_and_are_counted(synthetic: Path) -> None:
    engine = ForcedEngine.load(synthetic)
    asked = (user("Now write:\nParagraph 3 - Main Point: the rain - Word Count: 500 words"),)
    events = list(engine.stream(Request(asked, Sampling(), 3000, variants=3), threading.Event()))
    chunks = [event for event in events if isinstance(event, Chunk)]
    texts = ["".join(chunk.text for chunk in chunks if chunk.variant == n) for n in range(3)]
    assert texts == [script(3, 0), script(3, 1), script(3, 2)]
    # The last token of the prompt is read for each of them, everything else once.
    assert engine.spent.prompt_read == engine.measure(asked).total + 2
    assert engine.spent.written == sum(chunk.written for chunk in chunks if chunk.finish)
    engine.close()
