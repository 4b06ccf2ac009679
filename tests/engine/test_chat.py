"""A model behind a server that behaves, and one that does not."""

from __future__ import annotations

import pytest

from longwriter_ui.engine.base import assistant, user
from longwriter_ui.engine.chat import KEY_VARIABLE, ChatServer
from longwriter_ui.errors import EngineError
from tests.openai_server import FakeServer, Fault

SOON = (("Retry-After-Ms", "1"),)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with FakeServer(str.upper).serving() as fake:
        yield fake


def ask(chat: ChatServer, text: str = "hello") -> str:
    return chat.answer((user("first"), assistant("ok"), user(text)), temperature=0.5, max_tokens=20, seed=7)


def test_a_conversation_is_sent_as_messages_and_the_only_model_is_taken(server: FakeServer):
    chat = ChatServer(server.address)
    assert chat.model == "judge-1"
    assert ask(chat) == "HELLO"
    [request] = server.requests
    assert request["messages"] == [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": "hello"},
    ]
    assert (request["model"], request["temperature"], request["seed"]) == ("judge-1", 0.5, 7)


@pytest.mark.parametrize("models", [(), ("a", "b")])
def test_one_of_several_models_has_to_be_named(server: FakeServer, models: tuple[str, ...]):
    server.models = models
    with pytest.raises(EngineError, match=f"has {len(models)} models"):
        ChatServer(server.address)
    assert ChatServer(server.address, "b").model == "b"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, b'{"error": {"message": "slow down"}}', headers=SOON),
        Fault(500, b"oops", headers=SOON),
        Fault(200, b'{"id": "1", "choi', cut=True),
    ],
)
def test_what_may_pass_is_tried_again(server: FakeServer, fault: Fault):
    server.faults = [fault, fault]
    assert ask(ChatServer(server.address, "m")) == "HELLO"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "message", "retryable"),
    [
        (Fault(429, b"{}", headers=SOON), "too much to do", True),
        (Fault(503, b"{}", headers=SOON), "answers 503", True),
        (Fault(400, b'{"error": {"message": "context too long"}}'), "answers 400: .*context too long", False),
        (Fault(401, b"{}"), "refuses the key", False),
        (Fault(200, b'{"id": "1", "choi', cut=True), "cannot be reached", True),
        (Fault(200, b'{"id": "1", "choi'), "no answer that can be read", True),
        (Fault(200, b"[1, 2]"), "no answer that can be read", True),
        (Fault(200, b'{"choices": []}'), "no answer that can be read", True),
        (Fault(200, b'{"choices": [{"message": null}]}'), "no answer that can be read", True),
    ],
)
def test_what_does_not_pass_is_told(server: FakeServer, fault: Fault, message: str, retryable: bool):
    server.faults = [fault] * 9
    with pytest.raises(EngineError, match=message) as caught:
        ask(ChatServer(server.address, "m", retries=1))
    assert caught.value.retryable is retryable


def test_nobody_at_the_address_is_told():
    with pytest.raises(EngineError, match="cannot be reached"):
        ask(ChatServer("http://127.0.0.1:9/v1", "m", retries=0))
    with pytest.raises(EngineError, match="no address"):
        ChatServer("file:///etc/passwd", "m")


def test_the_key_comes_from_the_environment_and_is_told_to_nobody_else(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(KEY_VARIABLE, "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-somebody-else")
    chat = ChatServer(server.address.replace("//", "//name:password@"), "m", retries=0)
    server.faults = [Fault(400, b'{"error": {"message": "bad key sk-very-secret"}}'), Fault(401, b"sk-very-secret")]
    for _ in range(2):
        with pytest.raises(EngineError) as caught:
            ask(chat)
        assert "secret" not in str(caught.value)
    assert ask(chat) == "HELLO"
    assert "name" not in chat.address and "password" not in chat.address
    assert not any("somebody" in key for key in server.keys)
