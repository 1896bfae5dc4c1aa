"""Something breaks under traffic: every message arrives once, or its sender is told."""

import collections
import sys
import threading
import time

import pytest
import xmpp_sink

from lab.process import Process
from lab.wait import until
from traffic import SipTraffic, XmppTraffic, account, tally

SINK = "sink.lab"
RATE, SECONDS = 400, 6
CONTACTS = [f"sip:c{n}@{SINK}" for n in range(50)]
WRITTEN = 'entente_fates_total{fate="written"}'
USERS = [f"s{n}" for n in range(50)]


class SinkServer:
    """The partner sink.lab: a process that can be killed and comes back at the same address."""

    def __init__(self, scene):
        peer = scene.peers[SINK]
        peer.stop()
        self.received_file = scene.lab.folder / "received"
        self._argv = [
            sys.executable, "-B", xmpp_sink.__file__, "--domain", SINK,
            "--address", peer.address, "--port", peer.port, "--cert", peer.pair.cert,
            "--key", peer.pair.key, "--ca", peer.ca_file, "--received", self.received_file,
        ]
        self._folder = scene.lab.folder
        self.process = None

    def start(self):
        self.process = Process("sink", self._argv, self._folder).start()
        self.process.wait_log("^ready", start=self.process.log_size())
        return self

    def stop(self):
        self.process.stop(25)

    def kill(self):
        self.process.kill()

    def received(self):
        """How often each message arrived."""
        try:
            return collections.Counter(self.received_file.read_text().split())
        except FileNotFoundError:
            return collections.Counter()


@pytest.fixture(scope="module")
def broken(make_scene):
    """A scene whose SIP route and one partner are drivers that count."""
    scene = make_scene(names=[SINK], route=["--error-wait", "0"])
    scene.add_partner(SINK)
    scene.sip.stop()
    scene.sink = scene.lab.start(SinkServer(scene))
    return scene


@pytest.fixture
def traffic(broken):
    sip = SipTraffic(broken.sip.address, broken.sip.port, broken.sip.server).start()
    yield sip
    sip.stop()


def during(traffic, targets, *steps):
    """Offers traffic; steps: (seconds from the start, what to do)."""
    sender = threading.Thread(target=traffic.offer_steadily, args=(targets, RATE, SECONDS))
    begin = time.monotonic()
    sender.start()
    for when, step in steps:
        time.sleep(max(0.0, begin + when - time.monotonic()))
        step()
    sender.join()


def after_out(name, broken, traffic):
    traffic.wait_answers(60)
    result = account(name, traffic.sent, broken.sink.received, traffic.failed)
    assert result.delivered > 0
    return result


def test_nothing_breaks(broken, traffic):
    before = broken.entente.metric(WRITTEN)
    during(traffic, CONTACTS)
    result = after_out("nothing breaks", broken, traffic)
    assert result.delivered == RATE * SECONDS
    assert broken.entente.metric(WRITTEN) - before == RATE * SECONDS


def test_partner_is_killed(broken, traffic):
    during(traffic, CONTACTS, (2, broken.sink.kill), (3, broken.sink.start))
    after_out("partner killed", broken, traffic)


def test_partner_restarts(broken, traffic):
    during(traffic, CONTACTS, (2, broken.sink.stop), (3, broken.sink.start))
    after_out("partner restarts", broken, traffic)


def test_dns_stops(broken, traffic):
    """The partner restarts while nobody can say where it is."""
    def restart():
        broken.lab.dns.freeze()
        broken.sink.kill()
        broken.sink.start()
    during(traffic, CONTACTS, (2, restart), (5, broken.lab.dns.thaw))
    after_out("DNS stops", broken, traffic)


@pytest.fixture
def incoming(broken, traffic):
    """Messages from a partner's contact, and the errors that come back to him."""
    out = XmppTraffic(broken.partner, broken.entente).start()
    ended = threading.Event()

    def take_streams():
        while not ended.is_set():
            try:
                out.listen(broken.partner.take(1))
            except (OSError, AssertionError):
                continue
    taker = threading.Thread(target=take_streams)
    taker.start()
    yield out
    ended.set()
    taker.join()
    out.stop()


def after_in(name, traffic, incoming):
    return account(name, incoming.sent, lambda: traffic.received, lambda: incoming.failed)


def test_next_hop_vanishes(broken, traffic, incoming):
    during(incoming, USERS, (2, traffic.stop), (4, traffic.start))
    result = after_in("next hop vanishes", traffic, incoming)
    assert result.delivered > 0 and result.error > 0


def test_next_hop_is_silent(broken, traffic, incoming):
    """It answers nothing for a while: what was retransmitted arrives, once."""
    def silence(on):
        traffic.silent = on
    during(incoming, USERS, (2, lambda: silence(True)), (4, lambda: silence(False)))
    result = after_in("next hop silent", traffic, incoming)
    assert result.delivered == RATE * SECONDS


def test_reload_under_traffic(broken, traffic, incoming):
    """SIGHUP changes nothing for those who talk: not one message, not one stream."""
    streams = {s["id"] for s in broken.entente.streams()}
    steps = [(n / 2, broken.entente.reload) for n in range(1, 10)]
    both = threading.Thread(target=during, args=(incoming, USERS))
    both.start()
    during(traffic, CONTACTS, *steps)
    both.join()
    out = after_out("reload, out", broken, traffic)
    back = after_in("reload, in", traffic, incoming)
    assert out.delivered == back.delivered == RATE * SECONDS
    assert streams <= {s["id"] for s in broken.entente.streams()}


@pytest.mark.valgrind
def test_end_under_traffic(broken, traffic):
    """SIGTERM: what was taken is finished; what comes later is refused or not answered."""
    codes = []
    steps = [(2, lambda: codes.append(broken.entente.process.stop(60)))]
    during(traffic, CONTACTS, *steps)
    assert codes == [0]
    received = broken.sink.received()
    answered = [one for one in traffic.sent if one in traffic.statuses]
    result = tally(answered, received, traffic.failed())
    print(f"\nend under traffic: {result}, {len(traffic.unanswered())} not taken")
    assert result.neither == 0 and result.twice == 0 and result.delivered > 0
    assert not [one for one in traffic.unanswered() if received[one]]
