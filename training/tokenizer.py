"""The byte-level BPE of the demonstration model.

Digits and Chinese characters never merge with their neighbours (they are set apart while the merges are learnt), so
a Chinese topic is always the same tokens, wherever it stands. Round numbers are one token each, by merges of our own:
what a plan does with a total is then a matter of looking it up. Every Chinese character of GB 2312 is one token:
copying it is one decision instead of three, and it cannot break in its middle. At run time the plain `gpt-2`
pre-tokenizer of llama.cpp is enough, since no such merge exists.
"""

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from .tasks import PROMPTS, Size, conversation
from .topics import COMMON, RARE
from .voice import TEXT

VOCABULARY = 11264
HAN_TIMES = 400
"""How often each character is counted while merges are learnt, so that it gets a token of its own."""
BOS, EOS, OPEN, CLOSE = 0, 1, 2, 3
HEARD = ("requests", "asides", "phrasings", "natural", "points")
SAID = ("sentences", "openers", "starts", "aspects", "pools", *(file.name for file in PROMPTS.glob("*.txt")))
"""Beginnings of the names of files that requests and answers are made of; what only late requests have counts as a
stranger."""
SPECIAL = ("<|begin_of_text|>", "<|end_of_text|>", "[INST]", "[/INST]")


KINDS = ("plan", "find", "drill", "find", "write", "find", "write", "find")


def train(
    seed: int,
    documents: int = 10000,
    vocabulary: int = VOCABULARY,
    kinds: Sequence[str] = KINDS,
    characters: Sequence[str] = (*COMMON, *RARE),
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
        vocab_size=vocabulary - len(number_merges()),
        special_tokens=[AddedToken(text, special=i < 2, normalized=False) for i, text in enumerate(SPECIAL)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    tokenizer.pre_tokenizer = bytes_
    tokenizer.decoder = decoders.ByteLevel()
    return _with_numbers(tokenizer)


def number_merges() -> list[tuple[str, str]]:
    """Merges that make one token of every number of two digits, of multiples of 5 up to 995, of 50 up to 9,950 and of
    500 up to 20,000: always from the left. They stand in an order in which no later pair is taken first."""
    pairs = [(a, b) for a in "123456789" for b in "0123456789"]
    pairs.sort(key=lambda ab: (ab[1] == "0", ab == ("5", "0"), ab[1] == "5", ab == ("5", "5")))
    twos = [a + b for a, b in pairs]
    longer = [(two, b) for two in twos if two[1] != "0" for b in "50"]
    first = len([b for _, b in pairs if b != "0"])
    longer_round = [(two, b) for two in twos if two[1] == "0" for b in "50"]
    merges = [*pairs[:first], *longer, *pairs[first:], *longer_round]
    merges += [(two + b, "0") for two in twos for b in "05"]
    return merges + [(f"{n // 10}", "0") for n in range(10000, 20001, 500)]


def _with_numbers(tokenizer: Tokenizer) -> Tokenizer:
    """Put the merges of numbers before the others, and their tokens after."""
    state = json.loads(tokenizer.to_str())
    model = state["model"]
    numbers = number_merges()
    words = [*sorted(model["vocab"], key=model["vocab"].get), *(a + b for a, b in numbers)]
    model["merges"] = [*map(list, numbers), *model["merges"]]
    model["vocab"] = {word: i for i, word in enumerate(words)}
    return Tokenizer.from_str(json.dumps(state))


def values(tokenizer: Tokenizer) -> dict[int, int]:
    """Ids of the tokens that are whole numbers, with their values; 0 is left out."""
    words = tokenizer.get_vocab()
    return {i: int(word) for word, i in sorted(words.items()) if word.isascii() and word.isdigit() and word[0] != "0"}


def _written(tokenizer: Tokenizer, names: tuple[str, ...]) -> set[int]:
    """Ids of the tokens in the files of text and prompts whose names begin with one of `names`."""
    files = [file for file in (*TEXT.glob("*.txt"), *PROMPTS.glob("*.txt")) if file.name.startswith(names)]
    words = set(re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]", "\n".join(file.read_text(encoding="utf-8") for file in files)))
    forms = {form for word in words for plain in (word, word.capitalize()) for form in (plain, f" {plain}")}
    return {i for encoding in tokenizer.encode_batch(sorted(forms)) for i in encoding.ids}


def strangers(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Ids of the tokens of two letters or more, and of the characters, that no answer has outside its topic:
    first those that come only as parts of topics, then those that requests have besides."""
    vocabulary = tokenizer.get_vocab()
    letters = {i for word, i in vocabulary.items() if re.fullmatch(r"\u0120?[A-Za-z]{2,}", word)}
    characters = {vocabulary[word] for word in map(_bytes, (*COMMON, *RARE)) if word in vocabulary}
    unsaid = (letters | characters) - _written(tokenizer, SAID)
    heard = unsaid & _written(tokenizer, HEARD)
    return sorted(unsaid - heard), sorted(heard)


def _bytes(character: str) -> str:
    """A character as the vocabulary of a byte-level BPE spells it."""
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(character)[0][0]


def load(path: Path) -> Tokenizer:
    """A tokenizer saved by `train`."""
    return Tokenizer.from_file(str(path))
