"""A studio that several people share, and visitors who speak to it over HTTP as the page's scripts do, or as they
should not."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import EngineHost
from longwriter_ui.limits import Limits
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from longwriter_ui.ui.page import Page
from tests.script import ScriptedOpener, author

Answer = tuple[int, dict[str, str], bytes]


def ask(
    url: str, data: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None
) -> Answer:
    """Status, headers (by lower-case name) and body of any request."""
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, {k.lower(): v for k, v in response.headers.items()}, response.read()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


@dataclass
class Visitor:
    """Somebody with a browser of their own."""

    address: str
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _ids: dict[str, int] = field(default_factory=dict)

    def post(self, component: str, name: str, body: object) -> tuple[int, Any]:
        """Call a server function of a component, and its answer whatever it is."""
        found = self.components()[component]
        payload = {"data": body, "component_id": found, "fn_name": name, "session_hash": "test"}
        headers = {"Content-Type": "application/json"} | ({"X-LongWriter-Owner": self.key} if self.key else {})
        status, _, answer = ask(self.address + "gradio_api/component_server/", json.dumps(payload).encode(), headers)
        lines = answer.decode().splitlines()
        return status, json.loads(lines[0]) if status == 200 else answer.decode()

    def call(self, name: str, component: str = "lw-board", /, **body: object) -> dict[str, Any]:
        status, answer = self.post(component, name, body)
        assert status == 200, answer
        return answer  # type: ignore[no-any-return]

    def components(self) -> dict[str, int]:
        if not self._ids:
            config = json.loads(ask(self.address + "config")[2])
            self._ids.update((c["props"].get("elem_id") or str(c["id"]), c["id"]) for c in config["components"])
        return self._ids

    def make_plan(self, instruction: str, words: int = 300) -> dict[str, Any]:
        """What the form's button does."""
        return self.call("begin", instruction=instruction, words=str(words), language="", notes="")

    def written(self, words: int = 300) -> str:
        """A draft of this visitor, planned and written."""
        draft = str(self.make_plan("A short piece about tides.", words)["draft"])
        self.settled(draft)
        assert "ok" in self.call("command", draft=draft, rev=0, do="write")
        self.settled(draft)
        return draft

    def settled(self, draft: str) -> dict[str, Any]:
        """The draft when its job has ended."""
        end = time.monotonic() + 60
        while (answer := self.call("poll", draft=draft, rev=0))["job"]:
            assert time.monotonic() < end, answer["job"]
            time.sleep(0.05)
        return answer

    def drafts(self) -> list[str]:
        return [line["id"] for line in self.call("drafts", "lw-library")["drafts"]]


@dataclass
class Shared:
    """A served studio that several people share."""

    address: str
    studio: Studio

    def visitor(self) -> Visitor:
        return Visitor(self.address)


@pytest.fixture
def share(one_app: None) -> Iterator[Callable[..., Shared]]:
    """Serves studios for several people, on the loopback."""
    running: list[tuple[Page, Studio]] = []

    def start(engine: ScriptedEngine | None = None, **limits: int) -> Shared:
        opener = ScriptedOpener(engine or ScriptedEngine(author))
        chosen = Limits(**{"requests": 10**6, **limits})  # tests ask as fast as they can
        studio = Studio(home(), EngineHost(opener, Path("script")), limits=chosen)
        page = Page(studio, home())
        running.append((page, studio))
        return Shared(page.launch(server_name="127.0.0.1"), studio)

    yield start
    for page, studio in running:
        page.close()
        studio.close()


@pytest.fixture
def shared(share: Callable[..., Shared]) -> Shared:
    return share()
