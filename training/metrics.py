"""What the evaluation measures, as plain functions of text. Knows the line format, nothing of the grammar."""

import re
from dataclasses import dataclass

_LINE = {
    "en": re.compile(r"Paragraph (\d+) - Main Point: (\S.*?) - Word Count: (\d+) words"),
    "zh": re.compile(r"第(\d+)段 - 主要观点：(\S.*?) - 字数：(\d+)字"),
}
_COUNT = {"en": re.compile(r"\b[a-zA-Z]+\b"), "zh": re.compile(r"[\u4e00-\u9fff]")}
_SENTENCE = {"en": re.compile(r"[^.!?]+[.!?]*"), "zh": re.compile(r"[^。！？]+[。！？]*")}
_FOREIGN = {"en": re.compile(r"[\u4e00-\u9fff]+"), "zh": re.compile(r"[a-zA-Z]{2,}")}
_SMALL = frozenset({"a", "an", "the", "of", "and", "or", "in", "on", "at", "to", "for", "with", "by", "from"})


@dataclass(frozen=True)
class Line:
    """One line of a plan."""

    number: int
    point: str
    words: int


def parse_plan(text: str, language: str) -> list[Line] | None:
    """The lines of a plan, or None unless all have the exact form, are numbered in order, and there are 3 to 20."""
    matches = [_LINE[language].fullmatch(line) for line in text.split("\n")]
    if not 3 <= len(matches) <= 20 or None in matches:
        return None
    lines = [Line(int(m[1]), m[2], int(m[3])) for m in matches if m]
    return lines if all(line.number == i for i, line in enumerate(lines, 1)) else None


def count_words(text: str, language: str) -> int:
    """Runs of letters in English, characters U+4E00-U+9FFF in Chinese."""
    return len(_COUNT[language].findall(text))


def topic_words(topic: str, language: str) -> list[str]:
    """The words of a topic that count as naming it; a Chinese topic counts only as a whole."""
    return [word for word in topic.split() if word.lower() not in _SMALL] if language == "en" else [topic]


def mentions(text: str, topic: str, language: str) -> bool:
    """Whether the text has at least one of the topic's words, whole and in any case."""
    words = topic_words(topic, language)
    if language == "zh":
        return any(word in text for word in words)
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in words)


def mentions_exactly(text: str, topic: str) -> bool:
    """Whether the text has the whole topic as it was typed."""
    return topic.lower() in text.lower()


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a paragraph, without the space around them."""
    return [s.strip() for s in _SENTENCE[language].findall(text) if s.strip()]


def repeats(text: str, language: str) -> bool:
    """Whether some sentence occurs twice."""
    found = sentences(text, language)
    return len(set(found)) < len(found)


def foreign(text: str, language: str, given: str) -> bool:
    """Whether the text has Chinese characters in English, or Latin letters in Chinese, that `given` has not."""
    return any(word not in given for word in _FOREIGN[language].findall(text))


def length_error(written: int, asked: int) -> float:
    """How far a length is from the one asked for, as a share of the latter."""
    return abs(written - asked) / asked


def mean(values) -> float:
    """The mean; of truth values, a share. Nothing gives 0."""
    values = list(values)
    return sum(values) / len(values) if values else 0.0
