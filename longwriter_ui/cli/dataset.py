"""`dataset`: training data from instructions and from drafts."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, closing
from functools import partial

from longwriter_ui.arguments import places
from longwriter_ui.cli.console import STDOUT, check_target, find_draft, note, to_json, write_target
from longwriter_ui.cli.run import INTERRUPTED, OpenStudio, interruptible, open_several
from longwriter_ui.dataset.build import Build, Recipe, load_instructions
from longwriter_ui.dataset.check import check
from longwriter_ui.dataset.drafts import sample
from longwriter_ui.dataset.filters import Filter
from longwriter_ui.dataset.preferences import pairs
from longwriter_ui.draft import Version
from longwriter_ui.errors import EditError
from longwriter_ui.export.files import write_whole
from longwriter_ui.jsonl import dump_lines
from longwriter_ui.studio import Studio

_BAR = 40  # characters of the longest one
_TOLD = 20  # problems of a file


def run_build(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Exit code 0 too where pieces were dropped: the manifest tells."""
    instructions = load_instructions(arguments.instructions)
    bounds = Filter(arguments.least_words, arguments.least_score, arguments.most_steps)
    with ExitStack() as stack:
        studios = open_several(arguments, open_studio, places(arguments), stack)
        recipe = Recipe.of(studios[0], arguments.mode, arguments.seed, bounds)
        build = Build(arguments.out, instructions, recipe)
        cancel = stack.enter_context(interruptible())
        for built in build.run(studios, cancel):
            line = built.line
            verdict = f"dropped, {line['reason']}" if line["reason"] else "kept"
            problem = f" ({line['problem']})" if line["problem"] else ""
            note(f"Piece {line['n'] + 1} ({built.done} of {built.of}): {line['words']:,} words, {verdict}{problem}")
        if cancel.is_set():
            note("Stopped; the same command goes on.")
            return INTERRUPTED
    manifest = build.finish()
    write_target(STDOUT, f"Kept {manifest['kept']} of {manifest['done']}: {arguments.out / 'train.jsonl'}")
    for reason, count in manifest["dropped"].items():
        write_target(STDOUT, f"Dropped {count}: {reason}")
    return 0


def run_from_drafts(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Naming a draft is the person's consent; no other one is looked at. All of them, or none."""
    check_target(str(arguments.out))
    check_target(str(arguments.preferences) if arguments.preferences else None)
    with closing(open_studio()) as studio:
        drafts = [studio.draft(find_draft(studio, beginning)) for beginning in arguments.ids]
        lines = [sample(draft) for draft in drafts]
        chosen = [pair for draft in drafts for pair in pairs(draft, partial(_past, studio, draft.id))]
    if arguments.preferences and not chosen:
        raise EditError("These drafts hold no text that was passed over for another.", "Leave --preferences out.")
    write_whole(arguments.out, dump_lines(lines))
    note(f"Wrote {arguments.out}: conversations, {len(lines)}")
    if arguments.preferences:
        write_whole(arguments.preferences, dump_lines(chosen))
        note(f"Wrote {arguments.preferences}: pairs, {len(chosen)}")
    return 0


def run_check(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Exit code 1 where a line is not well formed."""
    found = check(arguments.file)
    if arguments.json:
        values = {"kind": found.kind, "lines": found.lines, "problems": found.problems, "repeated": found.repeated}
        write_target(STDOUT, to_json({**values, "words": found.words, "histogram": dict(found.bars)}))
        return 1 if found.problems else 0
    figures = f"{len(found.problems):,} not well formed, {found.repeated:,} repeated"
    write_target(STDOUT, f"Lines of {found.kind}: {found.lines:,}, {figures}")
    highest = max(count for _, count in found.bars)
    for name, count in found.bars if highest else ():
        write_target(STDOUT, f"{name:>20} words {count:>7,} {'#' * round(_BAR * count / highest)}".rstrip())
    for problem in found.problems[:_TOLD]:
        note(problem)
    if len(found.problems) > _TOLD:
        note(f"... and {len(found.problems) - _TOLD:,} more; --json has them all.")
    return 1 if found.problems else 0


def _past(studio: Studio, draft_id: str, key: str) -> list[Version]:
    return [text.version for text in studio.history(draft_id, key)]
