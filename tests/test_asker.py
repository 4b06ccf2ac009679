"""A model that goes on by asking for the next paragraph itself, as one does that may not end yet; and models that only
name their own step first."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from longwriter_ui import prompts, revision
from longwriter_ui.brief import Brief
from longwriter_ui.draft import FinishReason, Mode
from longwriter_ui.engine.base import Chunk, LengthMode, Request, Sampling, user
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.engine.watch import Watch
from longwriter_ui.events import AlternativeDone, ParagraphDone, TextDelta
from longwriter_ui.pipeline import Writer
from tests.script import author
from tests.test_pipeline import desk

ASKED = (user("Write the next paragraph of a long piece."),)
TEXT = "The ferry left at six, as it had done for years. Nobody waved."
NEXT = "Paragraph 7 - Main Point: the part about something else - Word Count: 200 words"
GOES_ON = [
    f"\n{NEXT}\n",
    f"\n\nNow write this paragraph:\n{NEXT}",
    f" {NEXT} and more",
    f"\n{NEXT}\n" * 30,
    f"\n\n**{NEXT}**",
    f"\n\nThe plan from here on is now:\n{NEXT}",
    "\nParagraph 7 – Main Point: another dash",
    f"\n\n- {NEXT}",
    f"\n\nSeveral reasons bring us to a question that has waited:\n\n{NEXT}",
    "\n\nSeveral reasons bring us to it: The ferry: where it goes - Word Count: 300 words",
]
ECHOES = [
    NEXT,
    f"**{NEXT}**",
    f"### {NEXT}",
    f"Here is the paragraph:\n\n{NEXT}",
    f"## The ferry\n\n{NEXT}",
    f"Now write this paragraph:\n{NEXT}",
]


def request(language: str = "en") -> Request:
    return Request(ASKED, Sampling(), 10, asker=prompts.asker(language))


@pytest.mark.parametrize("goes_on", GOES_ON)
def test_an_answer_is_its_own_up_to_the_next_step(goes_on: str) -> None:
    assert request().own(TEXT + goes_on) == len(TEXT)


def test_a_chinese_answer_is_its_own_up_to_the_next_step() -> None:
    text = "渡船六点离岸，多年如此，没有人挥手，也没有人回头看一眼灰蒙蒙的海面和岸上的灯。"
    for goes_on in ("\n第7段 - 主要观点：另一件事 - 字数：200字", "现在写这一段：\n第7段", "\n第 7 段 - 主要观点:另"):
        assert request("zh").own(text + goes_on) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT}\nParagraph 7 of the treaty says so. The main point: nobody knew.",
        f"{TEXT} Now write this paragraph: it is the hardest of all.",
        f"{TEXT}\n\n*He waved.*",
        f"{TEXT}\n\nThree things were said:\n\n- the word count: 300 words\n- nothing else",
        "",
        *(f"{echo}\n\n{TEXT}" for echo in ECHOES),
    ],
)
def test_what_only_looks_like_a_question_is_its_own(text: str) -> None:
    assert request().own(text) == len(text)


def test_marks_that_close_a_sentence_stay_with_it() -> None:
    text = "*The ferry left at six, as it had done for years.*"
    assert request().own(f"{text}\n\n{NEXT}") == len(text)


@pytest.mark.parametrize("echo", ECHOES)
def test_a_step_said_again_is_no_end_however_long_the_text_after_it(echo: str) -> None:
    watch = Watch(request())
    prose = f"\n\n{TEXT}" * 20
    text = echo + prose
    assert [watch.add(text[i : i + 4]) for i in range(0, len(text), 4)] == [None] * -(-len(text) // 4)
    assert watch.add(f"\n{NEXT}") is FinishReason.STOP


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.AGENTWRITE, Mode.PARALLEL])
@pytest.mark.parametrize("length", LengthMode)
@pytest.mark.parametrize("goes_on", GOES_ON)
def test_no_paragraph_keeps_the_lines_of_a_plan(mode: Mode, length: LengthMode, goes_on: str) -> None:
    table = desk(mode)
    events = table.write(ScriptedEngine(lambda _: TEXT + goes_on), length=length)
    assert [p.text for p in table.draft.paragraphs] == [TEXT] * 3
    for paragraph in table.draft.paragraphs:
        assert paragraph.version.finish is FinishReason.STOP  # type: ignore[union-attr]
        ids = paragraph.version.tokens  # type: ignore[union-attr]
        assert not ids or "".join(map(chr, ids)).strip() == TEXT
    told = [event.text for event in events if isinstance(event, TextDelta)]
    assert len("".join(told)) < 3 * (len(TEXT) + 140), "it was broken off"


def test_chinese_paragraphs_keep_no_lines_of_a_plan() -> None:
    text = "渡船六点离岸，多年如此，没有人挥手，也没有人回头看一眼灰蒙蒙的海面和岸上的灯。"
    table = desk()
    table.draft = replace(table.draft, brief=Brief.create("写一篇关于渡船的文章", 600))
    table.write(ScriptedEngine(lambda _: f"{text}\n第7段 - 主要观点：另一件事 - 字数：200字"))
    assert [p.text for p in table.draft.paragraphs] == [text] * 3


def test_the_ids_that_are_kept_are_those_of_the_text() -> None:
    table = desk(words=(200,))
    table.write(ScriptedEngine(lambda _: f"{TEXT} \n{NEXT}"), length=LengthMode.OFF)
    version = table.draft.paragraphs[0].version
    assert version is not None
    assert "".join(map(chr, version.tokens)).strip() == version.text == TEXT


def test_a_sentence_that_a_question_breaks_off_goes_too_where_lengths_are_kept() -> None:
    table = desk(words=(200,))
    table.write(ScriptedEngine(lambda _: f"{TEXT} It came back\n{NEXT}"))
    assert table.draft.paragraphs[0].text == TEXT


def test_one_answer_for_the_whole_piece_may_name_its_paragraphs() -> None:
    table = desk(Mode.ONESHOT)
    table.write(ScriptedEngine(lambda request: author(request).replace("\n\n", f"\n\n{NEXT}\n\n", 1)))
    assert all(paragraph.text for paragraph in table.draft.paragraphs)


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.ONESHOT])
def test_a_revision_keeps_no_lines_of_a_plan(mode: Mode) -> None:
    table = desk(mode)
    table.write(ScriptedEngine(author))
    writer = Writer(ScriptedEngine(lambda _: TEXT + GOES_ON[0]), Sampling(), threading.Event())
    wish = revision.Revision(wish="plainer")
    done = list(revision.revise(lambda: table.draft, writer, table.draft.paragraphs[1].key, wish))
    assert [event.version.text for event in done if isinstance(event, ParagraphDone)] == [TEXT]  # type: ignore[union-attr]


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
    stopped = f"{TEXT}\nParagraph 7 - Main"
    paragraph = table.draft.paragraphs[0]
    version = replace(paragraph.version, text=stopped, tokens=())
    table.draft = table.draft.with_paragraph(replace(paragraph, version=version))
    table.write(ScriptedEngine(lambda r: " Point: something else" if r.begun else ""), length=LengthMode.OFF)
    assert table.draft.paragraphs[0].version.finish is FinishReason.STOP  # type: ignore[union-attr]
    assert table.draft.paragraphs[0].text == TEXT


def test_what_a_person_left_of_such_lines_is_not_what_ends_an_answer() -> None:
    table = desk(words=(200,))
    table.write(ScriptedEngine(author))
    paragraph = table.draft.paragraphs[0]
    edited = replace(paragraph.version, text=f"{TEXT}\n{NEXT}\n", tokens=(), finish=FinishReason.CANCELLED)
    table.draft = table.draft.with_paragraph(replace(paragraph, version=edited))
    table.write(ScriptedEngine(lambda r: "It came back in the evening." if r.begun else ""), length=LengthMode.OFF)
    assert table.draft.paragraphs[0].text == f"{TEXT}\n{NEXT}\nIt came back in the evening."
