"""The document through pandoc. The only module that knows where pandoc is and how it is called."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

from longwriter_ui.errors import ExportError
from longwriter_ui.export.document import Document
from longwriter_ui.export.literal import inline, literal, top_heading

READER = "--from=commonmark+hard_line_breaks+yaml_metadata_block+pipe_tables"
_TAGS = {"en": "en-US", "zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR", "no": "nb-NO"}  # what word processors expect
_RIGHT_TO_LEFT = {"ar", "he", "fa"}
_TIMEOUT = 300  # seconds; a book of 100,000 words takes about two


def convert(
    document: Document, to: str, arguments: Sequence[str] = (), metadata: dict[str, str] | None = None
) -> bytes:
    """The file in pandoc's format `to`; ExportError when pandoc is missing or fails. `metadata` adds to the title,
    the author and the language; its values are plain text."""
    facts = {**_facts(document), **(metadata or {})}
    header = "\n".join(f"{name}: {json.dumps(inline(value), ensure_ascii=False)}" for name, value in facts.items())
    source = f"---\n{header}\n---\n\n{literal(document.body)}\n"
    command = [
        "--sandbox",  # no file and no address named in a text is ever opened
        READER,
        f"--to={to}",
        "--wrap=none",
        f"--shift-heading-level-by={1 - top_heading(document.body)}",
        f"--metadata=lang:{language_tag(document.language)}",
        *(["--metadata=dir:rtl"] if document.language in _RIGHT_TO_LEFT else []),
        *arguments,
        "--output=-",
    ]
    return run(command, source.encode(), to.upper())


def run(arguments: Sequence[str], source: bytes, name: str) -> bytes:
    """What pandoc prints for `source`; ExportError, speaking of a file of the kind `name`."""
    try:
        import pypandoc

        command = [pypandoc.get_pandoc_path(), *arguments]
        result = subprocess.run(command, input=source, capture_output=True, timeout=_TIMEOUT)
    except (ImportError, OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(
            f"The {name} file could not be made: {error}",
            "Install the requirements again (pypandoc_binary), or export Markdown.",
        ) from error
    if result.returncode:
        problem = result.stderr.decode(errors="replace").strip() or f"pandoc ended with {result.returncode}"
        raise ExportError(f"The {name} file could not be made: {problem}", "Export Markdown instead.")
    return result.stdout


def language_tag(language: str) -> str:
    """The language as files name it, with its country where word processors need one."""
    return _TAGS.get(language, language)


def _facts(document: Document) -> dict[str, str]:
    facts = {"title": document.title}
    if document.options.author:
        facts["author"] = document.options.author
    if document.options.metadata:
        facts["date"] = document.date
        facts["description"] = " ".join(document.brief.split())
    return facts
