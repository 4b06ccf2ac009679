from __future__ import annotations

from collections.abc import Callable

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version
from longwriter_ui.plan import Step


@pytest.fixture
def draft_of() -> Callable[..., Draft]:
    """A draft with one written paragraph for each text; "" stands for a step without text."""

    def make(*texts: str, title: str = "A Guide to Lisbon", language: str = "en") -> Draft:
        paragraphs = tuple(
            Paragraph(Step("Point", 100), status=Status.WRITTEN, version=Version(text, Author.MODEL))
            if text
            else Paragraph(Step("Still to come", 100))
            for text in texts
        )
        return Draft("draft", title, Brief("Write a guide.", 1000, language), paragraphs=paragraphs)

    return make
