"""Tokens become text at whole characters, and a stop text never shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longwriter_ui.engine.textstream import Piece, TextStream


def run(pieces: list[bytes], *, stops: tuple[str, ...] = (), ended: bool = True) -> list[Piece]:
    """Everything given out for tokens 0, 1, 2, ... that stand for `pieces`."""
    stream = TextStream(stops)
    given_out = []
    for token, data in enumerate(pieces):
        if stream.push(token, data):
            ended = True
            break
        if (piece := stream.take()) is not None:
            given_out.append(piece)
    return [*given_out, stream.finish(ended=ended)]


def test_a_character_split_over_tokens_is_held_back_until_it_is_whole() -> None:
    moon = "月".encode()
    assert run([b"a", moon[:1], moon[1:2], moon[2:] + b"b"]) == [
        Piece("a", (0,)),
        Piece("月b", (1, 2, 3)),
        Piece(),
    ]


@given(st.text(max_size=12), st.data())
def test_however_bytes_are_cut_into_tokens_the_text_and_the_ids_come_out_whole(text: str, data: st.DataObject) -> None:
    whole = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    given_out = run(pieces)
    assert "".join(p.text for p in given_out) == text.replace("\x00", "")
    assert [t for p in given_out for t in p.tokens] == list(range(len(pieces)))
    for piece in given_out:
        assert b"".join(pieces[t] for t in piece.tokens).decode().replace("\x00", "") == piece.text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([b"\xff", b"a"], "�a"),
        ([b"\xe6", b"a"], "�a"),
        ([b"a", b"\xe6\x9c"], "a�"),  # the model ended in the middle of a character
    ],
)
def test_bytes_that_can_belong_to_no_character_become_the_replacement_character(pieces: list[bytes], text: str) -> None:
    assert "".join(p.text for p in run(pieces)) == text


def test_an_answer_that_was_cut_off_drops_the_tokens_of_an_unfinished_character() -> None:
    *shown, rest = run([b"a", b"\xe6", b"\x9c"], ended=False)
    assert shown == [Piece("a", (0,))]
    assert rest == Piece()


def test_text_that_may_become_a_stop_text_is_held_back() -> None:
    assert run([b"a ", b"[", b"INS", b"ane]"], stops=("[INST]",)) == [
        Piece("a ", (0,)),
        Piece("[INSane]", (1, 2, 3)),
        Piece(),
    ]


def test_what_was_held_back_is_shown_when_the_answer_ends_there() -> None:
    assert run([b"a ", b"[IN"], stops=("[INST]",)) == [Piece("a ", (0,)), Piece("[IN", (1,))]


def test_nothing_of_a_stop_text_is_shown() -> None:
    assert run([b"a ", b"[", b"INST", b"]", b"never"], stops=("[INST]",)) == [Piece("a ", (0,)), Piece()]


def test_text_in_the_same_token_before_a_stop_text_is_kept_without_that_token() -> None:
    assert run([b"a", b".[", b"INST", b"] b"], stops=("[INST]",)) == [Piece("a", (0,)), Piece("", (), ".")]


def test_the_first_of_several_stop_texts_counts() -> None:
    assert run([b"one END two STOP"], stops=("STOP", "END")) == [Piece("", (), "one ")]
