from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version
from longwriter_ui.plan import Step


@pytest.fixture
def draft_of() -> Callable[..., Draft]:
    """A draft with one written paragraph for each text; "" stands for a step without text."""

    def make(*texts: str, title: str = "A Guide to Lisbon", language: str = "en", points: Sequence[str] = ()) -> Draft:
        paragraphs = tuple(
            Paragraph(
                Step(points[n] if points else ("Point" if text else "Still to come"), 100),
                status=Status.WRITTEN if text else Status.PLANNED,
                version=Version(text, Author.MODEL) if text else None,
            )
            for n, text in enumerate(texts)
        )
        return Draft("draft", title, Brief("Write a guide.", 1000, language), paragraphs=paragraphs)

    return make


def need(*programs: str) -> None:
    """Without one of `programs` the test is skipped, or fails where they must be there."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        message = f"not installed: {', '.join(missing)}"
        if os.environ.get("LONGWRITER_REQUIRE_OFFICE") == "1":
            pytest.fail(message)
        pytest.skip(message)


def pdf_text(path: Path) -> str:
    """What pdftotext reads on the pages."""
    return subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout


def office_pdfs(folder: Path, *files: Path) -> list[Path]:
    """The pages that LibreOffice makes of `files`, as PDF in `folder`; one start for all of them."""
    need("soffice", "pdftotext", "pdffonts")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, *files]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return [folder / f"{file.stem}.pdf" for file in files]
