from __future__ import annotations

from dataclasses import replace

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Paragraph, Version
from longwriter_ui.events import Usage
from longwriter_ui.plan import Step
from longwriter_ui.report import Seconds, overall_finish, report


def paragraph(point: str, words: int, text: str = "", finish: FinishReason = FinishReason.STOP) -> Paragraph:
    return Paragraph(Step(point, words), version=Version(text, Author.MODEL, finish) if text else None)


DRAFT = Draft(
    "d1", "T", Brief("Write.", 8, "en"), seed=1, paragraphs=(paragraph("A", 4, "one two three"), paragraph("B", 4))
)


def test_the_report_word_for_word():
    assert report(DRAFT, "Tiny", FinishReason.CANCELLED, Usage(10, 20, 30), Seconds(0.12345, 1, 2)) == {
        "draft_id": "d1",
        "model": "Tiny",
        "mode": "conversation",
        "instruction": "Write.",
        "language": "en",
        "target_words": 8,
        "words": 3,
        "length_score": 100 * (1 - (8 / 3 - 1) / 2),
        "finish_reason": "cancelled",
        "steps": [
            {"n": 1, "main_point": "A", "target_words": 4, "words": 3, "finish_reason": "stop"},
            {"n": 2, "main_point": "B", "target_words": 4, "words": 0, "finish_reason": None},
        ],
        "tokens": {"prompt_read": 10, "prompt_reused": 20, "written": 30},
        "seconds": {"load": 0.123, "plan": 1, "write": 2},
    }


def test_a_paragraph_cut_off_at_its_limit_is_never_silent():
    cut = replace(DRAFT, paragraphs=(paragraph("A", 4, "one", FinishReason.LENGTH), paragraph("B", 4, "two")))
    assert overall_finish(cut, FinishReason.STOP) is FinishReason.LENGTH
    assert overall_finish(cut, FinishReason.CANCELLED) is FinishReason.CANCELLED
    assert overall_finish(DRAFT, FinishReason.STOP) is FinishReason.STOP
