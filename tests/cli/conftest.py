"""The command line as a person runs it: in a process of its own, on a model that llama.cpp really runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.bootstrap import build_studio
from longwriter_ui.cli import main

PROJECT = Path(__file__).resolve().parents[2]
PLAN = """\
Paragraph 1 - Main Point: The hills - Word Count: 20 words
Paragraph 2 - Main Point: The trams - Word Count: 20 words
"""
LONG_PLAN = PLAN + "Paragraph 3 - Main Point: The river - Word Count: 400 words\n"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def draft(self) -> str:
        """The id that the command told."""
        return draft_in(self.err)


def draft_in(err: str) -> str:
    return re.findall(r"^Draft (\w+)$", err, re.MULTILINE)[0]


class CommandLine:
    """Runs `python -m longwriter_ui` in `folder` with the test's own data directory."""

    def __init__(self, folder: Path, home: Path, model: Path) -> None:
        self.folder = folder
        self.model = str(model)
        self._env = {**os.environ, "LONGWRITER_HOME": str(home), "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
        self._started: list[subprocess.Popen[str]] = []

    def __call__(self, *arguments: str | Path, **options: Any) -> Result:
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=240)
        assert "Traceback" not in err, err
        return Result(process.returncode, out, err)

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "longwriter_ui", *map(str, arguments)]
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=self.folder, env=self._env, encoding="utf-8", **{**streams, **options})
        self._started.append(process)
        return process

    def write_plan(self, text: str = PLAN, name: str = "plan.md") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


@pytest.fixture
def longwriter(tmp_path: Path, isolated_home: Path, tiny_gguf: Path) -> Iterator[CommandLine]:
    folder = tmp_path / "work"
    folder.mkdir()
    line = CommandLine(folder, isolated_home, tiny_gguf)
    yield line
    line.close()


@pytest.fixture
def told(
    longwriter: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Runs a command in this process: for what it says at once, of which there is much, and starting Python for each
    takes the longest. That a process ends with the same code is shown by all other tests."""
    monkeypatch.chdir(longwriter.folder)

    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments], build_studio)
        except SystemExit as end:  # wrong usage, as argparse has it
            code = int(end.code or 0)
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def wait_for() -> Callable[[subprocess.Popen[str], str], str]:
    """Reads a process's standard error up to the line that matches; all that was read."""

    def read(process: subprocess.Popen[str], pattern: str) -> str:
        assert process.stderr is not None
        seen = ""
        for line in process.stderr:
            seen += line
            if re.search(pattern, line):
                return seen
        pytest.fail(f"{pattern!r} never came:\n{seen}")

    return read
