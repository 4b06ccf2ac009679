"""Storing what a job tells, while a thread beside it stores what has streamed."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from longwriter_ui import recorder
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Paragraph, Version
from longwriter_ui.events import ParagraphDone, ParagraphStarted, TextDelta, Usage
from longwriter_ui.plan import Step
from longwriter_ui.recorder import Recorder
from longwriter_ui.store.drafts import DraftStore


def test_text_that_is_flushed_as_its_paragraph_ends_does_not_turn_up_in_the_next_one(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts.sqlite3")
    store.add(Draft("id", "Title", Brief("Write.", 100, "en"), paragraphs=(Paragraph(Step("Rain", 50), key="k"),)))
    finish, flushes = store.finish, []
    with Recorder(store, "id") as recording:

        def finish_while_flushing(*given: object) -> None:
            finish(*given)  # type: ignore[arg-type]
            flushes.append(threading.Thread(target=recording._flush))
            flushes[0].start()
            flushes[0].join(0.2)

        store.finish = finish_while_flushing  # type: ignore[method-assign]
        recording.record(ParagraphStarted("k", Version("", Author.MODEL, FinishReason.CANCELLED)))
        recording.record(TextDelta("k", "It rained.", 1.0))
        recording.record(ParagraphDone("k", Version("It rained.", Author.MODEL), Usage()))
        flushes[0].join()
    with sqlite3.connect(tmp_path / "drafts.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM deltas").fetchone() == (0,)
    db.close()
    store.begin("id", "k", Version("", Author.MODEL, FinishReason.CANCELLED), None)
    assert store.get("id").paragraphs[0].text == ""
    store.close()


def test_what_streams_is_stored_while_the_model_is_silent(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts.sqlite3")
    store.add(Draft("id", "Title", Brief("Write.", 100, "en"), paragraphs=(Paragraph(Step("Rain", 50), key="k"),)))
    stored, append = threading.Event(), store.append

    def append_and_tell(draft_id: str, key: str, text: str) -> None:
        append(draft_id, key, text)
        stored.set()

    store.append = append_and_tell  # type: ignore[method-assign]
    with Recorder(store, "id") as recording:
        recording.record(ParagraphStarted("k", Version("", Author.MODEL, FinishReason.CANCELLED)))
        recording.record(TextDelta("k", "It rained.", 1.0))
        assert stored.wait(10)
        assert recorder.FLUSH_SECONDS < 0.5, "no more than half a second may be lost"
        assert store.get("id").paragraphs[0].text == "It rained."
    store.close()
