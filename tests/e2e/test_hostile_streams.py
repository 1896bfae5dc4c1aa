"""SIP over TCP and TLS from peers that are wrong, broken or hostile: the exact answer, bounded memory,
and every other route goes on as before."""

import collections
import itertools
import os
import pathlib
import re
import socket
import statistics
import sys
import threading
import time

import pytest

import sip_sources
from lab.lab import SIP_DOMAIN
from lab.process import Process
from lab.wait import until
from refusals import CASES, ENDS, JULIET, SAME
from scene import PARTNER, PBX
from sip_peer import SipPeer, token
from sip_stream_peer import SipWire
from traffic import SipTraffic
from xmpp_peer import client_context

STREAMS = ["tcp", "tls"]
streams = pytest.mark.parametrize("transport", STREAMS)
PIPELINED = 1000
MUTE, UNREAD = "mute.lab", 3000
SOURCES, SOURCE_RATE = 10_000, 1_500
BEGUN = b"MESSAGE sip:juliet@partner.lab SIP/2.0\r\nVia: SIP/2.0/TCP"


class Reader:
    """The partner's server: counts what arrives, and the errors that come back, by id."""

    def __init__(self, partner):
        self._partner = partner
        self.bodies, self.errors = collections.Counter(), collections.Counter()

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def stop(self):
        pass

    def _run(self):
        while True:
            try:
                threading.Thread(target=self._read, args=(self._partner.take(60),), daemon=True).start()
            except (OSError, AssertionError):
                return

    def _read(self, wire):
        rest = ""
        while True:
            try:
                data = wire.recv()
            except OSError:
                return
            if not data:
                return
            *whole, rest = (rest + data.decode()).split("</message>")
            for stanza in whole:
                head = stanza[stanza.index("<message"):]
                if "type='error'" in head:
                    self.errors[re.search(" id='([^']*)'", head).group(1)] += 1
                else:
                    self.bodies[re.search("<body>([^<]*)</body>", head).group(1)] += 1
            if "</stream:stream>" in rest:
                wire.send("</stream:stream>")
                wire.close()
                return


class Mute:
    """Takes connections and reads nothing."""

    def __init__(self, address):
        self.address, self.port = address, 5060
        self._taken = []

    def start(self):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.bind((self.address, self.port))
        self._listener.listen(512)
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def _take(self):
        while True:
            try:
                self._taken.append(self._listener.accept())
            except OSError:
                return

    def stop(self):
        self._listener.close()


