"""A partner's server in a process of its own, so that a test can end it in any way.

Takes streams by EXTERNAL and writes the body of every message it reads, one a line, to a file at
once: what is in the file has arrived. SIGTERM: closes its streams in order (system-shutdown) and
reads them to their end.
"""

import argparse
import os
import re
import signal
import threading

from lab.ca import Pair
from xmpp_peer import XmppPeer

BODY = re.compile(rb"<message[ >](?:(?!</message>).)*?<body>([^<]*)</body>.*?</message>", re.S)
SHUTDOWN = (
    "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    "</stream:stream>"
)


class Sink:
    def __init__(self, peer, path):
        self._peer = peer
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._wires = []
        self._threads = []
        self._ending = threading.Event()

    def serve(self):
        while not self._ending.is_set():
            try:
                wire = self._peer.accept(0.2)
            except OSError:
                continue
            thread = threading.Thread(target=self._serve_one, args=(wire,))
            self._threads.append(thread)
            thread.start()
        for wire in self._wires:
            try:
                wire.send(SHUTDOWN)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(20)

    def _serve_one(self, wire):
        try:
            self._peer.take_on(wire)
            self._wires.append(wire)
            self._read(wire)
        except (OSError, AssertionError):
            pass
        finally:
            wire.close()

    def _read(self, wire):
        rest = b""
        while True:
            data = wire.recv()
            if not data:
                return
            rest += data
            end = 0
            bodies = []
            for m in BODY.finditer(rest):
                bodies.append(m.group(1) + b"\n")
                end = m.end()
            rest = rest[end:]
            if bodies:
                os.write(self._file, b"".join(bodies))
            if b"</stream:stream>" in rest:
                wire.send("</stream:stream>")
                wire.unwrap()
                return

    def end(self, *_):
        self._ending.set()


def main():
    parser = argparse.ArgumentParser()
    for name in ("domain", "address", "cert", "key", "ca", "received"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args()
    peer = XmppPeer(args.domain, args.address, Pair(args.cert, args.key), args.ca, args.port)
    sink = Sink(peer, args.received)
    signal.signal(signal.SIGTERM, sink.end)
    peer.start(512)
    print("ready", flush=True)
    sink.serve()


if __name__ == "__main__":
    main()
