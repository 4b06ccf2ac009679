"""`plan`: make a plan to edit, or read one as a program does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from longwriter_ui.brief import Brief
from longwriter_ui.cli.console import STDOUT, check_target, note, note_left_over, read_plan, to_json, write_target
from longwriter_ui.cli.run import INTERRUPTED, OpenStudio, follow, open_with, resume_line
from longwriter_ui.draft import FinishReason
from longwriter_ui.plan import Step, parse_plan, render_plan
from longwriter_ui.words import detect_language


def run(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Either `--parse FILE` or an instruction."""
    if (arguments.parse is None) == (arguments.instruction is None):
        arguments.parser.error("give either an INSTRUCTION or --parse FILE")
    check_target(arguments.out)
    check_target(arguments.json)
    if arguments.parse is not None:
        text = read_plan(arguments.parse)
        parsed = parse_plan(text)
        note_left_over(parsed.unused)
        _print(arguments, parsed.steps, detect_language(text))
        return 0
    brief = Brief.create(arguments.instruction, arguments.words, arguments.language)
    with closing(open_with(arguments, open_studio)) as studio:
        draft = studio.create(brief, seed=arguments.seed)
        outcome = follow(studio, studio.plan(draft.id))
        draft = studio.draft(draft.id)
        if outcome.ended is FinishReason.CANCELLED:
            studio.delete(draft.id)  # there is nothing in it that anybody would miss
            note("Stopped.")
            return INTERRUPTED
        if outcome.failure is not None:
            note(f"The draft is kept: python -m longwriter_ui drafts show {draft.id}")
            raise outcome.failure
        _print(arguments, draft.steps, brief.language)
        note(f"Kept as a draft. To write it as it is: {resume_line(draft.id, arguments)}")
    return 0


def steps_json(steps: Sequence[Step]) -> dict[str, Any]:
    """Steps for programs; words are null where the plan names no count."""
    return {"steps": [{"n": n, "main_point": s.main_point, "words": s.words} for n, s in enumerate(steps, 1)]}


def _print(arguments: argparse.Namespace, steps: Sequence[Step], language: str) -> None:
    if arguments.out is not None:
        write_target(arguments.out, render_plan(steps, language))
        note(f"Wrote {arguments.out}")
    if arguments.json is not None:
        write_target(arguments.json, to_json(steps_json(steps)))
    if arguments.out is None and arguments.json is None:
        write_target(STDOUT, render_plan(steps, language))
