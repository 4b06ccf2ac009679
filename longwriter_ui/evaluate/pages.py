"""A document of tables and plots as an HTML page that needs no other file, and as Markdown beside its plots."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from html import escape

from longwriter_ui.evaluate.plots import Plot

_FIGURE = re.compile(r"[+-]?\d[\d,.]*( %| words| of \d+)?( \([+-]?[\d,.]+ to [+-]?[\d,.]+\))?|none")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } caption { text-align: left; font-weight: 600; padding: .5rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid #8884; }
.n { text-align: right; white-space: nowrap; }
img { max-width: 100%; height: auto; background: #fff; padding: .5rem; border-radius: 4px; }
"""


@dataclass(frozen=True)
class Table:
    """Cells are text; the first of each row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    @property
    def figures(self) -> list[bool]:
        """Which columns hold figures and nothing else."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.head)
        return [any(column) and all(not cell or _FIGURE.fullmatch(cell) for cell in column) for column in columns]


@dataclass(frozen=True)
class Section:
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True)
class Document:
    title: str
    sections: tuple[Section, ...]

    @property
    def plots(self) -> list[Plot]:
        return [plot for section in self.sections for plot in section.plots]


def html(document: Document) -> str:
    """One page; every text is escaped, every plot inside it."""
    parts = [
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(document.title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{escape(document.title)}</h1>"
    ]
    for section in document.sections:
        parts.append(f"<h2>{escape(section.title)}</h2>")
        parts += [f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs]
        parts += [_html_table(table) for table in section.tables]
        for plot in section.plots:
            data = base64.b64encode(plot.svg).decode()
            parts.append(f'<p><img alt="{escape(plot.alt)}" src="data:image/svg+xml;base64,{data}"></p>')
    return "\n".join([*parts, "</body>\n</html>\n"])


def markdown(document: Document) -> str:
    """The same, with the plots as PNG files of the same folder."""
    parts = [f"# {_inline(document.title)}"]
    for section in document.sections:
        parts.append(f"## {_inline(section.title)}")
        parts += [_inline(paragraph) for paragraph in section.paragraphs]
        parts += [_markdown_table(table) for table in section.tables]
        parts += [f"![{plot.alt}]({plot.name}.png)" for plot in section.plots]
    return "\n\n".join(parts) + "\n"


def _html_table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    kinds = [' class="n"' if figures else "" for figures in table.figures]
    head = "".join(f'<th scope="col"{kind}>{escape(cell)}</th>' for kind, cell in zip(kinds, table.head, strict=True))
    rows = "\n".join(
        f'<tr><th scope="row"{kinds[0]}>{escape(row[0])}</th>'
        + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds[1:], row[1:], strict=True))
        + "</tr>"
        for row in table.rows
    )
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'


def _markdown_table(table: Table) -> str:
    lines = [f"**{_inline(table.caption)}**", ""] if table.caption else []
    lines.append("| " + " | ".join(map(_inline, table.head)) + " |")
    lines.append("|" + "".join(" ---: |" if figures else " --- |" for figures in table.figures))
    lines += ["| " + " | ".join(map(_inline, row)) + " |" for row in table.rows]
    return "\n".join(lines)


def _inline(text: str) -> str:
    """Text that Markdown takes as it is."""
    text = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, "\\" + mark)
    return text
