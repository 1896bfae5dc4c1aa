"""Prosody and ejabberd, both directions, by every method: EXTERNAL, dialback over TLS and over TCP,
EXTERNAL refused and dialback on the same stream; and what administrators do under traffic."""

import collections
import threading
import time

import pytest

from lab.lab import SIP_DOMAIN, Lab
from lab.wait import until
from traffic import ContactTraffic, SipTraffic, account

USER = "juliet"
# A second domain of ours, whose certificate says serverAuth alone.
WEB_DOMAIN = "web.sip.lab"
SERVERS = {
    "prosody": ("prosody", ("p1.lab", "p2.lab"), {"tls": "optional", "certificates": False}),
    "prosody-clear": ("prosody", ("pc.lab",), {"tls": "off", "certificates": False}),
    "prosody-wrong": ("prosody", ("pw.lab",), {
        "tls": "optional", "certificates": False, "names": ["wrong.lab"]}),
    "ejabberd": ("ejabberd", ("e1.lab", "e2.lab"), {"tls": "optional"}),
    "ejabberd-clear": ("ejabberd", ("ec.lab",), {"tls": "off"}),
}
SECURE, CLEAR = ("prosody", "ejabberd"), ("prosody-clear", "ejabberd-clear")
# Partner settings.
EXTERNAL = {"tls": "Required", "sasl": "Required", "dialback": "no"}
TLS_DIALBACK = {"tls": "Required", "sasl": "NotSupported", "dialback": "yes"}
EITHER = {"tls": "Required", "sasl": "Optional", "dialback": "yes"}
ANY = {"tls": "Optional", "sasl": "Optional", "dialback": "yes"}


class World:
    """Entente between a driver of SIP and four real servers, with a contact on each domain."""

    def __init__(self, lab):
        self.lab = lab
        self.servers = {}
        self.contacts = {}
        for name, (kind, domains, options) in SERVERS.items():
            make = lab.make_prosody if kind == "prosody" else lab.make_ejabberd
            self.servers[name] = make([USER], *domains, name=name, **options)
        self.entente = lab.make_entente((SIP_DOMAIN, WEB_DOMAIN), usage={WEB_DOMAIN: "server"})
        self.sip = SipTraffic(lab.next_address(), 5060,
                              (self.entente.address, self.entente.sip_port))
        for peer in (lab.dns, *self.servers.values(), self.sip, self.entente):
            lab.start(peer)
        self._administer()
        for server in self.servers.values():
            for domain in server.hosts:
                self.contacts[domain] = lab.start_contact(USER, server, domain)

    def _administer(self):
        do = self.entente.do
        do("route", "add", "pbx", "--next-hop", f"sip:{self.sip.address}:{self.sip.port}",
           "--error-wait", "0")
        for domain in (SIP_DOMAIN, WEB_DOMAIN):
            do("domain", "add", domain, "--route", "pbx")
        do("access", "set", "--allow-federated-users", "yes",
           "--enable-federation-access", "yes", "--enable-xmpp-access", "yes")

    def domains(self, name):
        return SERVERS[name][1]

    def partner(self, name, *options, tls, sasl, dialback):
        """The server's first domain as a partner, its second as an additional one."""
        first, *others = self.domains(name)
        self.entente.do(
            "partner", "add", first, "--type", "Federated", "--tls", tls, "--sasl", sasl,
            "--dialback", dialback, "--domains", ",".join(others), *options)

    def streams(self, name):
        first = self.domains(name)[0]
        return [s for s in self.entente.streams() if s["partner"] == first]

    def methods(self, name):
        """{direction: method} of the streams that are up."""
        return {s["direction"]: s["method"] for s in self.streams(name) if s["state"] == "up"}

    # ---- one message ----

    def out(self, domain, local=SIP_DOMAIN):
        contact = self.contacts[domain]
        start = contact.mark()
        one = self.sip.offer(f"sip:{USER}@{domain}", domain=local)
        message = contact.wait_message(20, start, body=one)
        assert message.sender.partition("@")[2].partition("/")[0] == local

    def back(self, domain, local=SIP_DOMAIN):
        body = f"back-{domain}-{time.monotonic()}"
        self.contacts[domain].send(f"romeo@{local}", body)
        until(lambda: self.sip.received[body], f"'{body}' at the SIP side", 20)

    def exchange(self, domain, local=SIP_DOMAIN):
        self.out(domain, local)
        self.back(domain, local)


@pytest.fixture(scope="module")
def stage(build, valgrind):
    lab = Lab(build, valgrind=valgrind)
    try:
        world = World(lab)
        yield world
        assert world.entente.stop() == 0
    finally:
        lab.close()
    lab.remove()


@pytest.fixture
def partner(stage):
    """Makes partners; they are gone, with their streams, after the test."""
    made = []

    def make(name, *options, **levels):
        stage.partner(name, *options, **levels)
        made.append(name)
    yield make
    for name in made:
        stage.entente.do("partner", "remove", stage.domains(name)[0])
        until(lambda: not stage.streams(name), f"the end of the streams with {name}")


