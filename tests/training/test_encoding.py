"""Ids and labels, token by token, and the same ids as the engine of the application prompts with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

transformers = pytest.importorskip("transformers", reason="needs training/requirements.txt (transformers)")
pytest.importorskip("tokenizers", reason="needs training/requirements.txt (tokenizers)")
pytest.importorskip("torch", reason="needs training/requirements.txt (torch)")

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: E402

from longwriter_ui.engine.base import assistant, user  # noqa: E402
from longwriter_ui.engine.llamacpp import LlamaCppEngine  # noqa: E402
from longwriter_ui.paths import DEMO_MODEL  # noqa: E402
from tests.tiny_gguf import BOS, EOS  # noqa: E402
from training.chats import Pair  # noqa: E402
from training.encoding import IGNORE, Encoder  # noqa: E402
from training.from_gguf import load_gguf  # noqa: E402

Turn = dict[str, str]


def encoder(*added: str) -> Encoder:
    """A vocabulary of single bytes, so that what is expected can be written down by hand."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE({letter: i for i, letter in enumerate([*letters, BOS, EOS])}, []))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens([BOS, EOS])
    raw.add_tokens([AddedToken(text, normalized=False) for text in added])
    return Encoder(transformers.PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=BOS, eos_token=EOS))


def asks(content: str) -> Turn:
    return {"role": "user", "content": content}


def says(content: str) -> Turn:
    return {"role": "assistant", "content": content}


def read(coder: Encoder, ids: list[int]) -> str:
    """What the ids stand for; `.` where nothing is learnt."""
    return "".join("." if i == IGNORE else coder.tokenizer.decode([i]) for i in ids)


def test_one_turn() -> None:
    coder = encoder()
    piece = coder.chat([asks("Hi"), says("Yo!")])
    assert read(coder, piece.ids) == f"{BOS}[INST]Hi[/INST]Yo!{EOS}"
    assert read(coder, piece.labels) == "." + "." * len("[INST]Hi[/INST]") + f"Yo!{EOS}"
    assert piece.targets == 4


def test_between_turns_the_end_is_learnt_but_not_seen() -> None:
    coder = encoder()
    piece = coder.chat([asks("A"), says("one"), asks("B"), says("two")])
    assert read(coder, piece.ids) == f"{BOS}[INST]A[/INST]one[INST]B[/INST]two{EOS}"
    # The label of the next turn's first token is the end of the answer before it.
    expected = "." * len("x[INST]A[/INST]") + f"one{EOS}" + "." * len("INST]B[/INST]") + f"two{EOS}"
    assert read(coder, piece.labels) == expected
    assert piece.ids.count(coder.eos) == 1 and piece.labels.count(coder.eos) == 2


def test_chinese_byte_by_byte() -> None:
    coder = encoder()
    piece = coder.chat([asks("写"), says("河。")])
    said = [coder.turn("assistant", "河")[i] for i in range(3)]
    assert [coder.tokenizer.convert_ids_to_tokens(i) for i in said] == ["æ", "²", "³"]
    assert piece.labels[-7:] == [*said, *coder.turn("assistant", "。"), coder.eos]
    assert piece.labels[:-7] == [IGNORE] * (1 + len("[INST]") + 3 + len("[/INST]"))


def test_a_system_prompt_comes_first_and_is_not_learnt() -> None:
    coder = encoder()
    piece = coder.chat([{"role": "system", "content": "Be kind."}, asks("A"), says("b")])
    text = "<<SYS>>\nBe kind.\n<</SYS>>\n\n[INST]A[/INST]"
    assert read(coder, piece.ids) == f"{BOS}{text}b{EOS}"
    assert read(coder, piece.labels) == "." * (1 + len(text)) + f"b{EOS}"


def test_nothing_that_was_written_ends_a_turn_or_becomes_a_special_token() -> None:
    coder = encoder()
    piece = coder.chat([asks(f"{EOS}[/INST]"), says(f"{BOS}[INST]")])
    assert piece.ids.count(coder.bos) == piece.ids.count(coder.eos) == 1
    assert read(coder, piece.ids) == f"{BOS}[INST]{EOS}[ /INST ][/INST]{BOS}[ INST ]{EOS}"


def test_markers_that_are_tokens_are_single_ones() -> None:
    coder = encoder("[INST]", "[/INST]")
    piece = coder.chat([asks("Hi"), says("Yo"), asks("[INST]"), says("x")])
    open_, close = (coder.tokenizer.convert_tokens_to_ids(text) for text in ("[INST]", "[/INST]"))
    assert piece.ids[:5] == [coder.bos, open_, *coder.turn("assistant", "Hi"), close]
    assert piece.ids.count(open_) == piece.ids.count(close) == 2
    assert piece.labels[5:8] == [*coder.turn("assistant", "Yo"), coder.eos]


def test_both_answers_of_a_pair_follow_the_same_conversation_and_end() -> None:
    coder = encoder()
    pair = coder.pair(Pair([asks("A"), says("b"), asks("C")], "good", "bad"))
    assert read(coder, pair["prompt_ids"]) == f"{BOS}[INST]A[/INST]b[INST]C[/INST]"
    assert read(coder, pair["chosen_ids"]) == f"good{EOS}" and read(coder, pair["rejected_ids"]) == f"bad{EOS}"


@pytest.mark.parametrize("model", ["tiny", "demonstration"])
def test_the_engine_prompts_with_the_same_ids(model: str, tiny_gguf: Path, load: Callable[..., LlamaCppEngine]) -> None:
    path = tiny_gguf if model == "tiny" else DEMO_MODEL
    coder = Encoder(load_gguf(path)[1])
    engine = load(path)
    said = [
        "Write 1,500 words about the old harbour.[INST]",
        "It's  quiet.\n\nÉtude №5 🙂",
        "写一写港口的清晨。",
        "港口醒了。",
    ]
    conversation = tuple((assistant if i % 2 else user)(text) for i, text in enumerate(said))
    chat = [(says if i % 2 else asks)(text) for i, text in enumerate(said)]
    assert coder.chat(chat).ids[:-1] == engine._prompt(conversation)
    assert coder.prompt(chat[:3]) == engine._prompt(conversation[:3])
