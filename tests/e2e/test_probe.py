"""`entente test partner` and `entente test domain`: each broken set-up names the step that fails, with
a code of its own, and what to do; a good one passes; nothing else is connected to, or touched."""

import json
import re
import ssl
import subprocess
import threading

import pytest

from lab import net
from lab.ca import Authority
from lab.dnssec import SignedDns
from lab.lab import SIP_DOMAIN, Lab
from xmpp_peer import (
    SASL, TLS, Closed, XmppPeer, dialback, dialback_features, header, server_context)

STEP_MS = 1500
LAB = {"test": {"allow-local": "yes", "step-timeout": STEP_MS, "per-minute": 600}}
NAMES = [f"p{n}.lab" for n in range(60)]
BOTH = {"sasl": "Optional", "dialback": "yes"}
STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"
END = "</stream:stream>"
OFFER_TLS = f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>"
OFFER_EXTERNAL = (
    f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>"
    "</stream:features>")


class Result:
    """What a test said: its exit code, and its steps."""

    def __init__(self, answer):
        self.code = answer.code
        self.whole = json.loads(answer.out)
        self.steps = self.whole["steps"]

    def of(self, step):
        return [s for s in self.steps if s["step"] == step]

    def one(self, step):
        found = self.of(step)
        assert len(found) == 1, found
        return found[0]

    def failed(self):
        return [(s["step"], s["code"]) for s in self.steps if s["result"] == "fail"]

    def warned(self):
        return [(s["step"], s["code"]) for s in self.steps if s["result"] == "warn"]

    def skipped(self):
        return {s["step"]: s["evidence"] for s in self.steps if s["result"] == "skipped"}

    def check(self):
        """What holds for every test."""
        assert self.code == (1 if self.failed() else 0)
        assert self.whole["result"] == (
            "fail" if self.failed() else "warn" if self.warned() else "pass")
        for result in ("pass", "warn", "fail", "skipped"):
            assert self.whole[result] == len(
                [s for s in self.steps if s["result"] == result and s["step"] != "record"])
        for s in self.steps:
            assert len(s["evidence"].encode()) <= 256 and s["evidence"].isprintable(), s
            assert bool(s["remedy"]) == (s["result"] in ("warn", "fail")), s
            assert s["remedy"] == "" or s["remedy"][0].isupper(), s
            assert "{" not in s["remedy"], s
        return self


class Player(threading.Thread):
    """Plays a server for the connections that come until one was played to its end: the test first
    connects to see whether it can."""

    def __init__(self, peer, play):
        super().__init__(daemon=True)
        self.peer, self.play = peer, play
        self.faults, self.wires = [], []
        self.done = False
        self.start()

    def run(self):
        while not self.done:
            try:
                wire = self.peer.accept(20)
            except OSError:
                return
            self.wires.append(wire)
            try:
                self.play(self.peer, wire)
                self.done = True
            except (AssertionError, OSError, Closed) as fault:
                self.faults.append(fault)

    def end(self):
        self.done = True
        for wire in self.wires:
            wire.close()


@pytest.fixture(scope="module")
def scene(make_scene):
    scene = make_scene(names=NAMES, settings=LAB)
    scene.unused = iter(NAMES)
    return scene


@pytest.fixture
def peer(scene):
    return new_partner(scene)


def new_partner(scene, **levels):
    peer = scene.peers[next(scene.unused)]
    scene.add_partner(peer.domain, **levels)
    return peer


def probe(scene, domain, *options, kind="partner"):
    return Result(scene.entente.run("--json", "test", kind, domain, *options)).check()


def played(scene, peer, play, *options):
    """The test of a partner whose server does what play(peer, wire) does."""
    player = Player(peer, play)
    try:
        result = probe(scene, peer.domain, *options)
    finally:
        player.end()
    result.player = player
    return result


def said(*words):
    """A server that says this once the header has come, and nothing more."""
    def play(peer, wire):
        peer.take_header(wire)
        for word in words:
            wire.send(word)
        wire.read_until("never")
    return play


def to_tls(peer, wire, pair=None, context=None):
    """Up to the handshake."""
    wire.sender = re.search("from='([^']*)'", peer.take_header(wire)).group(1)
    wire.send(header(peer.domain, wire.sender, "clear1") + OFFER_TLS)
    wire.read_until("<starttls")
    wire.read_until("/>")
    wire.send(f"<proceed xmlns='{TLS}'/>")
    wire.start_tls(
        context or server_context(peer.ca_file, pair or peer.pair, False), server_side=True)


