"""An OpenAI-compatible server on loopback that answers as it is told, and misbehaves when it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What goes wrong once: a status, a body that is sent as it is, or a connection cut in the middle of one."""

    status: int = 200
    body: bytes = b""
    cut: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class FakeServer:
    """`reply` makes the answer to a request's last message; `faults` come first, one for each request."""

    reply: Callable[[str], str]
    faults: list[Fault] = field(default_factory=list)
    models: tuple[str, ...] = ("judge-1",)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    address: str = ""

    @contextmanager
    def serving(self) -> Iterator[FakeServer]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(fake) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's own self is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                models = [{"id": name, "object": "model"} for name in fake.models]
                self._send(200, json.dumps({"object": "list", "data": models}).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.requests.append(body)
                fake.keys.append(self.headers.get("Authorization", ""))
                if fake.faults:
                    fault = fake.faults.pop(0)
                    self._send(fault.status, fault.body, fault.cut, fault.headers)
                    return
                message = {"role": "assistant", "content": fake.reply(body["messages"][-1]["content"])}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
                self._send(200, json.dumps(answer).encode())

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
