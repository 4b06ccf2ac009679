"""Another process holds the store's lock whenever this one begins a transaction: is the person told, is anything lost?

    python -m tests.faults.busy                 every scenario, every transaction
    python -m tests.faults.busy --every 5 editing

Each scenario of `scenarios.py` runs once for each statement outside of a transaction (inside of one, the lock is held
already), and at that statement another process, with a connection of its own, locks the store: for a moment, for that
statement only, or until the scenario has ended. For a moment nobody may notice anything; else only a LongWriterError
may reach the person. Afterwards everything that was acknowledged must be there.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longwriter_ui import recorder
from longwriter_ui.paths import PROJECT
from longwriter_ui.store import database
from tests.faults.scenarios import SCENARIOS, Run, Scenario

NAMES = ("opening", "editing", "writing", "migrating")
MOMENT, ONCE, LASTING = "a moment", "one statement", "from then on"
WAITS = {MOMENT: 10.0, ONCE: 0.02, LASTING: 0.02}  # seconds that a connection waits for the lock

_OTHER = """
import sqlite3, sys
for path in sys.stdin:
    db = sqlite3.connect(path.rstrip("\\n"), timeout=0, isolation_level=None)
    try:
        db.execute("BEGIN EXCLUSIVE")
        print("held", flush=True)
    except sqlite3.Error as error:
        print(error, flush=True)
    sys.stdin.readline()
    db.close()
    print("free", flush=True)
"""


class Other:
    """The other process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._holds = False

    def hold(self, path: Path) -> bool:
        """Take the lock; False where somebody else, such as another thread of ours, has it."""
        self._holds = True
        return self._said(str(path)) == "held"

    def let_go(self) -> None:
        if self._holds:
            self._holds = False
            self._said("")

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _said(self, text: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@dataclass
class Fault:
    """What happens at the statement number `at` (0: nothing)."""

    other: Other
    path: Path
    kind: str
    at: int
    seen: int = 0
    hit: str = ""
    held: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def around(self, connection: sqlite3.Connection, statement: str) -> Iterator[None]:
        with self.lock:
            self.seen += not connection.in_transaction
            mine = self.seen == self.at and not self.hit and not connection.in_transaction
            if mine:
                self.hit = " ".join(statement.split())[:30]
                self.held = self.other.hold(self.path)
        if mine and self.kind == MOMENT:
            threading.Timer(0.03, self.other.let_go).start()
        try:
            yield
        finally:
            if mine and self.kind == ONCE:
                self.other.let_go()


@dataclass
class Figures:
    """What came of one scenario under one kind of lock."""

    scenario: str
    kind: str
    statements: int = 0
    locked: int = 0
    told: int = 0  # runs in which the person was told of it
    problems: list[str] = field(default_factory=list)


@contextmanager
def disturbed(fault: Fault) -> Iterator[None]:
    """Within this, the store's connections meet the fault."""

    class Disturbed(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            with fault.around(self, statement):
                return super().execute(statement, *values)

        def executescript(self, script: str) -> sqlite3.Cursor:
            with fault.around(self, script):
                return super().executescript(script)

    class Library:
        """`sqlite3` as the store sees it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(sqlite3, name)

        @staticmethod
        def connect(path: Path, **options: Any) -> sqlite3.Connection:
            return sqlite3.connect(path, **{**options, "timeout": WAITS[fault.kind]}, factory=Disturbed)

    real, database.sqlite3 = database.sqlite3, Library()  # type: ignore[assignment]
    try:
        yield
    finally:
        database.sqlite3 = real


def lock_out(scenario: Scenario, kind: str, every: int, work: Path, first: int = 1) -> Figures:
    """Run the scenario again and again until its last transaction has met the lock too."""
    figures = Figures(scenario.name, kind)
    template, folder = work / "template", work / "folder"
    for path in (template, folder):
        shutil.rmtree(path, ignore_errors=True)
    template.mkdir()
    scenario.prepare(template)
    (template / "home").mkdir(exist_ok=True)
    other, at = Other(), first
    try:
        while True:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(template, folder)
            run = scenario.begin(folder, False)
            fault = Fault(other, folder / "home" / "drafts.sqlite3", kind, at)
            with disturbed(fault):
                told = _acted(run, figures)
                other.let_go()
                figures.statements = max(figures.statements, fault.seen)
                if not fault.hit:
                    return figures
                fault.at = 0
                _checked(run)
            figures.locked += fault.held
            figures.told += told
            if told and kind == MOMENT:
                run.problems.append("the person was told of a lock that lasted a moment")
            figures.problems += [f"{scenario.name}, {kind}, statement {at} ({fault.hit}): {p}" for p in run.problems]
            at += every
    finally:
        other.close()


def _acted(run: Run, figures: Figures) -> bool:
    """Whether the person was told anything."""
    refusals: list[bool] = []
    attempt = run.attempt

    def counting(call: Any) -> bool:
        done = attempt(call)
        refusals.append(not done)
        return done

    run.attempt = counting  # type: ignore[method-assign]
    try:
        run.act()
    except Exception as error:  # the harness's seam: whatever arises is a finding
        run.problems.append(f"{type(error).__name__} reached the person: {error}")
    return any(refusals)


def _checked(run: Run) -> None:
    try:
        run.check()
    except Exception as error:  # as above
        run.problems.append(f"afterwards: {type(error).__name__}: {error}")


def run(names: list[str], kinds: list[str], every: int) -> list[Figures]:
    """All of it, in this process."""
    before, recorder.FLUSH_SECONDS = recorder.FLUSH_SECONDS, 0.02  # so that a short run has many flushes
    try:
        with tempfile.TemporaryDirectory() as folder:
            return [lock_out(SCENARIOS[name], kind, every, Path(folder)) for name in names for kind in kinds]
    finally:
        recorder.FLUSH_SECONDS = before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=", ".join(NAMES))
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    os.environ["LONGWRITER_HOME"] = str(PROJECT / "nobody")
    logging.disable()
    began = time.monotonic()
    found = run(options.names or list(NAMES), list(WAITS), options.every)
    problems = [problem for figures in found for problem in figures.problems]
    summary = {
        "locked": sum(figures.locked for figures in found),
        "by scenario": {f"{f.scenario}, {f.kind}": [f.statements, f.locked, f.told] for f in found},
        "problems": problems[:50],
        "problems in all": len(problems),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(summary, indent=2))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
