"""Build the studio and its page, and serve it. `python app.py --help` lists the options."""

from __future__ import annotations

import argparse
from pathlib import Path

from longwriter_ui.bootstrap import build_studio
from longwriter_ui.errors import LongWriterError
from longwriter_ui.paths import home
from longwriter_ui.ui.page import Page


def main() -> None:
    parser = argparse.ArgumentParser(description="LongWriter Studio in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this computer only)")
    parser.add_argument("--port", type=int, help="port (default: the first free one from 7860 on)")
    parser.add_argument("--model", type=Path, help="a .gguf file to write with")
    parser.add_argument("--lora", metavar="PATH[:SCALE]", help="a LoRA adapter in GGUF for this model")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="ask for this name and password")
    parser.add_argument("--public", action="store_true", help="let anyone who reaches this host use the page")
    given = parser.parse_args()
    auth = tuple(given.auth.split(":", 1)) if given.auth else None
    if auth is not None and len(auth) != 2:
        parser.error("--auth is USER:PASSWORD")
    if given.host not in ("127.0.0.1", "localhost", "::1") and auth is None and not given.public:
        parser.error(f"--host {given.host} lets others in: give --auth USER:PASSWORD, or --public to allow anyone")
    try:
        page = Page(studio := build_studio(given.model, lora=given.lora), home())
        print("LongWriter Studio:", page.launch(server_name=given.host, server_port=given.port, auth=auth), flush=True)
    except LongWriterError as error:
        parser.exit(1, f"error: {error}\n")
    page.blocks.block_thread()
    page.close()
    studio.close()


if __name__ == "__main__":
    main()
