"""A partner's server that is broken or hostile when Entente opens a stream to it: what Entente
says, to the byte; no message leaves it; the SIP sender is told; the process goes on."""

import base64

import pytest

from lab.lab import SIP_DOMAIN
from xmpp_peer import SASL, TLS, header, server_context

SERVERS = [f"server{n}.lab" for n in range(30)]
HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "
    "from='sip.lab' to='{to}' version='1.0' xml:lang='en'>"
)
STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"
STARTTLS = f"<starttls xmlns='{TLS}'/>"
PROCEED = f"<proceed xmlns='{TLS}'/>"
AUTH = (f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>"
        f"{base64.b64encode(SIP_DOMAIN.encode()).decode()}</auth>")
OFFER_TLS = f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>"
OFFER_EXTERNAL = (
    f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>"
    "</stream:features>"
)
OFFER_PLAIN = OFFER_EXTERNAL.replace("EXTERNAL", "PLAIN")
END = "</stream:stream>"


def error(condition, text=None):
    said = f"<text xmlns='{STREAMS}' xml:lang='en'>{text}</text>" if text else ""
    return f"<stream:error><{condition} xmlns='{STREAMS}'/>{said}</stream:error>{END}"


@pytest.fixture(scope="module")
def scene(make_scene):
    """Each test has a partner of its own: none is in back-off because of another."""
    scene = make_scene(names=SERVERS)
    for domain in SERVERS:
        scene.add_partner(domain)
    scene.unused = iter(SERVERS)
    return scene


class Attempt:
    """A message on its way, and the connection that Entente opened for it."""

    def __init__(self, scene):
        self.scene = scene
        self.peer = scene.peers[next(scene.unused)]
        self.request = scene.message_out("secret", domain=self.peer.domain)
        self.wire = self.peer.accept()
        self.heard = b""

    def header(self, stream_id="s1"):
        return header(self.peer.domain, SIP_DOMAIN, stream_id)

    def expect_header(self):
        self.wire.expect(HEADER.format(to=self.peer.domain))

    def to_tls(self, pair=None, injected="", require=True):
        self.expect_header()
        self.wire.send(self.header() + OFFER_TLS)
        self.wire.expect(STARTTLS)
        self.wire.send(PROCEED + injected)
        self.wire.start_tls(
            server_context(self.peer.ca_file, pair or self.peer.pair, require), server_side=True)

    def to_auth(self):
        self.to_tls()
        self.expect_header()
        self.wire.send(self.header("s2") + OFFER_EXTERNAL)
        self.wire.expect(AUTH)

    def to_open(self):
        self.to_auth()
        self.wire.send(f"<success xmlns='{SASL}'/>")
        self.expect_header()
        self.wire.send(self.header("s3") + "<stream:features/>")

    def answer(self):
        """The final SIP response: it and its words."""
        return self.scene.sip.wait_response(self.request, 30).start


@pytest.fixture
def attempt(scene):
    one = Attempt(scene)
    yield one
    one.wire.close()
    # The process goes on.
    scene.message_in()


NOT_SECURE = "SIP/2.0 504 no secure connection to the partner's server could be made"
NOT_AUTHENTICATED = "SIP/2.0 504 the two servers could not authenticate each other"


@pytest.mark.valgrind
def test_all_is_well(attempt):
    """The whole of a good stream as Entente speaks it."""
    attempt.to_open()
    attempt.wire.expect(
        "<message from='romeo@sip.lab' to='juliet@{to}' id='{id}'><body>secret</body>"
        "<thread>{thread}</thread></message>".replace("{to}", attempt.peer.domain))
    assert attempt.answer() == "SIP/2.0 200 OK"


CERTIFICATES = {
    "expired": dict(days=(-10, -1)),
    "not yet valid": dict(days=(5, 10)),
    "self-signed": dict(self_signed=True),
    "wrong name": dict(dns=["other.lab"], srv=["_xmpp-server.other.lab"]),
    "SRV target's name": dict(dns=["host.{domain}"], srv=[]),
    "common name only": dict(dns=[], srv=[], common_name="{domain}"),
}


@pytest.mark.valgrind
@pytest.mark.parametrize("name", CERTIFICATES)
def test_bad_certificate(attempt, name):
    """Without a good certificate nothing is left to authenticate the server with: the end, with the
    reason, after a header to put it into (RFC 6120 4.9.1.2)."""
    domain = attempt.peer.domain
    names = {"dns": [domain], "srv": [f"_xmpp-server.{domain}"], **CERTIFICATES[name]}
    names["dns"] = [n.format(domain=domain) for n in names["dns"]]
    if "common_name" in names:
        names["common_name"] = domain
    pair = attempt.scene.lab.ca.issue(f"bad-{domain}", **names)
    attempt.to_tls(pair)
    attempt.expect_header()
    attempt.wire.expect(error("policy-violation", "the peer's certificate is not accepted"))
    attempt.wire.expect_end()
    assert attempt.answer() == NOT_AUTHENTICATED