class Stage:
    """An Entente with three routes, by TCP, TLS and UDP, all for sip.lab; and one for mute.lab, whose
    server reads nothing of the messages that wait for it from the beginning. stalled: connections that
    were begun with the stage and say no more, {what they said: wire}."""

    def __init__(self, scene, unread):
        self.scene, self.entente = scene, scene.entente
        self.unread = {f"unread-{n}" for n in range(unread)}
        self.reader = scene.lab.start(Reader(scene.partner))
        self.peers = {"tcp": scene.sip}
        for transport in ("tls", "udp"):
            peer = self.peers[transport] = scene.make_sip_peer(f"{transport}.{PBX}", transport)
            scene.lab.start(peer)
            names = ["--tls-names", f"tls.{PBX}"] if transport == "tls" else []
            self.entente.do(
                "route", "add", transport, "--next-hop", f"sip:{peer.endpoint}", "--transport",
                transport, "--from-domains", "sip.lab", "--error-wait", "0", *names)
        self._write_to_the_mute()
        self.opened = time.monotonic()
        self.stalled = {name: self._stall(*what) for name, what in {
            "nothing, by a stranger": ("stranger", b""),
            "half a message, by a stranger": ("stranger", BEGUN),
            "no handshake": ("no handshake", b""),
            "half a ClientHello": ("no handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
            "half a head": ("tcp", BEGUN),
            "half a head, in TLS": ("tls", BEGUN),
            "half a body": ("tcp", self.message("tcp", "x" * 100)[:-50]),
        }.items()}

    def _stall(self, who, data):
        if who == "stranger":
            wire = SipWire.open(self.server("tcp"), self.scene.stranger.address)
        elif who == "no handshake":
            wire = SipWire.open(self.server("tls"), self.scene.stranger.address)
        else:
            wire = self.dial(who)
        wire.send(data)
        return wire

    def _write_to_the_mute(self):
        mute = self.scene.lab.start(Mute(self.scene.lab.next_address()))
        self.entente.do("route", "add", "mute", "--next-hop", f"sip:{mute.address}:{mute.port}",
                        "--transport", "tcp")
        self.entente.do("domain", "set", MUTE, "--route", "mute")
        wire = self.scene.partner.open(self.entente.address, self.entente.xmpp_port, MUTE)
        for name in self.unread:
            wire.send(f"<message from='juliet@{PARTNER}' to='romeo@{MUTE}' id='{name}'>"
                      f"<body>{'x' * 700}</body></message>")

    def server(self, transport):
        return self.peers[transport].server

    def dial(self, transport):
        """A connection of a route's."""
        return self.peers[transport].dial()

    def message(self, transport, body, **more):
        return self.peers[transport].compose(JULIET, body, **more)

    def ping(self, transport):
        """An OPTIONS request."""
        return self.peers[transport].compose(
            "sip:ping@sip.lab", b"", method="OPTIONS", uri=f"sip:{self.entente.sip}")

    def arrives(self, body, times=1):
        until(lambda: self.reader.bodies[body] == times,
              lambda: f"'{body}' at the partner, {self.reader.bodies[body]} times")

    def all_is_well(self, transport):
        """A message passes, by a connection of its own, and is answered there."""
        body = token()
        wire = self.dial(transport)
        wire.send(self.message(transport, body))
        assert wire.final().status == 200
        self.arrives(body)
        wire.close()

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.entente.process.pid}/fd"))

    @property
    def pss(self):
        """KiB."""
        text = pathlib.Path(f"/proc/{self.entente.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))


@pytest.fixture(scope="module")
def stage(make_scene, valgrind):
    return Stage(make_scene(
        transport="tcp", route=["--error-wait", "0"], domains=(SIP_DOMAIN, MUTE)),
        UNREAD // 100 if valgrind else UNREAD)


@pytest.fixture(scope="module")
def number():
    return itertools.count()


# ---- one message ----

@streams
@pytest.mark.parametrize("case", [c for c in CASES if c.stream == SAME], ids=lambda c: c.name)
def test_refused(stage, number, transport, case):
    """As over UDP, on the connection that the request came by; that goes on."""
    peer = stage.peers[transport]
    peer.refused(case, next(number))
    assert peer.ask(stage.ping(transport)).status == 200


OPTIONS = (
    "OPTIONS sip:entente SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    "From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:entente>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    "Max-Forwards: 70\r\n{more}\r\n")

# name: (bytes, the status line of the answer or None, section)
FRAMES = {
    "no Content-Length": (OPTIONS.format(more=""), "400 Missing Content-Length",
                          "RFC 3261 18.3, 20.14"),
    "Content-Length beyond all numbers": (OPTIONS.format(more=f"Content-Length: {10**30}\r\n"),
                                          "400 Bad Content-Length", "RFC 3261 25.1"),
    "negative Content-Length": (OPTIONS.format(more="Content-Length: -1\r\n"),
                                "400 Bad Content-Length", "RFC 3261 25.1"),
    "two Content-Length, one compact": (OPTIONS.format(more="Content-Length: 0\r\nl: 5\r\n"),
                                        "400 Bad Content-Length", "RFC 3261 7.3.1"),
    "head of more than 64 kB": (OPTIONS.format(more="X: y\r\n" * 12000), "513 Message Too Large",
                                "RFC 3261 21.5.7"),
    "one field of more than 64 kB": (OPTIONS.format(more="X: " + "y" * 70000 + "\r\n"),
                                     "513 Message Too Large", "RFC 3261 21.5.7"),
    "body of more than 64 kB": (OPTIONS.format(more="Content-Length: 70000\r\n"),
                                "513 Message Too Large", "RFC 3261 21.5.7"),
    "not SIP": ("GET / HTTP/1.1\r\nHost: sip.lab\r\n\r\n", None, "RFC 3261 7"),
    "zeros": ("\0" * 70000, None, "RFC 3261 7"),
}


@pytest.mark.valgrind
@streams
@pytest.mark.parametrize("name", FRAMES)
def test_the_end_cannot_be_found(stage, transport, name):
    """It is answered as far as it can be, then the connection ends."""
    text, line, _ = FRAMES[name]
    wire = stage.dial(transport)
    wire.send(text)
    if line:
        assert wire.take().start == f"SIP/2.0 {line}"
    wire.expect_end()
    stage.all_is_well(transport)


@streams
@pytest.mark.parametrize("case", [c for c in CASES if c.stream == ENDS], ids=lambda c: c.name)
def test_refused_for_good(stage, transport, case):
    peer, wire = stage.peers[transport], stage.dial(transport)
    wire.send(case.request(transport=peer.transport, address=peer.address, port=peer.port,
                           branch="z9hG4bKend", callid="end"))
    assert wire.take().start == "SIP/2.0 400 Bad Content-Length"
    wire.expect_end()


@pytest.mark.valgrind
@streams
def test_byte_by_byte(stage, transport):
    body, wire = token(), stage.dial(transport)
    wire.no_delay()
    for byte in stage.message(transport, body):
        wire.send(bytes([byte]))
    assert wire.final().status == 200
    stage.arrives(body)
    wire.close()


@streams
def test_pipelined(stage, transport):
    """All at once, answered each, in whatever order."""
    prefix = token()
    requests = [stage.message(transport, f"{prefix}-{n}") for n in range(PIPELINED)]
    wire = stage.dial(transport)
    sender = threading.Thread(target=wire.send, args=(b"".join(requests),))
    sender.start()
    answers = collections.Counter()
    while sum(answers.values()) < PIPELINED:
        answers[wire.final().status] += 1
    sender.join()
    assert answers == {200: PIPELINED}
    until(lambda: all(stage.reader.bodies[f"{prefix}-{n}"] == 1 for n in range(PIPELINED)), "each once")
    wire.close()


@streams
def test_keep_alive(stage, transport):
    """RFC 5626 4.4.1: a double CRLF is answered with one; it may stand before and between messages."""
    wire = stage.dial(transport)
    wire.send(b"\r\n\r\n")
    assert wire.read_until("\r\n") == "\r\n"
    wire.send(b"\r\n" + stage.ping(transport) + b"\r\n\r\n" + stage.ping(transport))
    assert wire.take().status == 200
    assert wire.take().status == 200
    wire.close()


# ---- connections that end badly ----

def cuts(request):
    """An offset within every kind of thing that a message is made of, and between them."""
    text = request.decode()
    kinds = [re.sub(r"[A-Za-z]", "a", re.sub(r"[0-9]", "0", c)) for c in text]
    seen, found = set(), []
    for n in range(1, len(text)):
        pair = (kinds[n - 1], kinds[n], text[:n].count("\n") if text[:n].count("\n") < 2 else 2)
        if pair not in seen:
            seen.add(pair)
            found.append(n)
    return found + [len(text) - 1]


@pytest.mark.valgrind
@streams
def test_reset_anywhere(stage, transport):
    """Half a message is no message; the whole one counts, though its answer finds nobody."""
    before = stage.descriptors
    for n in cuts(stage.message(transport, "x")):
        body = token()
        wire = stage.dial(transport)
        wire.send(stage.message(transport, body)[:n])
        wire.reset()
        assert not stage.reader.bodies[body]
    body = token()
    wire = stage.dial(transport)
    wire.send(stage.message(transport, body) + BEGUN)
    stage.arrives(body)
    wire.reset()
    stage.all_is_well(transport)
    until(lambda: stage.descriptors <= before, lambda: f"{stage.descriptors} descriptors, not {before}")


@pytest.mark.valgrind
@streams
def test_half_closed(stage, transport):
    """Who says nothing more is still answered."""
    body, wire = token(), stage.dial(transport)
    wire.send(stage.message(transport, body))
    wire.half_close()
    assert wire.final().status == 200
    stage.arrives(body)
    wire.expect_end()


@pytest.mark.valgrind
def test_renegotiation(stage):
    """TLS 1.2 would allow it; it is refused, and nobody else is troubled."""
    peer = stage.peers["tls"]
    pair, ca_file = peer._tls
    client = stage.scene.lab.start(Process("s_client", [
        "openssl", "s_client", "-tls1_2", "-connect", stage.entente.sips, "-bind", f"{peer.address}:0",
        "-cert", pair.cert, "-key", pair.key, "-CAfile", ca_file], stage.scene.lab.folder,
        keyboard=True))
    client.wait_log("Verify return code: 0")
    client.type("R\n")
    client.wait_log("no renegotiation|RENEGOTIATING(.|\n)*(alert|error)")
    stage.all_is_well("tls")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("via", [
    "{victim};branch={branch}",
    "{victim};branch={branch};rport",
    "{victim};branch={branch};rport=9;received={host}",
    "{own};branch={branch};received={host}",
    "{own};branch={branch};received={host};received={host}",
    "{own};branch={branch};rport={port};received={host}",
])
def test_forged_via(stage, transport, via):
    """The answer goes where the request came from (RFC 3261 18.2.2, RFC 3581), whatever it says."""
    peer = stage.peers[transport]
    victim = stage.scene.lab.start(SipPeer(stage.scene.lab.next_address(), 5060))
    listener = socket.create_server((victim.address, 5060))
    request = re.sub(
        rb"Via: SIP/2.0/(\w+) [^\r]*",
        rb"Via: SIP/2.0/\1 " + via.format(
            victim=victim.endpoint, own=peer.endpoint, host=victim.address, port=victim.port,
            branch=f"z9hG4bK{token()}").encode(), stage.ping(transport))
    if transport == "udp":
        # Without rport the port of Via counts, but the address of the packet.
        answer = peer.ask(request)
    else:
        wire = stage.dial(transport)
        wire.send(request)
        answer = wire.final()
        wire.close()
    assert answer.status in (200, 400)      # 400: two of a kind
    if "{victim}" in via:
        assert f"received={peer.address}" in answer.get("Via")
    assert victim.heard() == []
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()
    victim.stop()


# ---- strangers ----

@pytest.mark.valgrind
def test_stranger(stage):
    """By TCP an address of no route, by TLS a certificate of no route: 403 and the end."""
    stranger = stage.scene.stranger
    wire = SipWire.open(stage.server("tcp"), stranger.address)
    wire.send(stage.message("tcp", "psst"))
    assert wire.take().status == 403
    wire.expect_end()
    lab = stage.scene.lab
    pair = lab.ca.issue("other-pbx", dns=["other.pbx.lab"])
    wire = SipWire.open(
        stage.server("tls"), stage.peers["tls"].address, client_context(lab.ca.file, pair, check=False))
    wire.send(stage.message("tls", "psst"))
    assert wire.take().status == 403
    wire.expect_end()
    assert not stage.reader.bodies["psst"]


def p99(values):
    return statistics.quantiles(values, n=100)[98]


def probe(traffic, count=300):
    ids = []
    for n in range(count):
        ids.append(traffic.offer(f"sip:c{n}@{PARTNER}"))
        time.sleep(0.01)
    traffic.wait_answers(10)
    assert {traffic.statuses[i] for i in ids} == {200}
    return [traffic.latency[i] for i in ids]


def test_flood_from_many_sources(stage):
    """10,000 addresses, by UDP, TCP and TLS: what they cost is bounded, and the routes go on."""
    peer = stage.peers["udp"]
    traffic = SipTraffic(peer.address, 5070, stage.server("udp")).start()
    stage.all_is_well("tls")
    calm, memory = probe(traffic), stage.pss
    sources = stage.scene.lab.start(Process("sources", [
        sys.executable, "-B", sip_sources.__file__, "--udp", stage.entente.sip, "--tcp",
        stage.entente.sip, "--tls", stage.entente.sips, "--count", SOURCES, "--rate", SOURCE_RATE],
        stage.scene.lab.folder))
    sources.wait_log("^begins")
    beside = probe(traffic)
    most = stage.pss
    while sources.running:
        most = max(most, stage.pss)
        stage.all_is_well("tcp")
        stage.all_is_well("tls")
    traffic.stop()
    done, refused = sources.wait_log(r"^ended (\d+) (\d+)").groups()
    print(f"\n{done} strangers ({refused} not taken): p99 of a route {p99(calm) * 1000:.1f} ms before, "
          f"{p99(beside) * 1000:.1f} ms beside them; PSS {memory} KiB before, {most} KiB at most")
    assert sources.exit_code == 0 and int(done) == SOURCES
    assert most < memory + 64 * 1024
    # The driver is Python and shares the processors: generous. bench/bridge measures.
    assert p99(beside) < p99(calm) + 0.25


# ---- who waits for nothing ----

def test_stalled(stage):
    """Who begins and does not go on loses the connection: strangers after 10 s, routes after 30 s
    within a message."""
    for name, wire in stage.stalled.items():
        left = 45 - (time.monotonic() - stage.opened)
        wire.drain(max(left, 1))
        print(f"{name}: ended by {time.monotonic() - stage.opened:.0f} s")
    stage.all_is_well("tcp")


def test_server_that_reads_nothing(stage):
    """Every sender is told, once, when a SIP client gives up at the latest (RFC 3261 17.1.2.2)."""
    until(lambda: set(stage.reader.errors) == stage.unread,
          lambda: f"{len(stage.unread)} errors; there are {len(stage.reader.errors)}", 45)
    assert set(stage.reader.errors.values()) == {1}
