"""Does it all: trains the demonstration model, exports it, checks it against llama.cpp and measures it.

    python -m training.demo

A run that was interrupted goes on where its last checkpoint left it. Remove `training/out/` to start afresh.
"""

import os
import shutil
import sys

_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000"}
_ALLOCATOR |= {"MALLOC_TOP_PAD_": "200000000"}


def keep_memory(module: str = "training.demo") -> None:
    """Start this process, `python -m MODULE`, again with an allocator that keeps large blocks: on Linux this trains
    half as fast again."""
    if sys.platform == "linux" and not os.environ.keys() & _ALLOCATOR.keys():
        arguments = [sys.executable, "-m", module, *sys.argv[1:]]
        os.execve(sys.executable, arguments, os.environ | _ALLOCATOR)


def main() -> None:
    """Train, finish, export, evaluate."""
    keep_memory()
    from . import evaluate, export, finish, train

    train.run(compiled=shutil.which("g++") is not None)
    finish.run()
    export.run()
    evaluate.main()


if __name__ == "__main__":
    main()