@pytest.mark.valgrind
def test_no_tls_offered(attempt):
    """TLS is asked for all the same (RFC 7590 3.1), and nothing is said in clear without it."""
    attempt.expect_header()
    attempt.wire.send(attempt.header() + OFFER_EXTERNAL)
    attempt.wire.expect(STARTTLS)
    attempt.wire.send(f"<failure xmlns='{TLS}'/>{END}")
    attempt.wire.expect(END)
    attempt.wire.expect_end()
    assert attempt.answer() == NOT_SECURE


def test_tls_handshake_fails(attempt):
    """No further word in clear (RFC 6120 5.4.3.2)."""
    attempt.expect_header()
    attempt.wire.send(attempt.header() + OFFER_TLS)
    attempt.wire.expect(STARTTLS)
    attempt.wire.send(PROCEED)
    attempt.wire.recv()     # the client hello
    attempt.wire.send(b"\x15\x03\x03\x00\x02\x02\x28")      # alert: handshake failure
    attempt.wire.expect_end()
    assert attempt.answer() == NOT_SECURE


def test_injection_behind_proceed(attempt):
    """What was said in clear behind <proceed/> is not taken for what was said inside TLS."""
    attempt.to_tls(injected=attempt.header("evil") + "<stream:features/>")
    attempt.expect_header()
    attempt.wire.expect_silence()       # it waits for our header: the injected one was not read
    attempt.wire.send(attempt.header("s2") + OFFER_EXTERNAL)
    attempt.wire.expect(AUTH)


@pytest.mark.valgrind
def test_no_mechanism(attempt):
    attempt.to_tls()
    attempt.expect_header()
    attempt.wire.send(attempt.header("s2") + OFFER_PLAIN)
    attempt.wire.expect(END)
    attempt.wire.send(END)
    attempt.wire.expect_end()
    assert attempt.answer() == NOT_AUTHENTICATED


@pytest.mark.valgrind
def test_sasl_refused(attempt):
    attempt.to_auth()
    attempt.wire.send(f"<failure xmlns='{SASL}'><not-authorized/></failure>")
    attempt.wire.expect(END)
    attempt.wire.send(END)
    attempt.wire.expect_end()
    assert attempt.answer() == NOT_AUTHENTICATED


def test_stanza_instead_of_success(attempt):
    attempt.to_auth()
    attempt.wire.send(f"<message from='x@{attempt.peer.domain}' to='romeo@sip.lab'/>")
    attempt.wire.expect(error("not-authorized"))
    attempt.wire.expect_end()


@pytest.mark.valgrind
def test_stanza_on_our_own_stream(attempt):
    """A stream carries stanzas one way (RFC 6120 10.1): what comes back on it is refused."""
    attempt.to_open()
    attempt.wire.read_until("</message>")
    assert attempt.answer() == "SIP/2.0 200 OK"
    mark = attempt.scene.sip.mark()
    attempt.wire.send(
        f"<message from='x@{attempt.peer.domain}' to='romeo@sip.lab'><body>back</body></message>")
    attempt.wire.expect(error("not-authorized"))
    attempt.wire.expect_end()
    assert attempt.scene.sip.requests(mark) == []


@pytest.mark.valgrind
@pytest.mark.parametrize("said, condition, text", [
    ("<!DOCTYPE x>", "restricted-xml", "a document type declaration"),
    ("<!-- x -->", "restricted-xml", "a comment"),
    (header("x", SIP_DOMAIN, "s") + "<stream:features><a></b>", "not-well-formed",
     "mismatched tag"),
    ("<stream:stream xmlns='jabber:server' xmlns:stream='http://example.org/'>",
     "invalid-namespace", "the root element is not in the stream namespace"),
], ids=["DTD", "comment", "not well-formed", "wrong namespace"])
def test_bad_header(attempt, said, condition, text):
    attempt.expect_header()
    attempt.wire.send(said)
    attempt.wire.expect(error(condition, text))
    attempt.wire.expect_end()


@pytest.mark.parametrize("condition", ["host-unknown", "policy-violation", "not-authorized"])
def test_stream_error(attempt, condition):
    """A stream error is answered by the end, and the sender is told."""
    attempt.to_tls()
    attempt.expect_header()
    attempt.wire.send(attempt.header("s2") + error(condition))
    attempt.wire.expect(END)
    attempt.wire.expect_end()
    assert attempt.answer() == "SIP/2.0 504 the partner's server ended the connection with an error"


def test_closes_at_once(attempt):
    """Tried again until the message's deadline, 20 s; then the sender is told."""
    attempt.expect_header()
    attempt.wire.close()
    assert attempt.answer().startswith("SIP/2.0 504 ")


def test_nobody_listens(scene):
    peer = scene.peers[next(scene.unused)]
    peer.stop()
    request = scene.message_out("secret", domain=peer.domain)
    assert scene.sip.wait_response(request, 30).start == (
        "SIP/2.0 504 the partner's server could not be reached")
    scene.message_in()


def test_no_such_server(scene):
    scene.add_partner("nowhere.lab")
    request = scene.message_out("secret", domain="nowhere.lab")
    assert scene.sip.wait_response(request, 30).start == (
        "SIP/2.0 404 the domain has no XMPP server")
