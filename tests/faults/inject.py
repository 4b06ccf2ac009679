"""Lets every call that changes a file fail, one after the other: what is the person told, and what is left?

    python -m tests.faults.inject                 every scenario, every fault, every call
    python -m tests.faults.inject --every 9       only every ninth call
    python -m tests.faults.inject editing write   only these scenarios

Needs Linux and a C compiler. Each scenario runs once for each call it makes: on a fresh copy of its files that call
fails, and it must then hold that only a LongWriterError reached the person, that everything acknowledged is there when
the disk works again, and that the store is sound.
"""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from longwriter_ui import recorder
from longwriter_ui.paths import PROJECT
from tests.faults import disk
from tests.faults.scenarios import SCENARIOS, Scenario

# name: (errno, whether it lasts)
FAULTS = {
    "disk full": (errno.ENOSPC, True),
    "disk full for a moment": (errno.ENOSPC, False),
    "I/O error": (errno.EIO, False),
    "read-only file system": (errno.EROFS, True),
    "no permission": (errno.EACCES, False),
}


MOST = 100  # runs in one process


@dataclass
class Figures:
    """What came of one scenario under one fault. `hit`: which kind of call on which kind of file failed how often;
    `following`: the first call that is left for another process, 0 when all have failed."""

    scenario: str
    fault: str
    calls: int = 0
    failed: int = 0
    following: int = 0
    hit: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def inject(scenario: Scenario, fault: str, first: int, every: int, work: Path, most: int) -> Figures:
    """Run the scenario again and again, from its call `first` on, until its last one has failed too, or `most` have."""
    figures = Figures(scenario.name, fault)
    code, lasts = FAULTS[fault]
    template, folder = work / "template", work / "folder"
    for path in (template, folder):
        shutil.rmtree(path, ignore_errors=True)
    template.mkdir()
    scenario.prepare(template)
    device = disk.Disk(folder)
    at = first
    while figures.failed < most:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        run = scenario.begin(folder, code == errno.EROFS)
        device.arm(at, code, on=lasts)
        try:
            run.act()
        except Exception as error:  # the harness's seam: whatever arises is a finding
            run.problems.append(f"{type(error).__name__} reached the person: {error}")
        finally:
            calls, hit = device.disarm()
        if not hit:
            figures.calls = calls
            return figures
        figures.failed += 1
        figures.hit[_kind(hit)] += 1
        try:
            run.check()
        except Exception as error:  # as above
            run.problems.append(f"afterwards: {type(error).__name__}: {error}")
        figures.problems += [f"{scenario.name}, {fault} at call {at} ({hit}): {problem}" for problem in run.problems]
        at += every
    figures.following = at
    return figures


def _kind(hit: str) -> str:
    """The call and the kind of file, without what is random in its name."""
    return re.sub(r"[0-9a-f]{8,}|(?<=/longwriter-)\w+", "*", hit)


def run(names: list[str], faults: list[str], every: int, tell: Callable[[str], object] | None = None) -> list[Figures]:
    """All of it in processes whose disk can fail, each of which lets `MOST` calls fail at most; `tell` hears how far it
    is."""
    found = []
    with disk.environment() as environment:
        for fault in faults:
            entries = {name: Figures(name, fault, following=1) for name in names}
            found += entries.values()
            while left := [entry for entry in entries.values() if entry.following]:
                result = subprocess.run(
                    [sys.executable, "-m", "tests.faults.inject", "--inside", "--every", str(every),
                     "--faults", fault, *(f"{entry.scenario}:{entry.following}" for entry in left)],
                    cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True,
                )  # fmt: skip
                for line in result.stdout.splitlines():
                    more = Figures(**json.loads(line))
                    entry = entries[more.scenario]
                    entry.calls, entry.following = more.calls, more.following
                    entry.failed += more.failed
                    entry.hit.update(more.hit)
                    entry.problems += more.problems
                    if tell is not None:
                        tell(f"{entry.scenario}, {fault}: {entry.failed} calls failed, {len(entry.problems)} problems")
    return found


def _inside(scenarios: list[str], fault: str, every: int) -> None:
    """What each process does: `scenarios` with their first calls, until `MOST` calls have failed."""
    recorder.FLUSH_SECONDS = 0.02  # so that a short run has many flushes
    logging.disable()
    left = MOST
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LONGWRITER_HOME"] = str(Path(folder) / "nobody")
        for scenario in scenarios:
            name, first = scenario.split(":")
            figures = inject(SCENARIOS[name], fault, int(first), every, Path(folder), left)
            print(json.dumps(vars(figures)), flush=True)
            left -= figures.failed
            if not left:
                return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names, faults = options.names or list(SCENARIOS), options.faults.split(",")
    if options.inside:
        _inside(names, faults[0], options.every)
        return 0
    began = time.monotonic()
    figures = run(names, faults, options.every, lambda line: print(line, file=sys.stderr, flush=True))
    problems = [problem for entry in figures for problem in entry.problems]
    hit: Counter[str] = sum((entry.hit for entry in figures), Counter())
    summary = {
        "failed calls": sum(entry.failed for entry in figures),
        "by scenario": {name: sum(e.failed for e in figures if e.scenario == name) for name in names},
        "calls that failed": dict(hit.most_common()),
        "problems": problems,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(summary, indent=2))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
