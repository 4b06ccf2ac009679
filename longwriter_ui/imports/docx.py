"""The text of a DOCX as Markdown, through pandoc, with limits: the file may come from anybody."""

from __future__ import annotations

import html
import io
import re
import subprocess
import zipfile
import zlib

from longwriter_ui.errors import ImportRefused
from longwriter_ui.paths import ASSETS

MAX_BYTES = 32 * 1024 * 1024
MAX_UNPACKED = 128 * 1024 * 1024  # bytes of text and styles; a book of 500,000 words has about 30 MB
MAX_MEMBERS = 5_000
_SECONDS = 120
_MEMORY = "1500m"  # of pandoc's heap; it ends by itself when that is not enough
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~\n])|(&(?:#\d+|\w+);)")


def as_markdown(data: bytes) -> str:
    """The text of a DOCX; ImportRefused for a file that is none, unpacks to too much or cannot be read in time."""
    packed = _checked(data)
    try:
        import pypandoc

        command = [
            pypandoc.get_pandoc_path(), "+RTS", f"-M{_MEMORY}", "-RTS", "--sandbox", "--from=docx", "--wrap=none",
            "--to=commonmark+pipe_tables+yaml_metadata_block-raw_html", "--standalone", "--markdown-headings=atx",
            f"--lua-filter={ASSETS / 'import.lua'}",
        ]  # fmt: skip
        result = subprocess.run(command, input=packed, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ImportRefused(
            f"The DOCX could not be read within {_SECONDS} seconds.", "Divide it into parts."
        ) from error
    except (ImportError, OSError) as error:
        raise ImportRefused(
            f"The DOCX could not be read: {error}", "Install the requirements again (pypandoc_binary), or use Markdown."
        ) from error
    if result.returncode:
        problem = result.stderr.decode(errors="replace").strip().splitlines()[:1] or ["pandoc failed"]
        raise ImportRefused(f"The DOCX could not be read: {problem[0]}", "Save it as Markdown or plain text.")
    # Escapes are pandoc's; in a draft a backslash is a letter.
    return _ESCAPED.sub(lambda match: match[1] or html.unescape(match[2]), result.stdout.decode())


def _checked(data: bytes) -> bytes:
    """The same archive with only what has text in it, read to its end with the limits kept, whatever it claims."""
    result = io.BytesIO()
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
            members = source.infolist()
            if "word/document.xml" not in source.namelist() or len(members) > MAX_MEMBERS:
                raise ImportRefused("This is no DOCX file.", "Save it again in the word processor.")
            for member in members:
                if not member.filename.endswith((".xml", ".rels")):
                    continue
                with source.open(member) as stream:
                    content = stream.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise ImportRefused(
                        f"The DOCX unpacks to more than {MAX_UNPACKED // 2**20} MB, the most that is read.",
                        "Divide it into parts.",
                    )
                target.writestr(member.filename, content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise ImportRefused(f"This is no DOCX file: {error}.", "Save it again in the word processor.") from error
    return result.getvalue()
