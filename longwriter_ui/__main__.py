"""`python -m longwriter_ui`: the command line."""

from __future__ import annotations

import sys

from longwriter_ui.bootstrap import build_studio
from longwriter_ui.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], build_studio))
