"""The board as a Gradio component: a static frame, the page's script, and the functions the script calls.

Each function takes one JSON object and gives one back; a LongWriterError becomes `refused` with its message and hint.
"""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr
from starlette.responses import StreamingResponse

from longwriter_ui.errors import ConflictError, DraftNotFound, EditError, LongWriterError
from longwriter_ui.performer import Price
from longwriter_ui.plan import parse_plan
from longwriter_ui.revision import ALTERNATIVES, Revision
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets, present
from longwriter_ui.ui.brief import brief_calls
from longwriter_ui.ui.exports import ExportFolder
from longwriter_ui.ui.feed import Feed
from longwriter_ui.ui.files import export_calls, notes_calls
from longwriter_ui.ui.gate import Gate

Json = dict[str, Any]

MAX_WISH = 2_000

_log = logging.getLogger(__name__)


def news(studio: Studio, body: Json) -> Json:
    """What is new in a draft since a revision, and how its job is doing."""
    if not body.get("draft"):
        return {"draft": None, "job": None, "error": None, "model": present.named(studio.model)}
    try:
        changes = studio.changes(_draft(body), _rev(body))
    except DraftNotFound as error:
        return {"draft": body["draft"], "gone": present.error(error)}
    return present.present(changes, studio.model_at(changes.draft.id), studio.loader.state.test)


def board(studio: Studio, exports: ExportFolder, stream: Feed, gate: Gate) -> gr.HTML:
    """The component: the brief's form, the plan and the draft."""

    def poll(body: Json) -> Json:
        return news(studio, body)

    async def feed(body: Json) -> StreamingResponse:
        """The same as `poll` and all that follows it, while a job runs."""
        return stream.respond(body)

    def apply(body: Json) -> Json:
        try:
            studio.edit(_draft(body), _rev(body), _op(body))
        except ConflictError as error:
            return poll(body) | {"conflict": present.error(error)}
        except LongWriterError as error:
            return poll(body) | {"refused": present.error(error)}
        except Exception:
            # The seam to the page: an edit that fails without an answer would be sent for ever, before all others.
            _log.exception("an edit failed unexpectedly")
            return poll(body) | {"refused": {"message": "This edit cannot be made.", "hint": "", "retryable": False}}
        return poll(body) | {"ok": True} | _left_over(_op(body))

    def command(body: Json) -> Json:
        try:
            _command(studio, body)
        except ConflictError as error:
            return poll(body) | {"conflict": present.error(error)}
        except LongWriterError as error:
            return poll(body) | {"refused": present.error(error)}
        return poll(body) | {"ok": True}

    def outline(body: Json) -> Json:
        """The plan as a file, and where it can be fetched."""
        try:
            draft = studio.draft(_draft(body))
            path = studio.outline(draft.id, exports.place(f"{draft.title} outline", ".txt"))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"href": f"gradio_api/file={path.as_posix()}", "name": path.name}

    def price(body: Json) -> Json:
        """What writing a paragraph again would cost, or all that is to be written."""
        try:
            price = _price(studio, body)
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"tokens": price.tokens, "reading": price.reading, "writing": price.writing}

    def compare(body: Json) -> Json:
        """What changed since an earlier text of a paragraph."""
        key, number = str(body.get("key")), _number(body, "number") or 0
        try:
            pieces = studio.compare(_draft(body), key, number)
            author = studio.history(_draft(body), key)[number - 1].version.author
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"pieces": [list(piece) for piece in pieces], "author": author.value}

    def versus(body: Json) -> Json:
        """What a person typed against what is stored there now."""
        try:
            pieces = studio.versus(_draft(body), body.get("key"), str(body.get("name")), str(body.get("mine") or ""))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"pieces": [list(piece) for piece in pieces]}

    def find(body: Json) -> Json:
        """Where a text stands in the draft."""
        try:
            places = studio.find(_draft(body), str(body.get("wanted") or ""))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"places": [{"key": place.key, "nth": place.nth} for place in places]}

    def notice(body: Json) -> Json:
        """What has to be known about a store that was damaged, until it is told that somebody read it."""
        if body.get("read") is True:
            studio.dismiss_notice()
        return {"text": studio.notice}

    return gr.HTML(
        None,
        html_template="".join(map(assets.read, ("icons.svg", "board.html", "brief.html", "export.html"))),
        js_on_load=assets.start("startBoard"),
        server_functions=[
            *gate.calls(poll, feed, apply, command, outline, price, compare, versus, find, *brief_calls(studio)),
            *gate.calls(*([] if gate.public else [notice])),
            *gate.calls(*export_calls(studio, exports), *notes_calls(studio), files=True),
        ],
        apply_default_css=False,
        padding=False,
        elem_id="lw-board",
    )


def _command(studio: Studio, body: Json) -> None:
    draft, name = _draft(body), body.get("do")
    if name == "plan":
        studio.plan(draft)
    elif name == "write":
        start = body.get("start")
        studio.write(draft, start=None if start is None else str(start))
    elif name == "revise":
        studio.revise(draft, str(body.get("key")), _revision(body))
    elif name == "alternatives":
        studio.alternatives(draft, str(body.get("key")))
    elif name == "suggest":
        studio.suggest(draft, str(body.get("key")))
    elif name == "return_to":
        studio.return_to(draft, str(body.get("key")), _number(body, "number") or 0)
    elif name in ("pause", "resume"):
        studio.pause(draft, name == "pause")
    elif name == "stop":
        studio.stop(draft)
    elif name == "undo":
        studio.undo(draft, _number(body, "entry"))
    elif name == "redo":
        studio.redo(draft, _number(body, "entry"))
    else:
        raise EditError(f"Unknown command {name!r}.")


def _left_over(op: Json) -> Json:
    """The lines of an outline that became no step."""
    unused = parse_plan(str(op["text"])).unused if op.get("do") == "set_plan" else ()
    return {"unused": list(unused)} if unused else {}


def _price(studio: Studio, body: Json) -> Price:
    draft, key, how = _draft(body), str(body.get("key")), body.get("how")
    if how == "write":
        return studio.price_of_writing(draft)
    if how == "onward":
        return studio.price_of_writing(draft, key)
    if how == "alternatives":
        return studio.price(draft, key, Revision(), ALTERNATIVES)
    return studio.price(draft, key, _revision(body))


def _draft(body: Json) -> str:
    return str(body.get("draft") or "")


def _rev(body: Json) -> int:
    rev = body.get("rev")
    return rev if isinstance(rev, int) and not isinstance(rev, bool) else 0


def _revision(body: Json) -> Revision:
    wish = str(body.get("wish") or "")[:MAX_WISH]
    return Revision(str(body.get("how") or "rewrite"), wish, body.get("fit") is True)


def _number(body: Json, name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _op(body: Json) -> Json:
    op = body.get("op")
    if not isinstance(op, dict):
        raise EditError("The edit is empty.")
    return op
