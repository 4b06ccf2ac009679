"""`models` as a person runs it, in a process of its own, against a server that behaves like the Hub."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine, Result
from tests.hub import FakeHub
from tests.test_models import OWN
from tests.tiny_gguf import EOS, write_tiny_gguf

FILE = "Tiny-F32.gguf"


@pytest.fixture
def online(hub: FakeHub, longwriter: CommandLine, isolated_home: Path, tiny_gguf: Path) -> FakeHub:
    isolated_home.mkdir(exist_ok=True)
    (isolated_home / "catalog.toml").write_text(OWN, encoding="utf-8")
    hub.files[FILE] = tiny_gguf.read_bytes()
    longwriter._env["HF_HUB_OFFLINE"] = "0"
    return hub


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """It cannot pass its test, whatever this machine's arithmetic makes of its random weights."""
    return write_tiny_gguf(tmp_path / "endless.gguf", never=EOS)


def test_list_shows_known_models_and_what_to_do_next(longwriter: CommandLine) -> None:
    result = longwriter("models", "list")
    assert result.code == 0
    lines = [line for line in result.out.splitlines() if "longwriter-llama3.1-8b Q4_K_M" in line]
    assert len(lines) == 1 and "4.9 GB" in lines[0]
    assert "models download" in result.err or "None of them fits" in result.err or "*" not in result.out


def test_list_as_json(longwriter: CommandLine) -> None:
    rows = longwriter("models", "list", "--json", "--words", "5000").json["models"]
    row = next(row for row in rows if row["id"] == "longwriter-llama3.1-8b" and row["quant"] == "Q8_0")
    assert row["bytes"] == 8_540_000_000 and row["path"] is None and row["minutes"] is None
    assert row["fit"]["words"] == 5000 and row["fit"]["kv_type"] == "q8_0"
    assert sum(row["recommended"] for row in rows) <= 1


def test_fit_of_a_file_names_its_needs(longwriter: CommandLine) -> None:
    result = longwriter("models", "fit", longwriter.model, "--words", "1000")
    assert result.code == 0 and "fits this machine" in result.out
    result = longwriter("models", "fit", longwriter.model, "--words", "50000", "--json")
    assert result.code == 1
    assert result.json["fit"]["verdict"] == "too_large" and "8,192" in result.json["fit"]["reason"]


def test_fit_of_something_unknown(longwriter: CommandLine) -> None:
    result = longwriter("models", "fit", "nonsense")
    assert result.code == 1 and "no model 'nonsense'" in result.err
    result = longwriter("models", "fit", "nonsense.gguf")
    assert result.code == 1 and f"There is no file {longwriter.folder.resolve() / 'nonsense.gguf'}." in result.err


def test_fit_names_the_settings_that_loading_uses(longwriter: CommandLine) -> None:
    fit = longwriter("models", "fit", longwriter.model, "--words", "1000", "--json").json["fit"]
    assert (fit["verdict"], fit["kv_type"], fit["batch"], fit["repacked_weights"]) == ("fits", "q8_0", 512, True)
    assert fit["memory_bytes"] > Path(longwriter.model).stat().st_size


def test_download_verify_use_and_write(longwriter: CommandLine, online: FakeHub, isolated_home: Path) -> None:
    result = longwriter("models", "download", "tiny", "--endpoint", online.url, "--json")
    assert result.code == 0
    path = Path(result.json["path"])
    assert path == (isolated_home / "models" / FILE).resolve()
    result = longwriter("models", "verify", FILE)
    assert result.code == 0 and "Every byte" in result.out
    assert longwriter("models", "use", "tiny").code == 0
    rows = longwriter("models", "list", "--json").json["models"]
    assert [row["file"] for row in rows if row["in_use"]] == [FILE]
    plan = longwriter.write_plan()
    assert longwriter("write", "The sea", "--plan", plan).code == 0
    row = next(row for row in longwriter("models", "list", "--json").json["models"] if row["file"] == FILE)
    assert row["tokens_per_second"] > 0 and row["minutes"] > 0
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    result = longwriter("models", "verify", path)
    assert result.code == 1 and "damaged" in result.err
    result = longwriter("models", "remove", "tiny")
    assert result.code == 1 and "is in use" in result.err and "Use another model first." in result.err
    assert path.exists()
    assert longwriter("models", "use", longwriter.model).code == 0
    assert longwriter("models", "remove", "tiny").code == 0
    assert not path.exists()
    result = longwriter("models", "use", "tiny")
    assert result.code == 1 and "not on this computer" in result.err and "models download tiny" in result.err


