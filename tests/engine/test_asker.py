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
    begun = "The harbour wakes before the sun does, as ever. "
    conversation = (*ASKED, assistant(Part(begun, ())))
    whole = ask(engine, conversation, 60).text
    asker = re.compile(re.escape(whole[20:26]))
    asked = replace(Request(conversation, GREEDY, 60, variants=variants), asker=asker)
    chunks = [item for item in engine.stream(asked, threading.Event()) if isinstance(item, Chunk)]
    for variant in range(variants):
        mine = [chunk for chunk in chunks if chunk.variant == variant]
        text = "".join(chunk.text for chunk in mine)
        assert mine[-1].finish is FinishReason.STOP
        assert asked.own(begun + text) == len(begun) + asker.search(whole).start()  # type: ignore[union-attr]
        assert whole.startswith(text)
        assert len(text) < len(whole)
