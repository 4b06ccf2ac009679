"""Kills the working studio with SIGKILL at random moments, opens what it left behind, and compares it with what it had
promised until then.

    python -m tests.faults.kill --kills 200

Each round has a data directory of its own. Nothing is cleaned up before the store is read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.draft import Status
from longwriter_ui.engine.cache import common_prefix
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EditError
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import DEMO_MODEL, PROJECT, Home
from longwriter_ui.studio import Studio
from tests.faults.old import fingerprint, write_old_store
from tests.faults.telling import state_of
from tests.script import ScriptedOpener, author

MOST_LOST = 0.5  # seconds of streamed text
OLD_DRAFTS = 3_000  # in a store of the first version
Line = dict[str, Any]


@dataclass
class Round:
    """What one killed process had said, and what was found of it. `lost`: for how many seconds before the kill text
    had come that is not in the store; None where nothing streamed."""

    seed: int
    engine: str
    moment: str = ""  # what was going on
    acknowledged: int = 0
    lost: float | None = None
    litter: int = 0  # unfinished files beside the exported ones
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """When to kill: up to `within` seconds after the child has told `after` for the first time."""

    after: str
    within: float


STARTING = Moment("start", 0.5)
MIGRATING = Moment("start", 0.1)
WORKING = Moment("open", 7.0)
STREAMING = Moment("piece", 3.0)


def kill_once(
    folder: Path, seed: int, moment: Moment, *, demo: bool = False, old: bool = False, most_lost: float = MOST_LOST
) -> Round:
    """One round in the empty `folder`. `old`: on a store of the first version. `most_lost`: seconds of streamed text; a
    machine that is busy with other things may be late."""
    engine = "demo" if demo else "scripted"
    chance = random.Random(seed)
    home, exports = Home(folder / "home"), folder / "exports"
    exports.mkdir()
    written_before = write_old_store(home.store, OLD_DRAFTS) if old else ""
    lines, killed = _run_and_kill(home, exports, chance, engine, moment)
    result = Round(seed, engine, _moment(lines))
    result.acknowledged = sum(line["what"] in ("done", "edited", "copied", "exported") for line in lines)
    _check_file(home.store, result)
    if old and fingerprint(home.store) != written_before:
        result.problems.append("the old drafts are not what they were")
    result.litter = len(list(exports.glob(".*")))
    studio = _reopened(home, engine)
    try:
        _check_edits(studio, lines, result)
        _check_exports(studio, lines, exports, result)
        _check_streamed(studio, lines, killed, result, most_lost)
        _check_resumes(studio, lines, result)
    finally:
        studio.close()
    _check_file(home.store, result)
    if old and fingerprint(home.store) != written_before:
        result.problems.append("the old drafts did not survive the next start")
    return result


def _run_and_kill(
    home: Home, exports: Path, chance: random.Random, engine: str, moment: Moment
) -> tuple[list[Line], float]:
    """What the child said, and when it was killed."""
    environment = {**os.environ, "LONGWRITER_HOME": str(home.root)}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.child", str(chance.randrange(10**6)), engine, str(exports)],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdout is not None
    out = child.stdout
    lines: list[Line] = []
    reached = threading.Event()

    def listen() -> None:
        for line in out:
            lines.append(json.loads(line))
            if lines[-1]["what"] == moment.after:
                reached.set()
        reached.set()

    listener = threading.Thread(target=listen)
    listener.start()
    reached.wait()
    time.sleep(chance.uniform(0.0, moment.within))
    died = child.poll()
    killed = time.monotonic()
    child.send_signal(signal.SIGKILL)
    child.wait()
    listener.join()
    out.close()
    if died is not None:
        raise AssertionError(f"the child ended by itself with {died}, after {lines[-3:]}")
    return lines, killed


def _reopened(home: Home, engine: str) -> Studio:
    if engine == "demo":
        return Studio(home, EngineHost(LlamaCppOpener(threads=1, states=home.states), DEMO_MODEL))
    return Studio(home, EngineHost(ScriptedOpener(ScriptedEngine(author)), Path("script")))


def _moment(lines: list[Line]) -> str:
    """What was begun and not done, by the person and by the model."""
    if not any(line["what"] == "open" for line in lines):
        return "opening the store" if lines else "starting"
    person = next(
        (line for line in reversed(lines) if line["what"] in ("begin", "done", "exported", "copied")), {"what": ""}
    )
    writer = next(
        (line for line in reversed(lines) if line["what"] in ("draft", "planned", "written", "answer")), {"what": ""}
    )
    model = {"draft": "planning", "answer": "streaming", "planned": "beginning", "written": "ending"}
    doing = person["name"] if person["what"] == "begin" else "idle"
    return f"{'planning' if writer.get('plan') else model.get(writer['what'], 'opening')}+{doing}"


def _check_file(store: Path, result: Round) -> None:
    if not store.exists():
        return
    with sqlite3.connect(store) as db:
        found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            result.problems.append(f"integrity_check: {found[:3]}")
        if broken := db.execute("PRAGMA foreign_key_check").fetchall():
            result.problems.append(f"foreign_key_check: {broken[:3]}")
    db.close()


def _check_edits(studio: Studio, lines: list[Line], result: Round) -> None:
    """The edited draft is what was acknowledged last, or what the edit under way was to make of it."""
    first = next((line for line in lines if line["what"] == "edited"), None)
    if first is None:
        return
    told = [line for line in lines if line["what"] in ("edited", "done")]
    allowed = [told[-1]["state"]]
    last = [line for line in lines if line["what"] in ("begin", "done", "exported", "copied", "edited")][-1]
    if last["what"] == "begin" and "after" in last:
        allowed.append(last["after"])
    if state_of(studio.draft(first["draft"])) not in allowed:
        result.problems.append(f"an acknowledged edit is lost: {told[-1].get('name')}, then {last.get('name')}")
    for line in lines:
        if line["what"] == "copied" and state_of(studio.draft(line["draft"])) != line["state"]:
            result.problems.append("a copy is not what it was")


def _check_exports(studio: Studio, lines: list[Line], exports: Path, result: Round) -> None:
    """A file is the one that was reported last, or the whole of the one that was under way."""
    told = {line["file"]: line["sha"] for line in lines if line["what"] == "exported"}
    edited = next((line["draft"] for line in lines if line["what"] == "edited"), None)
    last = next((line for line in reversed(lines) if line["what"] in ("begin", "done", "exported", "copied")), {})
    under_way = last.get("file") if last.get("what") == "begin" else None
    for name in told.keys() | {path.name for path in exports.glob("a.*")}:
        path = exports / name
        if not path.exists():
            result.problems.append(f"{name} was exported and is gone")
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() == told.get(name):
            continue
        again = exports / f"again-{name}"
        studio.export(edited, again)
        # Pandoc's files hold the time they were made at, so only their size tells.
        same = (
            path.stat().st_size == again.stat().st_size if ".docx" in name else path.read_bytes() == again.read_bytes()
        )
        if name != under_way or not same:
            result.problems.append(f"{name} is neither the old file nor the new one")


def _check_streamed(studio: Studio, lines: list[Line], killed: float, result: Round, most_lost: float) -> None:
    """Every answer is in the store but for what came in the last half second."""
    texts = [
        past.version.text
        for line in lines
        if line["what"] == "draft"
        for versions in studio._store.project(line["draft"]).history.values()
        for past in versions
    ]
    for answer in [line for line in lines if line["what"] == "answer" and not line["plan"]]:
        heard = [line for line in lines if line.get("number") == answer["number"]]
        pieces = [line for line in heard if line["what"] == "piece"]
        good = next((line["good"] for line in heard if line["what"] == "loop"), None)  # the rest is taken back
        whole = answer["begun"] + "".join(piece["text"] for piece in pieces)[:good]
        lead, whole = len(whole) - len(whole.lstrip()), whole.strip()
        kept = max((common_prefix(whole, text.strip()) for text in texts), default=0)
        lost, end = 0.0, len(answer["begun"]) - lead
        for piece in pieces if kept < len(whole) else ():
            end += len(piece["text"])
            if end > kept:
                lost = max(0.0, killed - piece["at"])
                break
        result.lost = max(result.lost or 0.0, lost)
        if lost > most_lost:
            result.problems.append(f"{lost:.2f} s of streamed text are lost")


def _check_resumes(studio: Studio, lines: list[Line], result: Round) -> None:
    """The draft that was being written can be finished, and keeps the text it had."""
    draft_id = next((line["draft"] for line in reversed(lines) if line["what"] == "draft"), None)
    if draft_id is None:
        return
    before = studio.draft(draft_id)
    if any(p.status is Status.WRITING for p in before.paragraphs):
        result.problems.append("a paragraph is still being written by nobody")
    try:
        if not before.paragraphs and not studio.plan(draft_id).wait(120):
            result.problems.append("planning again does not end")
        planned = bool(studio.draft(draft_id).paragraphs)
        if (planned or result.engine == "scripted") and not studio.write(draft_id).wait(120):
            result.problems.append("writing on does not end")
    except EditError as error:
        result.problems.append(f"the job does not resume: {error}")
        return
    draft = studio.draft(draft_id)
    if result.engine == "scripted" and not all(p.finished for p in draft.paragraphs):
        result.problems.append("the job resumed and did not finish")
    after = {p.key: p.text for p in draft.paragraphs}
    for paragraph in before.paragraphs:
        if not after.get(paragraph.key, "").startswith(paragraph.text.rstrip()):
            result.problems.append("the resumed paragraph has lost its beginning")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--demo", type=int, default=None, help="so many of them on the demonstration model (a tenth)")
    parser.add_argument("--old", type=int, default=None, help="so many while an old store is migrated (a tenth)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    demo = options.kills // 10 if options.demo is None else options.demo
    old = options.kills // 10 if options.old is None else options.old
    rounds, began = [], time.monotonic()
    for number in range(options.kills):
        with tempfile.TemporaryDirectory() as folder:
            if number < old:
                moment = MIGRATING
            else:
                moment = STARTING if number % 10 == 0 else STREAMING if number % 2 else WORKING
            on_demo = number >= options.kills - demo
            rounds.append(kill_once(Path(folder), options.seed + number, moment, demo=on_demo, old=number < old))
        if rounds[-1].problems:
            print(rounds[-1], file=sys.stderr, flush=True)
    lost = sorted(found.lost for found in rounds if found.lost is not None)
    figures = {
        "kills": len(rounds),
        "with text streaming": sum("streaming" in found.moment for found in rounds),
        "acknowledged": sum(found.acknowledged for found in rounds),
        "problems": [problem for found in rounds for problem in found.problems],
        "lost seconds, most": round(lost[-1], 3) if lost else None,
        "lost seconds, median": round(lost[len(lost) // 2], 3) if lost else None,
        "unfinished files left": sum(found.litter for found in rounds),
        "moments": dict(Counter(found.moment for found in rounds).most_common()),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures, indent=2))
    return 1 if figures["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
