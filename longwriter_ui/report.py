"""The report on a run: what was asked for, what was written, and what it cost. The JSON of `write --json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from longwriter_ui.draft import Draft, FinishReason, Paragraph
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.events import Usage


@dataclass(frozen=True)
class Seconds:
    """Where the time of a run went."""

    load: float = 0.0
    plan: float = 0.0
    write: float = 0.0


def report(draft: Draft, model: str, finish: FinishReason, usage: Usage, seconds: Seconds) -> dict[str, Any]:
    """`usage` and `seconds` are of this run only; words and score of the whole draft."""
    return {
        "draft_id": draft.id,
        "model": model,
        "mode": draft.mode.value,
        "instruction": draft.brief.instruction,
        "language": draft.brief.language,
        "target_words": draft.brief.target_words,
        "words": draft.words,
        "length_score": length_score(draft.brief.target_words, draft.words),
        "finish_reason": finish.value,
        "steps": [_step(n, paragraph, draft) for n, paragraph in enumerate(draft.paragraphs, 1)],
        "tokens": {
            "prompt_read": usage.prompt_read,
            "prompt_reused": usage.prompt_reused,
            "written": usage.written,
        },
        "seconds": {
            "load": round(seconds.load, 3),
            "plan": round(seconds.plan, 3),
            "write": round(seconds.write, 3),
        },
    }


def overall_finish(draft: Draft, ended: FinishReason) -> FinishReason:
    """How the run `ended`, or LENGTH where it came to its end but a paragraph was cut off at its limit."""
    if ended is FinishReason.STOP and any(_finish(p) is FinishReason.LENGTH for p in draft.paragraphs):
        return FinishReason.LENGTH
    return ended


def _step(number: int, paragraph: Paragraph, draft: Draft) -> dict[str, Any]:
    finish = _finish(paragraph)
    return {
        "n": number,
        "main_point": paragraph.step.main_point,
        "target_words": paragraph.step.words,
        "words": draft.count(paragraph.text),
        "finish_reason": finish.value if finish else None,
    }


def _finish(paragraph: Paragraph) -> FinishReason | None:
    """None where nothing is written yet."""
    return paragraph.version.finish if paragraph.version else None
