"""An answer that comes to what only those who ask say, on the real library."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Request, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from tests.engine.answers import GREEDY

ASKED = (user("Write the next paragraph of a long piece."),)


@pytest.mark.parametrize("variants", [1, 3])
def test_an_answer_ends_where_the_model_asks(
    load: Callable[..., LlamaCppEngine], tiny_gguf: Path, variants: int
) -> None:
    engine = load(tiny_gguf)
    own, question = "The boats come in and the boats go out again.", " Next: the quay."
    grammar = f'root ::= "{own}{question}" [a-z .]*'  # so that any model says it, and would go on
    asker = re.compile(" Next:")
    asked = Request(ASKED, GREEDY, 200, grammar, asker=asker, variants=variants)
    chunks = [item for item in engine.stream(asked, threading.Event()) if isinstance(item, Chunk)]
    for variant in range(variants):
        mine = [chunk for chunk in chunks if chunk.variant == variant]
        text = "".join(chunk.text for chunk in mine)
        assert mine[-1].finish is FinishReason.STOP
        assert text[: asked.own(text)] == own
        assert (own + question).startswith(text), "it does not go on"
