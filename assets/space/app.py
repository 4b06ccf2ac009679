"""The Space: a studio that several people share. Made by `python -m longwriter_ui space build`; see README.md."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import spaces  # first of all, or the card would be looked for before it is lent
except ImportError:  # a Space with a processor only
    spaces = None

import gradio as gr

from longwriter_ui.bootstrap import CallOpener, LlamaCppOpener
from longwriter_ui.engine.base import Chunk, Request
from longwriter_ui.engine.oncall import Callee
from longwriter_ui.events import Reading
from longwriter_ui.host import EngineHost
from longwriter_ui.limits import Limits
from longwriter_ui.paths import DEMO_MODEL, home
from longwriter_ui.studio import Studio
from longwriter_ui.ui.page import Page
from longwriter_ui.weights import hub

SPACE = json.loads(Path(__file__).with_name("space.json").read_text(encoding="utf-8"))
PLACE = home()
LOCAL = LlamaCppOpener(settings=PLACE.settings, states=PLACE.states)
CALLEE = Callee(LlamaCppOpener(gpu_layers=999))


def seconds_of(path: str, requests: tuple[Request, ...]) -> int:
    """How long the card is asked for: loading, reading, and writing at 30 tokens a second."""
    return min(120, 20 + sum(request.max_tokens for request in requests) // 30)


def on_card(path: str, requests: tuple[Request, ...]) -> Iterator[Reading | Chunk]:
    """One paragraph, or several texts of one, on the card."""
    yield from CALLEE.answer(path, requests)


def main() -> None:
    model = hub.preloaded(SPACE["repository"], SPACE["file"]) if SPACE["repository"] else DEMO_MODEL
    opener: CallOpener | LlamaCppOpener = LOCAL
    if SPACE["zero"]:
        opener = CallOpener(LOCAL, spaces.GPU(duration=seconds_of)(on_card), (gr.Error,))
    limits = Limits.from_environment({**SPACE["limits"], **os.environ})
    page = Page(Studio(PLACE, EngineHost(opener, model), limits=limits), PLACE, SPACE["notice"])
    page.launch(server_name="0.0.0.0", server_port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")))
    page.blocks.block_thread()


if __name__ == "__main__":
    main()
