"""Removes what models add around a text although it is no part of it, and gives every subtitle one shape.

Works on the Markdown of the cards, for the export only; what is stored stays as it was written. Rules are narrow on
purpose: a label or a remark counts only where models put it (first or last in a card) and only in the words that they
use, so that no sentence of the text is ever taken for one. A sentence in quotation marks never is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_HEADING = 120  # characters; a longer line in bold is a sentence

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*)$")
_TIGHT_HEADING = re.compile(r"^ {0,3}(#{2,6})([^\s#].*)$")  # "##Hills"; one # alone is a hashtag
_BOLD = re.compile(r"^ {0,3}(\*{2,3}|__)(?=\S)((?:(?!\*\*|__).)+?)(?<=\S)\1[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(={3,}|-{3,})[ \t]*$")
_FENCED = re.compile(
    r"\A\s*(```+|~~~+)[ \t]*(?:markdown|md|text|txt|plaintext)?[ \t]*\n(.*)\n[ \t]*\1[ \t]*\s*\Z", re.S
)
_ENDS_SENTENCE = re.compile(r"[.!?…:,;。！？：，；][\"'”’」』)）*_]*$")
_NUMBER = r"(?:\d{1,3}|[一二三四五六七八九十百]{1,4})"
_LABEL = re.compile(
    rf"^[ \t]*[*_]{{0,3}}[\[【(（]?(?:paragraph\s*\#?\d{{1,3}}|第\s*{_NUMBER}\s*段)[\]】)）]?[*_]{{0,3}}"
    r"[ \t]*(?:[:：–—\-.][*_]{0,3}[ \t]*|$)",
    re.IGNORECASE,
)
_PLAN_LINE = re.compile(
    r"^.*(?:main point|主要观点)\s*[*_]*\s*[:：].*(?:word count|字数)\s*[*_]*\s*[:：]\s*[*_]*\s*[约~]?\s*\d[\d,]*.*$",
    re.IGNORECASE,
)
_ABOUT = r"(?:about |approximately |~)?\s*\d[\d,]*"
_COUNT = re.compile(
    rf"^[ \t]*[*_(（\[【]{{0,3}}(?:(?:total\s+)?word count\s*[*_]*[:：]?\s*[*_]*\s*{_ABOUT}(?:\s*words?)?"
    rf"|{_ABOUT}\s*words?|(?:全文|本段)?(?:共|约|字数)\s*[:：]?\s*约?\s*\d[\d,]*\s*字?)[.。]?[*_)）\]】]{{0,3}}[ \t]*$",
    re.IGNORECASE,
)
_PIECE = (
    r"(?:paragraph|section|draft|piece|text|version|essay|article|story|chapter|introduction|conclusion|passage|"
    r"rewrite|continuation|part|guide|report|post|content)s?"
)
_SHORT = r"[^.!?\n]{0,120}"
_LEAD = re.compile(
    r"^(?:(?:sure|certainly|of course|absolutely|okay|ok|great|alright|understood)\b[^.!:]{0,60}[,.!:—–-]+\s*)?"
    r"(?:here(?:'s|’s| is| are)|below (?:is|are)|the following (?:is|are))\s"
    rf"{_SHORT}\b{_PIECE}\b{_SHORT}[:：]$"
    r"|^(?:sure|certainly|of course|absolutely)[,!.]\s+(?:i(?:'ll|’ll| will| can)|let me)\s+"
    rf"(?:write|continue|provide|rewrite|draft|expand)\b{_SHORT}\b{_PIECE}\b{_SHORT}[:：.!]$"
    r"|^(?:好的|当然(?:可以)?|没问题|没有问题)[，,！!。][^\n。]{0,60}(?:以下|如下|下面)[^\n。]{0,60}[:：]$"
    r"|^(?:以下|下面)是[^\n。]{0,60}(?:段落|文章|内容|正文|部分|一段|第.{1,4}段|版本|草稿)[^\n。]{0,30}[:：]$",
    re.IGNORECASE,
)
_WORK = r"(?:continue|expand|revise|adjust|write|proceed|change|edit|go on)"
_TAIL = re.compile(
    r"^(?:please )?(?:let me know|feel free to (?:ask|let me know))\b.{0,200}\b(?:paragraphs?|sections?|drafts?|"
    r"revis\w+|adjustments?|any changes|edits|continue|expand\w*|proceed|assistance)\b.{0,160}$"
    rf"|^(?:would you like me to\b.{{0,60}}|do you want me to |shall i )\b{_WORK}\b.{{0,200}}$"
    rf"|^i hope (?:this|that|the) (?:{_PIECE} )?(?:helps|meets|works|fits|suits|satisfies)\b.{{0,200}}$"
    r"|^[(\[]?(?:to be continued|continued in the next paragraph)\b.{0,40}$"
    r"|^希望(?:这|以上|本)(?:段|篇|些)?.{0,20}(?:帮助|满意|符合|满足).{0,60}$"
    r"|^(?:如果|如|若)您?.{0,40}(?:修改|调整|继续|补充|扩展|其他需要).{0,40}(?:告诉我|告知|提出|联系).{0,20}$"
    r"|^[（(\[【]?(?:未完待续|待续)[）)\]】。.…]*$",
    re.IGNORECASE | re.DOTALL,
)
_QUOTES = "\"“”'‘’「『«„"


def clean(cards: Sequence[str], title: str = "") -> list[str]:
    """The texts of the cards, in order, each without the model's habits; a card may become empty."""
    cleaned = [headings(_without_remarks(_unfenced(text))) for text in cards]
    last = key_of(title)
    for index, text in enumerate(cleaned):
        cleaned[index], last = _without_repeats(text, last)
    return cleaned


