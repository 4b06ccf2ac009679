"""Markdown in which only the marks of prose still count: headings, emphasis, lists, quotations, rules.

A draft is prose, but a full Markdown reader drops or runs parts of it: HTML is left out, `[x]: y` vanishes, an image
is fetched, `&lt;` becomes `<`, a paragraph indented by four spaces turns into code. Here everything of that kind is
escaped, so that it reaches the page as the letters that were written.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"\\[*_#]|[\\<&\[\]`~]")  # a backslash is a letter here, and so is what it guards
_PRODUCT = re.compile(r"(?<=[A-Za-z0-9])\*(?=[A-Za-z0-9])")  # 2*3*4, not emphasis
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*$")
_EMPTY_HEADING = re.compile(r"^( {0,3})(#{1,6}[ \t]*)$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_LIST_ITEM = re.compile(r"^\s*(?:[-+*]|\d{1,3}[.)])\s")
_YEAR = re.compile(r"^(\s*)(\d{4,9})([.)])(?=\s|$)")  # "1986. A good year" opens a paragraph, not a list


def literal(markdown: str) -> str:
    """`markdown` with everything escaped that is not a mark of prose."""
    lines: list[str] = []
    in_list = False
    before = ""
    for line in markdown.split("\n"):
        if line.strip():
            in_list = bool(_LIST_ITEM.match(line)) or (in_list and (line[0] in " \t" or bool(before.strip())))
        lines.append(_line(line, before, in_list))
        before = line
    return "\n".join(lines)


def inline(text: str) -> str:
    """One line of plain text, with every punctuation mark of ASCII escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def top_heading(markdown: str) -> int:
    """The highest level among the headings of `markdown` (1 is the highest), 1 when it has none."""
    levels = [len(match.group(1)) for line in markdown.split("\n") if (match := _HEADING.match(line))]
    return min(levels, default=1)


def _line(line: str, before: str, in_list: bool) -> str:
    if not in_list:
        line = line.lstrip(" \t")
    if _EMPTY_HEADING.match(line):
        return _EMPTY_HEADING.sub(r"\1\\\2", line)
    heading = _HEADING.match(line)
    if heading:
        # A closing row of # would be dropped.
        words = re.sub(r"#+$", lambda closing: "\\#" * len(closing.group()), _inline(heading.group(2)))
        return f"{heading.group(1)} {words}"
    if _UNDERLINE.match(line) and before.strip():
        # Directly below a line this would make that line a heading: --- stays a rule, anything else its letters.
        return f"\n{line}" if line.strip().startswith("---") else f"\\{line.lstrip()}"
    return _YEAR.sub(r"\1\2\\\3", _inline(line))


def _inline(text: str) -> str:
    return _PRODUCT.sub(r"\\*", _SPECIAL.sub(lambda match: "".join(f"\\{c}" for c in match.group()), text))