def with_certificate(pair):
    def play(peer, wire):
        to_tls(peer, wire, pair)
        wire.read_until(END)
    return play


def secure(peer, wire, features):
    to_tls(peer, wire)
    peer.take_header(wire)
    wire.send(header(peer.domain, wire.sender, "tls1") + features)


def key_of(wire):
    return re.search(">([^<]*)</db:result>", wire.read_until("</db:result>")).group(1)


# ---- DNS ----

def test_no_srv(scene):
    """Neither a record nor an address of the domain itself: nothing to connect to."""
    scene.add_partner("nowhere.lab")
    result = probe(scene, "nowhere.lab")
    assert result.failed() == [("srv", "srv_missing")]
    assert result.skipped()["tcp"] == "because of srv"
    assert result.skipped()["ping"] == "because of srv"


@pytest.fixture(scope="module")
def zone(scene):
    """Names with uncommon records."""
    dns, address = scene.lab.dns, scene.lab.next_address()
    dns._records.append("srv-host=_xmpp-server._tcp.dot.lab")
    dns.srv("empty.lab", "host.empty.lab", 5269)
    dns.host("own.lab", address)
    dns._records.append(f"host-record=real.lab,{address}")
    dns._records.append("cname=alias.lab,real.lab")
    dns.srv("aliased.lab", "alias.lab", net.free_port(address))
    dns.srv("local.lab", "host.local.lab", 5269)
    for bad in ("127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "::",
                "ff02::1", "::ffff:127.0.0.1"):
        dns.host("host.local.lab", bad)
    dns.stop()
    dns.start()
    for name in ("dot.lab", "empty.lab", "own.lab", "aliased.lab", "local.lab"):
        scene.add_partner(name)
    return scene


def test_srv_dot(zone):
    result = probe(zone, "dot.lab")
    assert result.failed() == [("srv", "srv_dot")]


def test_srv_without_address(zone):
    result = probe(zone, "empty.lab")
    assert result.failed() == [("address", "address_none")]
    assert "host.empty.lab" in result.one("address")["evidence"]


def test_no_srv_but_an_address(zone):
    result = probe(zone, "own.lab")
    assert ("srv", "srv_none") in result.warned()
    assert ":5269" in result.one("tcp")["evidence"]


def test_srv_target_is_an_alias(zone):
    result = probe(zone, "aliased.lab")
    assert ("address", "address_alias") in result.warned()
    assert "real.lab" in result.one("address")["evidence"]
    assert result.failed() == [("tcp", "tcp_refused")]


def test_slow_dns(scene, peer):
    """Slow is a warning; so slow that nobody would wait is a failure, and another one than an answer
    that says no."""
    dns = scene.lab.dns
    dns.freeze()
    try:
        result = probe(scene, peer.domain)
        assert result.failed() == [("srv", "dns_timeout")]
        timer = threading.Timer(STEP_MS / 1000 / 2, dns.thaw)
        timer.start()
        result = played(scene, peer, said("HTTP/1.1 400 Bad Request\r\n\r\n"))
        timer.join()
    finally:
        dns.thaw()
    assert ("srv", "dns_slow") in result.warned()


# ---- addresses ----

def test_refused_port(scene, peer):
    peer.stop()
    result = probe(scene, peer.domain)
    assert result.failed() == [("tcp", "tcp_refused")]
    assert peer.address in result.one("tcp")["evidence"]


def test_silent_port(scene, peer):
    """Somebody takes the connection and says nothing."""
    result = probe(scene, peer.domain)
    assert result.failed() == [("header", "header_timeout")]


