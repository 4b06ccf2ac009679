"""`models`: which there are and which fit, fetching, verifying, testing and removing them."""

from __future__ import annotations

import argparse
import shlex
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from longwriter_ui.cli.console import STDOUT, note, to_json, write_target
from longwriter_ui.cli.run import INTERRUPTED, OpenStudio
from longwriter_ui.cli.transfer import open_display
from longwriter_ui.errors import CatalogError, LongWriterError, ModelFileError
from longwriter_ui.models import ModelRow, Models
from longwriter_ui.paths import real
from longwriter_ui.weights.download import Fetched
from longwriter_ui.weights.fit import Fit, Verdict, gigabytes
from longwriter_ui.weights.verify import Verified

_VERDICTS = {
    Verdict.FITS: "fits",
    Verdict.TIGHT: "tight",
    Verdict.TOO_LARGE: "does not fit",
    Verdict.UNKNOWN: "",
}


def run_list(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        rows = studio.models.rows(arguments.words)
        used = studio.model.path if studio.model else None
    if arguments.json:
        print(to_json({"words": arguments.words, "models": [row_json(row, row.path == used) for row in rows]}))
        return 0
    for row in rows:
        _print_row(row, row.path is not None and row.path == used)
    best = next((row for row in rows if row.recommended), None)
    if best is None:
        note(f"None of them fits this machine for {arguments.words:,} words; try fewer with --words.")
        return 0
    note(f"* recommended for pieces of {arguments.words:,} words; --words judges by another length.")
    if best.path is None:
        note(f"To get it: python -m longwriter_ui models download {best.id} --quant {best.quant}")
    return 0


def run_fit(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Exit code 1 where the model asked about does not fit."""
    if arguments.model is None:
        return run_list(arguments, open_studio)
    with closing(open_studio()) as studio:
        result = _fit(studio.models, arguments)
        best = next((row for row in studio.models.rows(arguments.words) if row.recommended), None)
    if arguments.json:
        print(to_json({"fit": fit_json(result), "recommended": best.key if best else None}))
    else:
        needed = f"It needs {gigabytes(result.needed)} of memory for {result.words:,} words"
        _say(f"{needed}: {_setup(result)}." if result.needed else result.reason)
        if result.verdict is Verdict.FITS:
            _say("It fits this machine.")
        elif result.needed:
            _say(result.reason)
        if result.most_words:
            _say(f"Pieces of up to {result.most_words:,} words would fit.")
        if result.verdict in (Verdict.TIGHT, Verdict.TOO_LARGE) and best is not None:
            _say(f"{best.name} {best.quant} would do for {result.words:,} words (`models list`).")
    return 1 if result.verdict is Verdict.TOO_LARGE else 0


def run_download(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    cancel, path = threading.Event(), None
    with closing(open_studio()) as studio:
        row = studio.models.row(arguments.id, arguments.quant)
        if row.fit.verdict is Verdict.TOO_LARGE:
            note(f"{row.fit.reason} It is downloaded all the same.")
        events = studio.models.download(arguments.id, row.quant, cancel, arguments.endpoint)
        try:
            with open_display() as display:
                for event in events:
                    display.update(event)
                    if isinstance(event, Fetched):
                        path = event.path
        except KeyboardInterrupt:
            note(f"Paused; what came so far is kept. To go on: {_again(arguments, row.quant)}")
            return INTERRUPTED
        except LongWriterError as error:
            if error.retryable:
                note(f"To go on: {_again(arguments, row.quant)}")
            raise
    if arguments.json:
        print(to_json({"id": row.id, "quant": row.quant, "path": str(path)}))
    else:
        note("Complete and verified. To write with it from now on:")
        note(f"  {_command('use', str(path))}")
        _say(str(path))
    return 0


def run_verify(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    compared = False
    with closing(open_studio()) as studio, open_display() as display:
        for event in studio.models.verify(_path(studio.models, arguments.path), threading.Event()):
            display.update(event)
            if isinstance(event, Verified):
                compared = event.compared
    if compared:
        _say("Every byte is as it was published.")
    else:
        _say("The file is complete as far as its header tells; no checksum is known for it.")
    return 0


def run_add(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        model = studio.models.add(arguments.path)
    note(f"Added {model.path}")
    return 0


def run_use(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        choice = studio.choose_model(_path(studio.models, arguments.path))
    note(f"{choice.name} writes from now on.")
    return 0


def run_remove(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        if studio.models.discard(arguments.id, arguments.quant):
            note(f"Discarded the unfinished download of {arguments.id}")
            return 0
        model, deleted = studio.loader.remove(arguments.id, arguments.quant)
    note(f"Deleted {model.path}" if deleted else f"Forgot {model.path}; the file is left where it is")
    return 0


def run_test(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Exit code 1 where the test finds something."""
    with closing(open_studio(threads=arguments.threads)) as studio:
        path = _path(studio.models, arguments.path)
        if arguments.template is not None:
            studio.loader.set_template(path, None if arguments.template == "auto" else arguments.template)
        job = studio.loader.load(path, remember=False)
        try:
            while not job.wait(0.2):
                pass
        except KeyboardInterrupt:
            studio.loader.cancel()
            return INTERRUPTED
        if job.failure is not None:
            raise job.failure
        state = studio.loader.state
    if state.info is None or state.test is None:
        raise ModelFileError("The test was stopped.")
    info, test = state.info, state.test
    if arguments.json:
        print(
            to_json(
                {
                    "name": info.name,
                    "passed": test.passed,
                    "problems": list(test.problems),
                    "text": test.text,
                    "template": info.template,
                    "backend": info.backend,
                    "threads": info.threads,
                    "context": info.context,
                    "note": info.note or None,
                    "load_seconds": round(info.load_seconds, 2),
                    "tokens_per_second": round(test.tokens_per_second, 2),
                }
            )
        )
        return 0 if test.passed else 1
    _say(f"{info.name}: template {info.template}, {info.backend}, {info.threads} threads")
    if info.note:
        _say(info.note)
    _say(f"loaded in {info.load_seconds:.1f} s, {test.tokens} tokens at {test.tokens_per_second:.1f} tokens/s")
    _say(test.text)
    for problem in test.problems:
        _say(f"! {problem}")
    _say("The self-test passed." if test.passed else "The self-test found problems.")
    return 0 if test.passed else 1


def row_json(row: ModelRow, used: bool) -> dict[str, Any]:
    return {
        "id": row.id or None,
        "quant": row.quant or None,
        "name": row.name,
        "file": row.file,
        "bytes": row.size,
        "licence": row.licence or None,
        "path": str(row.path) if row.path else None,
        "in_use": used,
        "unfinished_bytes": row.unfinished,
        "problem": row.problem or None,
        "fit": fit_json(row.fit),
        "tokens_per_second": row.tokens_per_second,
        "minutes": round(row.minutes, 2) if row.minutes else None,
        "recommended": row.recommended,
    }


def fit_json(fit: Fit) -> dict[str, Any]:
    return {
        "verdict": fit.verdict.value,
        "words": fit.words,
        "context": fit.context,
        "kv_type": fit.kv_type or None,
        "batch": fit.setup.batch if fit.setup else None,
        "repacked_weights": fit.setup.repack if fit.setup else None,
        "memory_bytes": fit.needed or None,
        "download_bytes": fit.download,
        "reason": fit.reason or None,
        "most_words": fit.most_words,
    }


def _setup(fit: Fit) -> str:
    """How the model is loaded."""
    parts = [f"{fit.context:,} tokens of context in {fit.kv_type}"]
    if fit.setup is not None:
        parts.append(f"{fit.setup.batch} tokens read at once")
        parts.append("weights repacked" if fit.setup.repack else "weights as they are in the file")
    return ", ".join(parts)


def _fit(models: Models, arguments: argparse.Namespace) -> Fit:
    try:
        return models.row(arguments.model, arguments.quant, arguments.words).fit
    except CatalogError:
        path = real(Path(arguments.model))
        if arguments.quant is not None or path.suffix != ".gguf":
            raise
        return models.fit(path, arguments.words)


def _path(models: Models, named: str) -> Path:
    """A path, or the file here that is called so."""
    path = Path(named)
    if path.suffix == ".gguf" and len(path.parts) > 1:
        return real(path)
    try:
        if real(path).is_file():
            return real(path)
    except OSError:
        pass  # no file can have such a name, and so it is none of a model
    return models.local(named).path


def _print_row(row: ModelRow, used: bool) -> None:
    size = gigabytes(row.size) if row.size else ""
    name = f"{row.id} {row.quant}" if row.id else str(row.path)
    time = f"{row.minutes:.0f} min for {row.fit.words:,} words" if row.minutes else ""
    most = f"up to {row.fit.most_words:,} words would" if row.fit.most_words else ""
    fits = ", ".join(filter(None, (_VERDICTS[row.fit.verdict], most, time)))
    state = f"unusable: {row.problem}" if row.problem else fits
    _say(f"{'*' if row.recommended else ' '} {name:<34} {size:>8}  {_place(row, used):<8} {state}".rstrip())


def _place(row: ModelRow, used: bool) -> str:
    if row.path is not None:
        return "in use" if used else "here"
    return f"{row.unfinished * 100 // row.size}% here" if row.unfinished and row.size else ""


def _say(text: str) -> None:
    """A line of the result. Names and texts of models are not ours: what would command the terminal is left out."""
    write_target(STDOUT, text)


def _again(arguments: argparse.Namespace, quant: str) -> str:
    endpoint = ["--endpoint", arguments.endpoint] if arguments.endpoint else []
    return _command("download", arguments.id, "--quant", quant, *endpoint)


def _command(*words: str) -> str:
    return shlex.join(["python", "-m", "longwriter_ui", "models", *words])
