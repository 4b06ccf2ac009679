"""Uses the studio for a long time: does anything grow that should not?

    python -m tests.faults.soak                        1,000 drafts and 100,000 edits, some hours of use
    python -m tests.faults.soak --drafts 40 --edits 800

The scripted engine needs no time for a word, so hours pass in minutes. Rounds of drafts are planned, written, edited
like a person edits (typing in bouts, undo, versions, moves), polled by a page, exported and deleted again; a few stay.
After each round it is measured what the process holds: threads, files, memory, and the size of the store beside the
size of a fresh copy of it, which has no unused space in it.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import LongWriterError
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import Home
from longwriter_ui.studio import Studio
from longwriter_ui.ui.board import news
from tests.script import ScriptedOpener, author

ROUNDS = 20
_WORDS_PER_SECOND = 5.0  # of a usual model: so many words stand for a second of use
_EDIT_SECONDS = 0.25  # of use that an edit stands for; a person who types saves more seldom
_KEPT = 4  # of the drafts of a round, one in so many is not deleted

# What may be there after the last round, where there was so much after the second.
MOST_THREADS, MOST_FILES = 2, 4
MOST_MEMORY = 40 * 2**20
MOST_UNUSED = 2.0  # size of the store beside that of its fresh copy, once it is larger than a few pages
MOST_START = 3.0  # times as long as a start with a store that has as many drafts and was never used


@dataclass
class Held:
    """After a round: threads and files of this process, bytes of memory, of the store, its log and a fresh copy."""

    drafts: int
    edits: int
    threads: int
    files: int
    memory: int
    store: int
    log: int
    fresh: int


@dataclass
class Soak:
    """What was done and measured; `start` and `fresh_start`: seconds until the store is open and listed, as it became
    and as its fresh copy."""

    drafts: int = 0
    edits: int = 0
    hours: float = 0.0
    rounds: list[Held] = field(default_factory=list)
    start: float = 0.0
    fresh_start: float = 0.0
    problems: list[str] = field(default_factory=list)


def open_studio(home: Home) -> Studio:
    return Studio(home, EngineHost(ScriptedOpener(ScriptedEngine(author)), Path("script")))


def soak(drafts: int, edits: int, folder: Path, tell: Callable[[Held], object] | None = None, seed: int = 1) -> Soak:
    """Use a studio in the empty `folder`; `tell` hears of each round."""
    result, chance, home = Soak(), random.Random(seed), Home(folder / "home")
    gc.freeze()  # what was there before need not be looked at after each round
    studio = open_studio(home)
    for number in range(ROUNDS):
        made = [_written(studio, chance, result) for _ in range(drafts * (number + 1) // ROUNDS - result.drafts)]
        while made and result.edits < edits * (number + 1) // ROUNDS:
            _edited(studio, chance.choice(made), chance, result)
        for n, draft_id in enumerate(made):
            studio.export(draft_id, folder / "piece.md")
            if n % _KEPT:
                studio.delete(draft_id)
        result.rounds.append(_held(home, folder, result))
        if tell is not None:
            tell(result.rounds[-1])
    studio.close()
    gc.unfreeze()
    result.start, result.fresh_start = _started(home), _started(Home(folder / "fresh"))
    _judge(result)
    return result


def _written(studio: Studio, chance: random.Random, result: Soak) -> str:
    draft = studio.create(Brief.create("Write about the ferry to Kilkee", chance.choice((250, 500, 1000))))
    for job in (studio.plan, studio.write):
        if not job(draft.id).wait(120):
            result.problems.append("a job does not end")
    written = studio.draft(draft.id)
    if not all(p.finished for p in written.paragraphs):
        result.problems.append("a draft was not finished")
    result.drafts += 1
    result.hours += written.words / _WORDS_PER_SECOND / 3600
    return draft.id


def _edited(studio: Studio, draft_id: str, chance: random.Random, result: Soak) -> None:
    """One bout of a person with a page open."""
    rev = news(studio, {"draft": draft_id, "rev": 0})["rev"]
    for _ in range(10):
        draft = studio.draft(draft_id)
        try:
            _deed(studio, draft, chance, result.edits)
        except LongWriterError as error:
            result.problems.append(f"an edit was refused: {error}")
        result.edits += 1
        result.hours += _EDIT_SECONDS / 3600
        rev = news(studio, {"draft": draft_id, "rev": rev})["rev"]


def _deed(studio: Studio, draft: Draft, chance: random.Random, number: int) -> None:
    paragraph = chance.choice(draft.paragraphs)
    key, what = paragraph.key, chance.randrange(10)
    op: dict[str, Any]
    if what < 5:  # typing: a word more each time, undone as one
        text = f"{paragraph.text} word{number}." if len(paragraph.text) < 4000 else f"Begun anew {number}."
        op = {"do": "edit_text", "key": key, "text": text, "burst": str(number // 10)}
    elif what == 5:
        op = {"do": "edit_step", "key": key, "main_point": f"Point {number}", "words": 50 + number % 500}
    elif what == 6:
        op = {"do": "move_step", "key": key, "to": chance.randrange(len(draft.paragraphs))}
    elif what == 7:
        more = len(draft.paragraphs) < 8
        op = (
            {"do": "insert_step", "after": key, "main_point": f"Step {number}"}
            if more
            else {"do": "delete_step", "key": key}
        )
    elif what == 8:
        texts = studio.history(draft.id, key)
        if texts:
            studio.return_to(draft.id, key, chance.randint(1, len(texts)))
        return
    else:
        if studio.changes(draft.id, 0).undo is not None:
            studio.undo(draft.id)
        return
    studio.edit(draft.id, None, op)


def _held(home: Home, folder: Path, result: Soak) -> Held:
    gc.collect()
    fresh = Home(folder / "fresh").store
    fresh.parent.mkdir(exist_ok=True)
    for path in fresh.parent.glob(f"{fresh.name}*"):
        path.unlink()
    with sqlite3.connect(home.store) as db:
        db.execute("VACUUM INTO ?", (str(fresh),))
    db.close()
    process = psutil.Process()
    files = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
    log = home.store.with_name(f"{home.store.name}-wal")
    return Held(
        result.drafts,
        result.edits,
        threading.active_count(),
        files,
        process.memory_info().rss,
        home.store.stat().st_size,
        log.stat().st_size if log.exists() else 0,
        fresh.stat().st_size,
    )


def _started(home: Home) -> float:
    """The best of a few starts: until the store is open and its drafts are listed."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        studio = open_studio(home)
        studio.drafts()
        times.append(time.perf_counter() - began)
        studio.close()
    return min(times)