def test_ctrl_c_pauses_and_the_same_command_goes_on(
    longwriter: CommandLine, online: FakeHub, isolated_home: Path
) -> None:
    online.misbehave(wait_for=threading.Event())
    process = longwriter.start("models", "download", "tiny", "--endpoint", online.url)
    assert online.half_sent.wait(30)
    part = isolated_home / "models" / f"{FILE}.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size):
        threading.Event().wait(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Paused" in err and f"models download tiny --quant F32 --endpoint {online.url}" in err
    kept = part.stat().st_size
    assert 0 < kept < len(online.files[FILE])
    online.asked.clear()
    assert longwriter("models", "download", "tiny", "--endpoint", online.url).code == 0
    assert [asked for _, asked, _ in online.asked] == [f"bytes={kept}-"]
    assert (isolated_home / "models" / FILE).read_bytes() == online.files[FILE]


def test_a_refused_download_says_why(longwriter: CommandLine, online: FakeHub) -> None:
    online.misbehave(status=401, metadata=True, headers={"X-Error-Code": "GatedRepo"})
    result = longwriter("models", "download", "tiny", "--endpoint", online.url)
    assert result.code == 1 and "licence" in result.err and "HF_TOKEN" in result.err


def test_offline_mode_says_so(longwriter: CommandLine) -> None:
    result = longwriter("models", "download", "qwen3-4b-instruct")
    assert result.code == 1 and "offline mode" in result.err


@pytest.mark.parametrize("arguments", [("nope",), ("longwriter-llama3.1-8b", "--quant", "Q1")])
def test_an_unknown_model_or_build(longwriter: CommandLine, arguments: tuple[str, ...]) -> None:
    result = longwriter("models", "download", *arguments)
    assert result.code == 1 and ("Known:" in result.err or "Choose one of" in result.err)


def test_test_finds_the_random_model_out_and_leaves_the_settings_alone(
    longwriter: CommandLine, isolated_home: Path, endless: Path
) -> None:
    result = longwriter("models", "test", endless, "--json", "--threads", "1")
    assert result.code == 1
    report = result.json
    assert not report["passed"] and report["problems"] and report["template"] == "longwriter-llama3"
    assert report["threads"] == 1 and report["tokens_per_second"] > 0 and report["backend"]
    assert not (isolated_home / "settings.json").exists()


def test_the_first_piece_tests_the_model_and_says_so_in_one_line(longwriter: CommandLine, endless: Path) -> None:
    arguments = ("write", "The sea", "--plan", longwriter.write_plan(), "--model", endless)
    first, second = longwriter(*arguments), longwriter(*arguments)
    assert first.code == second.code == 0
    told = [line for line in first.err.splitlines() if "self-test" in line.lower()]
    assert len(told) == 1 and "did not end" in told[0]
    assert told[0] in second.err.splitlines()


def test_the_template_is_settable(longwriter: CommandLine) -> None:
    assert longwriter("models", "test", longwriter.model, "--json", "--template", "glm4").json["template"] == "glm4"
    assert longwriter("models", "test", longwriter.model, "--json").json["template"] == "glm4"
    result = longwriter("models", "test", longwriter.model, "--json", "--template", "auto")
    assert result.json["template"] == "longwriter-llama3"


def test_add_and_remove_leave_the_file(longwriter: CommandLine) -> None:
    assert longwriter("models", "add", longwriter.model).code == 0
    assert longwriter.model in longwriter("models", "list").out
    result = longwriter("models", "remove", Path(longwriter.model).name)
    assert result.code == 0 and "Forgot" in result.err
    assert Path(longwriter.model).exists()
    assert longwriter("models", "remove", Path(longwriter.model).name).code == 1


def test_a_file_that_is_no_model(longwriter: CommandLine, told: Callable[..., Result]) -> None:
    path = longwriter.folder / "x.gguf"
    path.write_text("nothing")
    for command in ("add", "test", "verify", "use"):
        result = told("models", command, path)
        assert result.code == 1 and "not a GGUF" in result.err, command
