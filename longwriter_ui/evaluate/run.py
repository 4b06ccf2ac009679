"""A run: one folder with everything about it.

    run.json       the model and every setting, the seed among them
    prompts.jsonl  what is to be written, a copy
    drafts.jsonl   which draft holds a piece that has been begun, so that it can be gone on with
    pred.jsonl     what was written, one line a prompt, in the order it was done
    quality.*.jsonl  what a judge said, see `quality`

pred.jsonl has the keys that the benchmark's own scripts read (prompt, type, length, response_length, response) and
some of ours. A prompt that failed has its line too, with the problem and with what was written before it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from longwriter_ui.errors import ExportError, StoreError
from longwriter_ui.evaluate.prompts import Prompt, load_prompts
from longwriter_ui.export.files import write_whole
from longwriter_ui.jsonl import Json, alone, dump_lines, read_lines
from longwriter_ui.words import benchmark_count, detect_language

_SAME = "Go on with the settings it was begun with, or begin another run in another folder."


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run writes. `size` of the model's file in bytes; `length` is how closely
    paragraphs are held to their lengths."""

    model: str
    file: str
    size: int
    mode: str
    length: str
    sampling: dict[str, float]
    seed: int


@dataclass(frozen=True)
class Prediction:
    """What was written for prompt `n` (from 0). `problem` is empty where all went well; `finish` says how it ended;
    `tokens` and `seconds` are what it cost, the last part of it where it was gone on with."""

    n: int
    prompt: Prompt
    response: str
    finish: str = ""
    problem: str = ""
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def words(self) -> int:
        """As the benchmark counts them."""
        return benchmark_count(self.response)

    def values(self) -> Json:
        """As a line of pred.jsonl."""
        return {
            **self.prompt.values(),
            "response_length": self.words,
            "response": self.response,
            "n": self.n,
            "language": self.prompt.language,
            "finish_reason": self.finish,
            "problem": self.problem,
            "steps": self.steps,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 2),
        }


class Run:
    """The folder of a run. One made by another program may hold pred.jsonl alone."""

    def __init__(self, folder: Path) -> None:
        """StoreError when there is neither a run nor a pred.jsonl in the folder."""
        self.folder = folder
        self.manifest = _manifest(folder)
        if not self.manifest and not self.predictions_file.is_file():
            raise StoreError(f"There is no run in {folder}.", "`eval run --out` makes one.")
        if self.prompts_file.is_file():
            self.prompts = load_prompts(self.prompts_file)
        else:
            self.prompts = tuple(_prompt(value) for value in read_lines(self.predictions_file))

    @staticmethod
    def create(folder: Path, prompts: tuple[Prompt, ...], settings: Settings, source: str) -> Run:
        """A new run, or the one that is there, when it was asked for the same; StoreError when it was not."""
        lines = [prompt.values() for prompt in prompts]
        if _manifest(folder):
            run = Run(folder)
            run.refuse_others(settings)
            if [prompt.values() for prompt in run.prompts] != lines:
                raise StoreError(f"The run in {folder} has other prompts.", _SAME)
            return run
        manifest = {
            "format": "longwriter-run",
            "version": 1,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "prompts": source,
            **vars(settings),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / "prompts.jsonl", dump_lines(lines))
            write_whole(folder / "run.json", json.dumps(manifest, ensure_ascii=False, indent=2).encode())
        except (OSError, ExportError) as error:
            raise StoreError(f"{folder} cannot be written: {error}", "Choose another folder.") from error
        return Run(folder)

    @property
    def prompts_file(self) -> Path:
        return self.folder / "prompts.jsonl"

    @property
    def predictions_file(self) -> Path:
        return self.folder / "pred.jsonl"

    @property
    def drafts_file(self) -> Path:
        return self.folder / "drafts.jsonl"

    @property
    def judgement_files(self) -> list[Path]:
        """What judges said, a file for each."""
        return sorted(self.folder.glob("quality.*.jsonl"))

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def predictions(self) -> list[Prediction]:
        """What is done, in the order of the prompts."""
        found = {p.n: p for p in map(_prediction, enumerate(read_lines(self.predictions_file)))}
        return [found[n] for n in sorted(found)]

    def todo(self) -> list[int]:
        """The prompts that are still to be written."""
        done = {prediction.n for prediction in self.predictions()}
        return [n for n in range(len(self.prompts)) if n not in done]

    def forget_failures(self) -> int:
        """Take the lines of prompts that failed out, so that they are written again, and what judges said of them; how
        many. StoreError while another process writes the run, or judges it."""
        with alone(self.predictions_file):
            done = self.predictions()
            failed = {p.n for p in done if p.problem}
            for path in self.judgement_files if failed else ():
                with alone(path):
                    write_whole(path, dump_lines([line for line in read_lines(path) if line.get("n") not in failed]))
            if failed:
                write_whole(self.predictions_file, dump_lines([p.values() for p in done if not p.problem]))
            return len(failed)

    def refuse_others(self, settings: Settings) -> None:
        """StoreError, naming the first difference, where these are not the settings of the run."""
        found = difference(self.manifest, vars(settings))
        if found is not None:
            label, begun, value = found
            raise StoreError(f"{label} of this run is {begun!r}, and now it is {value!r}.", _SAME)


def difference(begun: Json, now: Json) -> tuple[str, Any, Any] | None:
    """The first setting of `now` that work was not begun with: its name for people, what it was, and what it is."""
    recorded = _flat(begun)
    for name, value in _flat(now).items():
        if recorded.get(name) != value:
            return name.replace("_", " ").capitalize(), recorded.get(name), value
    return None


def _manifest(folder: Path) -> Json:
    try:
        value = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise StoreError(f"{folder} is no folder.", "Name a folder for the run.") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder / 'run.json'} cannot be read: {error}.", "Is it the folder of a run?") from error
    return value if isinstance(value, dict) else {}


def _flat(values: Json) -> Json:
    """Settings by name, those inside another one, such as the sampler's, among them."""
    flat: Json = {}
    for name, value in values.items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def _prompt(value: dict[str, Any]) -> Prompt:
    text = str(value.get("prompt") or "")
    language = str(value.get("language") or "") or detect_language(text)
    return Prompt(text, str(value.get("type") or ""), _number(value.get("length")), language)


def _prediction(line: tuple[int, dict[str, Any]]) -> Prediction:
    """Lines of other programs are numbered as they come."""
    position, value = line
    n = value.get("n")
    seconds = value.get("seconds")
    return Prediction(
        n if isinstance(n, int) else position,
        _prompt(value),
        str(value.get("response") or ""),
        str(value.get("finish_reason") or ""),
        str(value.get("problem") or ""),
        _number(value.get("steps")),
        _number(value.get("tokens")),
        float(seconds) if isinstance(seconds, int | float) else 0.0,
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
