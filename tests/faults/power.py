"""Cuts the power, in a simulation: what a process did to its files is traced, every state that a power cut could have
left on the disk is laid out, and opened.

    python -m tests.faults.power                    every scenario, before and after every sync, and many between
    python -m tests.faults.power --states 2 editing

Needs Linux and a C compiler. It must hold in every state that what had been acknowledged is there, that nothing else
is, and that the store passes `PRAGMA integrity_check`. `trace.py` says what a disk may do in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longwriter_ui import recorder
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Version
from longwriter_ui.edits import apply_edit
from longwriter_ui.edits.texts import with_version
from longwriter_ui.paths import PROJECT
from longwriter_ui.store import database
from tests.faults import disk
from tests.faults.old import fingerprint, write_old_store
from tests.faults.scenarios import open_studio, with_brief, with_written_draft
from tests.faults.telling import state_of
from tests.faults.trace import Disk, content, cuts, lay_out, read_trace

Mark = Callable[..., None]
Said = list[dict[str, Any]]  # the marks made before the power was cut


@dataclass(frozen=True)
class Scene:
    """`prepare` fills the folder, `act` works in it and says with marks what it promises, `check` names what is wrong
    in a folder as the power cut left it, after what had been said."""

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path, Mark], None]
    check: Callable[[Path, Said], list[str]]


def _edit(folder: Path, mark: Mark) -> None:
    studio = open_studio(folder)
    draft = studio.draft(studio.drafts()[0].id)
    keys = [p.key for p in draft.paragraphs]
    mark("done", draft=draft.id, state=state_of(draft))
    for op in (
        {"do": "edit_text", "key": keys[0], "text": "New words for the first."},
        {"do": "edit_step", "key": keys[2], "main_point": "Another point", "words": 70},
        {"do": "insert_step", "after": keys[0], "main_point": "One more"},
        {"do": "delete_step", "key": keys[4]},
        {"do": "move_step", "key": keys[3], "to": 0},
        {"do": "split_step", "key": keys[1]},
        {"do": "replace_text", "find": "the", "text": "that"},
        {"do": "set_title", "title": "Another title"},
        {"do": "edit_text", "key": keys[0], "text": "A long text. " * 3000},
    ):
        mark("begin", state=state_of(apply_edit(studio.draft(draft.id), op)))
        studio.edit(draft.id, None, op)
        mark("done", draft=draft.id, state=state_of(studio.draft(draft.id)))
    for name in ("undo", "undo", "undo", "redo"):
        mark("begin", any=True)
        getattr(studio, name)(draft.id)
        mark("done", draft=draft.id, state=state_of(studio.draft(draft.id)))
    past = studio.history(draft.id, keys[1])[0]
    mark("begin", state=state_of(with_version(studio.draft(draft.id), keys[1], past.version)))
    studio.return_to(draft.id, keys[1], 1)
    mark("done", draft=draft.id, state=state_of(studio.draft(draft.id)))
    copy = studio.duplicate(draft.id)
    mark("copied", draft=copy.id, state=state_of(copy))
    studio.trash(draft.id)
    mark("trashed", draft=draft.id)
    studio.close()


def _check_edits(folder: Path, said: Said) -> list[str]:
    done = [mark for mark in said if mark["what"] == "done"]
    problems: list[str] = []
    studio = open_studio(folder)
    if done:
        allowed = [done[-1]["state"]]
        begun = said[-1] if said[-1]["what"] == "begin" else {}
        if "state" in begun:
            allowed.append(begun["state"])
        if state_of(studio.draft(done[-1]["draft"])) not in allowed and "any" not in begun:
            problems.append("an acknowledged edit is lost")
    for mark in said:
        if mark["what"] == "copied" and state_of(studio.draft(mark["draft"])) != mark["state"]:
            problems.append("a copy is not what it was")
        if mark["what"] == "trashed" and mark["draft"] not in {line.id for line in studio.drafts(trashed=True)}:
            problems.append("a draft is not in the trash")
    studio.close()
    return problems


def _write(folder: Path, mark: Mark) -> None:
    recorder.FLUSH_SECONDS = 0.02  # so that a short run has many flushes
    studio = open_studio(folder, words_per_second=1500)
    store = studio._store
    append, finish = store.append, store.finish

    def marking_append(draft_id: str, key: str, text: str) -> None:
        append(draft_id, key, text)
        mark("text", key=key, text=text)

    def marking_finish(draft_id: str, key: str, version: Version | None, *rest: Any, **options: Any) -> None:
        finish(draft_id, key, version, *rest, **options)
        if version is not None:
            mark("whole", key=key, text=version.text)

    store.append, store.finish = marking_append, marking_finish  # type: ignore[method-assign]
    draft = studio.drafts()[0].id
    assert studio.plan(draft).wait(60)
    mark("plan", draft=draft, keys=[p.key for p in studio.draft(draft).paragraphs])
    assert studio.write(draft).wait(60)
    studio.close()


def _check_written(folder: Path, said: Said) -> list[str]:
    studio = open_studio(folder)
    draft = studio.draft(studio.drafts()[0].id)
    texts = {p.key: p.text for p in draft.paragraphs}
    stored: dict[str, str] = {}
    problems = []
    for mark in said:
        if mark["what"] == "plan" and mark["keys"] != list(texts):
            problems.append("a plan is lost")
        if mark["what"] == "text":
            stored[mark["key"]] = stored.get(mark["key"], "") + mark["text"]
        if mark["what"] == "whole":
            stored[mark["key"]] = mark["text"]
    problems += [
        "text that was stored is lost" for key, text in stored.items() if not texts[key].startswith(text.rstrip())
    ]
    studio.close()
    return problems


def _create(folder: Path, mark: Mark) -> None:
    studio = open_studio(folder)
    draft = studio.create(Brief.create("Write about the lighthouse", 300))
    mark("done", draft=draft.id, state=state_of(draft))
    studio.close()


def _export(folder: Path, mark: Mark) -> None:
    studio = open_studio(folder)
    draft = studio.drafts()[0].id
    for turn in range(2):
        for name in ("piece.md", "piece.txt", "piece.longwriter.json"):
            path = folder / name
            mark("begin", file=name)
            studio.export(draft, path)
            mark("file", file=name, sha=_sha(path))
        mark("begin", file="home/settings.json")
        studio.loader.set_engine(3 + turn, None)
        mark("file", file="home/settings.json", sha=_sha(folder / "home" / "settings.json"))
        studio.edit(draft, None, {"do": "set_title", "title": "Another title"})
    studio.close()


def _check_files(folder: Path, said: Said) -> list[str]:
    """A file is the one that was reported last; while it is replaced, it may be the new one, which is reported next."""
    last: dict[str, str] = {mark["file"]: mark["sha"] for mark in said if mark["what"] == "file"}
    busy = said[-1]["file"] if said and said[-1]["what"] == "begin" else None
    problems = []
    for name, sha in last.items():
        path = folder / name
        if not path.exists():
            problems.append(f"{name} is gone")
        elif name != busy and _sha(path) != sha:
            problems.append(f"{name} is not what was reported")
        elif name == busy and not _is_whole(path):
            problems.append(f"{name} is neither the old file nor the new one")
    open_studio(folder).close()
    return problems


def _migrate(folder: Path, mark: Mark) -> None:
    open_studio(folder).close()
    mark("migrated")


def _check_migrated(folder: Path, said: Said) -> list[str]:
    open_studio(folder).close()
    same = fingerprint(folder / "home" / "drafts.sqlite3") == (folder / "fingerprint").read_text()
    return [] if same else ["the old drafts are not what they were"]


def _with_old_store(folder: Path) -> None:
    (folder / "fingerprint").write_text(write_old_store(folder / "home" / "drafts.sqlite3", 30))


SCENES = {
    scene.name: scene
    for scene in (
        Scene("creating", lambda folder: None, _create, _check_edits),
        Scene("editing", with_written_draft, _edit, _check_edits),
        Scene("writing", with_brief, _write, _check_written),
        Scene("exporting", with_written_draft, _export, _check_files),
        Scene("migrating", _with_old_store, _migrate, _check_migrated),
    )
}


@dataclass
class Figures:
    """What came of one scene: events traced, syncs among them, different states that were opened, and problems."""

    scene: str
    events: int
    syncs: int
    states: int
    problems: list[str]


def cut_power(
    names: Sequence[str], states: int, between: int, *, every: int = 1, seed: int = 1, careless: bool = False
) -> list[Figures]:
    """Trace scenes and open what `states` random power cuts at each place, and the two extreme ones, leave of them;
    only at every so many-th place, `between` among them that are no syncs.
    `careless`: a store that is not synced at each commit; for the test of this test."""
    with tempfile.TemporaryDirectory() as place:
        before = {}
        for name in names:
            folder = Path(place) / name / "folder"
            folder.mkdir(parents=True)
            SCENES[name].prepare(folder)
            before[name] = content(folder)
        with disk.environment() as environment:
            subprocess.run(
                [sys.executable, "-m", "tests.faults.power", "--inside", place, str(int(careless)), *names],
                cwd=PROJECT, env={**environment, "LONGWRITER_HOME": str(Path(place) / "nobody")}, check=True,
            )  # fmt: skip
        return [_replay(SCENES[name], Path(place) / name, before[name], states, between, every, seed) for name in names]


def _replay(
    scene: Scene, place: Path, before: dict[str, bytes], states: int, between: int, every: int, seed: int
) -> Figures:
    folder = place / "folder"
    chance, events = random.Random(seed), read_trace(place / "trace")
    figures = Figures(scene.name, len(events), sum(event.kind == "sync" for event in events), 0, [])
    model, said, at = Disk(folder, before), [], 0
    opened: set[bytes] = set()
    for cut in cuts(events, chance, between)[::every]:
        for event in events[at:cut]:
            if event.kind == "mark":
                said.append(json.loads(event.data))
            else:
                model.run(event)
        at = cut
        for state in (model.least(), model.most(), *(model.some(chance) for _ in range(states))):
            key = hashlib.sha256(repr((sorted(state.items()), len(said))).encode()).digest()
            if key in opened:
                continue
            opened.add(key)
            left = folder.with_name("left")
            lay_out(state, folder, left)
            figures.problems += [
                f"{scene.name}, cut after {cut} of {len(events)} events: {p}" for p in _found(scene, left, said)
            ]
            shutil.rmtree(left)
    figures.states = len(opened)
    return figures


def _found(scene: Scene, left: Path, said: Said) -> list[str]:
    try:
        return scene.check(left, said) + _damage(left / "home" / "drafts.sqlite3")
    except Exception as error:  # the harness's seam: whatever arises is a finding
        return [f"{type(error).__name__}: {error}"]


def _damage(store: Path) -> list[str]:
    if list(store.parent.glob("*damaged*")):
        return ["the store was set aside as damaged"]
    with sqlite3.connect(store) as db:
        found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        broken = db.execute("PRAGMA foreign_key_check").fetchall()
    db.close()
    return [] if found == ["ok"] and not broken else [f"the store is damaged: {found[:3]} {broken[:3]}"]


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_whole(path: Path) -> bool:
    """As far as a file tells by itself: JSON, or a text with its last line."""
    data = path.read_bytes()
    if path.suffix != ".json":
        return data.endswith(b"\n")
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def _inside(place: Path, careless: bool, names: Sequence[str]) -> None:
    if careless:
        real = database._opened

        def opened(path: Path) -> sqlite3.Connection:
            connection = real(path)
            connection.execute("PRAGMA synchronous = NORMAL")
            return connection

        database._opened = opened
    for name in names:
        folder = place / name / "folder"
        device = disk.Disk(folder)
        device.trace(os.open(place / name / "trace", os.O_WRONLY | os.O_CREAT))
        SCENES[name].act(folder, lambda what, *, device=device, **values: _mark(device, what, values))


def _mark(device: disk.Disk, what: str, values: dict[str, Any]) -> None:
    device.mark(json.dumps({"what": what, **values}))


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        place, careless, *names = sys.argv[2:]
        _inside(Path(place), careless == "1", names)
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--states", type=int, default=6, help="random states at each place")
    parser.add_argument("--between", type=int, default=200, help="places besides those before and after each sync")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    found = cut_power(options.names or list(SCENES), options.states, options.between, seed=options.seed)
    problems = [problem for figures in found for problem in figures.problems]
    summary = {
        "states opened": sum(figures.states for figures in found),
        "by scene": {f.scene: {"events": f.events, "syncs": f.syncs, "states": f.states} for f in found},
        "problems": problems[:50],
        "problems in all": len(problems),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(summary, indent=2))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
