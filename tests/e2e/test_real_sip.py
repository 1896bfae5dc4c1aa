"""Kamailio as next hop by UDP, TCP and mutual TLS, beside a target that is dead; baresip behind it by
the same transport; a Kamailio that wants credentials."""

import itertools
import time

import pytest

from lab.kamailio import DIGEST_USER
from lab.lab import PASSWORD, SIP_DOMAIN, Lab
from lab.wait import until
from scene import PBX
from sip_peer import SipPeer
from sip_stream_peer import SipStreamPeer

PARTNER, ROUTE = "xmpp.lab", "kamailio"
JULIET, ROMEO = f"juliet@{PARTNER}", f"romeo@{SIP_DOMAIN}"
SERVICES = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}


class World:
    """One Kamailio, one baresip and one contact. With dead, the next hop is a name with two targets,
    of which the preferred one is not there."""

    def __init__(self, build, valgrind, transport, dead=False, digest=None, **more):
        self.lab = lab = Lab(build, valgrind=valgrind)
        self.transport = transport
        self._texts = itertools.count()
        try:
            self._start(lab, dead, digest, more)
        except BaseException:
            lab.close()
            raise

    def _start(self, lab, dead, digest, more):
        transport = self.transport
        prosody = lab.make_prosody(["juliet"])
        self.entente = lab.make_entente()
        self.kamailio = lab.make_kamailio(transport, names=[PBX], digest=digest, **more)
        service = SERVICES[transport]
        if dead:
            self.dead = (lab.next_address(), self.kamailio.server_port)
            lab.dns.srv(PBX, f"dead.{PBX}", self.dead[1], service)
            lab.dns.host(f"dead.{PBX}", self.dead[0])
        lab.dns.srv(PBX, f"live.{PBX}", self.kamailio.server_port, service, priority=1)
        lab.dns.host(f"live.{PBX}", self.kamailio.address)
        for peer in (lab.dns, prosody, self.kamailio, self.entente):
            lab.start(peer)
        do = self.entente.do
        login = ["--digest-user", DIGEST_USER, "--digest-password", PASSWORD] if digest else []
        do("route", "add", ROUTE, "--next-hop", f"sip:{PBX}", "--transport", transport, *login)
        do("domain", "add", SIP_DOMAIN, "--route", ROUTE)
        do("access", "set", "--allow-federated-users", "yes", "--enable-federation-access", "yes",
           "--enable-xmpp-access", "yes")
        do("partner", "add", PARTNER, "--type", "Federated")
        self.romeo = lab.start_sip_user("romeo", [f"sip:{JULIET}"])
        self.juliet = lab.start_contact("juliet", prosody)

    def revive(self):
        """Somebody stands where nobody was."""
        server = (self.entente.address, self.entente.sip_port)
        if self.transport == "udp":
            peer = SipPeer(*self.dead, server)
        else:
            tls = self.transport == "tls" and (
                self.lab.ca.issue("revived", dns=[PBX]), self.lab.ca.file)
            peer = SipStreamPeer(*self.dead, server, tls)
        return self.lab.start(peer)

    def state(self):
        """As the administrator sees the route."""
        return self.entente.ask("route", "state", ROUTE)

    def to_romeo(self, seconds=20):
        """juliet writes; it is on his screen, once."""
        text = f"to romeo {next(self._texts)}"
        mark = self.romeo.mark()
        self.juliet.send(ROMEO, text)
        self.romeo.wait_message(f"sip:{JULIET}", text, seconds, mark)
        return text

    def to_juliet(self):
        text = f"to juliet {next(self._texts)}"
        mark = self.juliet.mark()
        self.romeo.send(f"sip:{JULIET}", text)
        assert self.juliet.wait_message(20, mark, body=text).sender == ROMEO

    def times(self, text):
        """How often he has seen it."""
        return sum(f'"{text}"' in line for line in self.romeo.lines())

    def close(self):
        code = self.entente.stop()
        self.lab.close()
        if code == 0:
            self.lab.remove()
        assert code == 0


@pytest.fixture(scope="module", params=SERVICES)
def world(request, build, valgrind):
    world = World(build, valgrind, request.param, dead=True)
    yield world
    world.close()


@pytest.mark.valgrind
def test_to_user(world):
    """Nobody answers at the preferred target; the other one has it within seconds."""
    world.to_romeo(10)


@pytest.mark.valgrind
def test_to_contact(world):
    world.to_juliet()


def test_each_once(world):
    texts = [world.to_romeo() for _ in range(5)]
    world.to_juliet()
    assert [world.times(text) for text in texts] == [1] * 5


def test_no_such_user(world):
    """Kamailio's 404 comes through."""
    mark = world.juliet.mark()
    world.juliet.send(f"nobody@{SIP_DOMAIN}", "anybody there?", id="gone1")
    error = world.juliet.wait_message(20, mark, type="error", id="gone1")
    assert error.condition == "item-not-found"


def test_state(world):
    """Which target is dead, and who the other one is."""
    world.to_romeo()
    state = world.state()
    targets = {t["address"]: t["state"] for t in state["targets"]}
    assert targets == {
        f"{world.dead[0]}:{world.dead[1]}": "dead",
        f"{world.kamailio.address}:{world.kamailio.server_port}": "up"}
    assert state["state"] == "up"
    ways = {c["transport"] for c in state["connections"]}
    assert ways == (set() if world.transport == "udp" else {world.transport})


def test_target_comes_back(world):
    """The preferred target is used again when it answers, and the other one again when it is gone."""
    world.to_romeo()
    revived = world.revive()
    until(lambda: any(m.method == "OPTIONS" for m in revived.heard()), "a probe", 30)
    mark = revived.mark()
    world.juliet.send(ROMEO, "to the one that came back")
    request = revived.wait_request(start=mark)
    assert request.body == b"to the one that came back"
    revived.stop()
    world.to_romeo()


# ---- credentials ----

@pytest.fixture(scope="module", params=[("udp", "MD5"), ("tls", "SHA-256")], ids=lambda p: p[1])
def strict(request, build, valgrind):
    transport, algorithm = request.param
    world = World(build, valgrind, transport, digest=algorithm, nonce_expire=3)
    yield world
    world.close()


def test_digest(strict):
    """Kamailio takes each nonce's count once, and a nonce for three seconds (RFC 7616 3.3, 3.4)."""
    texts = [strict.to_romeo() for _ in range(20)]
    time.sleep(4)       # what was good becomes stale
    texts += [strict.to_romeo() for _ in range(3)]
    assert {strict.times(text) for text in texts} == {1}


def test_wrong_password(strict):
    """The sender is told, the administrator too, and Kamailio is not asked again and again."""
    do, mark = strict.entente.do, strict.juliet.mark()
    do("route", "set", ROUTE, "--digest-password", "wrong")
    strict.juliet.send(ROMEO, "not heard", id="wrong1")
    strict.juliet.wait_message(20, mark, type="error", id="wrong1")
    state = strict.state()
    assert state["credentials_refused_until"] and state["errors"]
    do("route", "set", ROUTE, "--digest-password", PASSWORD)
    strict.to_romeo()
    assert strict.times("not heard") == 0
