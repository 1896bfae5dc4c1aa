"""An Entente with its panel between scripted peers, for tests that commit in a browser and look at
the wire (tests/browser). Orders and answers are as in panel.py.
"""

import argparse
import json
import pathlib
import re
import signal
import sys

from lab.errors import LabError
from lab.lab import SIP_DOMAIN
from panel import ADMINISTRATOR, panel_certificate, serve
from scene import PARTNER, Scene
from xmpp_peer import TLS, client_context, header

# The DNS knows a server of each; partners are made of them in the panel.
NAMES = ("one.lab", "two.lab", "three.lab", "chat.one.lab")
PING = "urn:xmpp:ping"


class Wire:
    TELLABLE = (
        "run", "features", "carried", "refused", "dialled", "listener", "opens_two", "open_stream",
        "stream_ends", "keeps_alive")

    def __init__(self, build):
        self.scene = Scene(
            build, names=NAMES, settings=lambda lab: {"admin": panel_certificate(lab)})
        self.lab = self.scene.lab
        self.wires = {}

    @property
    def where(self):
        return (self.scene.entente.address, self.scene.entente.xmpp_port, SIP_DOMAIN)

    def hello(self):
        entente = self.scene.entente
        made = entente.ask("admin", "create", ADMINISTRATOR, "--role", "administrator")["item"]
        # The shortest there is.
        entente.do("gateway", "set", "--keep-alive-interval", "10")
        return {
            "url": entente.url, "socket": str(entente.socket), "folder": str(self.lab.folder),
            "partner": PARTNER, "domain": SIP_DOMAIN, "name": ADMINISTRATOR,
            "password": made["one_time_password"],
        }

    def run(self, *args):
        """Runs the entente command."""
        answer = self.scene.entente.run(*args)
        return {"code": answer.code, "out": answer.out, "err": answer.err}

    # ---- what Entente offers ----

    def features(self, domain):
        """What a domain is offered, in clear and in TLS; the error when it is refused."""
        wire = self._peer(domain).connect(*self.where[:2])
        try:
            wire.send(header(domain, SIP_DOMAIN))
            text = wire.read_until("</stream:features>|<stream:features/>|</stream:error>")
            if "</stream:error>" in text:
                return {"error": re.search(r"<stream:error[^>]*>\s*<([a-z-]+)", text).group(1)}
            seen = {"clear": self._offers(text), "secure": None}
            if seen["clear"]["starttls"]:
                seen["secure"] = self._inside(wire, domain)
            return seen
        finally:
            wire.close()

    def _inside(self, wire, domain):
        peer = self._peer(domain)
        wire.send(f"<starttls xmlns='{TLS}'/>")
        wire.read_until(f"<proceed xmlns='{TLS}'/>")
        wire.start_tls(client_context(peer.ca_file, peer.pair), name=SIP_DOMAIN)
        wire.send(header(domain, SIP_DOMAIN))
        return self._offers(wire.read_until("</stream:features>|<stream:features/>"))

    @staticmethod
    def _offers(text):
        starttls = None
        if "<starttls" in text:
            starttls = "required" if "<required" in text else "optional"
        return {"starttls": starttls, "external": ">EXTERNAL<" in text,
                "dialback": "urn:xmpp:features:dialback" in text}

    # ---- what passes ----

    def carried(self, domain):
        """A contact of a domain writes to a SIP user, who gets it."""
        self.scene.message_in(domain=domain)

    def refused(self, domain):
        """A contact of a domain writes to a SIP user, who does not get it: the error's condition."""
        mark, peer = self.scene.sip.mark(), self._peer(domain)
        wire = peer.open(*self.where)
        wire.send(
            f"<message from='juliet@{domain}' to='romeo@{SIP_DOMAIN}' type='chat' id='m1'>"
            "<body>psst</body></message>")
        back = peer.take()
        error = re.search(
            r"id='m1'.*?<error[^>]*><([a-z-]+)", back.read_until("id='m1'.*</error>"), re.S)
        assert self.scene.sip.requests(mark) == []
        wire.close()
        back.close()
        return error.group(1)

    def listener(self, domain):
        """Where a peer listens, as host:port."""
        peer = self._peer(domain)
        return f"{peer.address}:{peer.port}"

    def dialled(self, domain, listening):
        """A SIP user writes to a contact of a domain: does Entente connect to this listener?"""
        self.scene.message_out(domain=domain)
        wire = self._peer(listening).accept()
        seen = self._peer(listening).take_header(wire)
        wire.close()
        return f"to='{domain}'" in seen

    def opens_two(self, domain):
        """A domain opens a stream and one more: how each ended, "open" or the stream error."""
        ends, wires = [], []
        for _ in range(2):
            wire = self._peer(domain).connect(*self.where[:2])
            wires.append(wire)
            try:
                wires[-1] = self._peer(domain).open(*self.where)
                wire.close()
                ends.append("open")
            except AssertionError as e:
                error = re.search(r"<stream:error[^>]*>\s*<([a-z-]+)", str(e))
                ends.append(error.group(1) if error else "closed")
        for wire in wires:
            wire.close()
        return ends

    def open_stream(self, domain):
        """It stays open until stream_ends() sees its end."""
        self.wires[domain] = self._peer(domain).open(*self.where)

    def stream_ends(self, domain):
        """The error with which Entente closes it, or none."""
        wire = self.wires.pop(domain)
        text = wire.read_until("</stream:stream>")
        wire.close()
        error = re.search(r"<stream:error[^>]*>\s*<([a-z-]+)", text)
        return error.group(1) if error else None

    def keeps_alive(self, kept, let):
        """Entente opens a stream to each, and both are silent: which is asked whether it lives?

        White space comes on both, so that nobody between them forgets the connection."""
        wires = {}
        for domain in (let, kept):
            self.scene.message_out(domain=domain)
            wires[domain] = self._peer(domain).take()
            wires[domain].read_until("</message>")
        asked = PING in wires[kept].read_until(PING, 40)
        # The other's time was over before.
        others = wires[let].read_until("[ ]", 40)
        for wire in wires.values():
            wire.close()
        return {"kept": asked, "let": PING in others}

    def _peer(self, domain):
        if domain not in self.scene.peers:
            raise LabError(f"nobody plays {domain}")
        return self.scene.peers[domain]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    args = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    wire = Wire(args.build.resolve())
    try:
        print(json.dumps(wire.hello()), flush=True)
        serve(wire)
    except LabError as e:
        print(json.dumps({"error": f"{e} (logs: {wire.lab.folder})"}), flush=True)
        sys.exit(1)
    finally:
        wire.scene.close()


if __name__ == "__main__":
    main()