def headings(text: str) -> str:
    """`text` with every shape of subtitle written as `## x`."""
    lines = text.split("\n")
    result: list[str] = []
    level = 2
    index = 0
    while index < len(lines):
        line = lines[index]
        below = lines[index + 1] if index + 1 < len(lines) else ""
        match = _HEADING.match(line) or _TIGHT_HEADING.match(line)
        alone = not result or not result[-1].strip()
        more = any(rest.strip() for rest in lines[index + 1 :])
        bold = _BOLD.match(line)
        if match and match.group(2).strip("#* _"):
            level = len(match.group(1))
            result.append(f"{match.group(1)} {_plain(_unclosed(match.group(2)))}")
        elif bold and alone and more and _is_title(bold.group(2)):
            # Below a real heading a bold line is one of the next level; in its place it is one of the same.
            nested = any(_HEADING.match(done) for done in result)
            result.append(f"{'#' * min(6, level + nested)} {_plain(bold.group(2))}")
        elif alone and _UNDERLINE.match(below) and _is_title(line) and not _special(line):
            result.append(f"{'#' if below.strip()[0] == '=' else '##'} {_plain(line)}")
            index += 1
        else:
            result.append(line)
        index += 1
    return "\n".join(result)


def is_label(line: str) -> bool:
    """Whether a line is, or begins with, what a plan's line has and a text has not: "Paragraph 3:", a word count."""
    return bool(_LABEL.match(line) or _PLAN_LINE.match(line) or _COUNT.match(line))


def key_of(heading: str) -> str:
    """What two headings have in common when they are the same: no number, mark or case."""
    text = re.sub(rf"^\s*(?:{_NUMBER}[.、:)]\s*)+", "", heading)
    return "".join(c for c in text.casefold() if c.isalnum())


def heading_of(line: str) -> str | None:
    """The words of an ATX heading, None when `line` is none."""
    match = _HEADING.match(line)
    return _unclosed(match.group(2)) if match else None


def _unclosed(heading: str) -> str:
    """The words of a heading, without the row of # that may close it."""
    return heading.rstrip(" \t").rstrip("#").rstrip(" \t")


def _unfenced(text: str) -> str:
    """Without a code fence around the whole."""
    match = _FENCED.match(text)
    return match.group(2) if match and match.group(1) not in match.group(2) else text