def test_ipv6_dead(scene):
    """IPv4 works, so the partner is reached; every new stream tries IPv6 first."""
    peer = new_partner(scene)
    scene.lab.dns.host(f"host.{peer.domain}", "::1")    # nobody is on that port there
    scene.lab.dns.stop()
    scene.lab.dns.start()
    result = played(scene, peer, said("HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert ("tcp", "tcp_ipv6_dead") in result.warned()
    assert [s["result"] for s in result.of("tcp")] == ["warn", "pass"]
    assert result.failed() == [("header", "header_http")]


# ---- what answers there ----

@pytest.mark.parametrize("word, code", [
    ("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "header_http"),
    ("220 mail.example ESMTP\r\n", "header_not_xmpp"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "header_direct_tls"),
    ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
     "xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>", "header_client"),
    ("<stream:stream xmlns='jabber:server' xmlns:stream='http://example.org'>", "header_bad"),
], ids=["HTTP", "SMTP", "direct TLS", "client port", "wrong namespace"])
def test_not_this_kind_of_server(scene, peer, word, code):
    result = played(scene, peer, said(word))
    assert result.failed() == [("header", code)]
    assert result.skipped()["features"] == "because of header"


@pytest.mark.parametrize("condition, code", [
    ("policy-violation", "not_listed_there"), ("not-authorized", "not_listed_there"),
    ("host-unknown", "host_unknown"), ("resource-constraint", "stream_error")])
def test_not_listed_at_the_peer(scene, peer, condition, code):
    result = played(scene, peer, said(
        header(peer.domain, SIP_DOMAIN, "s1"),
        f"<stream:error><{condition} xmlns='{STREAMS}'/></stream:error>{END}"))
    assert result.failed() == [("header", code)]
    assert condition in result.of("header")[-1]["evidence"]
    if code == "not_listed_there":
        assert SIP_DOMAIN in result.of("header")[-1]["remedy"]


def test_closes_at_once(scene, peer):
    def play(peer, wire):
        peer.take_header(wire)
        wire.close()
    assert played(scene, peer, play).failed() == [("header", "closed")]


# ---- TLS ----

def test_no_tls(scene, peer):
    result = played(scene, peer, said(
        header(peer.domain, SIP_DOMAIN, "s1") + "<stream:features/>",
        f"<failure xmlns='{TLS}'/>{END}"))
    assert result.failed() == [("starttls", "starttls_missing")]
    assert result.skipped()["tls"] == "because of starttls"


def test_starttls_refused(scene, peer):
    def play(peer, wire):
        peer.take_header(wire)
        wire.send(header(peer.domain, SIP_DOMAIN, "s1") + OFFER_TLS)
        wire.read_until("<starttls")
        wire.send(f"<failure xmlns='{TLS}'/>{END}")
        wire.read_until(END)
    assert played(scene, peer, play).failed() == [("starttls", "starttls_refused")]


def test_tls_1_1_only(scene, peer):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(peer.pair.cert, peer.pair.key)
    result = played(scene, peer, lambda p, wire: to_tls(p, wire, context=context))
    assert result.failed() == [("tls", "tls_old")]
    assert "version" in result.one("tls")["evidence"]


CERTIFICATES = {
    "expired": (dict(days=(-10, -1)), "expiry", "cert_expired"),
    "not yet valid": (dict(days=(5, 10)), "expiry", "cert_not_yet"),
    "self-signed": (dict(self_signed=True), "chain", "cert_self_signed"),
    "wrong name": (dict(dns=["other.lab"], srv=[]), "name", "cert_wrong_name"),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_bad_certificate(scene, peer, name):
    more, step, code = CERTIFICATES[name]
    pair = scene.lab.ca.issue(f"probe-{peer.domain}", **{
        "dns": [peer.domain], "srv": [f"_xmpp-server.{peer.domain}"], **more})
    result = played(scene, peer, with_certificate(pair))
    assert result.failed() == [(step, code)]
    assert result.skipped()["external"] == f"because of {step}"


def test_missing_intermediate(scene, peer):
    """The certificate came alone; with what is between it and the authority all is well."""
    middle = scene.lab.ca.intermediate("middle")
    pair = middle.server(peer.domain, file=f"under-middle-{peer.domain}")
    result = played(scene, peer, with_certificate(pair))
    assert result.failed() == [("chain", "cert_no_intermediate")]
    pair.cert.write_bytes(pair.cert.read_bytes() + middle.file.read_bytes())
    result = played(scene, peer, with_certificate(pair))
    assert result.one("chain")["result"] == "pass"


def test_unknown_authority(scene, peer):
    other = Authority(scene.lab.folder / "other-ca", "Somebody")
    pair = other.server(peer.domain)
    pair.cert.write_bytes(pair.cert.read_bytes() + other.file.read_bytes())
    result = played(scene, peer, with_certificate(pair))
    assert result.failed() == [("chain", "cert_untrusted")]


@pytest.mark.parametrize("usage, code", [("client", "purpose_client_only"), ("server", "ok")])
def test_purpose(scene, peer, usage, code):
    """We take a certificate for either direction (RFC 6120 says nothing of it); others do not."""
    pair = scene.lab.ca.server(peer.domain, file=f"{usage}-{peer.domain}", usage=usage)
    result = played(scene, peer, with_certificate(pair))
    assert result.one("purpose")["code"] == code
    assert f"{usage}Auth" in result.one("purpose")["evidence"]


def test_expires_soon(scene, peer):
    """The lab's certificates are for 20 days."""
    result = played(scene, peer, with_certificate(peer.pair))
    assert result.one("expiry")["code"] == "cert_expires_soon"
    assert re.match("(19|20) days left", result.one("expiry")["evidence"])


# ---- authentication ----

def test_external_not_offered(scene, peer):
    def play(peer, wire):
        secure(peer, wire, "<stream:features/>")
        wire.read_until(END)
    result = played(scene, peer, play)
    assert result.failed() == [("external", "external_not_offered")]


def test_external_refused(scene, peer):
    def play(peer, wire):
        secure(peer, wire, OFFER_EXTERNAL)
        wire.read_until("</auth>")
        wire.send(f"<failure xmlns='{SASL}'><not-authorized/><text>no such luck</text></failure>")
        wire.read_until(END)
    result = played(scene, peer, play)
    assert result.failed() == [("external", "external_refused")]
    assert result.one("external")["evidence"] == "not-authorized: no such luck"
    assert result.skipped()["dialback"] == ""


def test_ping_without_an_answer(scene, peer):
    """EXTERNAL works; nobody opens a stream to us for the answer."""
    def play(peer, wire):
        peer.take_on(wire)
        wire.ping = wire.read_until("</iq>")
        wire.read_until(END)
    result = played(scene, peer, play)
    assert result.failed() == []
    assert ("ping", "ping_no_answer") in result.warned()
    assert result.one("method")["evidence"] == "sasl-over-tls; allowed: sasl-over-tls"


def test_ping_answered_on_a_stream_of_theirs(scene, peer):
    """The answer is taken where it comes, and does not reach the SIP side; what is no answer to it
    passes as ever."""
    def play(peer, wire):
        peer.take_on(wire)
        ping = wire.read_until("</iq>")
        own = peer.open(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN)
        ident = re.search("id='([^']*)'", ping).group(1)
        scene.message_in(own, domain=peer.domain)
        own.send(f"<iq type='result' id='{ident}' from='{peer.domain}' to='{SIP_DOMAIN}'/>")
        wire.read_until(END)
        own.close()
    result = played(scene, peer, play)
    assert result.failed() == []
    assert result.one("ping")["result"] == "pass"
    assert result.one("inbound")["result"] == "pass"


def dialback_server(answer):
    """A server that offers dialback inside TLS and answers our key by answer(peer, wire, key)."""
    def play(peer, wire):
        secure(peer, wire, dialback_features())
        answer(peer, wire, key_of(wire))
        wire.read_until(END)
    return play


def asks_us(key_to_ask=None):
    """Asks Entente, as authoritative server, and passes on what it says."""
    def answer(peer, wire, key):
        scene_wire = peer.open_secure(*peer.entente, SIP_DOMAIN)
        scene_wire.send(dialback(
            "verify", peer.domain, SIP_DOMAIN, key=key_to_ask or key, id="tls1"))
        said_ = scene_wire.read_until(r"<db:verify [^>]*/>|</db:verify>")
        kind = re.search("type='([^']*)'", said_).group(1)
        wire.send(dialback("result", peer.domain, wire.sender, type=kind))
        scene_wire.close()
    return answer


@pytest.fixture
def dialback_peer(scene):
    peer = new_partner(scene, **BOTH)
    peer.entente = (scene.entente.address, scene.entente.xmpp_port)
    return peer


def test_dialback_is_good(scene, dialback_peer):
    result = played(scene, dialback_peer, dialback_server(asks_us()))
    assert result.failed() == []
    assert result.one("dialback")["result"] == "pass"
    assert result.one("dialback")["evidence"].endswith("our listener was asked and said valid")
    assert ("method", "method_less") in result.warned()
    assert result.one("method")["evidence"].startswith("tls-dialback; ")


def test_dialback_wrong_key(scene, dialback_peer):
    """We were asked about another key than the one that we gave."""
    result = played(scene, dialback_peer, dialback_server(asks_us("0" * 64)))
    assert result.failed() == [("dialback", "dialback_wrong_key")]


def test_dialback_answered_elsewhere(scene, dialback_peer):
    """Somebody else said that the key is wrong: our records lead to him."""
    def answer(peer, wire, key):
        wire.send(dialback("result", peer.domain, wire.sender, type="invalid"))
    result = played(scene, dialback_peer, dialback_server(answer))
    assert result.failed() == [("dialback", "dialback_elsewhere")]


@pytest.mark.parametrize("silent", [False, True], ids=["error", "silence"])
def test_dialback_unreachable(scene, dialback_peer, silent):
    """The peer did not get through to us."""
    def answer(peer, wire, key):
        if not silent:
            wire.send(
                f"<db:result from='{peer.domain}' to='{wire.sender}' type='error'>"
                "<error type='wait'><remote-server-timeout "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>")
    result = played(scene, dialback_peer, dialback_server(answer))
    assert result.failed() == [("dialback", "dialback_unreachable")]
    assert "our listener was not asked" in result.one("dialback")["evidence"]


def test_dialback_refused(scene, dialback_peer):
    def answer(peer, wire, key):
        wire.send(
            f"<db:result from='{peer.domain}' to='{wire.sender}' type='error'><error type='cancel'>"
            "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>")
    result = played(scene, dialback_peer, dialback_server(answer))
    assert result.failed() == [("dialback", "dialback_refused")]


# ---- what is tested at all ----

def test_not_listed(scene):
    """Its DNS is looked at, and nobody is connected to."""
    name = next(scene.unused)
    result = probe(scene, name)
    assert result.failed() == [("partner", "not_listed")]
    assert result.one("srv")["result"] == "pass"
    assert result.skipped()["tcp"] == "because of partner"
    assert result.one("partner")["remedy"] == f"List it: entente partner add {name}"


def test_disabled(scene, peer):
    scene.entente.do("partner", "disable", peer.domain)
    assert probe(scene, peer.domain).failed() == [("partner", "disabled")]


def test_names(scene):
    assert probe(scene, "no..name").failed() == [("syntax", "syntax_bad")]
    assert probe(scene, SIP_DOMAIN).failed() == [("partner", "is_local")]
    mixed = probe(scene, "p\u0430rtner.lab")     # a Cyrillic letter
    assert mixed.one("syntax")["code"] == "syntax_mixed"
    assert "xn--" in mixed.one("syntax")["evidence"]
    assert probe(scene, "PARTNER.Lab.", "--local", "other.lab").failed() == [
        ("partner", "local_unknown")]


def test_overlap(scene, peer):
    scene.add_partner(f"chat.{peer.domain}")
    result = probe(scene, f"chat.{peer.domain}")
    assert ("partner", "overlap") in result.warned()
    assert peer.domain in result.one("partner")["evidence"]


def test_one_at_a_time(scene, peer):
    """A second test of the same partner is refused while the first is under way; another partner's
    is not."""
    other = new_partner(scene)
    other.stop()
    first = []
    thread = threading.Thread(target=lambda: first.append(probe(scene, peer.domain)))
    thread.start()
    peer.accept()                   # it is under way
    wire = peer.accept()
    peer.take_header(wire)          # ... and waits for our answer
    again = scene.entente.run("test", "partner", peer.domain)
    assert (again.code, again.out) == (6, "")
    assert "test_running" in again.err
    assert probe(scene, other.domain).failed() == [("tcp", "tcp_refused")]
    thread.join()
    wire.close()
    assert first[0].failed() == [("header", "header_timeout")]


def test_no_live_stream_is_touched(scene, peer):
    """A stream in use stays, is used after the test, and no other appears."""
    scene.message_out("one", domain=peer.domain)
    live = peer.take()
    live.read_until("</message>")
    before = [s["id"] for s in scene.entente.streams() if s["remote_domain"] == peer.domain]
    played(scene, peer, said("HTTP/1.1 400 Bad Request\r\n\r\n"))
    after = [s["id"] for s in scene.entente.streams() if s["remote_domain"] == peer.domain]
    assert before == after and len(after) == 1
    scene.message_out("two", domain=peer.domain)
    live.read_until("two")
    live.close()


def test_whoever_asked_goes_away(scene, peer):
    """The test ends, so that the next may begin."""
    asking = subprocess.Popen(
        [scene.entente.build / "entente", "--socket", scene.entente.socket, "test", "partner",
         peer.domain], stdout=subprocess.PIPE, text=True)
    assert "syntax" in asking.stdout.readline()
    peer.accept()
    wire = peer.accept()
    peer.take_header(wire)
    asking.kill()
    asking.wait()
    wire.expect_end()               # at once, not when the step's time is over
    result = probe(scene, peer.domain)
    assert result.failed() == [("header", "header_timeout")]


def test_what_the_shell_shows(scene, peer):
    peer.stop()
    answer = scene.entente.run("test", "partner", peer.domain)
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[0].startswith("PASS  syntax ")
    fail = next(n for n, line in enumerate(lines) if line.startswith("FAIL  tcp "))
    assert "tcp_refused: " in lines[fail] and lines[fail + 1].startswith("      -> ")
    assert "SKIP  header" in answer.out and "because of tcp" in answer.out
    assert re.search(r"^\d+ passed, \d+ warned, 1 failed, \d+ skipped$", answer.out, re.M)
    assert re.search(r"^first: tcp: ", answer.out, re.M)


# ---- without allow-local ----

@pytest.fixture(scope="module")
def strict(make_scene):
    """As it is shipped."""
    scene = make_scene(names=["refused.lab"], settings={"test": {"step-timeout": STEP_MS}})
    scene.add_partner("refused.lab")
    return scene


def test_local_addresses_and_the_rate(strict):
    """Nobody on this machine is connected to; and 6 tests a minute are the most."""
    peer = strict.peers["refused.lab"]
    result = probe(strict, peer.domain)
    assert result.failed() == [("tcp", "refused_local")]
    with pytest.raises(OSError):
        peer.accept(0.2)
    for _ in range(5):
        probe(strict, peer.domain)
    seventh = strict.entente.run("test", "partner", peer.domain)
    assert seventh.code == 6 and "test_rate" in seventh.err


def test_every_local_address_is_refused(make_scene):
    scene = make_scene(settings={"test": {"step-timeout": STEP_MS}})
    dns = scene.lab.dns
    dns.srv("local.lab", "host.local.lab", 5269)
    bad = ["127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "ff02::1",
           "::ffff:127.0.0.1"]
    for address in bad:
        dns.host("host.local.lab", address)
    dns.stop()
    dns.start()
    scene.add_partner("local.lab")
    result = probe(scene, "local.lab")
    codes = [s["code"] for s in result.of("tcp")]
    assert codes == ["refused_local"] * len(codes) and len(codes) >= 6


# ---- our own domains ----

def test_domain(scene):
    result = probe(scene, SIP_DOMAIN, kind="domain")
    assert result.failed() == []
    assert result.one("route")["evidence"] == "pbx"
    assert result.one("here")["evidence"] == "all lead to our listeners"
    assert result.one("chain")["code"] == "cert_private"      # the lab's authority is nobody's else
    assert result.one("name")["result"] == "pass"
    assert result.one("expiry")["code"] == "cert_expires_soon"
    records = [s["evidence"] for s in result.of("record")]
    assert records[0] == (
        f"_xmpp-server._tcp.{SIP_DOMAIN}. 3600 IN SRV 10 0 {scene.entente.xmpp_port} "
        f"host.{SIP_DOMAIN}.")
    text = scene.entente.run("test", "domain", SIP_DOMAIN).out
    assert f"DNS records to publish:\n{records[0]}\n" in text


def test_domain_unknown(scene):
    result = probe(scene, "stranger.lab", kind="domain")
    assert result.failed() == [("domain", "domain_unknown")]
    assert result.skipped()["record"] == "because of domain"


def test_domain_without_certificate_route_or_records(scene):
    scene.entente.do("domain", "add", "bare.lab")
    result = probe(scene, "bare.lab", kind="domain")
    assert ("route", "route_none") in result.failed()
    assert ("srv", "srv_missing") in result.failed()
    assert ("listener", "listener_no_tls") in result.failed()
    assert result.of("record")[0]["evidence"].endswith(" xmpp.bare.lab.")


def test_domain_whose_records_lead_elsewhere(scene):
    name = next(scene.unused)
    scene.entente.do("domain", "add", name)
    result = probe(scene, name, kind="domain")
    assert result.one("here")["code"] in ("here_port", "here_elsewhere")


# ---- DNSSEC: a signed zone, a bogus one, one that is not signed ----

@pytest.fixture(scope="module")
def signed(build):
    with Lab(build) as lab:
        lab.dns = SignedDns(
            lab.folder, lab.address(1), ["good.lab", "bogus.lab"], ["bogus.lab"])
        peers = {
            name: XmppPeer(name, lab.next_address(), lab.ca.server(name), lab.ca.file)
            for name in ("good.lab", "bogus.lab", "plain.lab")}
        for peer in peers.values():
            lab.dns.server(peer.domain, peer.address, peer.port)
        lab.make_entente(settings={
            **LAB, "resolver": {"dnssec": "auto", "trust-anchors": lab.dns.anchors}})
        for one in (lab.dns, *peers.values(), lab.entente):
            lab.start(one)
        lab.entente.do("domain", "add", SIP_DOMAIN)
        for name in peers:
            lab.entente.do("partner", "add", name, "--dialback", "no")
        lab.peers = peers
        yield lab


def test_dnssec_is_validated(signed):
    """What is signed rightly is secure: the root's signatures are not to be had in a lab, those under
    a trust anchor of the administrator's are."""
    result = probe(signed, "good.lab")
    assert result.one("dnssec")["result"] == "pass"
    assert result.one("dnssec")["evidence"] == "SRV: secure; host.good.lab: secure"
    assert result.failed() == [("header", "header_timeout")]    # nobody plays a server


def test_dnssec_bogus(signed):
    """A record that is not the one that was signed: not used, and told apart from no answer."""
    result = probe(signed, "bogus.lab")
    assert result.failed() == [("dnssec", "dnssec_bogus")]
    assert "_xmpp-server._tcp.bogus.lab" in result.one("dnssec")["evidence"]
    assert result.skipped()["srv"] == "because of dnssec"
    assert result.skipped()["tcp"] == "because of dnssec"
    with pytest.raises(OSError):
        signed.peers["bogus.lab"].accept(0.2)


def test_dnssec_not_signed(signed):
    result = probe(signed, "plain.lab")
    assert result.one("dnssec")["result"] == "pass"
    assert result.one("dnssec")["evidence"] == "SRV: not signed; host.plain.lab: not signed"


def test_dnssec_required(signed):
    """[resolver] dnssec = require: what is signed under an anchor is used; of the rest it cannot be
    proved here that it need not be signed, for the lab has no root."""
    signed.entente.stop()
    signed.entente.settings["resolver"]["dnssec"] = "require"
    signed.entente.start()
    assert probe(signed, "plain.lab").failed() == [("dnssec", "dnssec_bogus")]
    assert probe(signed, "good.lab").one("dnssec")["result"] == "pass"
    assert probe(signed, "bogus.lab").failed() == [("dnssec", "dnssec_bogus")]


# ---- a real server ----

@pytest.fixture(scope="module")
def real(build):
    with Lab(build) as lab:
        lab.make_prosody(["juliet"])
        lab.make_entente(settings={"test": {**LAB["test"], "step-timeout": 5000}})
        for one in (lab.dns, lab.prosody, lab.entente):
            lab.start(one)
        lab.entente.do("route", "add", "pbx", "--next-hop", f"sip:{lab.next_address()}:5060")
        lab.entente.do("domain", "add", SIP_DOMAIN, "--route", "pbx")
        lab.entente.do("partner", "add", "xmpp.lab", "--dialback", "no")
        yield lab


def test_all_is_well_with_prosody(real):
    """EXTERNAL, and a ping that is answered on a stream of Prosody's. The lab's certificates are for
    20 days, which is the one warning."""
    result = probe(real, "xmpp.lab")
    assert result.failed() == []
    assert result.warned() == [("expiry", "cert_expires_soon")]
    assert result.one("external")["result"] == "pass"
    assert result.one("method")["evidence"] == "sasl-over-tls; allowed: sasl-over-tls"
    assert result.one("ping")["result"] == "pass"
    assert result.one("inbound")["result"] == "pass"
    assert result.skipped() == {"dnssec": "dnssec = off", "dialback": "authenticated by EXTERNAL"}
    assert result.code == 0


def test_dialback_with_prosody(real):
    """Prosody asks our listener about the key while the test waits."""
    real.entente.do("partner", "set", "xmpp.lab", "--sasl", "NotSupported", "--dialback", "yes")
    result = probe(real, "xmpp.lab")
    assert result.failed() == []
    assert result.one("dialback")["evidence"].endswith("our listener was asked and said valid")
    assert result.one("method")["evidence"] == "tls-dialback; allowed: tls-dialback"
    assert result.one("ping")["result"] == "pass"
