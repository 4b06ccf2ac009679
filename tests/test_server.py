"""Addresses of servers: what they are, who may name one, and where a key comes from."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from longwriter_ui.config import Settings, load_settings, save_settings
from longwriter_ui.engine.openai_keys import key_for
from longwriter_ui.errors import EngineError
from longwriter_ui.paths import home
from longwriter_ui.server import Server, cleaned, permitted


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        ("  http://LOCALHOST:11434 ", "http://localhost:11434/v1"),
        ("https://[::1]:8000/openai/v1", "https://[::1]:8000/openai/v1"),
    ],
)
def test_an_address_is_cleaned(typed: str, address: str):
    assert cleaned(typed) == address == Server(typed).address


@pytest.mark.parametrize(
    "typed",
    [
        "", "localhost:8080", "file:///etc/passwd", "http://", "http://host:port/v1", "http://a b/v1",
        "http://me:secret@host/v1", "http://secret@host/v1", "http://host/v1?key=secret", "http://host/v1#secret",
        "http://host\\@other/v1", "gopher://host/", "http://[::1/v1", "http://ｈost/v1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(typed: str):
    with pytest.raises(EngineError) as caught:
        cleaned(typed)
    assert "secret" not in str(caught.value)


def test_who_is_elsewhere_may_name_only_the_servers_of_the_operator(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LONGWRITER_SERVER", raising=False)
    assert permitted("http://10.0.0.1:80/v1", local=True) == "http://10.0.0.1:80/v1"
    for typed in ("http://127.0.0.1:8080/v1", "http://169.254.169.254/latest", "http://localhost:11434"):
        with pytest.raises(EngineError, match="operator"):
            permitted(typed, local=False)
    monkeypatch.setenv("LONGWRITER_SERVER", "http://gpu:8000/v1 http://127.0.0.1:8080")
    assert permitted("http://gpu:8000/v1/", local=False) == "http://gpu:8000/v1"
    assert permitted("http://127.0.0.1:8080/v1", local=False) == "http://127.0.0.1:8080/v1"
    with pytest.raises(EngineError):
        permitted("http://gpu:8000/v2", local=False)


def test_a_server_is_remembered_without_a_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LONGWRITER_API_KEY", "sk-very-secret")
    path, server = home().settings, Server("http://gpu:8000/v1", "writer", "completions", 8, 4096)
    save_settings(path, Settings(server=server))
    assert load_settings(path).server == server
    assert "secret" not in path.read_text(encoding="utf-8")
    for wrong in ('{"server": {"address": "ftp://x"}}', '{"server": {"host": 1}}', '{"server": 7}'):
        path.write_text(wrong, encoding="utf-8")
        assert load_settings(path).server is None


def test_a_key_is_given_to_whom_it_is_for(monkeypatch: pytest.MonkeyPatch):
    for name in ("LONGWRITER_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)  # as where it is not installed
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai")
    assert key_for("https://api.openai.com/v1") == "for-openai"
    assert key_for("http://gpu:8000/v1") == ""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gpu:8000/v1")
    assert key_for("http://gpu:8000/v1") == "for-openai" and key_for("https://api.openai.com/v1") == ""
    monkeypatch.setenv("LONGWRITER_API_KEY", " mine\n")
    assert key_for("http://gpu:8000/v1") == key_for("http://other/v1") == "mine"


def test_a_key_may_be_in_the_keyring(monkeypatch: pytest.MonkeyPatch):
    """Stands in for a desktop's keyring, which a test machine has not."""
    for name in ("LONGWRITER_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    keyring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    kept = {("longwriter-studio", "gpu"): "from-keyring"}
    keyring.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert key_for("http://gpu:8000/v1") == "from-keyring" and key_for("http://other/v1") == ""

    def locked(service: str, name: str) -> str:
        raise errors.KeyringError("locked")  # type: ignore[attr-defined]

    keyring.get_password = locked  # type: ignore[attr-defined]
    assert key_for("http://gpu:8000/v1") == ""
