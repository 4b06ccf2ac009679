"""`drafts`: what is in the store."""

from __future__ import annotations

import argparse
from contextlib import closing

from longwriter_ui import export
from longwriter_ui.cli.console import STDOUT, find_draft, note, to_json, write_target
from longwriter_ui.cli.run import OpenStudio
from longwriter_ui.draft import Draft, FinishReason, Paragraph
from longwriter_ui.errors import ImportRefused
from longwriter_ui.export.options import Options
from longwriter_ui.store.summary import DraftSummary

OPTIONS = tuple(Options().values())
_ENDINGS = {
    FinishReason.LENGTH: "cut off at its limit",
    FinishReason.CANCELLED: "stopped",
    FinishReason.LOOP: "taken back to before a repetition",
    FinishReason.ERROR: "broken off",
}


def run_list(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        summaries = studio.drafts()
    if arguments.json:
        write_target(STDOUT, to_json({"drafts": [_summary_json(summary) for summary in summaries]}))
    elif not summaries:
        note("There are no drafts yet.")
    for summary in () if arguments.json else summaries:
        changed = summary.updated.astimezone().strftime("%Y-%m-%d %H:%M")
        steps = f"{summary.written}/{summary.steps} paragraphs"
        words = f"{summary.words:,}/{summary.target_words:,} words"
        write_target(STDOUT, f"{summary.id}  {changed}  {steps:>18}  {words:>20}  {summary.title}")
    return 0


def run_show(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        draft = studio.draft(find_draft(studio, arguments.id))
    write_target(STDOUT, _page(draft))
    return 0


def run_export(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    for path in arguments.out:
        export.check(path)
    with closing(open_studio()) as studio:
        draft_id = find_draft(studio, arguments.id)
        chosen = {name: value for name in OPTIONS if (value := getattr(arguments, name)) is not None}
        if chosen:
            studio.set_export_options(draft_id, chosen)  # for the next time, too
        for path in arguments.out:
            note(f"Wrote {studio.export(draft_id, path)}")
    return 0


def run_import(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        for path in arguments.files:
            try:
                draft = studio.import_file(path)
            except ImportRefused as error:
                if path.name in error.message:
                    raise
                raise ImportRefused(f"{path}: {error.message}", error.hint) from error  # which of several it is
            note(f"Imported {path} as {draft.title!r}, {draft.words:,} words in {len(draft.paragraphs)} paragraphs")
            write_target(STDOUT, draft.id)
    return 0


def run_delete(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    with closing(open_studio()) as studio:
        draft_id = find_draft(studio, arguments.id)
        studio.delete(draft_id)
    note(f"Deleted {draft_id}")
    return 0


def _summary_json(summary: DraftSummary) -> dict[str, object]:
    return {
        "id": summary.id,
        "title": summary.title,
        "language": summary.language,
        "words": summary.words,
        "target_words": summary.target_words,
        "steps": summary.steps,
        "written": summary.written,
        "updated": summary.updated.isoformat(),
    }


def _page(draft: Draft) -> str:
    """The draft for reading: its head, then each step with its text; a plan that could not be read as it came."""
    brief = draft.brief
    blocks = [
        f"{draft.title}\n{draft.id}, {draft.mode.value}, {brief.language}, seed {draft.seed}, "
        f"{draft.words:,} of {brief.target_words:,} words",
        brief.instruction,
    ]
    for number, paragraph in enumerate(draft.paragraphs, 1):
        blocks.append(_head(number, paragraph, draft))
        if paragraph.text.strip():
            blocks.append(paragraph.text.strip())
    if not draft.paragraphs:
        blocks.append(draft.planning_problem or "There is no plan yet.")
        if draft.raw_plan.strip():
            blocks.append(draft.raw_plan.strip())
    return "\n\n".join(blocks)


def _head(number: int, paragraph: Paragraph, draft: Draft) -> str:
    words = f"{draft.count(paragraph.text):,} of {paragraph.step.words or 0:,} words"
    ending = _ENDINGS.get(paragraph.version.finish) if paragraph.version else None
    state = f"{paragraph.status.value}, {ending}" if ending else paragraph.status.value
    problem = f"\n    {paragraph.problem}" if paragraph.problem else ""
    return f"[{number}] {paragraph.step.main_point} ({words}, {state}){problem}"
