"""Passwords and keys appear in no log, no answer and no error, and the page asks for them where it should."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EngineError
from longwriter_ui.paths import PROJECT, home
from longwriter_ui.studio import Studio
from longwriter_ui.ui.page import Page
from tests.safety.conftest import Shared, ask

PASSWORD = "correct-horse-battery"


def test_neither_keys_nor_texts_are_logged(
    shared: Shared, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    ann, eve = shared.visitor(), shared.visitor()
    draft = ann.written()
    eve.call("poll", draft=draft, rev=0)
    eve.post("lw-board", "apply", {"draft": draft, "op": {"do": object.__name__}})
    ann.post("lw-board", "compare", {"draft": draft, "key": "x", "number": {}})
    said = caplog.text + "".join(capfd.readouterr())
    assert ann.key not in said and eve.key not in said
    assert "about tides" not in said.lower()
    store = b"".join(path.read_bytes() for path in home().root.rglob("*") if path.is_file())
    assert ann.key.encode() not in store


def test_with_a_password_nothing_is_handed_out_without_it(studio: Studio) -> None:
    page = Page(studio, home())
    address = page.launch(server_name="127.0.0.1", auth=("ann", PASSWORD))
    try:
        for path in ("config", "gradio_api/info", f"gradio_api/file={home().store}"):
            status, _, body = ask(address + path)
            assert status == 401 and PASSWORD.encode() not in body
        status, _, body = ask(address)
        assert b"lw-board" not in body
        poll = b'{"data": {"draft": null}, "component_id": 1, "fn_name": "poll", "session_hash": "x"}'
        for route in ("component_server/", "run/predict", "queue/join"):
            assert ask(f"{address}gradio_api/{route}", poll, {"Content-Type": "application/json"})[0] == 401
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert ask(address + "login", b"username=ann&password=wrong", form)[0] == 400
        status, headers, _ = ask(address + "login", f"username=ann&password={PASSWORD}".encode(), form)
        cookie = headers["set-cookie"]
        assert status == 200 and "httponly" in cookie.lower() and PASSWORD not in cookie
        assert ask(address + "config", headers={"Cookie": cookie.split(";")[0]})[0] == 200
    finally:
        page.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com", "0"])
def test_a_public_address_must_be_said_to_be_one(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    from longwriter_ui.ui.options import parse

    with pytest.raises(SystemExit):
        parse(["--host", host])
    assert "--public" in capsys.readouterr().err
    assert parse(["--host", host, "--public"]).limits is not None
    assert parse(["--host", host, "--auth", "a:b"]).limits is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_computer_needs_no_word(host: str) -> None:
    from longwriter_ui.ui.options import parse

    assert parse(["--host", host]).limits is None


def test_a_password_that_is_none_is_refused_without_being_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from longwriter_ui.ui.options import parse

    for wrong in (PASSWORD, f":{PASSWORD}", "ann:"):
        with pytest.raises(SystemExit):
            parse(["--host", "0.0.0.0", "--auth", wrong])
        assert PASSWORD not in capsys.readouterr().err


def test_the_program_prints_no_password() -> None:
    environment = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False", "LONGWRITER_AUTH": f"ann:{PASSWORD}"}
    process = subprocess.Popen(
        [sys.executable, "app.py", "--host", "0.0.0.0"], cwd=PROJECT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://[^ \n]+", line)
        assert address, line
        local = re.sub(r"//[^:/]+", "//127.0.0.1", address.group())
        assert ask(local + "config")[0] == 401
        ask(local + "login", b"username=ann&password=wrong", {"Content-Type": "application/x-www-form-urlencoded"})
    finally:
        process.terminate()
        said = line + process.communicate(timeout=30)[0]
    assert PASSWORD not in said and "wrong" not in said


def test_a_server_elsewhere_is_not_asked_for_others(monkeypatch: pytest.MonkeyPatch, studio: Studio) -> None:
    """Neither by the address of a judge nor by that of a mirror, where others reach the page."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from tests.ui.test_page import post

    asked: list[str] = []

    class Inner(BaseHTTPRequestHandler):
        """Something on the operator's network that visitors should not reach."""

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    inner = HTTPServer(("127.0.0.1", 0), Inner)
    threading.Thread(target=inner.serve_forever, daemon=True).start()
    target = f"http://127.0.0.1:{inner.server_address[1]}/v1"
    page = Page(studio, home())
    address = page.launch(server_name="0.0.0.0").replace("0.0.0.0", "127.0.0.1")
    try:
        draft = studio.create(Brief.create("Rain.", 300))
        studio.plan(draft.id).wait()
        studio.write(draft.id).wait()
        post(address, "lw-evaluate", "act", {"do": "judge_draft", "draft": draft.id, "server": target})
        while (activity := post(address, "lw-evaluate", "state", {})["activity"])["running"]:
            pass
        assert "calls no servers but those of its operator" in activity["failure"]["message"]
        rows = post(address, "lw-models", "state", {})["rows"]
        answer = post(address, "lw-models", "act", {"do": "download", "key": rows[0]["key"], "endpoint": target})
        assert "on the computer the studio runs on only" in answer["refused"]["message"]
        assert asked == []
    finally:
        page.close()
        inner.shutdown()
        inner.server_close()


def test_what_an_engine_says_of_the_servers_folders_is_not_passed_on(shared: Shared) -> None:
    def fails(_: object) -> str:
        raise EngineError(f"{home().root}/models/secret.gguf cannot be read.", f"See {PROJECT}.")

    shared.studio._host._opener.engine._script = fails  # type: ignore[attr-defined]
    assert isinstance(shared.studio._host._opener.engine, ScriptedEngine)  # type: ignore[attr-defined]
    ann = shared.visitor()
    draft = str(ann.make_plan("Tides")["draft"])
    answer = ann.settled(draft)
    assert "cannot be read" in answer["error"]["message"]
    assert str(home().root) not in str(answer) and str(PROJECT) not in str(answer)