def _without_remarks(text: str) -> str:
    """Without labels, plan lines, word counts and remarks to the person, first and last in the card."""
    before = blocks = [block for block in re.split(r"\n[ \t]*\n", text.strip("\n")) if block.strip()]
    found = True
    while blocks and found:
        first, *rest = blocks[0].split("\n")
        label = None if _quoted(first) else _label_in(first)
        if _is_lead(blocks[0]) and len(blocks) > 1:
            blocks = blocks[1:]
        elif (_is_lead(first) or _PLAN_LINE.match(first)) and (rest or len(blocks) > 1):
            blocks = ["\n".join(rest), *blocks[1:]] if rest else blocks[1:]
        elif label is not None and (label.strip(" #*_") or rest or len(blocks) > 1):
            blocks = ["\n".join([label, *rest] if label.strip(" #*_") else rest), *blocks[1:]]
            blocks = blocks if blocks[0].strip() else blocks[1:]
        else:
            found = False
    while len(blocks) > 1 and _is_tail(blocks[-1]):
        blocks = blocks[:-1]
    if blocks:
        above, _, last = blocks[-1].rpartition("\n")
        if above.strip() and _is_tail(last):
            blocks = [*blocks[:-1], above]
    return text if blocks == before else "\n\n".join(blocks)


def _label_in(line: str) -> str | None:
    """`line` without "Paragraph 3:" at its beginning, in a heading too; None when it has no such label."""
    marks, words = re.match(r"^( {0,3}#{1,6}[ \t]+)?(.*)$", line, re.S).groups()  # type: ignore[union-attr]
    match = _LABEL.match(words)
    if match is None:
        return None
    rest = words[match.end() :]
    opened = match.group().count("**") % 2 == 1  # "**Paragraph 3: Trams**": the label took one half of the pair
    return f"{marks or ''}{'**' if opened else ''}{rest.lstrip()}"


def _is_lead(block: str) -> bool:
    line = block.strip().strip("*_").strip()
    return "\n" not in line and len(line) <= 300 and not _quoted(line) and bool(_LEAD.match(line))


def _is_tail(block: str) -> bool:
    line = block.strip()
    if line.startswith(("- ", "#", ">", "|")) or len(line) > 400:
        return False
    line = line.strip("*_").strip()
    return not _quoted(line) and bool(_TAIL.match(line) or _COUNT.match(block.strip()))


def _without_repeats(text: str, last: str) -> tuple[str, str]:
    """Without a heading that only says again what the heading before it said: at the beginning of a card, or with
    nothing between the two. `last` is the key of the last heading so far."""
    result: list[str] = []
    bare = True  # nothing but headings so far in this card, or since the last heading
    closing = False  # the line above was left out, so the blank one below it goes as well
    for line in text.split("\n"):
        words = heading_of(line)
        if closing and not line.strip():
            continue
        closing = False
        if words is not None and key_of(words):
            if bare and key_of(words) == last:
                closing = True
                continue
            last, bare = key_of(words), True
        elif line.strip():
            if bare and result and key_of(line) == last and len(line) <= MAX_HEADING and _is_title(line.strip("*_ ")):
                closing = True  # the heading once more as a plain or bold line
                continue
            bare = False
        result.append(line)
    return "\n".join(result).strip("\n"), last


def _is_title(text: str) -> bool:
    text = text.strip()
    return 0 < len(text) <= MAX_HEADING and not _ENDS_SENTENCE.search(text) and any(c.isalnum() for c in text)


def _plain(text: str) -> str:
    """A heading's words without bold marks around the whole of them."""
    text = text.strip()
    match = re.fullmatch(r"(\*{1,3}|__)((?:(?!\*|__).)+)\1", text)
    return match.group(2).strip() if match else text


def _special(line: str) -> bool:
    return bool(re.match(r"^\s*(?:[-+*>|#]|\d{1,3}[.)]\s)", line))


def _quoted(text: str) -> bool:
    return text.lstrip("*_ ")[:1] in set(_QUOTES)
