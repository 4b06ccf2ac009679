"""Building a dataset: every instruction becomes a plan and a piece, and what passes the filter becomes a line.

    build.json           the settings
    instructions.jsonl   what is to be written, a copy
    drafts.jsonl         which draft holds a piece that has been begun
    work.jsonl           {"prompt", "plan", "write": [...], ...} for each piece that is done, kept or not
    train.jsonl          {"messages": [...]} for each that is kept
    manifest.json        how many were kept, and how many dropped for which reason

Only work.jsonl is written while pieces are made, a line at a time; the last two are made from it.
"""

from __future__ import annotations

import json
import queue
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from longwriter_ui.brief import MAX_WORDS, MIN_WORDS, Brief
from longwriter_ui.crew import together
from longwriter_ui.dataset.filters import Filter
from longwriter_ui.draft import Mode
from longwriter_ui.engine.base import Cancel
from longwriter_ui.errors import (
    BriefError,
    ExportError,
    LongWriterError,
    ModelFileError,
    NotLoaded,
    ServerError,
    StoreError,
)
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.prompts import words_of
from longwriter_ui.evaluate.run import difference
from longwriter_ui.export.files import write_whole
from longwriter_ui.jobs import Job
from longwriter_ui.jsonl import Json, appending, dump_lines, load_lines, read_lines
from longwriter_ui.pieces import Pieces, finished
from longwriter_ui.plan import render_plan
from longwriter_ui.studio import Studio
from longwriter_ui.words import benchmark_count
from longwriter_ui.writing import seed_of

_FORM = 'Each line is {"prompt": ..., "length": 800}; the length may be missing.'
_SAME = "Go on with what it was begun with, or choose another folder for another dataset."


@dataclass(frozen=True)
class Recipe:
    """What a dataset is decided by, besides its instructions and models."""

    mode: str
    seed: int
    filter: Filter
    length: str
    """How closely paragraphs are held to their lengths."""
    sampling: dict[str, float]

    @classmethod
    def of(cls, studio: Studio, mode: str, seed: int, bounds: Filter) -> Recipe:
        """With the sampler and the length control that the studio writes with."""
        sampling, length = studio.usual
        values = {name: float(value) for name, value in asdict(sampling).items() if name != "seed"}
        return cls(mode, seed, bounds, length.value, values)


@dataclass(frozen=True)
class Built:
    """The `done`th of `of` pieces, and its line of work.jsonl."""

    done: int
    of: int
    line: Json


def load_instructions(path: Path) -> list[Json]:
    """Lines with "prompt" or "instruction" and, where it is known, the "length" in words; StoreError names a line
    that has no text, a length that is none, or one that no plan can be made for."""
    found = []
    for number, line in enumerate(load_lines(path), 1):
        text, length = line.get("prompt", line.get("instruction")), line.get("length")
        if not isinstance(text, str) or not text.strip():
            raise StoreError(f'Line {number} of {path} has no "prompt" or "instruction".', _FORM)
        if length is not None and words_of(length) is None:
            raise StoreError(
                f'Line {number} of {path} has a "length" that is no number of words from {MIN_WORDS} to {MAX_WORDS:,}.',
                _FORM,
            )
        try:
            Brief.create(text, words_of(length))  # else it would be dropped as a failure of the model
        except BriefError as error:
            raise StoreError(f"Line {number} of {path} cannot be planned.", str(error)) from error
        found.append({"prompt": text, "length": words_of(length)})
    if not found:
        raise StoreError(f"{path} holds no instructions.", _FORM)
    return found


