"""DOCX through pandoc, with the styles of assets/reference.docx."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from longwriter_ui.errors import ExportError
from longwriter_ui.export.document import Document
from longwriter_ui.export.literal import inline, literal, top_heading

_REFERENCE = Path(__file__).resolve().parents[2] / "assets" / "reference.docx"
_TAGS = {"en": "en-US", "zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR", "no": "nb-NO"}  # what word processors expect
_RIGHT_TO_LEFT = {"ar", "he", "fa"}
_TIMEOUT = 300  # seconds; a book of 100,000 words takes about two


def render(document: Document) -> bytes:
    """The DOCX file; ExportError when pandoc is missing or fails."""
    import pypandoc

    metadata = {"title": inline(document.title), "lang": _TAGS.get(document.language, document.language)}
    if document.language in _RIGHT_TO_LEFT:
        metadata["dir"] = "rtl"
    header = "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in metadata.items())
    source = f"---\n{header}\n---\n\n{literal(document.body)}\n"
    try:
        command = [
            pypandoc.get_pandoc_path(),
            "--sandbox",  # no file and no address named in a text is ever opened
            "--from=commonmark+hard_line_breaks+yaml_metadata_block",
            "--to=docx",
            f"--shift-heading-level-by={1 - top_heading(document.body)}",
            f"--reference-doc={_REFERENCE}",
            "--output=-",
        ]
        result = subprocess.run(command, input=source.encode(), capture_output=True, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(
            f"The DOCX could not be made: {error}", "Install the requirements again, or export Markdown."
        ) from error
    if result.returncode:
        problem = result.stderr.decode(errors="replace").strip()
        raise ExportError(f"The DOCX could not be made: {problem}", "Export Markdown instead.")
    return result.stdout
