"""An answer that comes to what only those who ask say, on the real library."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Part, Request, assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from tests.engine.answers import GREEDY, ask

ASKED = (user("Write the next paragraph of a long piece."),)


@pytest.mark.parametrize("variants", [1, 3])
def test_an_answer_ends_where_the_model_asks(
    load: Callable[..., LlamaCppEngine], tiny_gguf: Path, variants: int
) -> None:
    engine = load(tiny_gguf)
    whole = ask(engine, ASKED, 60).text
    asking = re.compile(re.escape(whole[20:26]))
    asked = replace(Request(ASKED, GREEDY, 60, variants=variants), asking=asking)
    chunks = [item for item in engine.stream(asked, threading.Event()) if isinstance(item, Chunk)]
    for variant in range(variants):
        mine = [chunk for chunk in chunks if chunk.variant == variant]
        text = "".join(chunk.text for chunk in mine)
        assert mine[-1].finish is FinishReason.STOP
        assert asked.own(text) == asking.search(whole).start()  # type: ignore[union-attr]
        assert whole.startswith(text)
        assert len(text) < len(whole)
    going_on = replace(Request((*ASKED, assistant(Part(whole[:40], ()))), GREEDY, 20), asking=asking)
    assert [item for item in engine.stream(going_on, threading.Event()) if isinstance(item, Chunk)][-1].written <= 1
