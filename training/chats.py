"""Conversations and preference pairs to tune on: loaded from a path, checked, mixed, filtered, and their lengths drawn.

conversations   {"messages": [{"role", "content"}, ...]} a line: LongWriter-6k as it is published, and what
                `python -m longwriter_ui dataset build` and `from-drafts` write;
                {"conversations": [{"from", "value"}, ...]}, as many sets of general chats have it
pairs           {"prompt": [...], "chosen": [one answer], "rejected": [one answer]}, as `from-drafts --preferences`
                writes them
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.dataset.check import BARS, problem_of_turns
from longwriter_ui.words import benchmark_count

Chat = list[dict[str, str]]
_ROLES = {"human": "user", "gpt": "assistant"}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff"))  # characters of no width, left out of answers


class DataError(Exception):
    """The data cannot be trained on; the text says why and what to do."""


@dataclass(frozen=True)
class Pair:
    """Two answers to the same conversation."""

    prompt: Chat
    chosen: str
    rejected: str


def files_of(path: Path) -> list[Path]:
    """The file at `path`, or every .jsonl and .json file in a folder such as a downloaded data set."""
    if path.is_dir():
        found = sorted(file for kind in ("*.jsonl", "*.json") for file in path.glob(kind))
        if not found:
            raise DataError(f"{path} holds no .jsonl file. Give the file itself.")
        return found
    if not path.is_file():
        raise DataError(f"There is no file {path}. Check the path.")
    return [path]


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 over all bytes, for the run card."""
    digest = hashlib.sha256()
    for path in paths:
        for file in files_of(path):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _values(path: Path) -> list[dict]:
    values = []
    for file in files_of(path):
        text = file.read_text(encoding="utf-8")
        try:
            if text.lstrip().startswith("["):
                values += json.loads(text)
            else:
                values += [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise DataError(f"{file} is not JSON, one object a line: {error}.") from error
    if not values:
        raise DataError(f"{path} is empty. Give a file with conversations.")
    return values


def _turns(value: object) -> Chat:
    """The turns in either form; what is none comes through as it is, for the check to say."""
    if not isinstance(value, dict):
        return []
    if "messages" in value or not isinstance(value.get("conversations"), list):
        return value.get("messages", [])
    turns = [turn for turn in value["conversations"] if isinstance(turn, dict)]
    return [{"role": _ROLES.get(turn.get("from"), turn.get("from")), "content": turn.get("value")} for turn in turns]


def _clean(turn: dict[str, str]) -> dict[str, str]:
    content = turn["content"].translate(_INVISIBLE) if turn["role"] == "assistant" else turn["content"]
    return {"role": turn["role"], "content": content}


def load_chats(path: Path) -> tuple[list[Chat], Counter[str]]:
    """The conversations that are well formed, and how many others there were, by what is wrong with them."""
    chats, problems = [], Counter()
    for value in _values(path):
        turns = _turns(value)
        problem = problem_of_turns(turns, whole=True)
        if problem:
            problems[problem] += 1
        else:
            chats.append([_clean(turn) for turn in turns])
    if not chats:
        raise DataError(f"No line of {path} is a conversation: {', '.join(problems)}.")
    return chats, problems


def load_pairs(path: Path) -> list[Pair]:
    """The preference pairs; DataError names the first line that is none."""
    pairs = []
    for number, value in enumerate(_values(path), 1):
        problem = (
            "it is no object" if not isinstance(value, dict) else problem_of_turns(value.get("prompt"), whole=False)
        )
        answers = [] if problem else [value.get(name) for name in ("chosen", "rejected")]
        for answer in answers:
            problem = problem or problem_of_turns([{"role": "user", "content": "-"}, *(answer or [])], whole=True)
        if problem or answers[0] == answers[1]:
            raise DataError(f"Line {number} of {path} is no pair: {problem or 'both answers are the same'}.")
        prompt, chosen, rejected = value["prompt"], *(_clean(answer[0])["content"] for answer in answers)
        pairs.append(Pair([_clean(turn) for turn in prompt], chosen, rejected))
    return pairs


def mix(chats: Sequence[Chat], general: Sequence[Chat], ratio: float, seed: int) -> list[Chat]:
    """`ratio` general chats for each of `chats`, drawn without repetition as far as there are so many, all shuffled."""
    rng = random.Random(seed)
    drawn = rng.sample(range(len(general)), min(len(general), round(ratio * len(chats))))
    mixed = [*chats, *(general[i] for i in sorted(drawn))]
    rng.shuffle(mixed)
    return mixed


def keep(
    chats: Iterable[Chat], tokens: Callable[[Chat], int], most_tokens: int, least_words: int = 0
) -> tuple[list[Chat], Counter[str]]:
    """The chats that fit and are long enough, and how many were dropped, by reason. Nothing is cut: an answer without
    its end would teach not to end."""
    kept, dropped = [], Counter()
    for chat in chats:
        if answer_words(chat) < least_words:
            dropped[f"fewer than {least_words:,} words"] += 1
        elif tokens(chat) > most_tokens:
            dropped[f"more than {most_tokens:,} tokens"] += 1
        else:
            kept.append(chat)
    return kept, dropped


def answer_words(chat: Chat) -> int:
    """Words of the last answer, by the benchmark's counter."""
    return benchmark_count(chat[-1]["content"])


def histogram(words: Iterable[int]) -> dict[str, int]:
    """How many answers have how many words, in the bars of `dataset check`."""
    counts, edges = list(words), [0, *BARS, 10**9]
    names = [f"{low:,} to {high - 1:,}" for low, high in zip(edges, BARS, strict=False)] + [f"{BARS[-1]:,} and more"]
    return {
        name: sum(low <= n < high for n in counts) for name, low, high in zip(names, edges[:-1], edges[1:], strict=True)
    }
