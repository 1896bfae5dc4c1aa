"""Peers that are killed, stalled, reset and half-closed in every state of a stream, either way (Must
hold of the streams): of all messages none is lost in silence, none arrives twice."""

import collections
import json
import os
import pathlib
import signal
import sys
import time

import pytest

from lab.errors import Timeout
from lab.process import Process
from lab.wait import SLOWNESS, until
from traffic import SipTraffic, tally

HOW = ("killed", "stalled", "reset", "half")
STATES = {
    "outbound": ("connected", "header", "features", "starttls", "proceed", "handshake", "secure",
                 "mechanisms", "auth", "success", "open", "reading", "closing"),
    "outbound_dialback": ("offered", "asked", "valid", "reading"),
    "inbound": ("connected", "half a header", "features", "proceed", "hello", "handshake",
                "secure", "half an auth", "success", "open", "sent", "half a stanza"),
    "inbound_closing": ("closing",),
    "inbound_dialback": ("key", "verify connected", "verify header", "verify asked", "valid",
                         "sent"),
}
CASES = [(kind, state, how) for kind, states in STATES.items() for state in states for how in HOW]
FIRST, MORE, OWN = 6, 3, 5          # messages: before the break, at two times after it; of the peer's
SENDS = {("inbound", "sent"), ("inbound", "half a stanza"), ("inbound_closing", "closing"),
         ("inbound_dialback", "sent")}
DIALBACK = {"tls": "Optional", "sasl": "Optional", "dialback": "yes"}
ESTABLISH = 5


def domain_of(number):
    return f"p{number}.lab"


class Play:
    """All cases at once, each with a partner of its own; made once, the tests look at it."""

    def __init__(self, scene):
        self.scene, self.folder = scene, scene.lab.folder / "broken"
        self.folder.mkdir()
        self.entente = scene.entente
        self.specs = [self._spec(n, *case) for n, case in enumerate(CASES)]
        scene.sip.stop()
        self.sockets_before = self.sockets()
        (self.folder / "cases.json").write_text(json.dumps(self.specs))
        peers = pathlib.Path(__file__).parents[1] / "support" / "broken_peer.py"
        self.peers = Process(
            "broken-peers", [sys.executable, peers, self.folder / "cases.json"], scene.lab.folder)
        self.traffic = SipTraffic(scene.sip.address, scene.sip.port,
                                  (self.entente.address, self.entente.sip_port))
        self.offered = collections.defaultdict(list)

    def _spec(self, number, kind, state, how):
        domain = domain_of(number)
        peer = self.scene.peers[domain]
        self.scene.add_partner(domain, **(DIALBACK if "dialback" in kind else {}))
        peer.stop()
        return {
            "kind": kind, "state": state, "how": how, "domain": domain, "address": peer.address,
            "port": peer.port, "cert": str(peer.pair.cert), "key": str(peer.pair.key),
            "ca": str(peer.ca_file), "entente": [self.entente.address, self.entente.xmpp_port],
            "ids": [f"{domain}-own{n}" for n in range(OWN)],
            "reached": str(self.folder / f"{domain}.reached"),
            "received": str(self.folder / f"{domain}.received"),
        }

    def sockets(self):
        """How many entented has open."""
        n = 0
        for fd in pathlib.Path(f"/proc/{self.entente.process.pid}/fd").iterdir():
            try:
                n += os.readlink(fd).startswith("socket:")
            except OSError:     # closed meanwhile
                pass
        return n

    def _offer(self, specs, count):
        for _ in range(count):
            for spec in specs:
                self.offered[spec["domain"]].append(
                    self.traffic.offer(f"sip:juliet@{spec['domain']}"))

    def missing(self):
        return [(s["kind"], s["state"], s["how"]) for s in self.specs
                if not pathlib.Path(s["reached"]).exists()]

    def run(self):
        self.peers.start()
        self.traffic.start()
        self._offer([s for s in self.specs if s["kind"].startswith("outbound")], FIRST)
        until(lambda: not self.missing(), lambda: f"the states {self.missing()}", 60)
        self._offer(self.specs, MORE)
        self.traffic.wait_answers(60)
        self._offer(self.specs, MORE)
        self.traffic.wait_answers(60)
        self.peers.send_signal(signal.SIGUSR1)
        self._wait_for_word(40)

    def _wait_for_word(self, seconds):
        """What has not come then is for the tests to say."""
        try:
            until(lambda: not self.untold(), "word of all", seconds)
        except Timeout:
            pass

    def received(self, spec):
        file = pathlib.Path(spec["received"])
        return collections.Counter(file.read_text().split() if file.exists() else ())

    def untold(self):
        failed = self.traffic.failed()
        return [one for spec in self.specs for one in self.offered[spec["domain"]]
                if not self.received(spec)[one] and one not in failed]

    def stop(self):
        self.peers.stop()
        self.traffic.stop()


@pytest.fixture(scope="module")
def play(make_scene):
    scene = make_scene(names=[domain_of(n) for n in range(len(CASES))])
    scene.entente.do("gateway", "set", "--stream-establishment-timeout", str(ESTABLISH))
    play = Play(scene)
    try:
        play.run()
        yield play
    finally:
        play.stop()


def test_no_message_is_lost_in_silence_and_none_comes_twice(play):
    bad, whole = [], collections.Counter()
    for spec in play.specs:
        t = tally(play.offered[spec["domain"]], play.received(spec), play.traffic.failed())
        whole.update(delivered=t.delivered, error=t.error, both=t.both)
        if t.neither or t.twice:
            bad.append(f"{spec['kind']} {spec['state']} {spec['how']}: {t} {t.examples}")
    print(f"\n{len(play.specs)} breaks: {dict(whole)}")
    assert not bad, "\n".join(bad)
    assert whole["delivered"] and whole["error"]


def test_what_a_peer_wrote_whole_arrives_once(play):
    """What the kernels carried is delivered, whatever became of the peer; a reset takes it along."""
    for spec in play.specs:
        if (spec["kind"], spec["state"]) not in SENDS:
            continue
        counts = [play.traffic.received[one] for one in spec["ids"]]
        if spec["how"] == "reset":
            assert max(counts) <= 1, spec
        else:
            assert counts == [1] * OWN, (spec["kind"], spec["state"], spec["how"], counts)


def test_who_is_there_again_gets_messages_again(play):
    waiting = {s["domain"]: play.traffic.offer(f"sip:juliet@{s['domain']}") for s in play.specs}

    def there():
        time.sleep(0.2)
        for spec in play.specs:
            one = waiting.get(spec["domain"])
            if one and play.received(spec)[one]:
                del waiting[spec["domain"]]
            elif one in play.traffic.failed():      # in back-off: again
                waiting[spec["domain"]] = play.traffic.offer(f"sip:juliet@{spec['domain']}")
        return not waiting

    until(there, lambda: f"deliveries to {waiting}", 90)


def test_nothing_is_left_of_them(play):
    play.stop()
    until(lambda: not play.entente.streams() or
          all(s["state"] not in ("connected", "idle", "connecting")
              for s in play.entente.streams()),
          lambda: f"the end of {play.entente.streams()[:3]}", 3 * ESTABLISH + 20 * SLOWNESS)
    until(lambda: play.sockets() <= play.sockets_before,
          lambda: f"{play.sockets()} sockets, not {play.sockets_before}", 15)
