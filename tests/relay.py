"""A relay between a browser and the page's server: it counts what passes, and can cut every line."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Listens on a port of its own and passes everything on to `port` of this computer. `bytes` counts all that the
    browser is sent: headers, and what comes of responses that stay open."""

    def __init__(self, port: int) -> None:
        self.bytes = 0
        self._port = port
        self._is_cut = False
        self._lines: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection; new ones are broken at once, until `mend`."""
        self._is_cut = True
        for line in self._lines:
            _hang_up(line)
        self._lines.clear()

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._server.accept()
            except OSError:
                return
            if self._is_cut:
                browser.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._port))
            self._lines += [browser, server]
            threading.Thread(target=self._pass, args=(browser, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, browser, True), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):  # either side may hang up at any time
            while data := source.recv(65536):
                self.bytes += len(data) if counted else 0
                sink.sendall(data)
        for end in (source, sink):
            _hang_up(end)


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
