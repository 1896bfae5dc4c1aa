"""Many partners' servers in one process, each of some kind:

good     takes streams and reads them, and writes down what came as xmpp_sink does
slow     takes streams and reads a few bytes a second
dead     listens and never accepts
hostile  takes streams and resets them in the middle; opens streams of its own and says on them what
         is not its own to say, again and again
huge     as good, and sends messages of 200 kB one after the other

Other kinds than good are told to be nice: it is Entente that they should hold up, not the test.
"""

import json
import os
import pathlib
import sys
import threading
import time

from lab.ca import Pair
from xmpp_peer import XmppPeer
from xmpp_sink import Sink

LOCAL = "sip.lab"


class Partner:
    def __init__(self, spec):
        self.kind, self.received, self.entente = (
            spec["kind"], spec["received"], tuple(spec["entente"]))
        self.peer = XmppPeer(spec["domain"], spec["address"], Pair(spec["cert"], spec["key"]),
                             spec["ca"], spec["port"])

    def start(self):
        self.peer.start(1 if self.kind == "dead" else 64)
        for work in {"good": [self.read], "slow": [self.crawl], "dead": [],
                     "hostile": [self.tear, self.lie], "huge": [self.read, self.pour]}[self.kind]:
            threading.Thread(target=work, daemon=True).start()

    def read(self):
        Sink(self.peer, self.received).serve()

    def _each_stream(self, fn):
        while True:
            try:
                fn()
            except (OSError, AssertionError):
                time.sleep(0.5)

    def crawl(self):
        def once():
            wire = self.peer.take(600)
            while wire.recv(64):
                time.sleep(1)
        self._each_stream(once)

    def tear(self):
        def once():
            wire = self.peer.take(600)
            wire.recv()
            wire.reset()
        self._each_stream(once)

    def lie(self):
        def once():
            wire = self.peer.open(*self.entente, LOCAL)
            for n in range(200):
                wire.send(f"<message from='a@b{n}.lab' to='c@{LOCAL}'><body>d</body></message>")
            wire.expect_end()
            time.sleep(1)
        self._each_stream(once)

    def pour(self):
        text = "x" * 200_000

        def once():
            wire = self.peer.open(*self.entente, LOCAL)
            while True:
                wire.send(f"<message from='a@{self.peer.domain}' to='c@{LOCAL}' id='h'>"
                          f"<body>{text}</body></message>")
                time.sleep(2)
        self._each_stream(once)


def main():
    partners = [Partner(spec) for spec in json.loads(pathlib.Path(sys.argv[1]).read_text())]
    if any(p.kind != "good" for p in partners):
        os.nice(10)
    for partner in partners:
        partner.start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
