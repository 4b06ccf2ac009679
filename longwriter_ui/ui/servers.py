"""A server of models as a Gradio component: its address, a test that lists its models, and using one of them.

Only where the page is served to this computer alone may somebody name an address; elsewhere the operator's are all
there is, see `server.permitted`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from longwriter_ui.errors import EngineError, LongWriterError
from longwriter_ui.server import APIS, AT_ONCE, Server, operator_servers, permitted
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets, present
from longwriter_ui.ui.gate import Gate

Json = dict[str, Any]

_MOST_AT_ONCE = 256


def servers(studio: Studio, local: Callable[[], bool], gate: Gate) -> gr.HTML:
    """`local`: whether only this computer reaches the page."""

    def look(_: Json) -> Json:
        """The server in use, else the operator's, and whether others may be named."""
        used = studio.model.server if studio.model is not None else None
        named = operator_servers()
        return {
            "address": used.address if used else named[0] if named else "",
            "model": used.model if used else "",
            "api": used.api if used else "",
            "at_once": used.at_once if used else AT_ONCE,
            "apis": list(APIS),
            "local": local(),
        }

    def test(body: Json) -> Json:
        """Ask a server which models it has."""
        try:
            return {"models": list(studio.loader.models_at(Server(_address(body, local()))))}
        except LongWriterError as error:
            return {"refused": present.error(error)}

    def use(body: Json) -> Json:
        """Connect to a server's model, test it, and write with it from then on."""
        try:
            model, api = str(body.get("model") or "").strip(), str(body.get("api") or "")
            studio.loader.load(Server(_address(body, local()), model, api, _at_once(body)))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {}

    return gr.HTML(
        None,
        html_template=assets.read("servers.html"),
        js_on_load=assets.start("startServers"),
        server_functions=gate.calls(look, test, use),
        apply_default_css=False,
        padding=False,
        elem_id="lw-servers",
    )


def _address(body: Json, local: bool) -> str:
    return permitted(str(body.get("address") or ""), local=local)


def _at_once(body: Json) -> int:
    typed = str(body.get("at_once") or AT_ONCE).strip()
    if not typed.isdecimal() or not 1 <= int(typed) <= _MOST_AT_ONCE:
        raise EngineError(f"{typed[:20]!r} is no number.", f"Give a whole number from 1 to {_MOST_AT_ONCE}.")
    return int(typed)