class Build:
    """A dataset in the making."""

    def __init__(self, folder: Path, instructions: list[Json], recipe: Recipe) -> None:
        """Begin, or go on; StoreError when the folder holds one with other instructions, or, naming the first
        difference, with another recipe. What an older version did not record may be anything."""
        self.folder, self._instructions, self._recipe = folder, instructions, recipe
        settings = {"format": "longwriter-dataset", "version": 1, **asdict(recipe)}
        try:
            if folder.exists() and not folder.is_dir():
                raise StoreError(f"{folder} is no folder.", "Name a folder for the dataset.")
            folder.mkdir(parents=True, exist_ok=True)
            if self._path("build.json").exists():
                begun = json.loads(self._path("build.json").read_text(encoding="utf-8"))
                now = {name: value for name, value in settings.items() if name in begun}
                found = difference(begun, now)
                if found is not None:
                    label, before, value = found
                    raise StoreError(f"{label} of this dataset is {before!r}, and now it is {value!r}.", _SAME)
                if read_lines(self._path("instructions.jsonl")) != instructions:
                    raise StoreError(f"The dataset in {folder} has other instructions.", _SAME)
                return
            write_whole(self._path("instructions.jsonl"), dump_lines(instructions))
            write_whole(self._path("build.json"), json.dumps(settings, indent=2).encode())
        except (OSError, ValueError, ExportError) as error:
            raise StoreError(f"{folder} cannot be used: {error}", "Choose another folder.") from error

    def run(self, studios: Sequence[Studio], cancel: Cancel) -> Iterator[Built]:
        """Write what is missing, each studio one piece at a time, then make train.jsonl and manifest.json. A piece that
        fails is dropped; a model that cannot be loaded, an error of a server or of the store ends it."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        with appending(self._path("work.jsonl")) as work, appending(self._path("drafts.jsonl")) as noted:
            done = {line["n"] for line in self._work()}
            for n in range(len(self._instructions)):
                if n not in done:
                    waiting.put(n)

            def worker(studio: Studio, stop: Cancel) -> Iterator[Json]:
                pieces = Pieces(studio, stop, noted, self._path("drafts.jsonl"))
                while not waiting.empty() and not stop.is_set():
                    try:
                        line = self._write(waiting.get_nowait(), studio, pieces)
                    except queue.Empty:  # another one was faster
                        return
                    if line is None:
                        return
                    work.append(line)
                    pieces.remove(line["n"])
                    yield line

            leftovers = Pieces(studios[0], cancel, noted, self._path("drafts.jsonl"))
            for n in done:
                leftovers.remove(n)  # its process was killed between the line and this
            count = len(done)
            for line in together([partial(worker, studio) for studio in studios], cancel):
                count += 1
                yield Built(count, len(self._instructions), line)
        self.finish()

    def finish(self) -> Json:
        """Make train.jsonl and manifest.json from what is done; the manifest."""
        lines = sorted(self._work(), key=lambda line: int(line["n"]))
        kept = [line for line in lines if not line["reason"]]
        content = dump_lines([conversation(line["prompt"], "\n\n".join(line["write"])) for line in kept])
        manifest = {
            **asdict(self._recipe),
            "models": sorted({line["model"] for line in lines}),
            "instructions": len(self._instructions),
            "done": len(lines),
            "kept": len(kept),
            "words": sum(line["words"] for line in kept),
            "dropped": dict(Counter(line["reason"] for line in lines if line["reason"]).most_common()),
        }
        try:
            write_whole(self._path("train.jsonl"), content)
            write_whole(self._path("manifest.json"), json.dumps(manifest, ensure_ascii=False, indent=2).encode())
        except ExportError as error:
            raise StoreError(error.message, error.hint) from error
        return manifest

    def _write(self, n: int, studio: Studio, pieces: Pieces) -> Json | None:
        """The line of piece `n`; None when it was stopped."""
        asked, problem = self._instructions[n], ""
        jobs: list[Job] = []
        try:
            brief = Brief.create(asked["prompt"], asked["length"])
            seed = seed_of(self._recipe.seed, n, 0) >> 1
            work = pieces.write(n, brief, Mode(self._recipe.mode), seed, jobs)
            if not finished(work):
                return None
        except (ModelFileError, NotLoaded, ServerError, StoreError):
            raise
        except LongWriterError as error:
            problem = str(error)
        draft = pieces.draft(n)
        texts = [p.text.strip() for p in draft.paragraphs if p.text.strip()] if draft else []
        words, target = benchmark_count("\n\n".join(texts)), draft.brief.target_words if draft else 0
        steps = draft.steps if draft else ()
        return {
            "n": n,
            "prompt": asked["prompt"],
            "plan": render_plan(steps, draft.brief.language) if draft else "",
            "write": texts,
            "length": target,
            "words": words,
            "length_score": round(length_score(target, words), 2),
            "model": studio.model.name if studio.model else "",
            "reason": self._recipe.filter.reason(target, words, len(steps), texts, problem),
            "problem": problem,
        }

    def _work(self) -> list[Json]:
        return read_lines(self._path("work.jsonl"))

    def _path(self, name: str) -> Path:
        return self.folder / name


def conversation(prompt: str, answer: str) -> Json:
    """One exchange in the form that trainers take."""
    return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]}
