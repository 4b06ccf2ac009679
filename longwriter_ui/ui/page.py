"""The page: five tabs, each one component. Everything is built here; what happens is in the components.

Gradio's form components are not used: each kind brings scripts of its own, which the first page would wait for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from longwriter_ui.errors import LongWriterError
from longwriter_ui.paths import ASSETS, Home
from longwriter_ui.studio import Studio
from longwriter_ui.trials import Trials
from longwriter_ui.ui import assets
from longwriter_ui.ui.board import board, news
from longwriter_ui.ui.evaluate import evaluate
from longwriter_ui.ui.exports import ExportFolder
from longwriter_ui.ui.feed import Feed
from longwriter_ui.ui.files import most_sent
from longwriter_ui.ui.gate import Gate
from longwriter_ui.ui.guard import LOCAL_NAMES, Guard, Rules
from longwriter_ui.ui.library import library
from longwriter_ui.ui.models import models
from longwriter_ui.ui.options import is_local
from longwriter_ui.ui.servers import servers
from longwriter_ui.ui.settings import settings
from longwriter_ui.ui.theme import theme
from longwriter_ui.weights import hub

TITLE = "LongWriter Studio"


class Page:
    """The Blocks with what `launch` needs to know about them."""

    def __init__(self, studio: Studio, home: Home, notice: str = "") -> None:
        """`notice`: what visitors are told about this server, where there are any."""
        self._home = home
        self._exports = ExportFolder()
        self._local = False
        self._limits = studio.limits
        self._most = most_sent(studio) * 3 // 2  # a file comes as text, with a third more bytes
        self._trials = Trials(studio, home.runs)
        self._gate = gate = Gate(studio, str(home.root))
        self._feed = Feed(lambda body: gate.tidy(news(studio, body)))
        self.blocks = _blocks(studio, self._trials, self._exports, self._feed, home, lambda: self._local, gate, notice)
        self.blocks.api_open = False  # as queue() does, which would build every route once more for it

    def launch(self, *, domains: tuple[str, ...] = (), **options: Any) -> str:
        """Serve the page and return its address; LongWriterError when the port cannot be had. `domains`: names by which
        people reach it besides its address. The other options go to Gradio: server_name, server_port, auth ..."""
        self._local = is_local(options.get("server_name") or "127.0.0.1") and not self._gate.public
        settings = {"quiet": True, "share": False, "prevent_thread_lock": True, "ssr_mode": False, **options}
        try:
            _, address, _ = self.blocks.launch(
                theme=theme(),
                head=(head := assets.head(self._gate.public)),
                app_kwargs={"middleware": [Middleware(Guard, self._rules(domains, head, **options))]},
                favicon_path=ASSETS / "favicon.svg",
                run_history=False,
                footer_links=[],
                enable_monitoring=False,
                allowed_paths=[str(self._exports.path)],
                blocked_paths=[str(self._home.root)],
                **settings,
            )
        except OSError as error:
            raise LongWriterError(
                f"The page cannot be served: {error}.", "Another program may have the port; give one with --port."
            ) from error
        return str(address)

    def _rules(self, domains: tuple[str, ...], head: str, server_name: str | None = None, **_: Any) -> Rules:
        """What is let through. A server for this computer answers to this computer's names only."""
        space = os.environ.get("SPACE_HOST", "") if os.environ.get("SYSTEM") == "spaces" else ""
        names = tuple(name.lower() for name in (*domains, space) if name)
        local = is_local(server_name or "127.0.0.1")
        scripts = tuple(re.findall(r"<script>(.*?)</script>", head, re.DOTALL))
        return Rules(
            hosts=(*LOCAL_NAMES, *names) if local or domains else None,
            most=self._most,
            names=names,
            framers=("'self'", hub.address()) if space else (),
            scripts=scripts,
            requests=self._limits.requests if self._limits is not None else None,
        )

    def close(self) -> None:
        self._feed.close()
        self.blocks.close(verbose=False)
        self._trials.close()
        self._exports.close()


def _blocks(
    studio: Studio,
    trials: Trials,
    exports: ExportFolder,
    feed: Feed,
    home: Home,
    local: Callable[[], bool],
    gate: Gate,
    notice: str,
) -> gr.Blocks:
    """What belongs to the operator alone is not even built where others use the page."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as blocks:
        if gate.public and os.environ.get("OAUTH_CLIENT_ID"):  # a Space that lets people sign in
            gr.LoginButton(size="sm", elem_id="lw-sign-in")
        with gr.Tabs(elem_id="lw-tabs"):
            with gr.Tab("Write", id="write", elem_id="lw-tab-write"):
                board(studio, exports, feed, gate)
            with gr.Tab("Library", id="library", elem_id="lw-tab-library"):
                library(studio, gate, notice)
            if not gate.public:
                with gr.Tab("Models", id="models", elem_id="lw-tab-models"):
                    models(studio, home, local, gate)
                    servers(studio, local, gate)
                with gr.Tab("Evaluate", id="evaluate", elem_id="lw-tab-evaluate"):
                    evaluate(studio, trials, exports, local, gate)
            with gr.Tab("Settings", id="settings", elem_id="lw-tab-settings"):
                settings(studio, gate)
    return blocks
