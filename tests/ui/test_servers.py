"""What the page's part about servers calls, over HTTP: naming a server, its models, writing with one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.bootstrap import LlamaCppOpener, Opener
from longwriter_ui.brief import Brief
from longwriter_ui.config import load_settings
from longwriter_ui.draft import FinishReason
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import home
from longwriter_ui.server import Server
from longwriter_ui.studio import Studio
from longwriter_ui.ui.page import Page
from tests.openai_server import FakeServer
from tests.ui.test_page import post

TEXT = "The harbour wakes before the sun does. Nets are mended on the quay."
SECRET = "sk-very-secret"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("LONGWRITER_API_KEY", SECRET)
    monkeypatch.delenv("LONGWRITER_SERVER", raising=False)
    with FakeServer(lambda asked: TEXT, models=("small", "large")).serving() as fake:
        yield fake


@pytest.fixture(params=["127.0.0.1"])
def address(request: pytest.FixtureRequest, server: FakeServer) -> Iterator[str]:
    studio = Studio(home(), EngineHost(Opener(LlamaCppOpener(settings=home().settings)), None))
    page = Page(studio, home())
    served = page.launch(server_name=request.param)
    request.node.studio = studio
    yield served.replace("0.0.0.0", "127.0.0.1")
    page.close()
    studio.close()


def call(page: str, name: str, **body: object) -> dict[str, Any]:
    return post(page, "lw-servers", name, body)


def test_a_server_is_tested_chosen_remembered_and_writes(
    address: str, server: FakeServer, request: pytest.FixtureRequest
):
    studio: Studio = request.node.studio
    assert call(address, "look") == {
        "address": "", "model": "", "api": "", "at_once": 4, "apis": ["chat", "completions"], "local": True,
    }  # fmt: skip
    assert call(address, "test", address=server.address) == {"models": ["small", "large"]}
    assert call(address, "use", address=server.address, model="large", api="chat", at_once="2") == {}
    while post(address, "lw-models", "state", {})["current"]["loading"]:
        time.sleep(0.05)
    current = post(address, "lw-models", "state", {})["current"]
    assert current["server"] == f"large at {server.address}" and current["file"] is None
    assert current["test"]["passed"] and current["engine"]["context"] == 0
    assert load_settings(home().settings).server == Server(server.address, "large", "chat", 2)
    assert call(address, "look")["model"] == "large"
    assert "refused" not in post(address, "lw-models", "act", {"do": "load", "file": None})

    draft_id = studio.create(Brief.create("Write about a harbour", 200), seed=1).id
    studio.edit(draft_id, None, {"do": "set_plan", "text": "Paragraph 1 - Main Point: Dawn - Word Count: 20 words"})
    job = studio.write(draft_id)
    assert job.wait(30) and job.failure is None
    draft = studio.draft(draft_id)
    assert draft.text == TEXT and draft.paragraphs[0].version.finish is FinishReason.STOP  # type: ignore[union-attr]
    assert set(server.keys) == {f"Bearer {SECRET}"}
    kept = [path for path in Path(home().root).rglob("*") if path.is_file()]
    assert kept and not [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_what_cannot_be_done_is_refused_and_told(address: str, server: FakeServer):
    for body in (
        {}, {"address": "file:///etc/passwd"}, {"address": f"http://me:{SECRET}@127.0.0.1/v1"},
        {"address": server.address.removesuffix("/v1") + "/nothing"},
    ):  # fmt: skip
        told = call(address, "test", **body)
        assert told["refused"]["message"] and SECRET not in str(told), body
    for body in ({"at_once": "0"}, {"at_once": "many"}, {"api": "telepathy"}):
        assert call(address, "use", address=server.address, model="small", **body)["refused"]["message"]
    assert load_settings(home().settings).server is None


@pytest.mark.parametrize("address", ["0.0.0.0"], indirect=True)
def test_a_page_that_others_reach_calls_the_operators_servers_alone(
    address: str, server: FakeServer, monkeypatch: pytest.MonkeyPatch
):
    for name in ("test", "use"):
        assert "operator" in call(address, name, address=server.address, model="small")["refused"]["message"]
    assert server.asked == []
    monkeypatch.setenv("LONGWRITER_SERVER", server.address)
    assert call(address, "look")["address"] == server.address
    assert call(address, "test", address=server.address) == {"models": ["small", "large"]}
