"""200 partners, 50 of them slow, dead, hostile or huge: the others do not feel it (Must hold of the
streams)."""

import collections
import json
import pathlib
import statistics
import sys

import pytest

import flood
import many_peers
from lab.process import Process
from lab.wait import SLOWNESS, until
from traffic import SipTraffic

KINDS = ["good"] * 150 + ["slow"] * 13 + ["dead"] * 13 + ["hostile"] * 12 + ["huge"] * 12
PROBES, RATE = 1500, 100        # to the good ones, messages a second
BAD_RATE = 100                  # to the others
BAD = {"480", "500", "504"}


def domain_of(number):
    return f"{KINDS[number]}{number}.lab"


def p99(values):
    return statistics.quantiles(values, n=100)[98]


class Partners:
    """Those of some kinds, in a process of their own."""

    def __init__(self, scene, name, numbers):
        self._folder = scene.lab.folder
        self.domains = [domain_of(n) for n in numbers]
        specs = [self._spec(scene, n) for n in numbers]
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(specs))
        self._process = Process(name, [sys.executable, "-B", many_peers.__file__, file],
                                self._folder)

    def _spec(self, scene, number):
        domain = domain_of(number)
        peer = scene.peers[domain]
        peer.stop()
        scene.add_partner(domain)
        return {
            "kind": KINDS[number], "domain": domain, "address": peer.address, "port": peer.port,
            "cert": str(peer.pair.cert), "key": str(peer.pair.key), "ca": str(peer.ca_file),
            "entente": [scene.entente.address, scene.entente.xmpp_port],
            "received": str(self._folder / f"{domain}.received"),
        }

    def start(self):
        self._process.start()
        self._process.wait_log("^ready", 30)
        return self

    def stop(self):
        self._process.stop()

    def received(self):
        counts = collections.Counter()
        for domain in self.domains:
            file = pathlib.Path(self._folder / f"{domain}.received")
            counts.update(file.read_text().split() if file.exists() else ())
        return counts


@pytest.fixture(scope="module")
def scene(make_scene):
    scene = make_scene(names=[domain_of(n) for n in range(len(KINDS))],
                       route=["--error-wait", "0"])
    scene.sip.stop()
    return scene


def play(traffic, domains, rate, count):
    """Messages to these domains in turn; returns their ids."""
    start = len(traffic.sent)
    traffic.offer_steadily([f"sip:c@{d}" for d in domains], rate, count / rate)
    return traffic.sent[start:]


def start_flood(scene, domains, messages):
    return Process("flood", [
        sys.executable, "-B", flood.__file__, "--address", scene.sip.address,
        "--server", scene.entente.sip, "--domains", *domains,
        "--messages", messages, "--rate", BAD_RATE], scene.lab.folder).start()


def test_the_others_do_not_feel_it(scene):
    good = Partners(scene, "good", [n for n, kind in enumerate(KINDS) if kind == "good"]).start()
    bad = Partners(scene, "bad", [n for n, kind in enumerate(KINDS) if kind != "good"])
    server = (scene.entente.address, scene.entente.sip_port)
    traffic = SipTraffic(scene.sip.address, scene.sip.port, server).start()
    try:
        first = play(traffic, good.domains, RATE, len(good.domains))    # opens the streams
        traffic.wait_answers(30)
        before = play(traffic, good.domains, RATE, PROBES)
        traffic.wait_answers(30)

        bad.start()
        offered = int(BAD_RATE * (PROBES / RATE + 10))
        other = start_flood(scene, bad.domains, offered)
        other.wait_log("^ready", 10)
        play(traffic, good.domains, RATE, 4 * RATE)                     # the bad ones get going
        during = play(traffic, good.domains, RATE, PROBES)
        assert "offered" not in other.log()
        traffic.wait_answers(30)
        answers = json.loads(other.wait_log("^({.*})$", 90).group(1))
        until(lambda: not [i for i in before + during if not good.received()[i]],
              "all at the good partners", 10)
    finally:
        traffic.stop()
        bad.stop()
        good.stop()

    was, is_now = (p99([traffic.latency[i] for i in ids]) for ids in (before, during))
    print(f"\n150 good partners, p99 {was * 1000:.1f} ms alone, {is_now * 1000:.1f} ms beside 50 "
          f"bad ones ({is_now / was - 1:+.0%}); median "
          f"{statistics.median(traffic.latency[i] for i in before) * 1000:.1f} and "
          f"{statistics.median(traffic.latency[i] for i in during) * 1000:.1f} ms; "
          f"to the bad ones {answers}")
    counts = good.received()
    assert {traffic.statuses[i] for i in first + before + during} == {200}
    assert {counts[i] for i in first + before + during} == {1}
    assert sum(answers.values()) == offered and set(answers) <= BAD | {"200"}
    # All programs share the processors, and the peers are Python: generous.
    assert is_now < was + 0.25 * SLOWNESS
