"""Evaluation as a Gradio component: scoring a piece, running prompts, comparing runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from longwriter_ui.errors import EngineError, LongWriterError, StoreError
from longwriter_ui.evaluate import pages
from longwriter_ui.evaluate.prompts import Prompt
from longwriter_ui.evaluate.quality import DIMENSIONS, Judge
from longwriter_ui.evaluate.report import report
from longwriter_ui.evaluate.results import Results
from longwriter_ui.evaluation import MODES
from longwriter_ui.judges import ModelJudge, ServerJudge
from longwriter_ui.server import Server, permitted
from longwriter_ui.studio import Studio
from longwriter_ui.trials import PieceScore, Trials
from longwriter_ui.ui import assets, present
from longwriter_ui.ui.exports import ExportFolder
from longwriter_ui.ui.gate import Gate

Json = dict[str, Any]

MAX_FILE = 8 * 1024 * 1024  # characters of a prompt file sent by the page
_COMPARED = 12  # runs in one report


def evaluate(studio: Studio, trials: Trials, exports: ExportFolder, local: Callable[[], bool], gate: Gate) -> gr.HTML:
    """`local`: whether only this computer reaches the page; others may not have it call servers."""

    def state(body: Json) -> Json:
        """Everything the tab shows but the score of a piece; the drafts only when they are asked for, since that
        reads all of them."""
        now = trials.activity
        answer = {
            "name": trials.free_name(studio.model.name if studio.model else ""),
            "judges": [{"file": str(path), "name": path.name} for path in _other_models(studio)],
            "modes": list(MODES),
            "local": local(),
            "runs": [run_line(run) for run in trials.results()],
            "activity": None
            if now is None
            else {
                "turn": now.turn, "kind": now.kind, "name": now.name, "done": now.done, "of": now.of,
                "words": now.words, "target": now.target, "running": now.running, "stopping": now.stopping,
                "failure": None if now.failure is None else present.error(now.failure),
            },
        }  # fmt: skip
        if body.get("drafts") is True:
            answer["drafts"] = [present.summary(line) for line in studio.drafts() if line.words]
        return answer

    def act(body: Json) -> Json:
        """Do one thing a person asked for; the new state, with `refused` where it was not done."""
        try:
            _act(studio, trials, body, local())
        except LongWriterError as error:
            return state(body) | {"refused": present.error(error)}
        return state(body)

    def score(body: Json) -> Json:
        """The figures of a draft."""
        try:
            return score_line(trials.score(str(body.get("draft") or "")))
        except LongWriterError as error:
            return {"refused": present.error(error)}

    def compare(body: Json) -> Json:
        """The report on some runs, to be shown and to be fetched as a file."""
        names = body.get("runs")
        try:
            runs = [trials.run(str(name)) for name in names[:_COMPARED]] if isinstance(names, list) else []
            if not runs:
                raise StoreError("No run is chosen.", "Mark one or more in the list.")
            document = report([Results.of_run(run) for run in runs])
            html = pages.html(document)
            path = exports.place("Report " + " ".join(run.name for run in runs), ".html")
            path.write_text(html, encoding="utf-8")
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"html": html, "href": f"gradio_api/file={path.as_posix()}", "name": path.name}

    return gr.HTML(
        None,
        html_template=assets.read("evaluate.html"),
        js_on_load=assets.start("startEvaluate"),
        server_functions=gate.calls(state, act, score, compare),
        apply_default_css=False,
        padding=False,
        elem_id="lw-evaluate",
    )


def run_line(run: Results) -> Json:
    """A run as the list shows it."""
    whole = run.all
    return {
        "name": run.name,
        "model": str(run.manifest.get("model", "")),
        "mode": str(run.manifest.get("mode", "")),
        "seed": run.manifest.get("seed"),
        "done": len(run.pieces),
        "of": run.of,
        "problems": whole.problems if whole else 0,
        "score": [round(n, 1) for n in (whole.score.mean, whole.score.low, whole.score.high)] if whole else None,
        "longest": run.longest or None,
        "judged": [
            {"judge": judged.judge["name"], "total": round(judged.total.mean, 1)}
            for judged in run.judged
            if judged.total is not None
        ],
    }


def score_line(score: PieceScore) -> Json:
    """The figures of a draft as the page shows them."""
    found = score.repetition
    return {
        "draft": score.draft.id,
        "language": score.draft.brief.language,
        "words": score.words,
        "target": score.draft.brief.target_words,
        "score": round(score.score, 2),
        "quarters": [round(100 * share, 1) for share in found.quarters],
        "passage": found.passage[:300],
        "passage_words": found.words,
        "openings": round(100 * found.openings, 1),
        "judged": [
            {
                "judge": str(judge["name"]),
                "total": round(judgement.total, 1),
                "values": [[name, judgement.score(name)] for name in DIMENSIONS],
            }
            for judge, judgement in score.judged
        ],
    }


def _act(studio: Studio, trials: Trials, body: Json, local: bool) -> None:
    name, run = body.get("do"), str(body.get("run") or "")
    if name == "start":
        which, mode = str(body.get("prompts") or ""), str(body.get("mode") or "")
        if mode not in MODES:
            raise EngineError(f"There is no way of writing {mode!r}.", f"Choose one of: {', '.join(MODES)}.")
        prompts = _uploaded(trials, body) if which == "file" else trials.prompts(which)
        source = str(body.get("file") or "")[:200] if which == "file" else which
        trials.start(run, prompts, source, mode, _seed(body.get("seed")))
    elif name == "resume":
        trials.resume(run, retry=body.get("retry") is True)
    elif name == "judge":
        trials.judge(run, lambda: _judge(studio, body, local))
    elif name == "judge_draft":
        trials.judge_draft(str(body.get("draft") or ""), lambda: _judge(studio, body, local))
    elif name == "stop":
        trials.stop()
    else:
        raise StoreError(f"Unknown command {name!r}.")


def _judge(studio: Studio, body: Json, local: bool) -> Judge:
    """The model in use, another one that is here, or a server at an address."""
    address, file = str(body.get("server") or "").strip(), str(body.get("file") or "")
    if not address and not file:
        return ModelJudge(studio)
    if not address:
        found = next((path for path in _other_models(studio) if str(path) == file), None)
        if found is None:
            raise EngineError("That model is not here any more.", "Choose another judge.")
        return ModelJudge(studio, found)
    server = Server(permitted(address, local=local), str(body.get("judge") or "").strip())
    return ServerJudge(studio.loader.beside(server), server)


def _other_models(studio: Studio) -> list[Path]:
    """The model files that are here, without the one in use."""
    used = studio.model.path if studio.model else None
    return [model.path for model in studio.models.library.models() if model.path != used and not model.missing]


def _uploaded(trials: Trials, body: Json) -> tuple[Prompt, ...]:
    text = body.get("text")
    if not isinstance(text, str) or len(text) > MAX_FILE:
        raise StoreError("The file did not arrive, or is too large.", "Choose a smaller one.")
    with tempfile.TemporaryDirectory(prefix="longwriter-") as folder:
        path = Path(folder) / "prompts.jsonl"
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            return trials.prompts("file", path)
        except StoreError as error:
            # The person's file has its own name; ours is gone with the folder.
            name = str(body.get("file") or "")[:200] or path.name
            raise StoreError(error.message.replace(str(path), name), error.hint) from error


def _seed(typed: Any) -> int:
    text = "" if typed is None else str(typed).strip()
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 10 or int(text) >= 2**31:
        raise StoreError(f"The seed {text[:20]!r} is no number that can be used.", "Give 0 or more.")
    return int(text)
