"""The command line. Results go to standard output; progress, notes and errors to standard error.

Exit codes: 0 done, 1 an error (its message and what to do about it are shown), 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from longwriter_ui.cli.console import note
from longwriter_ui.cli.parser import build_parser
from longwriter_ui.cli.run import INTERRUPTED, OpenStudio
from longwriter_ui.errors import LongWriterError
from longwriter_ui.studio import Studio


def main(argv: Sequence[str], open_studio: OpenStudio) -> int:
    """Run one command; `open_studio` gives the studio, and is called only by the commands that need one."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A pipe on Windows would else refuse whatever its code page lacks.
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments, _telling(open_studio))
        sys.stdout.flush()
        return code
    except LongWriterError as error:
        note(f"error: {error.message}")
        if error.hint:
            note(error.hint)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has heard enough; Python must not complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _telling(open_studio: OpenStudio) -> OpenStudio:
    """Opens the same studio, and tells the person when its store was found damaged."""

    def opened(*arguments: Any, **options: Any) -> Studio:
        studio = open_studio(*arguments, **options)
        if studio.notice:
            note(f"{studio.notice} (The page shows this until it is dismissed there.)")
        return studio

    return opened
