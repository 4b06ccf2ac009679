from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants

from longwriter_ui.errors import DownloadError
from longwriter_ui.weights.download import (
    DownloadEvent,
    Fetched,
    Fetching,
    Patience,
    Paused,
    Verifying,
    Waiting,
    download,
)
from longwriter_ui.weights.hub import Hub
from longwriter_ui.weights.partial import read_note
from tests.hub import REPOSITORY, FakeHub

NAME = "tiny.gguf"
DATA = random.Random(1).randbytes(3_000_000)
QUICK = Patience(tries=4, first=0.01, longest=0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def stocked(request: pytest.FixtureRequest) -> None:
    if "hub" in request.fixturenames:
        request.getfixturevalue("hub").files[NAME] = DATA


def fetch(
    hub: FakeHub, folder: Path, names: Sequence[str] = (NAME,), cancel: threading.Event | None = None
) -> list[DownloadEvent]:
    return list(download(Hub(hub.url), REPOSITORY, names, folder, cancel or threading.Event(), QUICK))


def ranges(hub: FakeHub) -> list[str]:
    return [asked for _, asked, _ in hub.asked]


def interrupt(hub: FakeHub, folder: Path, after: int = 1_000_000) -> None:
    """Leave a partial file, as a crash would."""
    hub.misbehave(cut_after=after)
    events = download(Hub(hub.url), REPOSITORY, [NAME], folder, threading.Event(), QUICK)
    for event in events:
        if isinstance(event, Waiting):
            break
    events.close()  # type: ignore[attr-defined]
    hub.asked.clear()


def test_a_file_arrives_whole_and_nothing_else_is_left(hub: FakeHub, folder: Path) -> None:
    events = fetch(hub, folder)
    assert events[-1] == Fetched(folder / NAME)
    assert (folder / NAME).read_bytes() == DATA
    assert {path.name for path in folder.iterdir()} == {NAME, f"{NAME}.json", f".{NAME}.lock"}
    progress = [event for event in events if isinstance(event, Fetching)]
    assert progress[0].done == 0 and progress[-1].done == progress[-1].total == len(DATA)
    assert Verifying(len(DATA), len(DATA)) in events
    note = read_note(folder / NAME)
    assert note is not None and note.commit == hub.commit and note.repository == REPOSITORY


def test_the_file_is_asked_for_at_a_fixed_commit(hub: FakeHub, folder: Path) -> None:
    hub.commit = "c0ffee" + "0" * 34
    fetch(hub, folder)
    assert json.loads((folder / f"{NAME}.json").read_text())["commit"] == hub.commit


def test_a_cut_connection_is_taken_up_where_it_broke(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(cut_after=1_000_000)
    hub.misbehave(cut_after=500_000)
    events = fetch(hub, folder)
    assert (folder / NAME).read_bytes() == DATA
    assert ranges(hub) == ["", "bytes=1000000-", "bytes=1500000-"]
    assert sum(isinstance(event, Waiting) for event in events) == 2


def test_a_body_that_ends_early_without_saying_so_is_taken_up(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(cut_after=1_000_000, no_length=True)
    fetch(hub, folder)
    assert (folder / NAME).read_bytes() == DATA
    assert ranges(hub) == ["", "bytes=1000000-"]


def test_a_server_that_cuts_without_end_is_given_up_and_the_part_is_kept(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(cut_after=1_000_000)
    hub.misbehave(times=99, cut_after=0)
    with pytest.raises(DownloadError, match=r"failed|cut") as caught:
        fetch(hub, folder)
    assert caught.value.retryable
    assert (folder / f"{NAME}.part").stat().st_size == 1_000_000
    assert not (folder / NAME).exists()


def test_the_next_call_goes_on_from_what_a_crash_left(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    events = fetch(hub, folder)
    assert ranges(hub) == ["bytes=1000000-"]
    assert events[0] == Fetching(1_000_000, len(DATA), 0.0, None)
    assert (folder / NAME).read_bytes() == DATA


def test_a_complete_part_is_verified_without_asking_again(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    (folder / f"{NAME}.part").write_bytes(DATA)
    fetch(hub, folder)
    assert hub.asked == []
    assert (folder / NAME).read_bytes() == DATA


def test_a_server_that_ignores_ranges_restarts_cleanly(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    hub.misbehave(no_range=True)
    fetch(hub, folder)
    assert ranges(hub) == ["bytes=1000000-"]
    assert (folder / NAME).read_bytes() == DATA


def test_a_range_that_begins_elsewhere_is_not_appended(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    headers = {"Content-Range": f"bytes 5-{len(DATA) - 1}/{len(DATA)}"}
    hub.misbehave(status=206, body=b"x" * 100, headers=headers)
    fetch(hub, folder)
    assert ranges(hub) == ["bytes=1000000-", ""]
    assert (folder / NAME).read_bytes() == DATA


def test_a_file_that_changed_between_two_tries_is_begun_anew(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    hub.files[NAME] = DATA[::-1]
    hub.commit = "d" * 40
    fetch(hub, folder)
    assert ranges(hub) == [""]
    assert (folder / NAME).read_bytes() == DATA[::-1]


def test_a_new_commit_with_the_same_file_keeps_what_is_there(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    hub.commit = "d" * 40
    fetch(hub, folder)
    assert ranges(hub) == ["bytes=1000000-"]


def test_a_part_of_unknown_origin_is_not_trusted(hub: FakeHub, folder: Path) -> None:
    folder.mkdir()
    (folder / f"{NAME}.part").write_bytes(b"something")
    fetch(hub, folder)
    assert ranges(hub) == [""]
    assert (folder / NAME).read_bytes() == DATA


def test_a_part_longer_than_the_file_is_dropped(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    (folder / f"{NAME}.part").write_bytes(DATA + b"more")
    fetch(hub, folder)
    assert ranges(hub) == [""]


def test_wrong_bytes_of_the_right_size_never_get_the_name(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(times=9, wrong_bytes=True)
    with pytest.raises(DownloadError, match="other bytes"):
        fetch(hub, folder)
    assert not (folder / NAME).exists() and not (folder / f"{NAME}.part").exists()


def test_a_part_that_rotted_is_fetched_anew_at_once(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    part = folder / f"{NAME}.part"
    part.write_bytes(b"\0" * part.stat().st_size)
    fetch(hub, folder)
    assert ranges(hub) == ["bytes=1000000-", ""]
    assert (folder / NAME).read_bytes() == DATA


@pytest.mark.parametrize("more", [1, -1])
def test_a_file_of_another_size_is_refused(hub: FakeHub, folder: Path, more: int) -> None:
    hub.misbehave(status=200, body=DATA + b"x" if more > 0 else DATA[:-1])
    with pytest.raises(DownloadError, match="another file"):
        fetch(hub, folder)


def test_more_bytes_than_announced_are_refused_while_they_come(hub: FakeHub, folder: Path) -> None:
    checked = hub.metadata()
    hub.files[NAME] = DATA + b"x" * 1_000_000
    hub.misbehave(metadata=True, status=200, body=checked, headers={"Content-Type": "application/json"})
    hub.misbehave(no_length=True)
    with pytest.raises(DownloadError, match="another file"):
        fetch(hub, folder)
    assert not (folder / NAME).exists()


def test_an_unsatisfiable_range_restarts(hub: FakeHub, folder: Path) -> None:
    interrupt(hub, folder)
    hub.misbehave(status=416)
    fetch(hub, folder)
    assert ranges(hub) == ["bytes=1000000-", ""]
    assert (folder / NAME).read_bytes() == DATA


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_overloaded_server_is_tried_again(hub: FakeHub, folder: Path, status: int, metadata: bool) -> None:
    hub.misbehave(status=status, times=2, metadata=metadata)
    events = fetch(hub, folder)
    assert [type(event) for event in events if isinstance(event, Waiting)] == [Waiting, Waiting]
    assert (folder / NAME).read_bytes() == DATA


@pytest.mark.parametrize("value", ["3", lambda: formatdate(4102444800, usegmt=True)])
def test_the_wait_a_server_asks_for_is_kept(hub: FakeHub, folder: Path, value: object) -> None:
    text = value if isinstance(value, str) else formatdate(4102444800, usegmt=True)
    hub.misbehave(status=429, headers={"Retry-After": text})
    cancel = threading.Event()
    events = []
    for event in download(Hub(hub.url), REPOSITORY, [NAME], folder, cancel, QUICK):
        events.append(event)
        if isinstance(event, Waiting):
            cancel.set()
    waits = [event.seconds for event in events if isinstance(event, Waiting)]
    assert waits == [3.0 if text == "3" else 600.0]
    assert isinstance(events[-1], Paused)


def test_an_overloaded_server_is_given_up_in_the_end(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(status=503, times=99)
    with pytest.raises(DownloadError, match="503") as caught:
        fetch(hub, folder)
    assert caught.value.retryable


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "", "refuses access"),
        (403, "", "refuses access"),
        (401, "RepoNotFound", "no repository"),
        (403, "GatedRepo", "licence"),
        (401, "GatedRepo", "licence"),
        (404, "RepoNotFound", "no repository"),
        (404, "EntryNotFound", "no such file"),
        (404, "", "no such file"),
        (404, "RevisionNotFound", "has changed"),
        (418, "", "418"),
    ],
)
def test_a_refusal_is_explained_and_not_repeated(
    hub: FakeHub, folder: Path, status: int, code: str, says: str, metadata: bool
) -> None:
    hub.misbehave(status=status, headers={"X-Error-Code": code} if code else {}, metadata=metadata)
    with pytest.raises(DownloadError, match=says):
        fetch(hub, folder)
    assert not hub.queue and len(hub.asked) == (0 if metadata else 1)


def test_a_gated_model_names_the_page_where_its_licence_is_accepted(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(status=403, headers={"X-Error-Code": "GatedRepo"})
    with pytest.raises(DownloadError) as caught:
        fetch(hub, folder)
    assert f"{hub.url}/{REPOSITORY}" in caught.value.hint and "HF_TOKEN" in caught.value.hint


def test_a_missing_file_is_named(hub: FakeHub, folder: Path) -> None:
    with pytest.raises(DownloadError, match=r"no file other\.gguf"):
        fetch(hub, folder, ["other.gguf"])


def test_a_file_without_checksum_is_not_downloaded(hub: FakeHub, folder: Path) -> None:
    hub.checksums[NAME] = None
    with pytest.raises(DownloadError, match="no checksum"):
        fetch(hub, folder)
    assert hub.asked == []


@pytest.mark.parametrize("body", [b"<html>Log in</html>", b"[]", b'{"sha": 1}', b'{"siblings": [{}]}'])
def test_a_page_that_is_no_answer_of_the_hub_is_recognised(hub: FakeHub, folder: Path, body: bytes) -> None:
    hub.misbehave(metadata=True, status=200, body=body)
    with pytest.raises(DownloadError):
        fetch(hub, folder)


def test_redirects_are_followed_without_the_token(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    interrupt(hub, folder)
    with FakeHub().serving() as store:
        store.files[NAME] = DATA
        hub.misbehave(redirect=store.url)
        fetch(hub, folder)
        assert [(asked, token) for _, asked, token in store.asked] == [("bytes=1000000-", "")]
    assert hub.asked[0][2] == "Bearer hf_secret"
    assert (folder / NAME).read_bytes() == DATA


def test_a_mirror_named_in_passing_gets_no_token(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(hub, folder)
    assert [token for _, _, token in hub.asked] == [""]


def test_offline_mode_is_respected(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="offline mode"):
        fetch(hub, folder)


def test_an_unreachable_server_is_explained(online: None, folder: Path) -> None:
    with pytest.raises(DownloadError, match="connection to http://127") as caught:
        list(download(Hub("http://127.0.0.1:9"), REPOSITORY, [NAME], folder, threading.Event(), QUICK))
    assert caught.value.retryable


@pytest.mark.parametrize("endpoint", ["nonsense", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_no_address_is_refused(online: None, folder: Path, endpoint: str) -> None:
    with pytest.raises(DownloadError):
        list(download(Hub(endpoint), REPOSITORY, [NAME], folder, threading.Event(), QUICK))


def test_the_proxy_of_the_environment_is_used(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    monkeypatch.setenv("NO_PROXY", "")
    huggingface_hub.close_session()
    endpoint = "http://hub.invalid"  # only the proxy can reach it
    list(download(Hub(endpoint), REPOSITORY, [NAME], folder, threading.Event(), QUICK))
    assert len(hub.proxied) == 2 and all(url.startswith(endpoint) for url in hub.proxied)
    assert (folder / NAME).read_bytes() == DATA


def test_cancelling_pauses_and_the_next_call_goes_on(hub: FakeHub, folder: Path) -> None:
    release = threading.Event()
    hub.misbehave(wait_for=release)
    cancel = threading.Event()
    events: list[DownloadEvent] = []
    thread = threading.Thread(target=lambda: events.extend(fetch(hub, folder, cancel=cancel)))
    thread.start()
    assert hub.half_sent.wait(10)
    cancel.set()
    release.set()
    thread.join(20)
    assert isinstance(events[-1], Paused) and events[-1].total == len(DATA)
    part = folder / f"{NAME}.part"
    kept = part.stat().st_size if part.exists() else 0  # it may come before the first bytes are written
    assert kept == events[-1].done < len(DATA)
    hub.asked.clear()
    fetch(hub, folder)
    assert ranges(hub) == ([f"bytes={kept}-"] if kept else [""])
    assert (folder / NAME).read_bytes() == DATA


@pytest.mark.parametrize("stalled", ["before the metadata", "before the file", "in the middle of the file"])
def test_cancelling_does_not_wait_for_a_server_that_is_silent(hub: FakeHub, folder: Path, stalled: str) -> None:
    """The server stays silent for longer than this test waits, and so would a read of it."""
    never, cancel = threading.Event(), threading.Event()
    if stalled == "in the middle of the file":
        hub.misbehave(wait_for=never)
    else:
        hub.misbehave(silent=never, metadata=stalled == "before the metadata")
    events: list[DownloadEvent] = []
    thread = threading.Thread(target=lambda: events.extend(fetch(hub, folder, cancel=cancel)))
    thread.start()
    try:
        assert (hub.half_sent if stalled == "in the middle of the file" else hub.silent).wait(10)
        cancel.set()
        thread.join(15)
        assert not thread.is_alive()
        assert isinstance(events[-1], Paused) and not [event for event in events if isinstance(event, Waiting)]
        assert fetch(hub, folder)[-1] == Fetched(folder / NAME)  # nothing is locked
    finally:
        never.set()
    assert (folder / NAME).read_bytes() == DATA


def test_cancelling_before_it_begins_asks_nobody(hub: FakeHub, folder: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    assert fetch(hub, folder, cancel=cancel) == [Paused(0, 0)]
    assert hub.asked == []


def test_a_killed_process_leaves_a_part_that_the_next_one_goes_on_from(hub: FakeHub, folder: Path) -> None:
    hub.misbehave(wait_for=threading.Event())
    script = (
        "import sys, threading; from pathlib import Path\n"
        "from longwriter_ui.weights.download import download\n"
        "from longwriter_ui.weights.hub import Hub\n"
        "url, repository, name, folder = sys.argv[1:]\n"
        "list(download(Hub(url), repository, [name], Path(folder), threading.Event()))\n"
    )
    arguments = [sys.executable, "-c", script, hub.url, REPOSITORY, NAME, str(folder)]
    environment = os.environ | {"HF_HUB_OFFLINE": "0", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(arguments, env=environment) as process:
        assert hub.half_sent.wait(30)
        part = folder / f"{NAME}.part"
        while process.poll() is None and not (part.exists() and part.stat().st_size):
            threading.Event().wait(0.01)
        with pytest.raises(DownloadError, match="being downloaded already"):
            fetch(hub, folder)
        process.send_signal(signal.SIGKILL)
    kept = part.stat().st_size
    assert 0 < kept < len(DATA) and not (folder / NAME).exists()
    hub.asked.clear()
    fetch(hub, folder)
    assert ranges(hub) == [f"bytes={kept}-"]
    assert (folder / NAME).read_bytes() == DATA


def test_a_full_disk_is_noticed_before_the_download(
    hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(DownloadError, match=r"1\.0 MB are free"):
        fetch(hub, folder)
    assert hub.asked == []


def test_a_disk_that_fills_up_meanwhile_is_explained(
    hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(hub, folder)

    opened = Path.open

    def full(path: Path, *args: Any, **more: Any) -> Any:
        if path.suffix == ".part":
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, *args, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(DownloadError, match="disk is full"):
        fetch(hub, folder)
    assert (folder / f"{NAME}.part").stat().st_size == 1_000_000


def test_a_folder_that_cannot_be_made_is_explained(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot be written"):
        fetch(hub, tmp_path / "file" / "models")


def test_a_file_that_is_here_already_is_verified_and_not_fetched(hub: FakeHub, folder: Path) -> None:
    folder.mkdir()
    (folder / NAME).write_bytes(DATA)
    assert fetch(hub, folder)[-1] == Fetched(folder / NAME)
    assert hub.asked == [] and read_note(folder / NAME) is not None


def test_a_damaged_file_is_replaced_only_when_the_new_one_is_whole(hub: FakeHub, folder: Path) -> None:
    folder.mkdir()
    (folder / NAME).write_bytes(bytes(len(DATA)))
    interrupt(hub, folder)
    assert (folder / NAME).read_bytes() == bytes(len(DATA))
    fetch(hub, folder)
    assert (folder / NAME).read_bytes() == DATA


def test_all_parts_of_a_split_model_are_fetched(hub: FakeHub, folder: Path) -> None:
    names = [f"big/m-{n:05}-of-00003.gguf" for n in (1, 2, 3)]
    for n, name in enumerate(names):
        hub.files[name] = DATA[n * 1000 : n * 1000 + 500_000]
    hub.misbehave(cut_after=100_000)
    events = fetch(hub, folder, names)
    assert events[-1] == Fetched(folder / "m-00001-of-00003.gguf")
    for name in names:
        assert (folder / Path(name).name).read_bytes() == hub.files[name]
    done = [event.done for event in events if isinstance(event, Fetching)]
    assert done == sorted(done) and done[-1] == 1_500_000
