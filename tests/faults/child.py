"""The studio that is killed: plans and writes one draft, while a restless person works on another one.

    python -m tests.faults.child SEED scripted|demo FOLDER     FOLDER: for what it exports

Says on standard output what it is about to do, what it has done, and every piece of text the model makes.
"""

from __future__ import annotations

import hashlib
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft
from longwriter_ui.edits import apply_edit
from longwriter_ui.edits.texts import with_version
from longwriter_ui.engine.base import Engine, Proceed
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import LongWriterError
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.paths import DEMO_MODEL, home
from longwriter_ui.studio import Studio
from tests.faults.telling import LoudEngine, Teller, state_of
from tests.script import author

WORDS_PER_SECOND = 60
EXPORTS = ("a.md", "a.txt", "a.longwriter.json", "a.md", "a.docx")


@dataclass(frozen=True)
class LoudOpener:
    """Opens the scripted engine or the demonstration model, and lets it be heard."""

    teller: Teller
    demo: bool

    def check(self, path: Path) -> ModelChoice:
        return LlamaCppOpener().check(path) if self.demo else ModelChoice(path, "Scripted", demonstration=False)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        engine: Engine = (
            LlamaCppOpener(threads=1, states=home().states).open(path, proceed)
            if self.demo
            else ScriptedEngine(author, words_per_second=WORDS_PER_SECOND)
        )
        return LoudEngine(engine, self.teller)


def open_studio(teller: Teller, demo: bool) -> Studio:
    return Studio(home(), EngineHost(LoudOpener(teller, demo), DEMO_MODEL if demo else Path("script")))


@dataclass
class Person:
    """Does one thing after another to a draft, and always knows what it should look like then."""

    studio: Studio
    teller: Teller
    chance: random.Random
    draft_id: str
    done: int = 0
    past: list[Any] = field(default_factory=list)  # states that undo goes back to
    future: list[Any] = field(default_factory=list)

    def work(self) -> None:
        while True:
            self.done += 1
            draft = self.studio.draft(self.draft_id)
            name = self.chance.choices(list(_DEEDS), [weight for weight, _ in _DEEDS.values()])[0]
            _DEEDS[name][1](self, draft)

    def edit(self, draft: Draft) -> None:
        op = self._some_edit(draft)
        try:
            expected = apply_edit(draft, op)
        except LongWriterError:
            return
        self._do(str(op["do"]), draft, expected, lambda: self.studio.edit(self.draft_id, None, op))

    def return_to(self, draft: Draft) -> None:
        paragraph = self.chance.choice(draft.paragraphs)
        texts = self.studio.history(self.draft_id, paragraph.key)
        if not texts:
            return
        number = self.chance.randint(1, len(texts))
        expected = with_version(draft, paragraph.key, texts[number - 1].version)
        again = lambda: self.studio.return_to(self.draft_id, paragraph.key, number)  # noqa: E731
        self._do("return_to", draft, expected, again)

    def undo(self, draft: Draft) -> None:
        if self.past:
            self._walk("undo", draft, self.past, self.future)

    def redo(self, draft: Draft) -> None:
        if self.future:
            self._walk("redo", draft, self.future, self.past)

    def export(self, draft: Draft) -> None:
        path = Path(sys.argv[3]) / self.chance.choice(EXPORTS)
        self.teller.tell("begin", name="export", file=path.name)
        self.studio.export(self.draft_id, path)
        self.teller.tell("exported", file=path.name, sha=hashlib.sha256(path.read_bytes()).hexdigest())

    def copy(self, draft: Draft) -> None:
        self.teller.tell("begin", name="copy")
        made = self.studio.duplicate(self.draft_id)
        self.teller.tell("copied", draft=made.id, state=state_of(made))

    def _some_edit(self, draft: Draft) -> dict[str, Any]:
        mark = f"edit {self.done} of this run"
        key = self.chance.choice(draft.paragraphs).key
        return self.chance.choice(
            [
                {"do": "edit_text", "key": key, "text": f"A text, {mark}. Its second sentence. And a third one."},
                {"do": "edit_text", "key": key, "text": f"Another text, {mark}."},
                {"do": "edit_step", "key": key, "main_point": f"A point, {mark}", "words": 10 + self.done % 900},
                {"do": "edit_step", "key": key, "locked": self.chance.random() < 0.5, "note": mark},
                {"do": "insert_step", "after": key, "main_point": f"A step, {mark}"},
                {"do": "set_title", "title": f"Title, {mark}"},
                {"do": "move_step", "key": key, "to": self.chance.randrange(len(draft.paragraphs))},
                {"do": "keep", "key": key},
                {"do": "replace_text", "find": "sentence", "text": f"sentence after {mark}"},
                {"do": "merge_step", "key": key} if len(draft.paragraphs) > 6 else {"do": "split_step", "key": key},
                {"do": "delete_step", "key": key} if len(draft.paragraphs) > 8 else {"do": "split_step", "key": key},
            ]
        )

    def _do(self, name: str, before: Draft, expected: Draft, act: Callable[[], object]) -> None:
        entry = self.studio.changes(self.draft_id, 0).undo
        self.teller.tell("begin", name=name, after=state_of(expected))
        act()
        changes = self.studio.changes(self.draft_id, 0)
        self.teller.tell("done", name=name, rev=changes.rev, state=state_of(changes.draft))
        if changes.undo != entry:
            self.past.append(state_of(before))
            self.future.clear()

    def _walk(self, name: str, draft: Draft, line: list[Any], other: list[Any]) -> None:
        expected = line.pop()
        other.append(state_of(draft))
        self.teller.tell("begin", name=name, after=expected)
        getattr(self.studio, name)(self.draft_id)
        changes = self.studio.changes(self.draft_id, 0)
        self.teller.tell("done", name=name, rev=changes.rev, state=state_of(changes.draft))


_DEEDS: dict[str, tuple[int, Callable[[Person, Draft], None]]] = {
    "edit": (14, Person.edit),
    "undo": (4, Person.undo),
    "redo": (2, Person.redo),
    "return_to": (2, Person.return_to),
    "export": (1, Person.export),
    "copy": (1, Person.copy),
}


def write(studio: Studio, teller: Teller, draft_id: str) -> None:
    """Plan and write, again and again with other drafts, so that there is always a model at work."""
    while True:
        teller.tell("draft", draft=draft_id)
        studio.plan(draft_id).wait()
        if studio.draft(draft_id).paragraphs:  # the demonstration model's plan may be none
            teller.tell("planned", draft=draft_id)
            studio.write(draft_id).wait()
            teller.tell("written", draft=draft_id)
        draft_id = studio.create(Brief.create("Write about the ferry to Kilkee", 400), seed=7).id


def main() -> None:
    chance, teller = random.Random(int(sys.argv[1])), Teller(1)
    teller.tell("start")
    studio = open_studio(teller, sys.argv[2] == "demo")
    teller.tell("open")
    written = studio.create(Brief.create("Write about the ferry to Kilkee", 400), seed=7)
    edited = studio.create(Brief.create("Write about the lighthouse", 400), seed=7)
    lines = "\n".join(f"Paragraph {n} - Main Point: Point {n} - Word Count: 100 words" for n in range(1, 5))
    studio.edit(edited.id, None, {"do": "set_plan", "text": lines})
    teller.tell("edited", draft=edited.id, state=state_of(studio.draft(edited.id)))
    threading.Thread(target=write, args=(studio, teller, written.id), daemon=True).start()
    Person(studio, teller, chance, edited.id).work()


if __name__ == "__main__":
    main()
