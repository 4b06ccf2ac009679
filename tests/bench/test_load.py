"""The load test in its short form: what it counts, not how long it takes."""

from __future__ import annotations

from bench.load import run


def test_visitors_at_once_get_their_own_pieces_whole() -> None:
    figures = run(visitors=6, pieces=2, minutes=0, pause=0.1)
    assert (figures["mixed_up"], figures["lost"], figures["problems"]) == (0, 0, [])
    assert figures["pieces"] == 12 and figures["polls"] >= 24 and figures["locks_left"] == 0
    assert figures["poll_ms_p95"] > 0 and figures["memory_mb"]["most"] > 0