# ---- every method ----

@pytest.mark.parametrize("name", SECURE)
def test_external(stage, partner, name):
    partner(name, **EXTERNAL)
    stage.exchange(stage.domains(name)[0])
    assert stage.methods(name) == {"out": "sasl-over-tls", "in": "sasl-over-tls"}


@pytest.mark.parametrize("name", SECURE)
def test_tls_dialback(stage, partner, name):
    partner(name, **TLS_DIALBACK)
    stage.exchange(stage.domains(name)[0])
    assert stage.methods(name) == {"out": "tls-dialback", "in": "tls-dialback"}


@pytest.mark.parametrize("name", CLEAR)
def test_tcp_dialback(stage, partner, name):
    partner(name, **ANY)
    stage.exchange(stage.domains(name)[0])
    assert stage.methods(name) == {"out": "tcp-dialback", "in": "tcp-dialback"}


def test_external_refused_then_dialback(stage, partner):
    """ejabberd offers EXTERNAL to everybody and refuses a certificate without clientAuth: dialback
    goes on, on the same stream."""
    partner("ejabberd", **EITHER)
    stage.exchange("e1.lab", WEB_DOMAIN)
    assert stage.methods("ejabberd")["out"] == "tls-dialback"
    log = stage.entente.process.log()
    refused = [line for line in log.splitlines() if "sasl-refused" in line and "e1.lab" in line]
    assert refused
    stream = refused[-1].partition("stream=")[2].split()[0]
    assert f"stream={stream} " in [
        line for line in log.splitlines() if "method=tls-dialback" in line and "dir=out" in line
    ][-1]


def test_certificate_for_servers_only_is_good_for_prosody(stage, partner):
    partner("prosody", **EITHER)
    stage.exchange("p1.lab", WEB_DOMAIN)
    assert stage.methods("prosody")["out"] == "sasl-over-tls"


def test_certificate_of_somebody_else(stage, partner):
    """It encrypts and proves nothing: dialback where that is allowed."""
    partner("prosody-wrong", **EITHER)
    stage.exchange("pw.lab")
    assert stage.methods("prosody-wrong") == {"out": "tls-dialback", "in": "tls-dialback"}
    assert {s["certificate"] for s in stage.streams("prosody-wrong")} == {"wrong-name"}


def test_certificate_of_somebody_else_where_it_must_be_good(stage, partner):
    """Nothing passes, and both senders are told."""
    partner("prosody-wrong", **EXTERNAL)
    one = stage.sip.offer(f"sip:{USER}@pw.lab")
    contact = stage.contacts["pw.lab"]
    start = contact.mark()
    contact.send(f"romeo@{SIP_DOMAIN}", "let me in", id="in1")
    contact.wait_message(20, start, type="error", id="in1")
    until(lambda: one in stage.sip.statuses, "an answer", 25)
    assert stage.sip.statuses[one] >= 400 and not stage.sip.received["let me in"]


@pytest.mark.parametrize("name", SECURE)
def test_nothing_in_clear_where_tls_is_required(stage, partner, name):
    """A server without TLS is refused, and the sender is told."""
    partner(f"{name}-clear", **EITHER)
    one = stage.sip.offer(f"sip:{USER}@{stage.domains(f'{name}-clear')[0]}")
    until(lambda: one in stage.sip.statuses, "an answer", 25)
    assert stage.sip.statuses[one] >= 400


@pytest.mark.parametrize("name", SECURE)
@pytest.mark.parametrize("levels", [EXTERNAL, TLS_DIALBACK], ids=["external", "dialback"])
def test_several_domains(stage, partner, name, levels):
    """Two domains of theirs and two of ours, all at once."""
    if name == "ejabberd" and levels is EXTERNAL:
        levels = EITHER     # it refuses our second domain's certificate
    partner(name, **levels)
    for domain in stage.domains(name):
        for local in (SIP_DOMAIN, WEB_DOMAIN):
            stage.exchange(domain, local)


PAIRS = len(SERVERS["prosody"][1]) * 2


@pytest.mark.parametrize("name", SECURE)
def test_piggybacking(stage, partner, name):
    """At the limit further pairs join the streams there are: of any of our domains (2.6.1), and to
    the server's other domain where it says that it can answer with errors, which Prosody does not
    (2.6.2).

    Both servers verify a key over a stream of their own to the domain that showed it, which Prosody
    wants authenticated first: the limit has to leave one for each pair."""
    partner(name, "--connection-limit", str(PAIRS + 1), **TLS_DIALBACK)
    pairs = [(domain, local) for domain in stage.domains(name) for local in (SIP_DOMAIN, WEB_DOMAIN)]
    for pair in pairs:
        stage.back(*pair)
    for pair in pairs:
        stage.out(*pair)
    streams = [s for s in stage.streams(name) if s["state"] == "up" and s["direction"] == "out"]
    assert len(streams) == {"prosody": 2, "ejabberd": 1}[name]


