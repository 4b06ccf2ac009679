"""What a person does with models, from nothing to a verified file, against a server that behaves like the Hub."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.errors import CatalogError, ModelFileError
from longwriter_ui.models import ModelRow, Models
from longwriter_ui.paths import home
from longwriter_ui.weights.background import Transfer
from longwriter_ui.weights.download import Fetched, Patience, Paused
from longwriter_ui.weights.fit import Machine, Verdict
from longwriter_ui.weights.verify import Verified
from tests.hub import REPOSITORY, FakeHub
from tests.tiny_gguf import write_tiny_gguf

GB = 10**9
ROOMY = Machine(32 * GB, 24 * GB, 100 * GB)
QUICK = Patience(tries=3, first=0.01, longest=0.01)
OWN = f"""
[tiny]
name = "Tiny"
about = "For tests."
licence = "none"
repository = "{REPOSITORY}"
file = "Tiny-{{quant}}.gguf"
default = "F32"
sizes = {{ F32 = 0.001, F16 = 0 }}
"""


@pytest.fixture
def models(isolated_home: Path) -> Models:
    isolated_home.mkdir()
    (isolated_home / "catalog.toml").write_text(OWN, encoding="utf-8")
    return Models(home(), ROOMY, QUICK)


@pytest.fixture
def stocked(hub: FakeHub, tiny_gguf: Path) -> FakeHub:
    hub.files["Tiny-F32.gguf"] = tiny_gguf.read_bytes()
    return hub


def row(models: Models, key: str) -> ModelRow:
    return next(row for row in models.rows() if row.key == key)


def recommended(machine: Machine, words: int = 10_000) -> str:
    rows = Models(home(), machine).rows(words)
    return next((row.key for row in rows if row.recommended), "")


@pytest.mark.parametrize(
    ("memory", "available", "expected"),
    [
        (32, 24, "longwriter-llama3.1-8b:Q4_K_M"),
        (16, 11, "longwriter-llama3.1-8b:Q4_K_M"),
        (8, 6, "longwriter-llama3.1-8b:Q4_K_S"),
        (8, 4.9, "qwen3-4b-instruct:Q4_K_M"),
        (8, 2, "longwriter-llama3.1-8b:Q3_K_M"),
        (2, 1, ""),
    ],
)
def test_what_is_recommended_for_a_laptop(memory: float, available: float, expected: str) -> None:
    assert recommended(Machine(int(memory * GB), int(available * GB), 100 * GB)) == expected


def test_a_full_disk_recommends_what_still_fits_on_it() -> None:
    assert recommended(Machine(32 * GB, 24 * GB, 3 * GB)) == "qwen3-4b-instruct:Q4_K_M"


def test_from_nothing_to_a_verified_model(models: Models, stocked: FakeHub) -> None:
    before = row(models, "tiny:F32")
    assert before.path is None and before.size == 1_000_000 and before.fit.verdict is Verdict.UNKNOWN
    *_, last = models.download("tiny", None, threading.Event(), stocked.url)
    assert isinstance(last, Fetched)
    after = row(models, "tiny:F32")
    assert after.path == last.path and after.size == last.path.stat().st_size and after.ours
    assert after.fit.needed > 0 and after.context == 8192
    assert [*models.verify(last.path, threading.Event())][-1] == Verified(last.path, compared=True)


def test_minutes_come_with_the_first_measurement(models: Models, tiny_gguf: Path) -> None:
    models.add(tiny_gguf)
    assert row(models, str(tiny_gguf.resolve())).minutes is None
    models.speeds.record(tiny_gguf.resolve(), 3.4)
    minutes = row(models, str(tiny_gguf.resolve())).minutes
    assert minutes is not None and 60 < minutes < 75


def test_a_download_that_is_no_model_is_not_taken_for_one(models: Models, hub: FakeHub) -> None:
    hub.files["Tiny-F32.gguf"] = b"GGUF but not really"
    with pytest.raises(ModelFileError):
        list(models.download("tiny", "F32", threading.Event(), hub.url))


def test_a_download_into_a_full_disk_is_refused(stocked: FakeHub, models: Models) -> None:
    full = Models(home(), replace(ROOMY, disk=1000))
    assert row(full, "longwriter-llama3.1-8b:Q4_K_M").fit.verdict is Verdict.TOO_LARGE


def test_the_demonstration_model_is_not_downloaded(models: Models) -> None:
    with pytest.raises(CatalogError, match="comes with the application"):
        list(models.download("demo", None, threading.Event()))


def test_a_damaged_file_is_listed_with_what_is_wrong(models: Models, stocked: FakeHub) -> None:
    *_, last = models.download("tiny", "F32", threading.Event(), stocked.url)
    assert isinstance(last, Fetched)
    last.path.write_bytes(last.path.read_bytes()[:-100])
    damaged = row(models, "tiny:F32")
    assert "incomplete" in damaged.problem and not damaged.recommended


def test_a_model_is_removed_by_its_id(models: Models, stocked: FakeHub) -> None:
    *_, last = models.download("tiny", None, threading.Event(), stocked.url)
    assert isinstance(last, Fetched)
    model, deleted = models.remove("tiny")
    assert deleted and model.path == last.path and not last.path.exists()
    with pytest.raises(ModelFileError, match="tiny is not on this computer"):
        models.remove("tiny")


def test_two_builds_are_not_confused(models: Models, stocked: FakeHub) -> None:
    stocked.files["Tiny-F16.gguf"] = stocked.files["Tiny-F32.gguf"]
    for quant in ("F32", "F16"):
        list(models.download("tiny", quant, threading.Event(), stocked.url))
    with pytest.raises(CatalogError, match="2 builds"):
        models.local("tiny")
    assert models.local("tiny", "F16").path.name == "Tiny-F16.gguf"
    assert models.local("Tiny-F32.gguf").path.name == "Tiny-F32.gguf"


def test_only_a_model_is_added(models: Models, tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("not a model")
    with pytest.raises(ModelFileError):
        models.add(path)
    assert not [r for r in models.rows() if not r.id]


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.01)
    pytest.fail("never happened")


def transfer(models: Models) -> Transfer:
    state = models.downloads.state("tiny:F32")
    assert state is not None
    return state


def test_a_download_in_the_background_is_paused_and_goes_on(models: Models, stocked: FakeHub) -> None:
    release = threading.Event()
    stocked.misbehave(wait_for=release)
    start = lambda cancel: models.download("tiny", "F32", cancel, stocked.url)  # noqa: E731
    models.downloads.start("tiny:F32", start)
    assert stocked.half_sent.wait(10)
    assert transfer(models).running
    models.downloads.start("tiny:F32", start)  # a second click changes nothing
    models.downloads.pause("tiny:F32")
    release.set()
    wait_for(lambda: not transfer(models).running)
    assert isinstance(transfer(models).event, Paused) and transfer(models).failure is None
    assert len(stocked.asked) == 1
    models.downloads.start("tiny:F32", start)
    wait_for(lambda: not transfer(models).running)
    assert isinstance(transfer(models).event, Fetched)
    assert row(models, "tiny:F32").path is not None


def test_a_failure_in_the_background_is_kept_until_it_is_seen(models: Models, stocked: FakeHub) -> None:
    stocked.misbehave(status=403, headers={"X-Error-Code": "GatedRepo"})
    models.downloads.start("tiny:F32", lambda cancel: models.download("tiny", "F32", cancel, stocked.url))
    wait_for(lambda: not transfer(models).running)
    failure = transfer(models).failure
    assert failure is not None and "licence" in failure.message
    models.downloads.forget("tiny:F32")
    assert models.downloads.state("tiny:F32") is None


def test_an_unfinished_download_shows_and_is_discarded(models: Models, stocked: FakeHub) -> None:
    stocked.misbehave(times=99, cut_after=1000)
    cancel = threading.Event()
    for _ in zip(range(6), models.download("tiny", "F32", cancel, stocked.url), strict=False):
        pass
    assert row(models, "tiny:F32").unfinished >= 1000
    assert models.discard("tiny")
    assert row(models, "tiny:F32").unfinished == 0 and not models.discard("tiny")


def test_a_split_model_fits_as_a_whole(models: Models, tmp_path: Path) -> None:
    first = write_tiny_gguf(tmp_path / "m-00001-of-00002.gguf")
    alone = models.fit(first).needed
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(bytes(10_000_000))
    assert models.fit(first).needed == alone + 10_000_000
