"""The long form of every test of this folder, one after the other, each with a bound to its time: `make faults`.

    python -m tests.faults.everything            all of it
    python -m tests.faults.everything kill soak  only these

What did not end in its time is stopped, and counts as failed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from longwriter_ui.paths import PROJECT


@dataclass(frozen=True)
class Part:
    """A program of this folder, what it is given, and the minutes it may take."""

    module: str
    arguments: tuple[str, ...]
    minutes: int


PARTS = {
    "inject": Part("inject", (), 90),
    "kill": Part("kill", ("--kills", "200"), 60),
    "power": Part("power", (), 45),
    "busy": Part("busy", (), 45),
    "fuzz-gguf": Part("fuzz", ("gguf", "--seconds", "600"), 15),
    "fuzz-project": Part("fuzz", ("project", "--seconds", "600"), 15),
    "fuzz-cleaner": Part("fuzz", ("cleaner", "--seconds", "600"), 15),
    "fuzz-board": Part("fuzz", ("board", "--seconds", "600"), 15),
    "soak": Part("soak", (), 120),
}


def run(part: Part) -> str:
    """What became of it: "passed", "failed" or "stopped"."""
    command = [sys.executable, "-m", f"tests.faults.{part.module}", *part.arguments]
    process = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)
    try:
        return "failed" if process.wait(part.minutes * 60) else "passed"
    except subprocess.TimeoutExpired:
        _stop(process)
        return f"stopped after {part.minutes} minutes"
    except KeyboardInterrupt:
        _stop(process)
        raise


def _stop(process: subprocess.Popen[bytes]) -> None:
    """It and its own children, where the system has groups of processes."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    names = parser.parse_args().names or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"unknown: {', '.join(unknown)}")
    ends = {}
    for name in names:
        began = time.monotonic()
        print(f"== {name}, at most {PARTS[name].minutes} minutes", flush=True)
        ends[name] = run(PARTS[name])
        print(f"== {name}: {ends[name]}, {time.monotonic() - began:.0f} s", flush=True)
    return 0 if set(ends.values()) == {"passed"} else 1


if __name__ == "__main__":
    sys.exit(main())
