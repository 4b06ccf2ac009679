"""Exports that cannot be: told as they are, no half file, the old file and the draft untouched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from longwriter_ui.errors import ExportError
from longwriter_ui.export import FORMATS, export
from longwriter_ui.paths import PROJECT

BY_PANDOC = [suffix for suffix in FORMATS if suffix != ".md"]

CHILD = """
import os, sys
from pathlib import Path
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version
from longwriter_ui.errors import ExportError
from longwriter_ui.export import export
from longwriter_ui.plan import Step
version = Version("Many words. " * 2000, Author.MODEL)
draft = Draft("d", "Title", Brief("Write.", 100, "en"), paragraphs=(Paragraph(Step("x", 1), version=version),))
before = repr(draft)
{prepare}
try:
    export(draft, Path(sys.argv[1]))
except ExportError as error:
    print(error)
assert repr(draft) == before
"""


def in_a_child(path: Path, prepare: str) -> str:
    """What the export of a draft to `path` says in a process of its own after `prepare`."""
    command = [sys.executable, "-c", CHILD.replace("{prepare}", prepare), str(path)]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize("suffix", FORMATS)
def test_no_room_for_the_file(tmp_path, suffix):
    """No file of this process or of pandoc may grow beyond 2,000 bytes, as on a disk that is nearly full."""
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"the old file")
    said = in_a_child(
        path,
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))",
    )
    assert "could not be made" in said or "cannot be written" in said
    assert path.read_bytes() == b"the old file"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become somebody else")
def test_no_permission_even_where_the_tests_run_as_root(tmp_path):
    said = in_a_child(Path("/nobody-may-write-here.docx"), "os.setuid(65534)")
    assert "no permission" in said
    assert not Path("/nobody-may-write-here.docx").exists()


@pytest.mark.parametrize("suffix", BY_PANDOC)
def test_a_missing_pandoc_is_told(tmp_path, draft_of, monkeypatch, suffix):
    import pypandoc

    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(tmp_path / "no-such-program"))
    with pytest.raises(ExportError, match="could not be made") as caught:
        export(draft_of("Text."), tmp_path / f"out{suffix}")
    assert "pypandoc" in caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a program of the shell")
def test_a_pandoc_that_fails_is_told_in_its_own_words(tmp_path, draft_of, monkeypatch):
    import pypandoc

    program = tmp_path / "pandoc"
    program.write_text("#!/bin/sh\necho 'out of luck' >&2\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(program))
    with pytest.raises(ExportError, match="out of luck"):
        export(draft_of("Text."), tmp_path / "out.docx")
    assert [p.name for p in tmp_path.iterdir()] == ["pandoc"]


@pytest.mark.parametrize(("package", "suffix"), [("typst", ".pdf"), ("pypandoc", ".odt")])
def test_a_missing_package_is_told(tmp_path, draft_of, monkeypatch, package, suffix):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExportError, match="could not be made") as caught:
        export(draft_of("Text."), tmp_path / f"out{suffix}")
    assert "requirements" in caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".html", ".epub", ".pdf"])
def test_missing_assets_are_told(tmp_path, draft_of, monkeypatch, suffix):
    for module in ("office", "web", "pdf", "reference"):
        monkeypatch.setattr(f"longwriter_ui.export.{module}.ASSETS", tmp_path / "gone")
    with pytest.raises(ExportError, match="could not be made"):
        export(draft_of("Text."), tmp_path / f"out{suffix}")
    assert not list(tmp_path.iterdir())
