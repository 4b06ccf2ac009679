"""Markdown in which only the marks of prose still count: headings, emphasis, lists, tables, quotations, rules.

A draft is prose, but a full Markdown reader drops or runs parts of it: HTML is left out, `[x]: y` vanishes, an image
is fetched, `&lt;` becomes `<`, a paragraph indented by four spaces turns into code. Here everything of that kind is
escaped, so that it reaches the page as the letters that were written.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"\\[*_#]|[\\<&\[\]`~|]")  # a backslash is a letter here, and so is what it guards
_PRODUCT = re.compile(r"(?<=[A-Za-z0-9])\*(?=[A-Za-z0-9])")  # 2*3*4, not emphasis
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*)$")
_EMPTY_HEADING = re.compile(r"^( {0,3})(#{1,6}[ \t]*)$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_LIST_ITEM = re.compile(r"^\s*(?:[-+*]|\d{1,3}[.)])\s")
_DELIMITER = re.compile(r"^:?-+:?$")
_YEAR = re.compile(r"^(\s*)(\d{4,9})([.)])(?=\s|$)")  # "1986. A good year" opens a paragraph, not a list


def literal(markdown: str) -> str:
    """`markdown` with everything escaped that is not a mark of prose."""
    lines: list[str] = []
    in_list = False
    before = ""
    rest = markdown.split("\n")
    while rest:
        if not before.strip() and (rows := _table(rest)):
            lines += [*(_row(row) for row in rows), ""]
            rest, before = rest[len(rows) :], ""
            continue
        line = rest.pop(0)
        if line.strip():
            in_list = bool(_LIST_ITEM.match(line)) or (in_list and (line[0] in " \t" or bool(before.strip())))
        lines.append(_line(line, before, in_list))
        before = line
    return "\n".join(lines)


def inline(text: str) -> str:
    """One line of plain text, with every punctuation mark of ASCII escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def heading_level(line: str) -> int | None:
    """1 to 6 for a heading, None for any other line."""
    match = _HEADING.match(line)
    return len(match.group(1)) if match else None


def top_heading(markdown: str, default: int = 1) -> int:
    """The highest level among the headings of `markdown` (1 is the highest), `default` when it has none."""
    levels = [level for line in markdown.split("\n") if (level := heading_level(line)) is not None]
    return min(levels, default=default)


def _table(lines: list[str]) -> list[list[str]]:
    """The rows of the table that `lines` begin with; none unless it is whole and every row has the same cells."""
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|") or not line.rstrip().endswith("|") or line.strip() == "|":
            break
        rows.append([cell.strip() for cell in line.strip()[1:-1].split("|")])
    if len(rows) < 2 or not all(_DELIMITER.match(cell) for cell in rows[1]) or not any(rows[0]):
        return []
    ended = len(lines) == len(rows) or not lines[len(rows)].strip()
    return rows if ended and all(len(row) == len(rows[0]) for row in rows) else []


def _row(cells: list[str]) -> str:
    marks = all(_DELIMITER.match(cell) for cell in cells)
    return f"| {' | '.join(cells if marks else map(_inline, cells))} |"


def _line(line: str, before: str, in_list: bool) -> str:
    if not in_list:
        line = line.lstrip(" \t")
    if _EMPTY_HEADING.match(line):
        return _EMPTY_HEADING.sub(r"\1\\\2", line)
    heading = _HEADING.match(line)
    if heading:
        # A closing row of # would be dropped.
        words = re.sub(r"#+$", lambda closing: "\\#" * len(closing.group()), _inline(heading.group(2).rstrip(" \t")))
        return f"{heading.group(1)} {words}"
    if _UNDERLINE.match(line) and before.strip():
        # Directly below a line this would make that line a heading: --- stays a rule, anything else its letters.
        return f"\n{line}" if line.strip().startswith("---") else f"\\{line.lstrip()}"
    return _YEAR.sub(r"\1\2\\\3", _inline(line))


def _inline(text: str) -> str:
    return _PRODUCT.sub(r"\\*", _SPECIAL.sub(lambda match: "".join(f"\\{c}" for c in match.group()), text))
