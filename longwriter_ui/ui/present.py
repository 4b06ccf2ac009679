"""What the page is told, as JSON values. Pure: from the studio's values to dictionaries, and nothing else.

The shapes are a contract with the scripts in assets/board; text goes out as it is, since the page only ever sets it
as text.
"""

from __future__ import annotations

from typing import Any

from longwriter_ui.changes import Changes
from longwriter_ui.draft import Draft, Paragraph
from longwriter_ui.errors import LongWriterError
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.host import ModelChoice
from longwriter_ui.progress import Progress
from longwriter_ui.selftest import SelfTest
from longwriter_ui.store.journal import Journaled
from longwriter_ui.store.summary import DraftSummary

Json = dict[str, Any]


def present(changes: Changes, model: ModelChoice | None, test: SelfTest | None = None) -> Json:
    """The answer to a poll: what is new in the draft, how its job is doing, and totals; `test` is the model's."""
    draft = changes.draft
    answer: Json = {
        "draft": draft.id,
        "rev": changes.rev,
        "totals": totals(draft),
        "job": None if changes.progress is None else job(changes.progress),
        "error": None if changes.failure is None else error(changes.failure),
        "model": named(model, test),
        "undo": journaled(changes.undo),
        "redo": journaled(changes.redo),
    }
    # With a plan that waits, the head tells how many steps of the present one would go.
    if changes.head or (draft.proposal and (changes.order or changes.changed)):
        answer["head"] = head(draft)
    if changes.order:
        answer["order"] = [paragraph.key for paragraph in draft.paragraphs]
    marks = draft.stale_marks() if changes.changed else ()
    cards = [
        card(draft, p, marks[i], changes.places.get(p.key, (0, 0)))
        | ({"was_point": draft.written_for(i)} if "step" in marks[i] else {})
        for i, p in enumerate(draft.paragraphs)
        if p.key in changes.changed
    ]
    if cards:
        answer["cards"] = cards
    if changes.deltas:
        answer["deltas"] = [list(delta) for delta in changes.deltas]
    return answer


def head(draft: Draft) -> Json:
    """What belongs to the draft as a whole."""
    return {
        "title": draft.title,
        "instruction": draft.brief.instruction,
        "language": draft.brief.language,
        "target_words": draft.brief.target_words,
        "mode": draft.mode.value,
        "manner": draft.manner.values(),
        "raw_plan": draft.raw_plan,
        "planning_problem": draft.planning_problem,
        "proposal": draft.proposal,
        "edited_steps": draft.edited_steps,
    }


def journaled(entry: Journaled | None) -> Json | None:
    return None if entry is None else {"entry": entry.entry, "label": entry.label}


def card(draft: Draft, paragraph: Paragraph, stale: tuple[str, ...], place: tuple[int, int] = (0, 0)) -> Json:
    """A step with its paragraph and its stale marks. `place`: which of how many texts it shows."""
    version = paragraph.version
    return {
        "key": paragraph.key,
        "main_point": paragraph.step.main_point,
        "target": paragraph.step.words,
        "status": paragraph.status.value,
        "text": paragraph.text,
        "words": draft.count(paragraph.text),
        "finish": version.finish.value if version else None,
        "author": version.author.value if version else None,
        "stale": list(stale),
        "problem": paragraph.problem,
        "version": place[0],
        "versions": place[1],
        "locked": paragraph.step.locked,
        "note": paragraph.step.note,
        "cue": paragraph.step.cue,
        "offered": [{"text": v.text, "words": draft.count(v.text)} for v in paragraph.offered],
    }


def totals(draft: Draft) -> Json:
    """`length_score` is live: while paragraphs are missing, that of the finished ones against their steps."""
    counts = [draft.count(p.text) for p in draft.paragraphs]
    both = zip(counts, draft.paragraphs, strict=True)
    done = [(words, p.step.words or 0) for words, p in both if words and p.finished]
    complete = len(done) == len(counts)
    asked = draft.brief.target_words if complete else sum(step for _, step in done)
    return {
        "words": sum(counts),
        "planned": sum(step.words or 0 for step in draft.steps),
        "length_score": round(length_score(asked, sum(words for words, _ in done))) if done and asked else None,
        "complete": complete,
    }


def job(progress: Progress) -> Json:
    """A running or waiting job; figures rounded to what a person reads."""
    left = progress.seconds_left
    return {
        "kind": progress.kind,
        "phase": progress.phase,
        "place": progress.place,
        "wait": None if progress.wait is None else round(progress.wait),
        "key": progress.key,
        "paragraph": progress.paragraph,
        "of": progress.of,
        "words": progress.words,
        "target": progress.target,
        "tokens_per_second": round(progress.tokens_per_second, 1),
        "seconds_left": None if left is None else round(left),
        "read_done": progress.read_done,
        "read_total": progress.read_total,
        "read_left": None if progress.read_left is None else round(progress.read_left),
    }


def error(failure: LongWriterError) -> Json:
    return {"message": failure.message, "hint": failure.hint, "retryable": failure.retryable}


def named(model: ModelChoice | None, test: SelfTest | None = None) -> Json:
    """The model in use, by the name it gives itself; `doubtful`: its self-test found something."""
    if model is None:
        return {"name": "No model", "demonstration": False, "missing": True, "doubtful": False}
    return {
        "name": model.name,
        "demonstration": model.demonstration,
        "missing": False,
        "doubtful": test is not None and not test.passed,
    }


def summary(line: DraftSummary) -> Json:
    """A line of the library."""
    return {
        "id": line.id,
        "title": line.title,
        "language": line.language,
        "words": line.words,
        "target_words": line.target_words,
        "steps": line.steps,
        "written": line.written,
        "updated": line.updated.isoformat(),
    }
