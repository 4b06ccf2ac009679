"""An OpenAI-compatible server on loopback that answers as it is told, and misbehaves when it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
HANG = "hang"  # among the events of a fault: nothing comes any more


@dataclass(frozen=True)
class Fault:
    """What goes wrong once. A `status` with a `body`, sent as it is, whose connection may be `cut` in the middle of it;
    or, with `after`, a stream that goes well for so many pieces, and then sends `line` (HANG: nothing more) and ends.
    `answers` says which requests it is for (None: any)."""

    status: int = 200
    body: bytes = b""
    cut: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    after: int | None = None
    line: str = ""


@dataclass
class FakeServer:
    """`reply` makes the answer to a request's last message; `faults` come first, one for each request. `finish` is how
    answers end; `pieces` of them come with `pause` seconds between. It takes only the fields in `knows`, if given."""

    reply: Callable[[str], str]
    faults: list[Fault] = field(default_factory=list)
    models: tuple[str, ...] = ("judge-1",)
    owner: str = "somebody"
    listing: Mapping[str, Any] = field(default_factory=dict)
    paths: Mapping[str, Any] = field(default_factory=dict)
    finish: str = "stop"
    pause: float = 0.0
    refuses: tuple[str, ...] = ()
    several: bool = True
    unclean: bool = False  # what comes after the end of an answer is no end of the stream
    usage: Mapping[str, Any] | None = None
    requests: list[Json] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    running: int = 0
    most: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._over = threading.Event()

    @contextmanager
    def serving(self) -> Iterator[FakeServer]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield self
        finally:
            self._over.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(fake) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's own self is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                fake.asked.append(self.path)
                fake.keys.append(self.headers.get("Authorization", ""))
                if self.path in fake.paths:
                    self._send(200, json.dumps(fake.paths[self.path]).encode())
                elif self.path == "/v1/models":
                    known = {"object": "model", "owned_by": fake.owner, **fake.listing}
                    models = [{"id": name, **known} for name in fake.models]
                    self._send(200, json.dumps({"object": "list", "data": models}).encode())
                else:
                    self._send(404, b'{"error": {"message": "no such path"}}')

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.asked.append(self.path)
                fake.requests.append(body)
                fake.sessions.append(self.headers.get("X-Session-ID", ""))
                fake.keys.append(self.headers.get("Authorization", ""))
                fault = fake.faults.pop(0) if fake.faults else None
                if fault is not None and fault.after is None:
                    self._send(fault.status, fault.body, fault.cut, fault.headers)
                    return
                if named := [name for name in fake.refuses if name in body]:
                    self._send(400, json.dumps({"error": {"message": f"Unknown field: '{named[0]}'"}}).encode())
                    return
                with fake._lock:
                    fake.running += 1
                    fake.most = max(fake.most, fake.running)
                try:
                    self._answer(body, fault)
                except OSError:
                    fake.left.set()
                finally:
                    with fake._lock:
                        fake.running -= 1

            def _answer(self, body: Json, fault: Fault | None) -> None:
                chat = "messages" in body
                text = fake.reply(body["messages"][-1]["content"] if chat else body["prompt"])
                if not body.get("stream"):
                    message = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
                    choice = {"index": 0, "finish_reason": "stop", **message}
                    self._send(200, json.dumps({"choices": [choice]}).encode())
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                many = int(body.get("n", 1)) if fake.several else 1
                for number, piece in enumerate(re.findall(r"\s*\S+|\s+$", text)):
                    if fault is not None and number == fault.after:
                        self._event(fault.line) if fault.line != HANG else fake._over.wait(60)
                        return
                    for index in range(many):
                        said = piece if index == 0 else piece.upper()
                        self._choice(chat, index, {"content": said} if chat else said)
                    if fake.pause and fake._over.wait(fake.pause):
                        return
                for index in range(many):
                    self._choice(chat, index, {} if chat else "", fake.finish)
                if fake.usage is not None:
                    self._event(json.dumps({"choices": [], "usage": fake.usage}))
                self._event("[DONE]" if not fake.unclean else '{"choi')

            def _choice(self, chat: bool, index: int, said: object, finish: str | None = None) -> None:
                choice = {"index": index, "finish_reason": finish, ("delta" if chat else "text"): said}
                self._event(json.dumps({"id": "1", "choices": [choice]}))

            def _event(self, data: str) -> None:
                self.wfile.write(f"data: {data}\n\n".encode())
                self.wfile.flush()

            def _send(
                self, status: int, body: bytes, cut: bool = False, headers: tuple[tuple[str, str], ...] = ()
            ) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body) + (100 if cut else 0)))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                if cut:
                    self.close_connection = True

        return Handler
