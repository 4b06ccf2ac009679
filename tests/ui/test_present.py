"""The page's JSON: what a poll carries, and what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from longwriter_ui.brief import Brief
from longwriter_ui.changes import Changes
from longwriter_ui.draft import Author, Basis, Draft, FinishReason, Paragraph, Status, Version
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EngineError
from longwriter_ui.host import ModelChoice
from longwriter_ui.plan import Step
from longwriter_ui.progress import Progress
from longwriter_ui.selftest import SelfTest
from longwriter_ui.store.summary import DraftSummary
from longwriter_ui.studio import Studio
from longwriter_ui.ui.present import present, summary
from tests.script import author

HOSTILE = "${alert(1)} {{x}} <img src=x onerror=alert(2)>"
MODEL = ModelChoice(Path("writer.gguf"), "Writer", demonstration=False)


def a_draft(*paragraphs: Paragraph) -> Draft:
    return Draft("draft-1", "Harbours", Brief("About harbours.", 400, "en"), paragraphs=paragraphs)


def changes(draft: Draft, **fields: object) -> Changes:
    nothing: dict[str, object] = {
        "rev": 7, "head": False, "order": False, "changed": frozenset(), "deltas": (), "progress": None, "failure": None
    }  # fmt: skip
    return Changes(draft=draft, **{**nothing, **fields})  # type: ignore[arg-type]


def written(text: str) -> Version:
    return Version(text, Author.MODEL)


def test_quiet_poll_carries_neither_head_nor_order_nor_text() -> None:
    draft = a_draft(Paragraph(Step("Piers", 200), key="a", status=Status.WRITTEN, version=written("Long piers.")))
    answer = present(changes(draft), MODEL)
    assert answer.keys() == {"draft", "rev", "totals", "job", "error", "model", "undo", "redo"}
    assert "Long piers." not in json.dumps(answer)


def test_streaming_text_goes_out_as_a_delta_and_not_as_a_card() -> None:
    draft = a_draft(Paragraph(Step("Piers", 200), key="a", status=Status.WRITING, version=written("Long piers")))
    answer = present(changes(draft, deltas=(("a", " piers"),)), MODEL)
    assert answer["deltas"] == [["a", " piers"]]
    assert "cards" not in answer


def test_only_changed_cards_are_sent_whole() -> None:
    draft = a_draft(Paragraph(Step("Piers", 200), key="a"), Paragraph(Step("Cranes", 150), key="b"))
    [card] = present(changes(draft, changed=frozenset({"b"})), MODEL)["cards"]
    assert card == {
        "key": "b", "main_point": "Cranes", "target": 150, "status": "planned", "text": "", "words": 0,
        "finish": None, "author": None, "stale": [], "problem": "",
        "version": 0, "versions": 0, "locked": False, "note": "", "cue": "", "offered": [],
    }  # fmt: skip


def test_card_tells_its_author_its_finish_and_why_it_is_stale() -> None:
    draft = a_draft(Paragraph(Step("Piers", 200), key="a"))
    basis = draft.basis(0)
    version = Version("One two three.", Author.USER, FinishReason.LENGTH, Basis(basis.brief, "other", basis.before))
    draft = a_draft(Paragraph(Step("Piers", 200), key="a", status=Status.WRITTEN, version=version))
    [card] = present(changes(draft, changed=frozenset({"a"})), MODEL)["cards"]
    assert (card["author"], card["finish"], card["stale"], card["words"]) == ("user", "length", ["step"], 3)


def test_totals_count_words_plan_and_length_score() -> None:
    text = " ".join(["pier"] * 400)
    version = written(text)
    draft = a_draft(Paragraph(Step("Piers", 380), key="a", status=Status.WRITTEN, version=version))
    totals = present(changes(draft), MODEL)["totals"]
    assert totals == {"words": 400, "planned": 380, "length_score": 100, "complete": True}


def test_the_length_score_of_an_unfinished_draft_is_that_of_its_finished_paragraphs() -> None:
    done = Paragraph(Step("Piers", 100), key="a", status=Status.WRITTEN, version=written(" ".join(["pier"] * 130)))
    version = Version("Boats come", Author.MODEL, FinishReason.CANCELLED)
    begun = Paragraph(Step("Boats", 900), key="b", status=Status.WRITING, version=version)
    totals = present(changes(a_draft(done, begun)), MODEL)["totals"]
    assert (totals["words"], totals["length_score"], totals["complete"]) == (132, 90, False)
    assert present(changes(a_draft(begun)), MODEL)["totals"]["length_score"] is None


def test_progress_is_rounded_for_reading() -> None:
    progress = Progress("write", "writing", key="a", paragraph=1, of=2, tokens_per_second=16.4321, seconds_left=93.7)
    job = present(changes(a_draft(), progress=progress), MODEL)["job"]
    assert (job["tokens_per_second"], job["seconds_left"], job["phase"]) == (16.4, 94, "writing")


def test_failure_is_message_and_hint_and_not_part_of_the_draft() -> None:
    failure = EngineError("Not enough memory.", "Close other programs.", retryable=True)
    answer = present(changes(a_draft(), failure=failure), MODEL)
    assert answer["error"] == {"message": "Not enough memory.", "hint": "Close other programs.", "retryable": True}


def test_without_a_model_the_page_is_told_so() -> None:
    assert present(changes(a_draft()), None)["model"]["missing"] is True


def test_text_is_sent_unchanged_whatever_it_holds() -> None:
    version = written(HOSTILE)
    draft = a_draft(Paragraph(Step(HOSTILE, 10), key="a", status=Status.WRITTEN, version=version))
    [card] = present(changes(draft, changed=frozenset({"a"})), MODEL)["cards"]
    assert card["text"] == card["main_point"] == HOSTILE


def test_library_line_has_its_moment_with_the_time_zone() -> None:
    line = DraftSummary("1", "Harbours", "en", 10, 400, 2, 1, datetime(2026, 3, 4, tzinfo=timezone.utc))
    assert summary(line)["updated"] == "2026-03-04T00:00:00+00:00"


def test_polls_from_the_beginning_and_from_there_on_add_up_to_the_draft(
    open_studio: Callable[..., Studio],
) -> None:
    """A page that applies head, order, cards and deltas in turn has the whole text, however the polls fall."""
    studio = open_studio(ScriptedEngine(author, words_per_second=400))
    draft = studio.create(Brief.create("About harbours, please.", 250))
    studio.plan(draft.id).wait()
    texts: dict[str, str] = {}
    order: list[str] = []
    rev = 0
    job = studio.write(draft.id)
    ended = False
    while not ended:
        ended = job.wait(0.05)
        answer = present(studio.changes(draft.id, rev), MODEL)
        rev = answer["rev"]
        order = answer.get("order", order)
        texts |= {card["key"]: card["text"] for card in answer.get("cards", ())}
        for key, text in answer.get("deltas", ()):
            texts[key] += text
    assert "\n\n".join(texts[key].strip() for key in order) == studio.draft(draft.id).text


def test_a_model_that_failed_its_self_test_is_doubtful() -> None:
    def doubtful(test: SelfTest | None) -> bool:
        return bool(present(changes(a_draft()), MODEL, test)["model"]["doubtful"])

    assert doubtful(SelfTest("e e e", 3, 1.0, ("The answer did not end by itself.",)))
    assert not doubtful(SelfTest("The sea.", 3, 1.0, ())) and not doubtful(None)