@pytest.mark.parametrize("name", SECURE)
def test_one_connection(stage, partner, name):
    """EXTERNAL proves one pair a stream: at the limit the idle one makes room for the next."""
    partner(name, "--connection-limit", "1", **EXTERNAL)
    for domain in stage.domains(name) * 2:
        stage.out(domain)
        assert len([s for s in stage.streams(name) if s["state"] == "up"]) == 1


# ---- under traffic ----

RATE, SECONDS = 60, 5


def play(stage, domains, *steps, in_flight=0):
    """Traffic both ways with these domains; steps: (seconds from the start, what to do).

    Returns the tallies, out and back, once every message has a fate. in_flight: how many of theirs
    may have been on the way on a stream that we have ended with an error."""
    stage.sip.forget()
    marks = {domain: stage.contacts[domain].mark() for domain in domains}
    back = [ContactTraffic(stage.contacts[d], SIP_DOMAIN) for d in domains]
    targets = [f"sip:{USER}@{domain}" for domain in domains]
    senders = [threading.Thread(target=stage.sip.offer_steadily, args=(targets, RATE, SECONDS))]
    senders += [threading.Thread(target=b.offer_steadily, args=(RATE // len(domains), SECONDS))
                for b in back]
    begin = time.monotonic()
    for sender in senders:
        sender.start()
    for when, step in steps:
        time.sleep(max(0.0, begin + when - time.monotonic()))
        step()
    for sender in senders:
        sender.join()
    stage.sip.wait_answers(60)

    def arrived():
        return collections.Counter(m.body for d in domains
                                   for m in stage.contacts[d].messages(marks[d])
                                   if m.type != "error")
    out = account("out", stage.sip.sent, arrived, stage.sip.failed)
    returned = [account("back", b.sent, lambda: stage.sip.received, b.failed, in_flight)
                for b in back]
    return out, returned


def up(stage, name):
    return {s["id"] for s in stage.streams(name) if s["state"] == "up"}


METHODS = [("prosody", EXTERNAL), ("prosody", TLS_DIALBACK), ("prosody-clear", ANY),
           ("ejabberd", EXTERNAL), ("ejabberd", TLS_DIALBACK), ("ejabberd-clear", ANY)]
every_method = pytest.mark.parametrize(
    "name,levels", METHODS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(METHODS)])


def all_delivered(out, back):
    for result in (out, *back):
        assert result.error == result.both == 0 and result.delivered > 0


@pytest.mark.parametrize("name", SECURE)
def test_new_certificate_under_traffic(stage, partner, name):
    """Streams that are up do not notice; the next one shows the new certificate."""
    partner(name, **EXTERNAL)
    domain = stage.domains(name)[0]
    stage.exchange(domain)
    before = up(stage, name)

    def renew():
        stage.lab.ca.server(SIP_DOMAIN)     # in the files of the old one
        stage.entente.reload()
    all_delivered(*play(stage, [domain], (2, renew)))
    assert up(stage, name) == before


@every_method
def test_new_passphrase_under_traffic(stage, partner, name, levels):
    partner(name, **levels)
    domain = stage.domains(name)[0]
    stage.exchange(domain)
    before = up(stage, name)
    steps = [(1 + n, lambda n=n: stage.entente.do(
        "gateway", "set", "--dialback-passphrase", f"passphrase number {n}")) for n in range(3)]
    all_delivered(*play(stage, [domain], *steps))
    assert up(stage, name) == before
    stage.entente.do("partner", "disable", domain)
    until(lambda: not stage.streams(name), "the end of the streams")
    stage.entente.do("partner", "enable", domain)
    stage.exchange(domain)


@every_method
def test_partner_is_disabled_under_traffic(stage, partner, name, levels):
    """What a server has written to a stream that we close at that moment, it cannot know to be
    unread: XMPP without acknowledgements has no word for it. That is one or two, or none."""
    partner(name, **levels)
    domain = stage.domains(name)[0]
    out, back = play(stage, [domain], (1.5, lambda: stage.entente.do("partner", "disable", domain)),
                     (3, lambda: stage.entente.do("partner", "enable", domain)), in_flight=2)
    assert out.delivered > 0 and out.error > 0 and back[0].delivered > 0


@every_method
def test_limits_are_reached_under_traffic(stage, partner, name, levels):
    """It falls to less than there are, then to less than are needed.

    COMPAT ejabberd 23.01: what it routes to the stream on which it verifies a key of ours is neither
    sent nor bounced when that ends."""
    partner(name, **levels)
    domains = stage.domains(name)
    for domain in domains:
        stage.exchange(domain)

    def limit(n):
        stage.entente.do("partner", "set", domains[0], "--connection-limit", str(n))
    out, back = play(stage, domains, (1, lambda: limit(2)), (2, lambda: limit(1)),
                     (4, lambda: limit(20)), in_flight=5 if name.startswith("ejabberd") else 0)
    assert out.delivered > 0 and all(b.delivered > 0 for b in back)
