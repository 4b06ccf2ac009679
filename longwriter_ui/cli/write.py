"""`write`: from an instruction to files, or on with a draft that was stopped."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from longwriter_ui import export
from longwriter_ui.brief import MAX_WORDS, MIN_WORDS, Brief
from longwriter_ui.cli.console import (
    STDOUT,
    check_target,
    find_draft,
    note,
    note_left_over,
    read_plan,
    to_json,
    write_target,
)
from longwriter_ui.cli.run import INTERRUPTED, OpenStudio, Outcome, follow, open_with, resume_line
from longwriter_ui.draft import Draft, FinishReason, Mode
from longwriter_ui.errors import ExportError
from longwriter_ui.events import Usage
from longwriter_ui.jobs import Job
from longwriter_ui.plan import MAX_STEP_WORDS, parse_plan
from longwriter_ui.report import Seconds, overall_finish, report
from longwriter_ui.studio import Studio

_OF_A_NEW_DRAFT = ("instruction", "words", "language", "seed", "mode", "plan")


@dataclass
class _Run:
    """The jobs of this command, for its report."""

    jobs: list[Job] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(FinishReason.STOP))

    @property
    def usage(self) -> Usage:
        return sum((job.usage for job in self.jobs), Usage())

    @property
    def seconds(self) -> Seconds:
        return Seconds(
            load=sum(job.load_seconds for job in self.jobs),
            plan=sum(job.seconds for job in self.jobs if job.kind == "plan"),
            write=sum(job.seconds for job in self.jobs if job.kind == "write"),
        )


def run(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Plan, write, export, report. What can be refused is refused before the model is loaded."""
    _check_usage(arguments)
    for path in arguments.out:
        export.check(path)
    check_target(arguments.json)
    plan = read_plan(arguments.plan) if arguments.plan is not None else None
    brief = _brief(arguments, plan) if arguments.resume is None else None
    with closing(open_with(arguments, open_studio)) as studio:
        draft_id = _begin(studio, arguments, brief, plan) if brief else find_draft(studio, arguments.resume)
        try:
            note(f"Draft {draft_id}")
            run = _work(studio, draft_id)
        except KeyboardInterrupt:
            _tell_stopped(draft_id, arguments)
            raise
        return _finish(studio, studio.draft(draft_id), run, arguments)


def _check_usage(arguments: argparse.Namespace) -> None:
    if arguments.resume is None:
        if arguments.instruction is None:
            arguments.parser.error("give an INSTRUCTION, or --resume ID")
        return
    for name in _OF_A_NEW_DRAFT:
        if getattr(arguments, name) is not None:
            shown = name.upper() if name == "instruction" else f"--{name}"
            arguments.parser.error(f"--resume goes on with a draft as it is, without {shown}")


def _brief(arguments: argparse.Namespace, plan: str | None) -> Brief:
    """The brief; without --words, a plan in which every step has a count says how long the piece is."""
    words = arguments.words
    if plan is not None:
        parsed = parse_plan(plan)  # a plan that cannot be read is refused before anything is made
        note_left_over(parsed.unused)
        steps = parsed.steps
        total = sum(step.words or 0 for step in steps)
        if words is None and all(step.words for step in steps) and MIN_WORDS <= total <= MAX_WORDS:
            words = total
    return Brief.create(arguments.instruction, words, arguments.language)


def _begin(studio: Studio, arguments: argparse.Namespace, brief: Brief, plan: str | None) -> str:
    mode = Mode(arguments.mode) if arguments.mode else Mode.CONVERSATION
    draft_id = studio.create(brief, mode, arguments.seed).id
    if plan is not None:
        studio.edit(draft_id, None, {"do": "set_plan", "text": plan})
        steps = studio.draft(draft_id).steps
        words = sum(step.words or 0 for step in steps)
        if words < brief.target_words and max(step.words or 0 for step in steps) == MAX_STEP_WORDS:
            note(
                f"The plan has {words:,} of {brief.target_words:,} words, at most {MAX_STEP_WORDS:,} a step: add steps."
            )
    return draft_id


def _work(studio: Studio, draft_id: str) -> _Run:
    run = _Run()
    if not studio.draft(draft_id).paragraphs:
        run.jobs.append(studio.plan(draft_id))
        run.outcome = follow(studio, run.jobs[-1])
    if run.outcome.ended is FinishReason.STOP:
        run.jobs.append(studio.write(draft_id))
        run.outcome = follow(studio, run.jobs[-1])
    return run


def _finish(studio: Studio, draft: Draft, run: _Run, arguments: argparse.Namespace) -> int:
    """Files, report and text; the exit code."""
    failed = _export(studio, draft.id, arguments.out) if run.outcome.ended is FinishReason.STOP else []
    if arguments.json is not None:
        model = next((job.model for job in reversed(run.jobs) if job.model), studio.model)
        ended = overall_finish(draft, run.outcome.ended)
        content = to_json(report(draft, model.name if model else "", ended, run.usage, run.seconds))
        try:
            write_target(arguments.json, content)
        except ExportError as error:
            failed.append(error)
    if run.outcome.ended is FinishReason.CANCELLED:
        _tell_stopped(draft.id, arguments)
        return INTERRUPTED
    if run.outcome.failure is not None:
        note(f"Everything so far is kept in draft {draft.id}. To go on: {resume_line(draft.id, arguments)}")
        raise run.outcome.failure
    if failed:
        for problem in failed[:-1]:
            note(f"error: {problem}")
        raise failed[-1]
    if not arguments.out and arguments.json is None:
        write_target(STDOUT, draft.text)
    return 0


def _tell_stopped(draft_id: str, arguments: argparse.Namespace) -> None:
    note(f"Stopped; everything so far is kept. To go on: {resume_line(draft_id, arguments)}")


def _export(studio: Studio, draft_id: str, paths: list[Path]) -> list[ExportError]:
    """Write the files; what failed is told with the way to try again, since the draft stays in the store."""
    failed = []
    for path in paths:
        try:
            note(f"Wrote {studio.export(draft_id, path)}")
        except ExportError as error:
            again = f"The draft is kept: python -m longwriter_ui drafts export {draft_id} --out FILE"
            failed.append(ExportError(error.message, f"{error.hint} {again}".strip()))
    return failed
