"""The page as a server: what it hands out and what it keeps to itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.export.options import Options
from longwriter_ui.paths import PROJECT, home
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets
from longwriter_ui.ui.exports import ExportFolder, file_name
from longwriter_ui.ui.page import Page


@pytest.fixture
def address(studio: Studio, one_app: None) -> Iterator[str]:
    page = Page(studio, home())
    yield page.launch(server_name="127.0.0.1")
    page.close()


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, ""


def post(address: str, component: str, name: str, body: dict[str, object]) -> dict[str, Any]:
    """What the page's script does: call one of the server functions of a component."""
    config = json.loads(fetch(address + "config")[1])
    [found] = [c for c in config["components"] if c["props"].get("elem_id") == component]
    payload = {"data": body, "component_id": found["id"], "fn_name": name, "session_hash": "test"}
    request = urllib.request.Request(
        address + "gradio_api/component_server/", json.dumps(payload).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())  # type: ignore[no-any-return]


def call(address: str, name: str, body: dict[str, object]) -> dict[str, Any]:
    """One of the board's server functions."""
    return post(address, "lw-board", name, body)


def test_neither_the_data_nor_the_source_can_be_fetched(address: str) -> None:
    assert home().store.exists()
    for path in (home().store, PROJECT / "app.py", PROJECT / "pyproject.toml"):
        assert fetch(f"{address}gradio_api/file={path}")[0] in (403, 404)


def test_no_handler_is_offered_as_a_public_interface(address: str) -> None:
    status, body = fetch(address + "gradio_api/info")
    assert status == 200
    assert json.loads(body)["named_endpoints"] == {}


def test_an_export_can_be_fetched_under_its_own_name(address: str, studio: Studio) -> None:
    draft = studio.create(Brief.create("Tides: a view from the pier.", 300))
    answer = call(address, "fetch", {"draft": draft.id, "format": "md"})
    assert answer["name"] == "Tides a view from the pier.md"
    status, text = fetch(address + str(answer["href"]).replace(" ", "%20"))
    assert status == 200
    assert "Tides" in text


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("poll", {"draft": "nobody", "rev": 0}),
        ("apply", {"draft": "nobody", "rev": 0, "op": {"do": "set_title", "title": "x"}}),
        ("command", {"draft": "nobody", "rev": 0, "do": "write"}),
        ("fetch", {"draft": "nobody", "format": "md"}),
        ("look", {"draft": "nobody"}),
        ("choose", {"draft": "nobody", "options": {"plan": True}}),
    ],
)
def test_a_draft_that_is_not_there_gets_a_message_and_no_fault(
    address: str, name: str, body: dict[str, object]
) -> None:
    answer = call(address, name, body)
    problem = answer.get("gone") or answer.get("refused")
    assert "no draft" in str(problem)


@pytest.mark.parametrize("body", [{}, {"draft": 3, "rev": "x"}, {"draft": "x", "rev": 0, "op": 5}, {"draft": None}])
def test_a_malformed_edit_is_refused(address: str, body: dict[str, object]) -> None:
    assert "refused" in call(address, "apply", body)


def test_an_unknown_command_and_an_unknown_format_are_refused(address: str, studio: Studio) -> None:
    draft = studio.create(Brief.create("Tides.", 300))
    assert "refused" in call(address, "command", {"draft": draft.id, "rev": 0, "do": "format the disk"})
    for name in ("../../etc/passwd", "/../../../out.md", "rtf", None, 5):
        assert "There is no format" in str(call(address, "fetch", {"draft": draft.id, "format": name})["refused"])
    for options in ({"paper": "a3"}, {"shell": "rm"}, {"plan": "yes"}):
        assert "refused" in call(address, "choose", {"draft": draft.id, "options": options})
    assert call(address, "choose", {"draft": draft.id, "options": 5})["options"] == Options().values()


def test_templates_hold_nothing_that_gradio_would_evaluate() -> None:
    for name in (
        "icons.svg",
        "board.html",
        "brief.html",
        "export.html",
        "library.html",
        "models.html",
        "settings.html",
        "evaluate.html",
    ):
        text = assets.read(name)
        assert not any(mark in text for mark in ("${", "{{", "`", "\\")), name


def test_the_scripts_cannot_end_their_own_element() -> None:
    assert assets.head().lower().count("</script") == 1


def test_exports_get_names_that_every_system_takes() -> None:
    assert file_name('A/B: "C"? <D>|*\n') == "A B C D"
    assert file_name("...") == "Draft"
    assert len(file_name("long " * 100)) <= 80


def test_two_exports_of_one_title_do_not_share_a_place() -> None:
    folder = ExportFolder()
    first, second = folder.place("Tides", ".md"), folder.place("Tides", ".md")
    assert first.name == second.name == "Tides.md"
    assert first.parent != second.parent
    folder.close()
    assert not folder.path.exists()
