"""A page of another origin in the same browser: it can neither show the studio in a frame, nor ask it anything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.e2e.conftest import Site

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>elsewhere</title><iframe src="{studio}"></iframe><script>
window.told = [];
const note = (answer) => told.push(answer.status ?? "no");
const ask = (path, init) => fetch("{studio}" + path, init).then(note, note);
const body = JSON.stringify({{ data: {{ wanted: "" }}, component_id: 1, fn_name: "drafts", session_hash: "x" }});
const calls = "gradio_api/component_server/";
ask("config"), ask("config", {{ credentials: "include" }}), ask(calls, {{ method: "POST", body }}),
ask(calls, {{ method: "POST", body, headers: {{ "Content-Type": "application/json", "X-LongWriter-Owner": "x" }} }});
</script>"""


def test_another_page_can_neither_frame_nor_ask_the_studio(serve: Callable[..., Site]) -> None:
    site = serve()
    page = PAGE.format(studio=site.address).encode()

    class Elsewhere(BaseHTTPRequestHandler):
        """A page of somebody else."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        tab = site.context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        tab.wait_for_function("told.length === 4")
        assert set(tab.evaluate("told")) <= {"no", 403}
        assert any("frame" in text.lower() for text in said), said
        assert all(not frame.url.startswith(site.address) for frame in tab.frames[1:])
    finally:
        server.shutdown()
        server.server_close()
