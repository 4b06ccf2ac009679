"""The folder of a Space: what is in it, that it runs as the Hub would run it, and that it can be pushed."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.cli import main
from longwriter_ui.errors import SpaceError
from longwriter_ui.paths import DEMO_MODEL
from longwriter_ui.space.build import CPU, ZERO, Plan, build
from longwriter_ui.space.push import push
from tests.safety.conftest import Visitor, ask


def header(folder: Path) -> str:
    match = re.match(r"---\n(.*?)\n---\n", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert match
    return match[1]


def test_the_command_builds_what_the_hub_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = [
        "space",
        "build",
        str(out),
        "--quant",
        "IQ4_XS",
        "--wheel-index",
        "https://wheels.example/cu",
        "--sign-in",
    ]
    assert main(arguments, lambda: None) == 0  # type: ignore[arg-type]
    told = header(out)
    for line in (
        "sdk: gradio",
        "sdk_version: 6.31.0",
        "app_file: app.py",
        "suggested_hardware: zero-a10g",
        "hf_oauth: true",
    ):
        assert line in told.splitlines()
    assert "  - bartowski/LongWriter-llama3.1-8b-GGUF LongWriter-llama3.1-8b-IQ4_XS.gguf" in told
    needed = (out / "requirements.txt").read_text().splitlines()
    assert needed[:2] == ["--extra-index-url https://wheels.example/cu", "--only-binary=llama-cpp-python"]
    assert any(line.startswith("llama-cpp-python==") for line in needed) and "spaces==0.51.3" in needed
    assert not [line for line in needed if line.startswith("gradio==")]  # the Space brings it
    space = json.loads((out / "space.json").read_text(encoding="utf-8"))
    assert (space["zero"], space["file"]) == (True, "LongWriter-llama3.1-8b-IQ4_XS.gguf")
    names = {path.relative_to(out).parts[0] for path in out.rglob("*")}
    assert {"app.py", "longwriter_ui", "assets", "models", "LICENSE"} <= names
    assert not {"tests", "training", "bench", ".git"} & names
    assert not list(out.rglob("__pycache__")) and not (out / "assets" / "space").exists()


def test_what_cannot_be_built_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(SpaceError, match="not empty"):
        build(Plan(None, None), tmp_path / "full")
    for wrong in ("http://plain.example", "https://a b", "file:///etc"):
        with pytest.raises(SpaceError, match="no address"):
            build(Plan(None, None, wheels=wrong), tmp_path / "out")
        shutil.rmtree(tmp_path / "out")
    hostile = build(Plan(None, None, title='x"\nsdk: docker\n---\udcff `'), tmp_path / "title")
    assert header(hostile).count("\nsdk: ") == 1 and "\nsdk: docker" not in header(hostile)


@contextmanager
def running(folder: Path, tmp_path: Path) -> Iterator[str]:
    """The folder's program, started as the Hub starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    environment |= {
        "SYSTEM": "spaces", "SPACE_ID": "ann/writer", "SPACE_HOST": "ann-writer.hub.example", "CPU_CORES": "2",
        "SPACE_AUTHOR_NAME": "ann", "SPACE_REPO_NAME": "writer", "MEMORY": "16Gi", "ACCELERATOR": "none",
        "GRADIO_SERVER_PORT": str(port), "LONGWRITER_HOME": str(tmp_path / "space-home"), "HF_HUB_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False", "LONGWRITER_LIMIT_JOBS": "1",
    }  # fmt: skip
    log = (tmp_path / "log.txt").open("w")
    process = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            assert process.poll() is None, (tmp_path / "log.txt").read_text()
            try:
                if ask(address + "config")[0] == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@pytest.mark.skipif(not DEMO_MODEL.exists(), reason="the demonstration model is not here")