def _judge(result: Soak) -> None:
    """Name what has grown beyond its bounds. The first two rounds fill what is filled once."""
    early, last = result.rounds[1], result.rounds[-1]
    for name, most in (("threads", MOST_THREADS), ("files", MOST_FILES), ("memory", MOST_MEMORY)):
        if getattr(last, name) > getattr(early, name) + most:
            result.problems.append(f"{name}: {getattr(early, name):,}, later {getattr(last, name):,}")
    if last.store > MOST_UNUSED * last.fresh + 2**20:
        result.problems.append(f"the store has {last.store:,} bytes, and only {last.fresh:,} of them are used")
    if result.start > MOST_START * result.fresh_start + 0.2:
        result.problems.append(f"a start takes {result.start:.2f} s, with a fresh copy {result.fresh_start:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drafts", type=int, default=1_000)
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()

    def tell(held: Held) -> None:
        print(json.dumps(asdict(held)), file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        result = soak(options.drafts, options.edits, Path(folder), tell, options.seed)
    figures = {
        "drafts": result.drafts,
        "edits": result.edits,
        "hours of use": round(result.hours, 1),
        "second round": asdict(result.rounds[1]),
        "last round": asdict(result.rounds[-1]),
        "start, seconds": round(result.start, 3),
        "start with a fresh copy, seconds": round(result.fresh_start, 3),
        "problems": sorted(set(result.problems)),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures, indent=2))
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
