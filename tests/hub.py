"""A small server on loopback that answers as the Hub does, and misbehaves on command."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_LONGEST = 60  # seconds that it keeps anybody waiting; more than a client's patience
REPOSITORY = "someone/Tiny-GGUF"


@dataclass
class Misbehaviour:
    """One deviation, for as many requests of a file (`metadata`: of the repository) as `times` says."""

    times: int = 1
    metadata: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int = -1  # bytes after which the connection breaks
    no_range: bool = False
    wrong_bytes: bool = False
    no_length: bool = False
    wait_for: threading.Event | None = None  # sends half, then waits
    redirect: str = ""
    silent: threading.Event | None = None  # says nothing at all before this


class FakeHub:
    """`files` by name; `asked` are the requests for files, as (name, Range, Authorization)."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.checksums: dict[str, str | None] = {}  # where they differ from the truth
        self.commit = "a" * 40
        self.asked: list[tuple[str, str, str]] = []
        self.proxied: list[str] = []
        self.queue: list[Misbehaviour] = []
        self.half_sent = threading.Event()
        self.silent = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def misbehave(self, **how: Any) -> None:
        self.queue.append(Misbehaviour(**how))

    def next_misbehaviour(self, *, metadata: bool) -> Misbehaviour:
        with self._lock:
            for item in self.queue:
                if item.metadata == metadata:
                    item.times -= 1
                    if not item.times:
                        self.queue.remove(item)
                    return item
        return Misbehaviour()

    def keep_silent(self, how: Misbehaviour) -> None:
        if how.silent is not None:
            self.silent.set()
            how.silent.wait(_LONGEST)

    def metadata(self) -> bytes:
        siblings = []
        for name, data in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": "b"}
            checksum = self.checksums.get(name, hashlib.sha256(data).hexdigest())
            if checksum is not None:
                entry["lfs"] = {"sha256": checksum, "size": len(data), "pointerSize": 130}
            siblings.append(entry)
        return json.dumps({"id": REPOSITORY, "sha": self.commit, "siblings": siblings}).encode()

    @contextmanager
    def serving(self) -> Iterator[FakeHub]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what is being tested."""


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.startswith("http://"):
                hub.proxied.append(self.path)
            path = unquote(urlsplit(self.path).path)
            if path.startswith("/api/models/"):
                self._metadata(path)
            else:
                self._file(path)

        def _metadata(self, path: str) -> None:
            how = hub.next_misbehaviour(metadata=True)
            hub.keep_silent(how)
            if how.status:
                self._answer(how.status, how.body, how.headers)
            elif path != f"/api/models/{REPOSITORY}":
                self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})
            else:
                self._answer(200, hub.metadata(), {"Content-Type": "application/json"})

        def _file(self, path: str) -> None:
            match = re.fullmatch(rf"/{REPOSITORY}/resolve/([0-9a-f]+)/(.+)", path)
            name = match[2] if match else path.lstrip("/")
            asked = self.headers.get("Range", "")
            hub.asked.append((name, asked, self.headers.get("Authorization", "")))
            how = hub.next_misbehaviour(metadata=False)
            hub.keep_silent(how)
            if how.redirect:
                self._answer(302, b"", {"Location": f"{how.redirect}/{name}"})
                return
            if how.status:
                self._answer(how.status, how.body, how.headers)
                return
            data = hub.files.get(name)
            if data is None:
                self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            total, start = len(data), 0
            wanted = re.fullmatch(r"bytes=(\d+)-", asked)
            if wanted and not how.no_range:
                start = int(wanted[1])
                if start >= total:
                    self._answer(416, b"", {"Content-Range": f"bytes */{total}"})
                    return
            data = bytes(len(data)) if how.wrong_bytes else data
            self._send(data[start:], f"bytes {start}-{total - 1}/{total}" if start else "", how)

        def _send(self, data: bytes, content_range: str, how: Misbehaviour) -> None:
            self.send_response(206 if content_range else 200)
            if content_range:
                self.send_header("Content-Range", content_range)
            if how.no_length:
                self.send_header("Connection", "close")
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if how.wait_for is not None:
                self.wfile.write(data[: len(data) // 2])
                self.wfile.flush()
                hub.half_sent.set()
                how.wait_for.wait(_LONGEST)
                data = data[len(data) // 2 :]
            if how.cut_after >= 0:
                self.wfile.write(data[: how.cut_after])
                self.wfile.flush()
                self.close_connection = True
                return
            try:
                self.wfile.write(data)
            except ConnectionError:
                self.close_connection = True

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
