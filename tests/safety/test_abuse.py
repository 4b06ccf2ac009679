"""Too much of everything: refused with a sentence, and the studio goes on."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from tests.safety.conftest import Shared, Visitor, ask

Share = Callable[..., Shared]


def refused(answer: dict[str, object]) -> str:
    told = answer["refused"]
    assert isinstance(told, dict) and told["hint"], answer
    return str(told["message"])


def test_ten_thousand_steps_and_paragraphs_of_megabytes(shared: Shared) -> None:
    ann = shared.visitor()
    draft = str(ann.make_plan("Tides")["draft"])
    key = ann.settled(draft)["order"][0]
    apply = {"draft": draft, "rev": 10**6}
    plan = "\n".join(f"Paragraph {n} - Main Point: Rain {n} - Word Count: 100 words" for n in range(10_000))
    for op in (
        {"do": "set_plan", "text": plan},
        {"do": "edit_text", "key": key, "text": "rain " * 1_000_000},
        {"do": "edit_step", "key": key, "main_point": "rain " * 1_000_000},
        {"do": "set_title", "title": "rain " * 1_000_000},
    ):
        answer = ann.call("apply", **apply, op=op)
        assert len(answer["order"] if "order" in answer else ann.call("poll", draft=draft, rev=0)["order"]) <= 500
    found = shared.studio.draft(draft)
    assert len(found.paragraphs) <= 500 and len(found.text) + len(found.title) < 2_000_000
    assert "characters" in refused(ann.make_plan("rain " * 1_000_000))
    project = exported(shared, ann, draft)
    [card, *_] = project["paragraphs"]
    project["paragraphs"] = [{**card, "key": f"{n:016x}"} for n in range(10_000)]
    assert "more than" in refused(bring(ann, "a.longwriter.json", json.dumps(project).encode()))
    project["paragraphs"] = project["paragraphs"][:500]
    full = bring(ann, "a.longwriter.json", json.dumps(project).encode())["draft"]
    assert refused(ann.call("apply", draft=full, rev=10**6, op={"do": "insert_step", "after": None, "main_point": "x"}))
    assert len(shared.studio.draft(str(full)).paragraphs) == 500


def exported(shared: Shared, visitor: Visitor, draft: str) -> dict[str, Any]:
    href = visitor.call("fetch", draft=draft, format="longwriter.json")["href"]
    return json.loads(ask(shared.address + href.replace(" ", "%20"))[2])  # type: ignore[no-any-return]


def bring(visitor: Visitor, name: str, data: bytes) -> dict[str, Any]:
    """A file sent to the library; the answer."""
    return visitor.post("lw-library", "bring", {"name": name, "data": base64.b64encode(data).decode()})[1]  # type: ignore[no-any-return]


def test_a_bomb_sent_as_a_docx(shared: Shared) -> None:
    ann = shared.visitor()
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as member,
    ):
        for _ in range(300):
            member.write(b" " * 2**20)
    assert len(bomb.getvalue()) < 2**20
    payload = {"name": "book.docx", "data": base64.b64encode(bomb.getvalue()).decode()}
    for component, name in (("lw-library", "bring"), ("lw-board", "notes")):
        status, answer = ann.post(component, name, payload)
        assert status == 200 and "unpacks to more" in refused(answer)
    assert ann.drafts() == []


def test_files_that_are_too_large_too_long_or_too_deep(share: Share) -> None:
    shared = share(words=1000, megabytes=2)
    ann = shared.visitor()

    assert "larger than 32 MB" in refused(bring(ann, "a.txt", b"x" * (33 * 2**20)))
    assert "at most 1,000" in refused(bring(ann, "a.md", b"rain " * 5_000))
    assert refused(bring(ann, "a.longwriter.json", b'{"a":' * 200_000))
    assert ann.drafts() == []


def test_scripts_in_every_field_of_a_file_stay_letters_in_every_export(shared: Shared) -> None:
    ann = shared.visitor()
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)> ${alert(3)} {{x}} javascript:alert(4)"
    draft = str(ann.make_plan(f"{attack} Tides")["draft"])
    key = ann.settled(draft)["order"][0]
    apply = {"draft": draft, "rev": 10**6}
    ann.call("apply", **apply, op={"do": "set_title", "title": attack})
    ann.call("apply", **apply, op={"do": "edit_step", "key": key, "main_point": attack})
    text = f"## {attack}\n\n{attack} [a](javascript:alert(5)) ![b](http://evil.example/x.png) <{attack}>"
    ann.call("apply", **apply, op={"do": "edit_text", "key": key, "text": text})
    ann.call("choose", draft=draft, options={"plan": True, "author": attack, "title_page": True})
    looked = ann.call("look", draft=draft)["preview"]
    parts = {"preview": str(looked)}
    for suffix in ("html", "epub", "docx", "longwriter.json"):
        answer = ann.call("fetch", draft=draft, format=suffix)
        status, headers, data = ask(shared.address + answer["href"].replace(" ", "%20").replace("$", "%24"))
        assert status == 200
        # What a browser is handed runs nothing and reads nothing, whatever it holds.
        assert (
            "sandbox" in headers["content-security-policy"]
            and "default-src 'none'" in headers["content-security-policy"]
        )
        if suffix in ("epub", "docx"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.namelist():
                    if member.endswith((".xhtml", ".xml", ".opf", ".ncx", ".rels", ".html")):
                        parts[f"{suffix}:{member}"] = archive.read(member).decode()
        elif suffix == "html":
            parts["html"] = data.decode()
        else:
            parts["imported"] = str(ann.call("look", draft=bring(ann, "a.longwriter.json", data)["draft"])["preview"])
    for name, markup in parts.items():
        low = markup.lower()
        for found in ("<script>alert", "<img src=x", "onerror=alert(2)>", 'href="javascript:', 'src="http://evil'):
            assert found not in low, (name, found)
