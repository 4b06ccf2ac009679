"""A model that goes on by asking for the next paragraph itself, as one does that may not end yet."""

from __future__ import annotations

import threading

import pytest

from longwriter_ui import prompts, revision
from longwriter_ui.draft import FinishReason, Mode
from longwriter_ui.engine.base import Chunk, LengthMode, Request, Sampling, user
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.events import AlternativeDone, TextDelta
from longwriter_ui.pipeline import Writer
from tests.script import author
from tests.test_pipeline import desk

ASKED = (user("Write the next paragraph of a long piece."),)
TEXT = "The ferry left at six, as it had done for years. Nobody waved."
NEXT = "Paragraph 7 - Main Point: the part about something else - Word Count: 200 words"
GOES_ON = [f"\n{NEXT}\n", f"\n\nNow write this paragraph:\n{NEXT}", f" {NEXT} and more", f"\n{NEXT}\n" * 30]


def request(language: str = "en") -> Request:
    return Request(ASKED, Sampling(), 10, asking=prompts.asking(language))


@pytest.mark.parametrize("goes_on", GOES_ON)
def test_an_answer_is_its_own_up_to_the_next_step(goes_on: str) -> None:
    assert request().own(TEXT + goes_on) == len(TEXT)


def test_a_chinese_answer_is_its_own_up_to_the_next_step() -> None:
    text = "渡船六点离岸，多年如此。"
    for goes_on in ("\n第7段 - 主要观点：另一件事 - 字数：200字", "现在写这一段：\n第7段"):
        assert request("zh").own(text + goes_on) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{NEXT}\n\n{TEXT}",  # its own step, said again
        f"\n\nNow write this paragraph:\n{NEXT}\n\n{TEXT}",
        f"{TEXT}\nParagraph 7 of the treaty says so. The main point: nobody knew.",
        "",
    ],
)
def test_what_only_looks_like_a_step_is_its_own(text: str) -> None:
    assert request().own(text) == len(text)


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.AGENTWRITE, Mode.PARALLEL])
@pytest.mark.parametrize("length", LengthMode)
@pytest.mark.parametrize("goes_on", GOES_ON)
def test_no_paragraph_keeps_the_lines_of_a_plan(mode: Mode, length: LengthMode, goes_on: str) -> None:
    table = desk(mode)
    events = table.write(ScriptedEngine(lambda _: TEXT + goes_on), length=length)
    assert [p.text for p in table.draft.paragraphs] == [TEXT] * 3
    for paragraph in table.draft.paragraphs:
        assert paragraph.version.finish is FinishReason.STOP  # type: ignore[union-attr]
        assert paragraph.version.tokens in ((), tuple(map(ord, TEXT)))  # type: ignore[union-attr]
    told = [event.text for event in events if isinstance(event, TextDelta)]
    assert len("".join(told)) < 3 * (len(TEXT) + 80), "it was broken off"


def test_one_answer_for_the_whole_piece_may_name_its_paragraphs() -> None:
    table = desk(Mode.ONESHOT)
    table.write(ScriptedEngine(lambda request: author(request).replace("\n\n", f"\n\n{NEXT}\n\n", 1)))
    assert all(paragraph.text for paragraph in table.draft.paragraphs)


def test_alternatives_keep_no_lines_of_a_plan() -> None:
    table = desk()
    table.write(ScriptedEngine(author))
    writer = Writer(ScriptedEngine(lambda _: TEXT + GOES_ON[0]), Sampling(), threading.Event())
    done = list(revision.alternatives(lambda: table.draft, writer, table.draft.paragraphs[1].key, 2))
    assert [event.version.text for event in done if isinstance(event, AlternativeDone)] == [TEXT] * 2


def test_a_paragraph_stopped_among_such_lines_can_be_gone_on_with() -> None:
    table, cancel = desk(words=(200,)), threading.Event()

    class Stopping(ScriptedEngine):
        def stream(self, request, cancel):  # type: ignore[no-untyped-def]
            for item in super().stream(request, cancel):
                yield item
                if isinstance(item, Chunk) and "Paragraph" in item.text:
                    cancel.set()

    table.write(Stopping(lambda _: f"{TEXT}\n{NEXT}"), cancel)
    assert table.draft.paragraphs[0].text.startswith(TEXT)
    assert table.draft.paragraphs[0].version.finish is FinishReason.CANCELLED  # type: ignore[union-attr]
    table.write(ScriptedEngine(lambda r: "It came back." if r.begun else ""), length=LengthMode.OFF)
    assert table.draft.paragraphs[0].version.finish is FinishReason.STOP  # type: ignore[union-attr]
