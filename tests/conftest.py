"""Fixtures for all tests: nobody's data directory is touched, and no test reaches the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants

from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from tests.hub import FakeHub
from tests.script import ScriptedOpener, author
from tests.tiny_gguf import write_tiny_gguf


@pytest.fixture(autouse=True)
def isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a data directory of its own."""
    path = tmp_path / "home"
    monkeypatch.setenv("LONGWRITER_HOME", str(path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return path


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights that llama.cpp really runs."""
    return write_tiny_gguf(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="session")
def one_app() -> Iterator[None]:
    """Gradio builds all its routes twice for a page that is only put together, and anew for the one that is served.
    For tests that serve many pages: only those that are served."""
    from gradio.routes import App

    real = App.create_app

    def create_app(*arguments: Any, **options: Any) -> App | None:
        return None if options.get("mcp_server") is False else real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "create_app", staticmethod(create_app))
        yield


@pytest.fixture
def open_studio() -> Iterator[Callable[..., Studio]]:
    """Opens studios on a scripted engine, all on the same data directory; closes them at the end."""
    opened: list[Studio] = []

    def open_one(engine: ScriptedEngine | None = None) -> Studio:
        opener = ScriptedOpener(engine or ScriptedEngine(author))
        studio = Studio(home(), EngineHost(opener, Path("script")))
        opened.append(studio)
        return studio

    yield open_one
    for studio in opened:
        studio.close()


@pytest.fixture
def studio(open_studio: Callable[..., Studio]) -> Studio:
    """A studio whose engine follows `tests.script.author`."""
    return open_studio()


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Requests are allowed, to loopback only: no proxy, no token, and no address but the one a test names."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


@pytest.fixture
def hub(online: None) -> Iterator[FakeHub]:
    """A server that behaves, as long as it is not told otherwise."""
    with FakeHub().serving() as server:
        yield server
