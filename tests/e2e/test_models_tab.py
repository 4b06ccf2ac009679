"""The Models tab in a real browser: a model is fetched from a server that behaves like the Hub, tested and used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.engine.base import Engine, Proceed
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import ModelChoice
from longwriter_ui.paths import home
from tests.e2e.conftest import Site
from tests.hub import FakeHub
from tests.script import author
from tests.test_models import OWN
from tests.tiny_gguf import EOS, write_tiny_gguf

pytestmark = pytest.mark.browser

Serve = Callable[..., Site]
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}"
FILE = "Tiny-F32.gguf"


class Opener:
    """The scripted engine to begin with, real files from then on."""

    def __init__(self) -> None:
        self._files = LlamaCppOpener(settings=home().settings)

    def check(self, path: Path) -> ModelChoice:
        return ModelChoice(path, "Scripted", False) if path == Path("script") else self._files.check(path)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        return ScriptedEngine(author) if path == Path("script") else self._files.open(path, proceed)


@pytest.fixture
def stocked(hub: FakeHub, isolated_home: Path, tmp_path: Path) -> FakeHub:
    isolated_home.mkdir(exist_ok=True)
    (isolated_home / "catalog.toml").write_text(OWN.replace("For tests.", HOSTILE), encoding="utf-8")
    hub.files[FILE] = write_tiny_gguf(tmp_path / "tiny.gguf", name=HOSTILE, favourite="e").read_bytes()
    return hub


def open_models(site: Site) -> Any:
    tab = site.open()
    tab.get_by_role("tab", name="Models").click()
    tab.locator(".model-row:visible").first.wait_for()
    return tab


def test_a_model_is_fetched_paused_resumed_loaded_tested_and_removed(serve: Serve, stocked: FakeHub) -> None:
    site = serve(opener=Opener())
    tab = open_models(site)
    group = tab.locator("tbody", has=tab.get_by_text(HOSTILE))
    line = group.locator(".model-row", has_text="F32")
    tab.get_by_text("Engine and download settings").click()
    tab.locator("[data-part=mirror]").fill(stocked.url)

    release = threading.Event()
    stocked.misbehave(wait_for=release)
    line.get_by_role("button", name="Download").click()
    assert stocked.half_sent.wait(20)
    line.get_by_text(" of ").wait_for()
    # The rest of the file may come only when the studio has heard of the pause.
    with tab.expect_response(lambda response: '"pause"' in (response.request.post_data or "")):
        line.get_by_role("button", name="Pause").click()
    release.set()
    line.get_by_role("button", name="Resume").wait_for()
    assert not (home().models / FILE).exists()
    line.get_by_role("button", name="Resume").click()
    use = line.get_by_role("button", name="Use Tiny F32", exact=True)
    use.wait_for()
    assert (home().models / FILE).read_bytes() == stocked.files[FILE]
    assert [asked for _, asked, _ in stocked.asked][1].startswith("bytes=")

    use.click()
    tab.wait_for_function(f"document.querySelector('#lw-models [data-part=name]').textContent === {HOSTILE!r}")
    assert "did not end" in tab.locator("[data-part=test]").inner_text()
    assert "In memory: CPU" in tab.locator("[data-part=engine]").inner_text()
    assert line.get_by_text("In use").is_visible()
    assert line.locator(".num").nth(1).inner_text() != "–"
    assert site.studio.model is not None and site.studio.model.name == HOSTILE

    tab.get_by_role("button", name="Unload").click()
    tab.get_by_text("Not in memory").wait_for()
    assert site.studio.loader.state.info is None


def test_a_download_that_is_refused_says_why_and_can_be_tried_again(serve: Serve, stocked: FakeHub) -> None:
    site = serve(opener=Opener())
    tab = open_models(site)
    group = tab.locator("tbody", has=tab.get_by_text(HOSTILE))
    line = group.locator(".model-row", has_text="F32")
    tab.get_by_text("Engine and download settings").click()
    tab.locator("[data-part=mirror]").fill(stocked.url)
    stocked.misbehave(status=403, metadata=True, headers={"X-Error-Code": "GatedRepo"})
    line.get_by_role("button", name="Download").click()
    line.get_by_text("accepted its licence").wait_for()
    line.get_by_role("button", name="Download").click()
    line.get_by_role("button", name="Use Tiny F32", exact=True).wait_for()
    line.get_by_role("button", name="Remove").click()
    tab.get_by_role("button", name="Delete the file").click()
    line.get_by_role("button", name="Download").wait_for()
    assert not (home().models / FILE).exists()


def test_a_file_is_picked_from_a_folder_and_a_bad_one_leaves_the_model_in_use(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "broken.gguf").write_text("no model")
    write_tiny_gguf(folder / "odd.gguf", name="Odd", architecture="abacus")
    write_tiny_gguf(folder / "good.gguf", name="Good one")
    site = serve(opener=Opener())
    tab = open_models(site)
    path, name = tab.locator("[data-part=path]"), tab.locator("#lw-models [data-part=name]")

    def pick(file: str) -> None:
        path.fill(str(folder))
        tab.get_by_role("button", name="Browse").click()
        tab.locator(".picker").get_by_role("button", name=file).click()
        assert path.input_value() == str(folder / file)
        tab.get_by_role("button", name="Use this model").click()

    pick("broken.gguf")
    flag = tab.locator("#lw-models .flag.fail")
    flag.get_by_text("not a GGUF file").wait_for()
    assert name.inner_text() == "Scripted"
    pick("odd.gguf")
    tab.locator("[data-part=test].is-fail", has_text="abacus").wait_for()
    assert name.inner_text() == "Scripted"
    pick("good.gguf")
    tab.get_by_text("In memory:").wait_for()
    assert name.inner_text() == "Good one"
    assert site.studio.loader.settings.model == str(folder / "good.gguf")


def test_a_file_here_is_verified_and_an_added_one_forgotten(serve: Serve, stocked: FakeHub, tmp_path: Path) -> None:
    site = serve(opener=Opener())
    mine = write_tiny_gguf(tmp_path / "mine.gguf", name="Mine")
    site.studio.models.add(mine)
    *_, _fetched = site.studio.models.download("tiny", "F32", threading.Event(), stocked.url)
    tab = open_models(site)
    line = tab.locator("tbody", has=tab.get_by_text(HOSTILE)).locator(".model-row", has_text="F32")
    line.get_by_role("button", name="Verify").click()
    line.get_by_text("Every byte is as it was published.").wait_for()
    whole = home().models / FILE
    whole.write_bytes(whole.read_bytes()[:-1] + b"x")
    line.get_by_role("button", name="Verify").click()
    line.get_by_text("is damaged").wait_for()
    own = tab.locator(".model-row", has_text="Mine")
    own.get_by_role("button", name="Verify").click()
    own.get_by_text("no checksum is known").wait_for()
    own.get_by_role("button", name="Forget").click()
    own.wait_for(state="detached")
    assert mine.exists()


def test_a_model_that_fails_its_test_at_the_first_job_is_doubted_and_writes(serve: Serve, tmp_path: Path) -> None:
    site = serve(opener=Opener())
    tab = site.open()
    site.make_plan(tab, "Something about the sea", 100)
    site.studio.choose_model(write_tiny_gguf(tmp_path / "endless.gguf", name="Endless", never=EOS))
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.get_by_text("The model failed its self-test; see Models").wait_for()
    site.until(lambda: site.draft().words > 0, "text")
    tab.get_by_role("tab", name="Models").click()
    tab.locator("[data-part=test].is-fail", has_text="did not end").wait_for()


def test_settings_are_kept_and_a_wrong_number_is_refused(serve: Serve) -> None:
    site = serve(opener=Opener())
    tab = open_models(site)
    tab.get_by_text("Engine and download settings").click()
    tab.locator("[data-part=threads]").fill("two")
    tab.get_by_role("button", name="Save settings").click()
    tab.locator("#lw-models .flag.fail", has_text="'two'").wait_for()
    tab.locator("[data-part=threads]").fill("2")
    tab.locator("[data-part=layers]").fill("0")
    tab.locator("[data-part=template]").select_option("glm4")
    tab.locator("[data-part=adapter]").fill("style.gguf:0.5")
    tab.get_by_role("button", name="Save settings").click()
    tab.locator("#lw-models .flag.info").wait_for()
    settings = site.studio.loader.settings
    assert (settings.threads, settings.gpu_layers) == (2, 0)
    assert list(settings.templates.values()) == ["glm4"]
    assert list(settings.adapters.values()) == ["style.gguf:0.5"]
    tab.reload()
    tab.get_by_role("tab", name="Models").click()
    tab.wait_for_function("document.querySelector('[data-part=threads]').value === '2'")
    assert tab.locator("[data-part=adapter]").input_value() == "style.gguf:0.5"


def test_builds_that_matter_little_are_folded_away(serve: Serve) -> None:
    tab = open_models(serve(opener=Opener()))
    group = tab.locator("tbody", has=tab.get_by_text("LongWriter-llama3.1-8b", exact=True))
    group.get_by_role("button", name="All 7 builds").click()
    group.locator(".model-row", has_text="Q8_0").wait_for()
    assert group.locator(".model-row:visible").count() == 7
    assert tab.get_by_text("Recommended").count() <= 1
