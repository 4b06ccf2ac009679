"""A model on a server, chosen in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.bootstrap import LlamaCppOpener, Opener
from longwriter_ui.engine.base import Engine, Proceed
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import ModelChoice, Place
from tests.e2e.conftest import Site
from tests.openai_server import FakeServer
from tests.script import author

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}"


class ScriptThenServers(Opener):
    """The scripted engine to begin with, servers from then on."""

    def check(self, place: Place) -> ModelChoice:
        return ModelChoice(place, "Scripted", False) if isinstance(place, Path) else super().check(place)

    def open(self, place: Place, proceed: Proceed | None = None) -> Engine:
        return ScriptedEngine(author) if isinstance(place, Path) else super().open(place, proceed)


def test_a_server_is_named_tested_and_writes(serve: Callable[..., Site]) -> None:
    with FakeServer(lambda asked: "The harbour wakes.", models=("small", HOSTILE)).serving() as server:
        site = serve(opener=ScriptThenServers(LlamaCppOpener()))
        tab = site.open()
        tab.get_by_role("tab", name="Models").click()
        tab.get_by_text("A model on a server instead").click()
        part = tab.locator("#lw-servers")
        use = part.get_by_role("button", name="Write with this model")
        assert use.is_disabled()
        part.get_by_label("Address of the server").fill("nowhere")
        part.get_by_role("button", name="Test the server").click()
        part.get_by_text("This is no address of a server.").wait_for()
        part.get_by_label("Address of the server").fill(server.address)
        part.get_by_role("button", name="Test the server").click()
        part.get_by_text("The server answers. Models: 2").wait_for()
        part.get_by_label("Its model").select_option(HOSTILE)
        use.click()
        tab.get_by_text(f"On a server: {HOSTILE} at {server.address}").wait_for()
        tab.get_by_text("Connected: OpenAI-compatible server").wait_for()
        part.get_by_label("Address of the server").fill(server.address + "/other")
        assert use.is_disabled(), "another server has other models"
