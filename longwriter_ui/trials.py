"""Runs, judging and reports for the page: one thing at a time, in a thread of its own, so a page may come and go."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from longwriter_ui.draft import Draft
from longwriter_ui.engine.base import Cancel
from longwriter_ui.errors import BriefError, EngineError, JudgeError, LongWriterError, StoreError
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.prompts import OWN_PROMPTS, Prompt, load_prompts
from longwriter_ui.evaluate.quality import Judge, Judgement, judge_piece, judge_run
from longwriter_ui.evaluate.repetition import Repetition, repetition
from longwriter_ui.evaluate.results import Results
from longwriter_ui.evaluate.ruler import ruler_prompts
from longwriter_ui.evaluate.run import Run
from longwriter_ui.evaluation import PieceDone, PieceWriting, check_prompts, settings_of, write_run
from longwriter_ui.jsonl import Json
from longwriter_ui.studio import Studio

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Activity:
    """What is going on: "writing" or "judging" a run, or "piece", judging one draft. `done` of `of` pieces, and
    `words` of `target` of the one being written. `failure` is what it ended with. `turn` counts activities, so that
    one which begins and ends between two looks is still seen to have ended."""

    kind: str
    name: str
    done: int = 0
    of: int = 0
    words: int = 0
    target: int = 0
    running: bool = True
    stopping: bool = False
    failure: LongWriterError | None = None
    turn: int = 0


@dataclass(frozen=True)
class PieceScore:
    """A draft, measured. `judged` are judgements made since the page was started, each with its judge."""

    draft: Draft
    words: int
    score: float
    repetition: Repetition
    judged: tuple[tuple[Json, Judgement], ...]


class Trials:
    """Runs in `folder`, written by `studio`."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self._studio, self._folder = studio, folder
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._activity: Activity | None = None
        self._turn = 0
        self._judged: dict[tuple[str, str], list[tuple[Json, Judgement]]] = {}
        self._known: dict[Path, tuple[object, Results]] = {}

    @property
    def activity(self) -> Activity | None:
        """What is going on, or what ended last."""
        return self._activity

    def close(self) -> None:
        """Stop, keeping everything."""
        self.stop()
        if self._thread is not None:
            self._thread.join(10)

    def results(self) -> list[Results]:
        """Every run, the newest first; one that cannot be read is left out."""
        found = []
        for folder in self._folder.glob("*/"):
            try:
                found.append(self._result(folder))
            except LongWriterError:
                _log.warning("The run in %s cannot be read.", folder, exc_info=True)
        return sorted(found, key=lambda run: str(run.manifest.get("created", "")), reverse=True)

    def free_name(self, model: str) -> str:
        """A name for a new run with this model that no run has."""
        name = _folder_name(model) or "run"
        taken = {folder.name for folder in self._folder.glob("*/")}
        return next(free for n in count(1) if (free := name if n == 1 else f"{name}-{n}") not in taken)

    def prompts(self, which: str, file: Path | None = None) -> tuple[Prompt, ...]:
        """The prompts of a set: "own", "ruler", or "file"."""
        if which == "ruler":
            return ruler_prompts()
        if which == "file" and file is not None:
            return load_prompts(file)
        if which != "own":
            raise StoreError("No prompts were chosen.", "Choose a set, or a file.")
        return load_prompts(OWN_PROMPTS)

    def start(self, name: str, prompts: tuple[Prompt, ...], source: str, mode: str, seed: int) -> None:
        """Begin a new run; LongWriterError when the name is taken, a prompt is no brief, or something is going on."""
        clean = _folder_name(name)
        if not clean:
            raise BriefError("The run has no name.", "Give it one, such as the model's.")
        if (self._folder / clean).exists():
            raise StoreError(f"There is a run called {clean} already.", "Go on with it, or choose another name.")
        check_prompts(prompts, mode, source)
        self._refuse_while_busy()
        self._write(Run.create(self._folder / clean, prompts, settings_of(self._studio, mode, seed), source))

    def resume(self, name: str, *, retry: bool = False) -> None:
        """Go on with a run, with the settings it has; with `retry`, its failures are written again."""
        run = self.run(name)
        self._refuse_while_busy()
        # The same model and settings, or the run would be of two kinds.
        manifest = run.manifest
        settings = settings_of(self._studio, str(manifest.get("mode")), int(manifest.get("seed", 0)))
        run = Run.create(run.folder, run.prompts, settings, "")
        if retry:
            run.forget_failures()
        self._write(run)

    def judge(self, name: str, make: Callable[[], Judge]) -> None:
        """Have the pieces of a run judged; those that are, are not judged again."""
        run = self.run(name)
        pieces = run.predictions()

        def work(cancel: Cancel) -> Iterator[Activity]:
            with closing(make()) as judge:
                for event in judge_run(run.folder, pieces, judge, 0, cancel):
                    yield Activity("judging", name, event.done, event.of)

        self._begin(Activity("judging", name, 0, len(pieces)), work)

    def judge_draft(self, draft_id: str, make: Callable[[], Judge]) -> None:
        """Have a draft judged; its score holds the judgement then."""
        draft = self._studio.draft(draft_id)
        if not draft.text:
            raise JudgeError("There is no text to judge.", "Write the piece first.")

        def work(cancel: Cancel) -> Iterator[Activity]:
            yield Activity("piece", draft.id, 0, 1)
            with closing(make()) as judge:
                judgement = judge_piece(judge, draft.brief.instruction, draft.text, 0, cancel)
            if judgement is not None:
                self._judged.setdefault((draft.id, draft.text), []).append((judge.about, judgement))
                yield Activity("piece", draft.id, 1, 1)

        self._begin(Activity("piece", draft.id), work)

    def score(self, draft_id: str) -> PieceScore:
        """A draft's figures as its text is now; a judgement of an earlier text is not shown."""
        draft = self._studio.draft(draft_id)
        judged = tuple(self._judged.get((draft.id, draft.text), ()))
        score = length_score(draft.brief.target_words, draft.words)
        return PieceScore(draft, draft.words, score, repetition(draft.text), judged)

    def stop(self) -> None:
        """Stop what is going on; everything so far is kept."""
        self._cancel.set()
        if self._activity is not None and self._activity.running:
            self._activity = replace(self._activity, stopping=True)

    def run(self, name: str) -> Run:
        """The run called so; StoreError."""
        folder = self._folder / name
        if not name or name != _folder_name(name) or not folder.is_dir():
            raise StoreError("There is no such run.", "Look at the list again.")
        return Run(folder)

    def _write(self, run: Run) -> None:
        def work(cancel: Cancel) -> Iterator[Activity]:
            now = Activity("writing", run.name, len(run.predictions()), len(run.prompts))
            yield now
            for event in write_run(run, self._studio, cancel):
                if isinstance(event, PieceWriting):
                    progress = event.progress
                    now = replace(now, words=progress.words, target=run.prompts[event.n].length)
                elif isinstance(event, PieceDone):
                    now = replace(now, done=now.done + 1, words=0)
                yield now

        self._begin(Activity("writing", run.name), work)

    def _begin(self, first: Activity, work: Callable[[Cancel], Iterator[Activity]]) -> None:
        with self._lock:
            self._refuse_while_busy()
            self._cancel = cancel = threading.Event()
            self._turn += 1
            self._activity = replace(first, turn=self._turn)
            self._thread = threading.Thread(
                target=self._perform, args=(work, cancel), name="longwriter-trial", daemon=True
            )
            self._thread.start()

    def _perform(self, work: Callable[[Cancel], Iterator[Activity]], cancel: threading.Event) -> None:
        now, failure = self._activity, None
        try:
            for now in work(cancel):
                self._activity = replace(now, stopping=cancel.is_set(), turn=self._turn)
        except LongWriterError as error:
            failure = error
        except Exception as error:
            # The thread's outermost frame: else the page would show for ever that it runs.
            _log.exception("an evaluation failed unexpectedly")
            failure = EngineError(f"Something unexpected went wrong: {error!r}.", "Please report this.")
        finally:
            if now is not None:
                self._activity = replace(now, running=False, failure=failure, turn=self._turn)

    def _refuse_while_busy(self) -> None:
        if self._activity is not None and self._activity.running:
            raise StoreError("An evaluation is going on already.", "Wait until it is done, or stop it.")

    def _result(self, folder: Path) -> Results:
        """The figures of a run, worked out once for each state of its files."""
        state = tuple(
            (path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.json*"))
        )
        if folder not in self._known or self._known[folder][0] != state:
            self._known[folder] = (state, Results.of_run(Run(folder)))
        return self._known[folder][1]


def _folder_name(name: str) -> str:
    """A run's name as a folder of its own, never one above."""
    return re.sub(r"[^\w.-]+", "-", name)[:60].strip(".-")
