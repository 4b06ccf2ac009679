"""The page: Gradio components and the board. Only this package imports gradio; nothing imports it but the app."""

from __future__ import annotations

import inspect
from typing import Any


def _import_gradio() -> None:
    """Gradio parses its own sources while it is imported, to write type stubs beside them: half of its time, and
    nothing that a program which runs needs. It leaves a class alone whose file is not known."""
    known = inspect.getfile

    def getfile(object: Any) -> str:
        if isinstance(object, type) and object.__module__.startswith("gradio."):
            raise OSError("not asked for")
        return known(object)

    inspect.getfile = getfile
    try:
        import gradio  # noqa: F401
    finally:
        inspect.getfile = known


_import_gradio()
