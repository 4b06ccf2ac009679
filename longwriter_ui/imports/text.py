"""A text as a draft: each paragraph a card, a heading together with the paragraph below it."""

from __future__ import annotations

import re
from dataclasses import replace

from longwriter_ui.brief import MAX_WORDS, MIN_WORDS, Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version, new_key
from longwriter_ui.edits import MAX_STEP_WORDS, MAX_STEPS, MAX_TEXT
from longwriter_ui.errors import ImportRefused
from longwriter_ui.plan import Step
from longwriter_ui.words import LANGUAGES, count_words, detect_language

MAX_BYTES = 16 * 1024 * 1024
MAX_POINT = 160  # characters of the main point made from a paragraph's first sentence
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FACT = re.compile(r"^(title|lang):[ \t]*(.*)$", re.M)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKS = re.compile(r"(?m)^[ \t]*(?:[>|+*-]+[ \t]+)+")  # of quotations, lists and tables
_SENTENCE = re.compile(r"(.+?[.!?…](?=\s|$)|.+?[。！？])", re.S)
_ASK = {"zh": "写一篇题为《{}》的文章。", "en": "Write a text with the title “{}”."}


def draft_from(source: str, name: str, marked: bool = True) -> Draft:
    """A draft with the paragraphs of `source` as finished cards, all its words kept; ImportRefused without any.

    `name` is its title unless the text has its own; `marked` says that the text is Markdown.
    """
    body = _UNPRINTABLE.sub("", source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")).strip("\n")
    body, facts = _front_matter(body) if marked else (body, {})
    title, language = facts.get("title") or " ".join(name.split()), facts.get("lang", "")[:2].lower()
    blocks = _blocks(body, marked)
    heading = re.fullmatch(r"# +(.*?) *#*", blocks[0]) if marked and blocks and body.count("\n# ") == 0 else None
    if heading and heading[1].strip() and facts.get("title", heading[1]) == heading[1]:
        # The only heading of the highest level is the title, unless another one was given.
        title, blocks = heading[1].strip(), blocks[1:]
    if not blocks:
        raise ImportRefused("There is no text in the file.", "Nothing was added.")
    language = language if language in LANGUAGES else detect_language(body[:20_000])
    texts = _few_enough(_with_headings(blocks) if marked else blocks)
    if any(len(text) > MAX_TEXT for text in texts):
        raise ImportRefused(f"A paragraph has more than {MAX_TEXT:,} characters.", "Part it with blank lines.")
    title = title[:300].strip() or "Text"
    words = min(MAX_WORDS, max(MIN_WORDS, count_words(body, language)))
    draft = Draft(
        id=new_key(),
        title=title,
        brief=Brief(_ASK.get(language, _ASK["en"]).format(title), words, language),
        paragraphs=tuple(_card(text, language) for text in texts),
    )
    cards = (
        replace(card, version=replace(card.version, basis=basis)) if card.version else card
        for card, basis in zip(draft.paragraphs, draft.bases(), strict=True)
    )
    return replace(draft, paragraphs=tuple(cards))


def _front_matter(body: str) -> tuple[str, dict[str, str]]:
    match = _FRONT.match(body)
    if match is None or not re.search(r"^\w[\w-]*:", match.group(1), re.M):
        return body, {}
    facts = {name: value.strip().strip("\"'").replace('\\"', '"') for name, value in _FACT.findall(match.group(1))}
    return body[match.end() :].strip("\n"), facts


def _blocks(body: str, marked: bool) -> list[str]:
    """What blank lines part, headings by themselves; a fenced block stays whole."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in body.split("\n"):
        mark = _FENCE.match(line) if marked else None
        if mark and not fence:
            fence = mark.group(1)
        elif mark and fence and mark.group(1).startswith(fence):
            fence = ""
        if fence:
            blocks[-1].append(line)
        elif not line.strip():
            blocks.append([])
        elif marked and _HEADING.match(line):
            blocks += [[line], []]
        else:
            blocks[-1].append(line)
    return [text for block in blocks if (text := "\n".join(block).rstrip()).strip()]


def _with_headings(blocks: list[str]) -> list[str]:
    """Headings joined to what follows; a last one to what came before."""
    texts: list[str] = []
    pending: list[str] = []
    for block in blocks:
        pending.append(block)
        if not _HEADING.fullmatch(block):
            texts.append("\n\n".join(pending))
            pending = []
    if pending:
        texts.append("\n\n".join([texts.pop(), *pending] if texts else pending))
    return texts


def _few_enough(texts: list[str]) -> list[str]:
    """At most as many as a plan may have steps: neighbours are joined, evenly."""
    if len(texts) <= MAX_STEPS:
        return texts
    groups: list[list[str]] = [[] for _ in range(MAX_STEPS)]
    for index, text in enumerate(texts):
        groups[index * MAX_STEPS // len(texts)].append(text)
    return ["\n\n".join(group) for group in groups]


def _card(text: str, language: str) -> Paragraph:
    heading = _HEADING.match(text.split("\n")[0])
    first = heading.group(1) if heading and heading.group(1) else _first_sentence(text)
    words = min(MAX_STEP_WORDS, max(1, count_words(text, language)))
    return Paragraph(
        Step(first if len(first) <= MAX_POINT else f"{first[: MAX_POINT - 1].rstrip()}…", words),
        status=Status.WRITTEN,
        version=Version(text, Author.USER),
        versions=1,
    )


def _first_sentence(text: str) -> str:
    words = _MARKS.sub("", text).lstrip() or text
    match = _SENTENCE.match(words)
    return " ".join((match.group(1) if match else words).split())
