"""What the Models tab is told, and what a folder shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from longwriter_ui.config import Settings
from longwriter_ui.errors import DownloadError
from longwriter_ui.loading import ModelState
from longwriter_ui.models import Models
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present_models
from longwriter_ui.ui.models import folder
from longwriter_ui.ui.page import Page
from longwriter_ui.weights.background import Transfer
from longwriter_ui.weights.download import Fetching, Paused, Verifying, Waiting
from longwriter_ui.weights.verify import Verified
from tests.tiny_gguf import write_tiny_gguf
from tests.ui.test_page import fetch, post


def test_every_row_is_json() -> None:
    rows = [present_models.row(row, None) for row in Models(home()).rows()]
    assert json.loads(json.dumps(rows)) == rows
    assert {row["key"] for row in rows} >= {"longwriter-llama3.1-8b:Q4_K_M", "qwen3-4b-instruct:Q4_K_M"}


@pytest.mark.parametrize(
    ("event", "doing"),
    [
        (None, "asking"),
        (Fetching(1, 4, 2.0, 1.5), "fetching"),
        (Verifying(2, 4), "verifying"),
        (Waiting(3.0, "Busy."), "waiting"),
    ],
)
def test_what_a_download_does(event: Fetching | Verifying | Waiting | None, doing: str) -> None:
    assert present_models.progress(Transfer(True, False, event, None))["doing"] == doing
    assert present_models.progress(Transfer(True, True, event, None))["doing"] == "pausing"


def test_a_download_that_ended_tells_how() -> None:
    paused = present_models.progress(Transfer(False, False, Paused(1, 4), None))
    assert (paused["doing"], paused["done"], paused["total"]) == ("ended", 1, 4)
    failed = present_models.progress(Transfer(False, False, None, DownloadError("No.", "Why.")))
    assert failed["failure"]["message"] == "No."


def test_a_check_that_ended_tells_what_was_compared() -> None:
    shown = present_models.progress(Transfer(False, False, Verified(Path("m.gguf"), compared=True), None))
    assert (shown["doing"], shown["compared"], shown["failure"]) == ("ended", True, None)


def test_no_model_at_all_can_be_shown() -> None:
    nothing = ModelState(None, None, None, "", None, 0.0, None)
    shown = present_models.current(nothing, Settings(), None)
    assert shown["missing"] and shown["file"] is None and shown["engine"] is None


def test_a_folder_shows_folders_and_models_only(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    write_tiny_gguf(tmp_path / "m.gguf")
    shown = folder(str(tmp_path), home())
    assert [entry["name"] for entry in shown["folders"] if entry["name"] != "home"] == ["sub"]
    assert [entry["name"] for entry in shown["files"]] == ["m.gguf"]
    assert shown["parent"] == str(tmp_path.parent)


@pytest.mark.parametrize("named", ["/no/such/folder", "\0", "~nobody"])
def test_a_folder_that_is_not_there_shows_the_persons_own(named: str) -> None:
    assert folder(named, home())["folder"] == str(Path.home().resolve())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"do": "format the disk"},
        {"do": "load"},
        {"do": "download", "key": "nothing"},
        {"do": "download", "key": None},
        {"do": "settings", "threads": "many"},
        {"do": "settings", "threads": -1},
    ],
)
def test_a_malformed_wish_is_refused(studio: Studio, body: dict[str, object]) -> None:
    page = Page(studio, home())
    address = page.launch(server_name="127.0.0.1")
    try:
        answer = post(address, "lw-models", "act", body)
    finally:
        page.close()
    assert answer["refused"]["message"]


def test_folders_are_not_shown_to_other_computers(studio: Studio) -> None:
    page = Page(studio, home())
    address = page.launch(server_name="0.0.0.0").replace("0.0.0.0", "127.0.0.1")
    try:
        assert fetch(address)[0] == 200
        answer = post(address, "lw-models", "browse", {"folder": "/"})
        assert "files" not in answer and "this computer only" in answer["refused"]["message"]
        assert post(address, "lw-models", "state", {})["local"] is False
    finally:
        page.close()
