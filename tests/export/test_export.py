"""Where and how files are written, whatever their format."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.errors import ExportError
from longwriter_ui.export import check, export


def test_markdown_is_the_title_and_the_text_as_it_stands(tmp_path, draft_of):
    text = "## Hills\n\n${alert(1)} <img src=x onerror=alert(1)> {{x}} $x$ & *stars*"
    path = export(draft_of(text, "", "Last."), tmp_path / "out.md")
    assert path.read_text(encoding="utf-8") == f"# A Guide to Lisbon\n\n{text}\n\nLast.\n"


def test_markdown_of_a_draft_without_text(tmp_path, draft_of):
    assert export(draft_of(""), tmp_path / "out.md").read_text(encoding="utf-8") == "# A Guide to Lisbon\n"


def test_the_suffix_may_be_in_capitals(tmp_path, draft_of):
    assert export(draft_of("x"), tmp_path / "OUT.MD").read_text(encoding="utf-8").endswith("x\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.rtf", "'.rtf'"),
        ("out", "no suffix"),
        ("missing/out.md", "no folder"),
        ("folder.md", "is a folder"),
        (f"{'x' * 300}.md", "cannot be written"),
    ],
)
def test_a_path_that_cannot_work_is_refused_before_and_at_the_end(tmp_path, draft_of, name, words):
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(ExportError, match="cannot be written") as caught:
        export(draft_of("text"), tmp_path / name)
    assert words in caught.value.message
    if "x" * 300 not in name:
        with pytest.raises(ExportError):
            check(tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.md"]


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(ExportError) as caught:
        check(tmp_path / "out.xyz")
    assert ".md" in caught.value.hint
    assert ".docx" in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ExportError, match="no permission"):
            check(tmp_path / "out.md")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("suffix", [".md", ".docx"])
@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "space"), (errno.EACCES, "permission"), (errno.EIO, "another place")]
)
def test_a_failure_at_the_end_leaves_the_old_file_and_no_other(tmp_path, draft_of, monkeypatch, suffix, number, words):
    """The move into place is the last thing that can fail: a disk that fills up there is the worst case."""
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"the old file")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", fail)
    draft = draft_of("new text")
    before = replace(draft)
    with pytest.raises(ExportError) as caught:
        export(draft, path)
    assert words in str(caught.value).lower()
    assert path.read_bytes() == b"the old file"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert draft == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_while_writing(tmp_path, draft_of, monkeypatch):
    """The temporary file is led to a device that is always full."""
    opened = Path.open

    def full(path: Path, mode: str = "r", *rest: object, **named: object) -> object:
        if path.suffix == ".part":
            path.touch()
            return opened(Path("/dev/full"), "wb", *rest, **named)
        return opened(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(ExportError, match="No space left") as caught:
        export(draft_of("text"), tmp_path / "out.md")
    assert "space" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_link_leads_to_the_file_it_stands_for(tmp_path, draft_of):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "out.md"
    real.write_text("old")
    link = tmp_path / "out.md"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no links on this system")
    export(draft_of("new"), link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8").endswith("new\n")
