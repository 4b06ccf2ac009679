"""The library that lets the disk fail (`shim.c`), compiled and loaded."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
POSSIBLE = sys.platform == "linux" and COMPILER is not None
WHY_NOT = "the disk can be made to fail only on Linux, with a C compiler"


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The environment of a process whose disk can be made to fail."""
    assert COMPILER is not None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "shim.so"
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
        yield {**os.environ, "LD_PRELOAD": str(library)}


class Disk:
    """The disk below `folder`, in such a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder).encode()
        self._library = ctypes.CDLL(None)
        self._library.fault_hit.restype = ctypes.c_char_p
        self._library.fault_count.restype = ctypes.c_long

    def arm(self, at: int, code: int, *, on: bool) -> None:
        """The call number `at` fails with the errno `code`, and with `on` all after it."""
        self._library.fault_arm(self._folder, ctypes.c_long(at), code, int(on))

    def count(self) -> None:
        """Only count from now on."""
        self.arm(0, 0, on=False)

    def disarm(self) -> tuple[int, str]:
        """How many calls there were, and which one failed first: what it did and to what."""
        calls, hit = int(self._library.fault_count()), self._library.fault_hit().decode()
        self._library.fault_arm(b"", ctypes.c_long(0), 0, 0)
        return calls, hit

    def trace(self, out: int) -> None:
        """From now on everything is written down in the descriptor `out`."""
        self._library.fault_trace(self._folder, out)

    def mark(self, text: str) -> None:
        """Something has been promised."""
        self._library.fault_mark(text.encode())
