"""Requests that no page of ours makes: foreign origins and names, frames, routes of Gradio, paths, sizes."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest

from longwriter_ui.paths import PROJECT, home
from longwriter_ui.ui.rate import Rate
from tests.safety.conftest import Shared, ask

COMPONENT = "gradio_api/component_server/"


def attempt(shared: Shared, **headers: str) -> int:
    """Status of a plan made by a request with these headers, from a page that somehow has a visitor's key."""
    visitor = shared.visitor()
    payload = {"data": {"draft": None, "rev": 0}, "component_id": visitor.components()["lw-board"], "fn_name": "poll"}
    body = json.dumps({**payload, "session_hash": "x"}).encode()
    own = {"Content-Type": "application/json", "X-LongWriter-Owner": visitor.key}
    return ask(shared.address + COMPONENT, body, own | {k.replace("_", "-"): v for k, v in headers.items()})[0]


def test_pages_of_other_origins_are_refused(shared: Shared) -> None:
    own = shared.address.rstrip("/")
    assert attempt(shared) == attempt(shared, Origin=own) == attempt(shared, Sec_Fetch_Site="same-origin") == 200
    for origin in ("http://evil.example", "https://evil.example:7860", "null", "http://localhost:9", "", "file://"):
        assert attempt(shared, Origin=origin) == 403
    assert attempt(shared, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors") == 403
    assert attempt(shared, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == 403  # a form's POST
    for path in ("", "config", "gradio_api/info"):
        status, headers, _ = ask(shared.address + path, headers={"Origin": "http://evil.example"})
        assert (status, headers.get("access-control-allow-origin")) == (403, None)
        assert ask(shared.address + path, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"})[0] == 403
    status, headers, _ = ask(
        shared.address + COMPONENT,
        headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
        method="OPTIONS",
    )
    assert headers.get("access-control-allow-origin") is None
    # A link on another page may lead here.
    assert ask(shared.address, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})[0] == 200


def test_another_name_that_points_here_is_refused(shared: Shared) -> None:
    port = urlsplit(shared.address).port
    for path in ("", "config", "gradio_api/info", "theme.css"):
        for host in (f"evil.example:{port}", "evil.example", f"127.0.0.1.evil.example:{port}", f"0x7f000001:{port}"):
            assert ask(shared.address + path, headers={"Host": host})[0] == 403
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST"):
            assert ask(shared.address + path, headers={"Host": host})[0] == 200
    assert attempt(shared, Host="evil.example", Origin="http://evil.example") == 403


def test_every_answer_says_what_a_browser_may_do_with_it(shared: Shared) -> None:
    for path in ("", "config", "gradio_api/info", "theme.css", "nothing-here", "gradio_api/upload"):
        _, headers, _ = ask(shared.address + path)
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["frame-ancestors"] == "'none'" and headers["x-frame-options"] == "DENY"
        assert policy["default-src"] == "'none'" and policy["connect-src"] == policy["form-action"] == "'self'"
        assert "'unsafe-inline'" not in policy["script-src"] and "http" not in policy["script-src"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_routes_that_the_page_does_not_use_are_not_there(shared: Shared) -> None:
    for path in (
        "proxy=https://evil.example/x", "upload_progress?upload_id=x", "file=https://evil.example/x", "deep_link",
        "dev/reload", "vibe-code/", "custom_component/x/client/y/z.js", "stream/x/1/2/playlist.m3u8",
        "profiling/traces", "run-history/records", "runs", "openapi.json", "file/etc/passwd",
        "file=http:/evil.example/x",
    ):  # fmt: skip
        assert ask(f"{shared.address}gradio_api/{path}")[0] == 404, path
    assert (
        ask(f"{shared.address}gradio_api/upload", b"x" * 100, {"Content-Type": "multipart/form-data; boundary=x"})[0]
        == 404
    )
    for path in ("docs", "openapi.json", "monitoring", "monitoring/summary", "gradio_api/deep_link"):
        assert ask(shared.address + path)[0] == 404, path


def test_no_path_leads_out_of_the_folder_of_exports(shared: Shared) -> None:
    ann = shared.visitor()
    draft = ann.written()
    href = ann.call("fetch", draft=draft, format="md")["href"]
    assert ask(shared.address + quote(href))[0] == 200
    folder = href.split("=", 1)[1].rsplit("/", 2)[0]
    tries = [
        home().store, home().store.with_name("drafts.sqlite3-wal"), PROJECT / "app.py", "/etc/passwd", folder,
        f"{folder}/", f"{folder}/../../etc/passwd", f"{folder}/%2e%2e/%2e%2e/etc/passwd", "../../etc/passwd",
        f"{folder}/..%2f..%2fetc/passwd", f"{folder}/x/../../{home().store.name}", "app.py", "\\etc\\passwd",
    ]  # fmt: skip
    for path in tries:
        assert ask(f"{shared.address}gradio_api/file={path}")[0] in (400, 403, 404), path
    connection = http.client.HTTPConnection(urlsplit(shared.address).netloc)  # which does not tidy up paths
    for path in ("/static/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/app.py", "/svelte/..%2f..%2fapp.py"):
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status in (400, 403, 404) and b"root:" not in response.read(), path


@pytest.mark.parametrize(
    "name", ["../../../x", "/etc/cron.d/x", "..\\..\\x", "a\x00b", ". .", "con", "x" * 500, "%2e%2e/x"]
)
def test_a_name_becomes_a_file_in_its_own_folder_only(shared: Shared, name: str) -> None:
    ann = shared.visitor()
    before = {path for path in home().root.parent.rglob("*") if "home" not in path.parts}
    data = base64.b64encode(b"# Title\n\nSome text.").decode()
    brought = ann.call("bring", "lw-library", name=f"{name}.md", data=data)
    draft = brought["draft"]
    ann.call("shelve", "lw-library", draft=draft, do="rename", title=name)
    answer = ann.call("fetch", draft=draft, format="md")
    assert "/" not in answer["name"] and "\\" not in answer["name"] and answer["name"].endswith(".md")
    assert ask(shared.address + quote(answer["href"]))[0] == 200
    ann.call("fetch", draft=draft, format=f"../{name}")
    for call in ("poll", "command", "fetch", "look"):
        ann.post("lw-board", call, {"draft": f"../{name}", "rev": 0, "do": "write", "format": "md"})
    assert {path for path in home().root.parent.rglob("*") if "home" not in path.parts} == before


def test_a_request_may_have_so_many_bytes(shared: Shared) -> None:
    netloc = urlsplit(shared.address).netloc
    for path in ("/" + COMPONENT, "/gradio_api/upload", "/gradio_api/run/predict", "/login"):
        connection = http.client.HTTPConnection(netloc, timeout=30)
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(200 * 2**20))
        connection.endheaders()
        assert connection.getresponse().status in (404, 413)  # before anything of it came
        connection.close()
    # One that does not tell its length is cut off.
    connection = http.client.HTTPConnection(netloc, timeout=30)
    block = b"x" * 2**20
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.request("POST", "/" + COMPONENT, (block for _ in range(200)), {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status != 200
        raise OSError("refused")
    assert shared.visitor().drafts() == []


def test_a_visitor_who_asks_too_often_is_held_up_and_nobody_else(share: Callable[..., Shared]) -> None:
    shared = share(requests=1)
    ann, eve = shared.visitor(), shared.visitor()
    component = ann.components()["lw-board"]
    payload = json.dumps({"data": {"rev": 0}, "component_id": component, "fn_name": "poll", "session_hash": "x"})

    def poll(key: str) -> tuple[int, dict[str, str]]:
        headers = {"Content-Type": "application/json"} | ({"X-LongWriter-Owner": key} if key else {})
        return ask(shared.address + COMPONENT, payload.encode(), headers)[:2]

    for key in (ann.key, ""):
        answers = [poll(key) for _ in range(40)]
        assert {status for status, _ in answers} == {200, 429} and answers[0][0] == 200
        assert next(headers["retry-after"] for status, headers in answers if status == 429) == "1"
    assert poll(eve.key)[0] == 200
    assert ask(shared.address)[0] == 200  # the page itself
    while poll(ann.key)[0] == 429:
        time.sleep(0.2)


def test_who_was_quiet_may_ask_for_a_moment_what_was_not_asked_for() -> None:
    now = 100.0
    rate = Rate(2, lambda: now)
    assert [rate.allows("ann") for _ in range(11)] == [True] * 10 + [False]
    assert rate.allows("eve")
    now += 1
    assert [rate.allows("ann") for _ in range(3)] == [True, True, False]
    now += 1000
    assert [rate.allows("ann") for _ in range(11)] == [True] * 10 + [False]
    for number in range(20_000):  # names cost nothing to make
        rate.allows(str(number))
    assert len(rate._left) <= 10_000


def test_what_is_no_json_or_of_another_form_does_no_harm(shared: Shared) -> None:
    eve = shared.visitor()
    for data in (
        None,
        5,
        "x",
        [1],
        [[]],
        {"draft": {"a": 1}},
        {"draft": ["x"]},
        {"rev": "x"},
        {"op": 1},
        {"draft": "\x00"},
    ):
        for name in ("poll", "apply", "command", "look", "price", "compare"):
            status, answer = eve.post("lw-board", name, data)
            assert status in (200, 500), (name, data)
            assert status == 500 or isinstance(answer, dict)
    for body in (b"", b"{", b"[]", b'{"data": {}}', b'{"fn_name": "poll"}', b"\xff" * 100):
        assert ask(shared.address + COMPONENT, body, {"Content-Type": "application/json"})[0] in (400, 404, 422, 500)
    assert eve.drafts() == []
