"""Reading what the person names, writing what they asked for."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from longwriter_ui.errors import DraftNotFound, LongWriterError, PlanError
from longwriter_ui.export.document import printable
from longwriter_ui.export.files import check_place, write_whole
from longwriter_ui.studio import Studio

STDOUT = "-"  # `--json` without a file


def note(text: str) -> None:
    """A line for the person, on standard error."""
    print(printable(text), file=sys.stderr, flush=True)


def note_left_over(lines: Sequence[str]) -> None:
    """Name the lines of a plan that belong to no step."""
    if lines:
        note("Left over, for these lines belong to no step of the plan:\n" + "\n".join(f"  {line}" for line in lines))


def check_target(target: str | None) -> None:
    """ExportError when `target` is a file that cannot be written."""
    if target not in (None, STDOUT):
        check_place(Path(target))


def write_target(target: str, text: str) -> None:
    """Put `text` into the file `target`, or on standard output."""
    if target == STDOUT:
        print(printable(text))
    else:
        write_whole(Path(target), f"{text}\n".encode())


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def read_plan(path: Path) -> str:
    """The text of a plan file, in UTF-8 or, as a Windows shell may write it, in UTF-16."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise PlanError(f"{path} is no text file in UTF-8.", "Save it as UTF-8.") from error


def find_draft(studio: Studio, beginning: str) -> str:
    """The id that is `beginning`, or the only one that begins so; DraftNotFound, or LongWriterError for several."""
    ids = [summary.id for summary in studio.drafts()]
    if beginning in ids:
        return beginning
    found = [draft_id for draft_id in ids if beginning and draft_id.startswith(beginning)]
    if len(found) > 1:
        raise LongWriterError(
            f"{len(found)} drafts begin with {beginning!r}: {', '.join(found)}.", "Give more of the id."
        )
    if not found:
        raise DraftNotFound(f"There is no draft {beginning!r}.", "`drafts list` shows them all.")
    return found[0]