@pytest.mark.parametrize("hardware", [CPU, ZERO])
def test_the_folder_runs_as_a_space(tmp_path: Path, hardware: str) -> None:
    """With the package of ZeroGPU installed and no card to be lent, its decorator leaves the call to this process."""
    folder = build(Plan(None, None, hardware=hardware), tmp_path / "out")
    with running(folder, tmp_path) as address:
        status, headers, page = ask(address, headers={"Host": "ann-writer.hub.example"})
        assert status == 200 and b"lw-board" in page
        assert "frame-ancestors 'self' https://" in headers["content-security-policy"]
        assert "x-frame-options" not in headers
        ann, eve = Visitor(address), Visitor(address)
        draft = str(ann.make_plan("A short note about rain.", 100)["draft"])
        answer = ann.settled(draft)
        if answer["cards"]:  # the demonstration model's plans do not always have the right form
            key = answer["cards"][0]["key"]
            ann.call("command", draft=draft, rev=0, do="revise", key=key, how="rewrite")
            answer = ann.settled(draft)
            assert answer["error"] is None and answer["cards"][0]["text"].strip()
        assert "gone" in eve.call("poll", draft=draft, rev=0) and eve.drafts() == []
        assert "Only the person who runs" in str(eve.call("choose", "lw-settings", of="new", values={"seed": 1}))
        terms = eve.call("terms", "lw-library")
        assert terms["limits"]["jobs"] == 1 and terms["limits"]["words"] == 3000
        assert ("ZeroGPU quota" in terms["notice"]) == (hardware == ZERO)
        assert not {"lw-models", "lw-evaluate"} & eve.components().keys()


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub as the client needs to push a Space."""

    files: dict[str, bytes]
    commits: list[list[dict[str, Any]]]
    refuse: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub, path = type(self), self.path.split("?")[0]
        if hub.refuse:
            return self._answer({"error": "no"}, hub.refuse)
        if path == "/api/repos/create":
            asked = json.loads(body)
            assert (asked["type"], asked["sdk"]) == ("space", "gradio")
            return self._answer({"url": f"http://{self.headers['Host']}/spaces/ann/writer", "name": "ann/writer"})
        if path.endswith("/preupload/main"):
            names = [file["path"] for file in json.loads(body)["files"]]
            return self._answer({"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]})
        if path.endswith("/commit/main"):
            lines = [json.loads(line) for line in body.splitlines()]
            for line in lines:
                if line["key"] == "file":
                    hub.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                elif line["key"] == "deletedFile":
                    hub.files.pop(line["value"]["path"], None)
            hub.commits.append(lines)
            return self._answer(
                {"commitUrl": f"http://{self.headers['Host']}/spaces/ann/writer/commit/1", "commitOid": "1"}
            )
        return self._answer({})

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if "/tree/" in path:
            return self._answer(
                [{"type": "file", "path": n, "oid": "0", "size": len(d)} for n, d in self.files.items()]
            )
        siblings = [{"rfilename": name} for name in self.files]
        return self._answer({"id": "ann/writer", "_id": "1", "sha": "0" * 40, "private": False, "siblings": siblings})

    def _answer(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def space_hub(online: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[Hub]]]:
    kind = type("FreshHub", (Hub,), {"files": {"old.txt": b"old"}, "commits": [], "refuse": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    yield f"http://127.0.0.1:{server.server_address[1]}", kind
    server.shutdown()
    server.server_close()


def test_a_push_makes_the_space_what_the_folder_is(tmp_path: Path, space_hub: tuple[str, type[Hub]]) -> None:
    endpoint, hub = space_hub
    folder = build(Plan(None, None), tmp_path / "out")
    assert push(folder, "ann/writer", endpoint=endpoint).endswith("/spaces/ann/writer")
    here = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert hub.files.keys() == here.keys() and hub.files == here
    assert hub.commits and "old.txt" not in hub.files


def test_a_push_that_fails_says_why(tmp_path: Path, space_hub: tuple[str, type[Hub]]) -> None:
    endpoint, hub = space_hub
    folder = build(Plan(None, None), tmp_path / "out")
    for name in ("writer", "ann/wri ter", "../x", "a/b/c"):
        with pytest.raises(SpaceError, match="no name"):
            push(folder, name, endpoint=endpoint)
    with pytest.raises(SpaceError, match="is no Space"):
        push(tmp_path, "ann/writer", endpoint=endpoint)
    hub.refuse = 403
    with pytest.raises(SpaceError, match="does not let you write") as caught:
        push(folder, "ann/writer", endpoint=endpoint)
    assert "hf_test" not in str(caught.value)
    with pytest.raises(SpaceError, match="cannot be reached"):
        push(folder, "ann/writer", endpoint="http://127.0.0.1:9")
    assert hub.commits == []
