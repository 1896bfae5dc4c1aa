"""Partners' servers that break in a state of the stream, each in a process of its own.

Reads a list of cases (JSON) and forks a process for each. When it has come to the state its case
names, it says so (a file) and breaks: `killed` (SIGKILL), `stalled` (SIGSTOP until this program gets
SIGUSR1), `reset` (of that connection), `half` (its direction of that connection ends, the other is
read to its end). Afterwards it is there again and takes streams as xmpp_sink does. What a process has
read is in its file at once.
"""

import base64
import json
import os
import pathlib
import re
import signal
import sys

from lab.ca import Pair
from xmpp_peer import SASL, TLS, XmppPeer, client_context, dialback, header, server_context
from xmpp_sink import BODY, Sink

LOCAL = "sip.lab"
HELLO = bytes.fromhex("160301020001000100")


def starttls_features():
    return f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>"


def external_features():
    return (f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism>"
            "</mechanisms></stream:features>")


class Case:
    def __init__(self, spec):
        self.domain, self.kind, self.state, self.how = (
            spec[k] for k in ("domain", "kind", "state", "how"))
        self.ids, self.reached = spec["ids"], pathlib.Path(spec["reached"])
        self.received = spec["received"]
        self.entente = tuple(spec["entente"])
        self.peer = XmppPeer(self.domain, spec["address"], Pair(spec["cert"], spec["key"]),
                             spec["ca"], spec["port"])
        self.wire = None

    # ---- what comes ----

    def record(self, count=None):
        """Writes down what is read, up to so many messages or to the end of the stream."""
        file = os.open(self.received, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        rest, n = b"", 0
        while count is None or n < count:
            try:
                data = self.wire.recv()
            except OSError:
                break
            if not data:
                break
            rest += data
            for m in BODY.finditer(rest):
                os.write(file, m.group(1) + b"\n")
                n += 1
            rest = rest[rest.rfind(b"</message>") + 10:] if b"</message>" in rest else rest
            if b"</stream:stream>" in rest:
                break
        os.close(file)

    # ---- the states; each step ends in one ----

    def outbound(self):
        """Entente opens a stream to us, by EXTERNAL."""
        peer = self.peer
        self.wire = wire = peer.accept(60)
        yield "connected"
        sender = re.search("from='([^']*)'", peer.take_header(wire)).group(1)
        yield "header"
        wire.send(header(self.domain, sender, "clear1") + starttls_features())
        yield "features"
        wire.read_until(f"<starttls xmlns='{TLS}'/>")
        yield "starttls"
        wire.send(f"<proceed xmlns='{TLS}'/>")
        yield "proceed"
        wire.start_tls(server_context(peer.ca_file, peer.pair), server_side=True)
        yield "handshake"
        peer.take_header(wire)
        yield "secure"
        wire.send(header(self.domain, sender, "secure1") + external_features())
        yield "mechanisms"
        wire.read_until("</auth>|<auth [^>]*/>")
        yield "auth"
        wire.send(f"<success xmlns='{SASL}'/>")
        peer.take_header(wire)
        yield "success"
        wire.send(header(self.domain, sender, "authed1") + "<stream:features/>")
        yield "open"
        self.record(3)
        yield "reading"
        wire.send("</stream:stream>")
        yield "closing"

    def outbound_dialback(self):
        """The same by dialback in clear."""
        peer = self.peer
        self.wire = wire = peer.accept(60)
        peer.take_clear(wire)
        yield "offered"
        wire.read_until("</db:result>")
        yield "asked"
        wire.send(dialback("result", self.domain, wire.sender, type="valid"))
        yield "valid"
        self.record(3)
        yield "reading"

    def message(self, one):
        return (f"<message from='u@{self.domain}' to='v@{LOCAL}' id='{one}' type='chat'>"
                f"<body>{one}</body></message>")

    def inbound(self):
        """We open a stream to Entente."""
        peer, own = self.peer, header(self.domain, LOCAL)
        self.wire = wire = peer.connect(*self.entente)
        yield "connected"
        wire.send(own[:60])
        yield "half a header"
        wire.send(own[60:])
        wire.read_until("</stream:features>")
        yield "features"
        wire.send(f"<starttls xmlns='{TLS}'/>")
        wire.read_until(f"<proceed xmlns='{TLS}'/>")
        yield "proceed"
        if self.state == "hello":
            wire.send(HELLO)
            yield "hello"
        wire.start_tls(client_context(peer.ca_file, peer.pair), name=LOCAL)
        yield "handshake"
        wire.send(own)
        wire.read_until("</stream:features>")
        yield "secure"
        wire.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>")
        yield "half an auth"
        wire.send(base64.b64encode(self.domain.encode()).decode() + "</auth>")
        wire.read_until(f"<success xmlns='{SASL}'/>")
        yield "success"
        wire.send(own)
        wire.read_until("</stream:features>|<stream:features/>")
        yield "open"
        wire.send("".join(map(self.message, self.ids)))
        yield "sent"
        wire.send(self.message("never")[:50])
        yield "half a stanza"

    def inbound_closing(self):
        self.wire = wire = self.peer.open(*self.entente, LOCAL)
        wire.send("".join(map(self.message, self.ids)) + "</stream:stream>")
        yield "closing"

    def inbound_dialback(self):
        """We show a key, and Entente asks us about it."""
        peer = self.peer
        stream = self.wire = peer.open_clear(*self.entente, LOCAL)
        stream.send(dialback("result", self.domain, LOCAL, key="k1"))
        yield "key"
        self.wire = wire = peer.accept(60)
        yield "verify connected"
        sender = re.search("from='([^']*)'", peer.take_header(wire)).group(1)
        wire.sender = sender
        yield "verify header"
        wire.send(header(self.domain, sender, "v1") + "<stream:features/>")
        question = wire.read_until("</db:verify>")
        yield "verify asked"
        wire.send(dialback("verify", self.domain, sender, type="valid",
                           id=re.search("id='([^']*)'", question).group(1)))
        stream.read_until("type='valid'")
        self.wire = stream
        yield "valid"
        stream.send("".join(map(self.message, self.ids)))
        yield "sent"

    # ---- breaking ----

    def break_off(self):
        self.reached.write_text("")
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.how == "stalled":
            os.kill(os.getpid(), signal.SIGSTOP)
            if self.kind.startswith("outbound"):
                self.record()
            self.wire.close()
        elif self.how == "reset":
            self.wire.reset()
        else:
            self.wire.half_close()
            self.record()
            self.wire.close()

    def serve(self):
        """All is well again."""
        if "dialback" not in self.kind:
            Sink(self.peer, self.received).serve()
        while True:
            try:
                self.wire = self.peer.accept(60)
                self.peer.take_clear(self.wire)
                asked = self.wire.read_until("</db:result>|</db:verify>|</stream:stream>")
                if "db:result" in asked:
                    self.wire.send(
                        dialback("result", self.domain, self.wire.sender, type="valid"))
                    self.record()
                self.wire.close()
            except (OSError, AssertionError):
                continue

    def run(self, broken):
        self.peer.start(64)
        if not broken:
            for state in getattr(self, self.kind)():
                if state == self.state:
                    break
            else:
                raise AssertionError(f"{self.kind} has no state {self.state}")
            self.break_off()
        self.serve()


def fork(case, broken=False):
    child = os.fork()
    if child:
        return child
    try:
        case.run(broken)
    finally:
        os._exit(1)


def go_on(children):
    for child, case in children.items():
        if case.how == "stalled":
            os.kill(child, signal.SIGCONT)


def main():
    cases = [Case(spec) for spec in json.loads(pathlib.Path(sys.argv[1]).read_text())]
    children = {fork(case): case for case in cases}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGUSR1, lambda *_: go_on(children))
    print("ready", flush=True)
    try:
        while children:
            child, status = os.wait()
            case = children.pop(child)
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                children[fork(case, broken=True)] = case
            else:
                print(f"{case.kind} {case.state} {case.how}: ended", flush=True)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
