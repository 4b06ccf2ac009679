"""Build the studio and its page, and serve it. `python app.py --help` lists the options."""

from __future__ import annotations

import sys

from longwriter_ui.bootstrap import build_studio
from longwriter_ui.errors import LongWriterError
from longwriter_ui.paths import home
from longwriter_ui.ui.options import parse
from longwriter_ui.ui.page import Page


def main() -> None:
    serving = parse()
    try:
        page = Page(studio := build_studio(serving.model, lora=serving.lora, limits=serving.limits), home())
        address = page.launch(**serving.launch)
    except LongWriterError as error:
        sys.exit(f"error: {error}")
    print(f"LongWriter Studio: {address}", flush=True)
    page.blocks.block_thread()
    page.close()
    studio.close()


if __name__ == "__main__":
    main()
