"""The byte-level BPE of the demonstration model.

Digits and Chinese characters never merge with their neighbours (they are set apart while the merges are learnt), so
a number is always its digits and a Chinese topic is always the same tokens, wherever it stands. Every common Chinese
character is one token: copying it is one decision instead of three, and it cannot break in its middle. At run time
the plain `gpt-2` pre-tokenizer of llama.cpp is enough, since no such merge exists.
"""

import random
from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from .tasks import PROMPTS, Size, conversation
from .topics import HAN
from .voice import TEXT

VOCABULARY = 7168
HAN_TIMES = 400
"""How often each common character is counted while merges are learnt, so that it gets a token of its own."""
BOS, EOS, OPEN, CLOSE = 0, 1, 2, 3
SPECIAL = ("<|begin_of_text|>", "<|end_of_text|>", "[INST]", "[/INST]")


KINDS = ("plan", "drill", "write", "write")


def train(
    seed: int,
    documents: int = 6000,
    vocabulary: int = VOCABULARY,
    kinds: Sequence[str] = KINDS,
    characters: Sequence[str] = HAN,
) -> Tokenizer:
    """Learn the merges from `documents` conversations of the grammar, of these kinds in turn. Each of `characters` gets
    a token of its own."""
    tokenizer = Tokenizer(models.BPE())
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alone = pre_tokenizers.Split(Regex(r"\p{N}|[^\x00-\x7f]"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([alone, bytes_])
    rng = random.Random(seed)

    def texts():
        for character in characters:
            yield character * HAN_TIMES
        for i in range(documents):
            for user, answer in conversation(kinds[i % len(kinds)], Size(900, 400, 6), rng):
                yield user
                yield answer

    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[AddedToken(text, special=i < 2, normalized=False) for i, text in enumerate(SPECIAL)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    tokenizer.pre_tokenizer = bytes_
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def strangers(tokenizer: Tokenizer) -> list[int]:
    """Ids of the common characters that have a token, but that the grammar itself never writes: they come only as parts
    of topics."""
    own = "".join(
        file.read_text(encoding="utf-8")
        for file in (*TEXT.glob("*.zh.txt"), *PROMPTS.glob("*.zh.txt"))
        if not file.name.startswith(("heldout", "topics"))
    )
    ids = [tokenizer.encode(character).ids for character in HAN if character not in own]
    return [tokens[0] for tokens in ids if len(tokens) == 1]


def load(path: Path) -> Tokenizer:
    """A tokenizer saved by `train`."""
    return Tokenizer.from_file(str(path))
