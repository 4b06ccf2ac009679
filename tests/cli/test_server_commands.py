"""The whole way with a model behind a server: a real one, that of llama-cpp-python on the demonstration model."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("sse_starlette", reason="the server of llama-cpp-python needs it")
pytest.importorskip("starlette_context", reason="the server of llama-cpp-python needs it")
pytest.importorskip("pydantic_settings", reason="the server of llama-cpp-python needs it")

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Request, Sampling, assistant, user
from longwriter_ui.engine.openai_server import OpenAIEngine
from longwriter_ui.errors import ContextTooSmall
from longwriter_ui.jsonl import read_lines
from longwriter_ui.paths import DEMO_MODEL
from longwriter_ui.plan import parse_plan
from longwriter_ui.prompts import plan_form, plan_grammar
from longwriter_ui.server import Server
from tests.cli.conftest import PLAN, CommandLine
from tests.engine.answers import ask
from tests.real_server import serving

ASKED = (user("Write a short piece about a small harbour in the morning."),)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(DEMO_MODEL, tmp_path_factory.mktemp("server") / "log.txt") as served:
        yield served


@pytest.fixture
def engine(address: str) -> Iterator[OpenAIEngine]:
    connected = OpenAIEngine.connect(Server(address, "demo", "completions"))
    yield connected
    connected.close()


def test_a_real_server_writes_stops_and_goes_on(engine: OpenAIEngine):
    assert engine.info.backend.startswith("llama-cpp-python at http://127.0.0.1:")
    whole = ask(engine, ASKED, 60)
    assert whole.text.strip() and whole.last.finish in (FinishReason.STOP, FinishReason.LENGTH)
    assert ask(engine, (*ASKED, assistant(whole.text[:20])), 20).text
    cancel, seen = threading.Event(), []
    for event in engine.stream(Request(ASKED, Sampling(temperature=1.5, seed=3), 1500), cancel):
        seen.append(event)
        if isinstance(event, Chunk) and event.written >= 3:
            cancel.set()
    assert isinstance(seen[-1], Chunk)
    assert ask(engine, ASKED, 60).text == whole.text, "greedy, and the server is free again"


def test_a_real_server_holds_a_plan_to_the_grammar(address: str):
    engine = OpenAIEngine.connect(Server(address, "demo", "chat"))
    try:
        request = Request(ASKED, Sampling(seed=1), 200, plan_grammar("en"), form=plan_form("en"))
        text = "".join(c.text for c in engine.stream(request, threading.Event()) if isinstance(c, Chunk))
    finally:
        engine.close()
    assert text.startswith("Paragraph ") and parse_plan(text).steps


def test_a_real_server_says_when_its_context_is_too_small(engine: OpenAIEngine):
    with pytest.raises(ContextTooSmall) as caught:
        ask(engine, (user("harbours and boats " * 1500),), 50)
    assert caught.value.needed > caught.value.available == 2048
    assert ask(engine, ASKED, 20).text


def test_several_answers_come_from_a_server_that_gives_one(engine: OpenAIEngine):
    requests = [Request(ASKED, Sampling(temperature=1.0, seed=seed), 12) for seed in range(3)]
    chunks = [c for c in engine.stream_together(requests, threading.Event()) if isinstance(c, Chunk)]
    assert sorted(chunk.variant for chunk in chunks if chunk.finish) == [0, 1, 2]
    assert all(any(chunk.text for chunk in chunks if chunk.variant == n) for n in range(3))


def test_a_piece_is_written_on_a_server_stopped_and_gone_on_with(
    longwriter: CommandLine, address: str, wait_for: Callable
):
    here = ("--engine", "openai", "--base-url", address, "--model", "demo", "--api", "completions")
    plan = longwriter.write_plan(PLAN)
    result = longwriter("write", "Write about Lisbon", "--plan", plan, "--out", "a.md", "--json", "report.json", *here)
    assert result.code == 0, result.err
    report = json.loads((longwriter.folder / "report.json").read_text(encoding="utf-8"))
    assert report["model"] == "demo" and (longwriter.folder / "a.md").read_text(encoding="utf-8").strip()

    line = "Paragraph {n} - Main Point: The hills - Word Count: 400 words\n"
    long = longwriter.write_plan("".join(line.format(n=n) for n in range(1, 13)), "long.md")
    process = longwriter.start("write", "Write about Lisbon", "--plan", long, "--length", "strict", *here)
    seen = wait_for(process, "^Draft ")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    again = next(line for line in (seen + err).splitlines() if "--resume" in line)
    assert process.returncode == 130 and f"--base-url {address}" in again and "--api completions" in again

    planned = longwriter("plan", "Write a travel guide to Lisbon", "--words", "300", *here)
    assert planned.code in (0, 1) and "Traceback" not in planned.err


def test_a_dataset_and_a_run_are_written_on_servers(longwriter: CommandLine, address: str):
    file = longwriter.folder / "prompts.jsonl"
    lines = [{"prompt": f"Write about harbour {n}", "length": 60, "type": "x"} for n in range(2)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    servers = ("--base-url", address, "--base-url", address, "--model", "demo", "--api", "completions")
    built = longwriter("dataset", "build", "--instructions", file, "--out", "data", "--at-once", "2", *servers)
    assert built.code == 0, built.err
    work = read_lines(longwriter.folder / "data" / "work.jsonl")
    assert sorted(line["n"] for line in work) == [0, 1] and {line["model"] for line in work} == {"demo"}

    server = ("--base-url", address, "--model", "demo", "--api", "completions")
    run = longwriter("eval", "run", "--prompts", file, "--mode", "direct", "--out", "run", *server)
    assert run.code == 0, run.err
    assert json.loads((longwriter.folder / "run" / "run.json").read_text())["file"] == f"demo at {address}"


def test_a_second_server_is_refused_where_only_one_is_used(told: Callable):
    servers = ("--base-url", "http://127.0.0.1:9/v1", "--base-url", "http://127.0.0.1:10/v1")
    for command in (("write", "Boats"), ("eval", "run", "--prompts", "boats.jsonl", "--out", "run")):
        result = told(*command, *servers)
        assert result.code == 2 and "--base-url: given twice, but only one can be used here" in result.err


def test_what_is_wrong_about_a_server_is_said_at_once(told: Callable):
    for options, said in [
        (("--engine", "openai"), "No server was named"),
        (("--base-url", "file:///etc/passwd"), "no address of a server"),
        (("--base-url", "http://me:secret@127.0.0.1:9/v1", "--model", "m"), "no name, password"),
        (("--engine", "llamacpp", "--base-url", "http://127.0.0.1:9/v1"), "is for --engine openai"),
    ]:
        result = told("write", "Write about Lisbon", *options)
        assert result.code == 1 and said in result.err and "secret" not in result.err
