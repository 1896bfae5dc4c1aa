"""Connections that say no more and wait for the other's end, each for its time."""

import selectors
import time


class Loiterers:
    def __init__(self):
        self._selector = selectors.DefaultSelector()

    def add(self, sock, seconds):
        self._selector.register(sock, selectors.EVENT_READ, time.monotonic() + seconds)

    def _close(self, sock):
        self._selector.unregister(sock)
        sock.close()

    def reap(self):
        """Those whose other end has gone, and those whose time is over."""
        for key, _ in self._selector.select(0):
            try:
                if key.fileobj.recv(65536):
                    continue
            except OSError:
                pass
            self._close(key.fileobj)
        now = time.monotonic()
        for key in list(self._selector.get_map().values()):
            if now > key.data:
                self._close(key.fileobj)

    def close(self):
        for key in list(self._selector.get_map().values()):
            self._close(key.fileobj)
