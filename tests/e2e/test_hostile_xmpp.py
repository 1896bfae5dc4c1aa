"""A partner's server that is broken or hostile when it opens a stream to Entente: the exact answer,
nothing on the SIP side, and the process goes on. test_hostile_server.py is the other way round."""

import base64
import socket

import pytest

from lab.lab import SIP_DOMAIN
from scene import PARTNER
from xmpp_peer import SASL, TLS, client_context, header

STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
ANSWER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'"
    "{addresses} id='{{id}}' version='1.0' xml:lang='en'>"
)
STARTTLS = f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>"
EXTERNAL = (
    f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>"
    "</stream:features>"
)
END = "</stream:stream>"
GOOD = "<message from='juliet@partner.lab' to='romeo@sip.lab'><body>smuggled</body></message>"
BIG = 600_000


def answer(sender=SIP_DOMAIN, to=PARTNER):
    addresses = f" from='{sender}'" + (f" to='{to}'" if to else "")
    return ANSWER.format(addresses=addresses)


def error(condition, text=None):
    said = f"<text xmlns='{STREAMS}' xml:lang='en'>{text}</text>" if text else ""
    return f"<stream:error><{condition} xmlns='{STREAMS}'/>{said}</stream:error>{END}"


def stanza(inside="<body>x</body>", sender="juliet@partner.lab", to="romeo@sip.lab", more=""):
    return f"<message from='{sender}' to='{to}'{more}>{inside}</message>"


# What is sent on an authenticated stream, and the stream error that ends it.
ON_OPEN = {
    "not well-formed": ("<message><body></message>", "not-well-formed", "mismatched tag",
                        "RFC 6120 11.3"),
    "undeclared prefix": ("<a:message/>", "not-well-formed",
                          "an element's prefix is not declared", "RFC 6120 11.3"),
    "comment": ("<!-- x -->", "restricted-xml", "a comment", "RFC 6120 11.1"),
    "processing instruction": ("<?php x?>", "restricted-xml", "a processing instruction",
                               "RFC 6120 11.1"),
    "DTD": ("<!DOCTYPE x>", "restricted-xml", "a document type declaration", "RFC 6120 11.1"),
    "entity": (stanza("<body>&lol;</body>"), "restricted-xml", "an entity that is not predefined",
               "RFC 6120 11.1"),
    "not UTF-8": (stanza().encode().replace(b"x<", b"\xff<"), "unsupported-encoding", "not UTF-8",
                  "RFC 6120 11.6"),
    "client namespace": (stanza().replace("<message", "<message xmlns='jabber:client'", 1),
                         "invalid-namespace", None, "RFC 6120 4.8.3"),
    "unknown namespace": ("<message xmlns='urn:x'/>", "unsupported-stanza-type", None,
                          "RFC 6120 4.9.3.24"),
    "unknown element": ("<gossip/>", "unsupported-stanza-type", None, "RFC 6120 4.9.3.24"),
    "text between stanzas": ("hello", "bad-format", "text outside of any stanza",
                             "RFC 6120 4.9.3.1"),
    "oversized": (stanza("<body>" + "x" * BIG + "</body>"), "policy-violation",
                  "a stanza is too long", "RFC 6120 13.12"),
    "too deep": ("<message>" + "<a>" * 5000, "policy-violation", "elements are nested too deeply",
                 "RFC 6120 13.12"),
    "forged from": (stanza(sender="juliet@other.lab"), "invalid-from", None, "RFC 6120 4.9.3.9"),
    "from is a sub-domain": (stanza(sender="juliet@sub.partner.lab"), "invalid-from", None,
                             "RFC 6120 4.9.3.9"),
    "from is our own": (stanza(sender="romeo@sip.lab"), "invalid-from", None, "RFC 6120 4.9.3.9"),
    "unknown to": (stanza(to="romeo@elsewhere.lab"), "host-unknown", None, "RFC 6120 4.9.3.6"),
    "to is a partner": (stanza(to="x@other.lab"), "host-unknown", None, "RFC 6120 10.5, no relay"),
    "no to": ("<message from='juliet@partner.lab'/>", "improper-addressing", None,
              "RFC 6120 8.1.1.2"),
    "no from": ("<message to='romeo@sip.lab'/>", "improper-addressing", None, "RFC 6120 8.1.2.2"),
    "second header": (header(PARTNER, SIP_DOMAIN), "not-well-formed",
                      "XML or text declaration not at start of entity", "RFC 6120 11.5"),
    "STARTTLS again": (f"<starttls xmlns='{TLS}'/>", "unsupported-stanza-type", None,
                       "RFC 6120 5.4.3.3 (5)"),
    "SASL again": (f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>",
                   "unsupported-stanza-type", None, "RFC 6120 6.3.5"),
}


@pytest.fixture(autouse=True)
def quiet(scene):
    """Nothing of it reached the SIP side, and a good message passes afterwards."""
    mark = scene.sip.mark()
    yield
    scene.message_in(text="a good one")
    assert [m.body for m in scene.sip.requests(mark)] == [b"a good one"]


@pytest.mark.valgrind
@pytest.mark.parametrize("attack", ON_OPEN)
def test_on_an_authenticated_stream(scene, attack):
    sent, condition, text, _ = ON_OPEN[attack]
    wire = scene.stream_in()
    try:
        wire.send(sent)
    except OSError:
        pass    # it may have heard enough before all is sent
    wire.expect(error(condition, text))
    wire.expect_end()


def connect(scene, domain=PARTNER):
    return scene.peers[domain].connect(scene.entente.address, scene.entente.xmpp_port)


def expect_refusal(wire, condition, text, sender=SIP_DOMAIN, to=PARTNER):
    """An error instead of features: a header comes first (RFC 6120 4.9.1.2), from nobody where it
    is not clear who was asked for (4.9.1.3)."""
    wire.expect(answer(sender, to) + error(condition, text))
    wire.expect_end()


# The first thing that is said on a connection, and all that comes back.
FIRST_WORDS = {
    "wrong stream namespace": (
        header(PARTNER, SIP_DOMAIN).replace("etherx.jabber.org/streams", "example.org"),
        "invalid-namespace", "the root element is not in the stream namespace", "", None),
    "client stream": (
        header(PARTNER, SIP_DOMAIN).replace("'jabber:server'", "'jabber:client'"),
        "invalid-namespace", "the content namespace is not jabber:server", "", None),
    "no stream": ("<hello version='1.0'/>", "invalid-namespace",
                  "the root element is not in the stream namespace", "", None),
    "unknown to": (header(PARTNER, "elsewhere.lab"), "host-unknown",
                   "this domain is not served here", "", PARTNER),
    "unlisted partner": (header("stranger.lab", SIP_DOMAIN), "policy-violation",
                         "this domain is not a partner", SIP_DOMAIN, "stranger.lab"),
    "sub-domain of a partner": (header("sub.partner.lab", SIP_DOMAIN), "policy-violation",
                                "this domain is not a partner", SIP_DOMAIN, "sub.partner.lab"),
    "DTD": (header(PARTNER, SIP_DOMAIN).replace("?>", "?><!DOCTYPE x [<!ENTITY a 'b'>]>"),
            "restricted-xml", "a document type declaration", "", None),
    "UTF-16": (header(PARTNER, SIP_DOMAIN).encode("utf-16"), "unsupported-encoding", "not UTF-8",
               "", None),
    "HTTP": ("GET / HTTP/1.1\r\nHost: sip.lab\r\n\r\n", "not-well-formed", "syntax error", "",
             None),
}


@pytest.mark.valgrind
@pytest.mark.parametrize("case", FIRST_WORDS)
def test_first_words(scene, case):
    said, condition, text, sender, to = FIRST_WORDS[case]
    wire = connect(scene)
    wire.send(said)
    expect_refusal(wire, condition, text, sender, to)


@pytest.mark.valgrind
def test_stanza_before_tls(scene):
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + STARTTLS)
    wire.send(GOOD)
    wire.expect(error("not-authorized"))
    wire.expect_end()


def test_stanza_with_the_header(scene):
    """All in one segment: what follows the header is not read before it was answered."""
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN) + GOOD)
    wire.expect(answer() + STARTTLS + error("not-authorized"))
    wire.expect_end()


@pytest.mark.valgrind
def test_stanza_before_authentication(scene):
    wire = scene.partner.open_secure(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN)
    wire.send(GOOD)
    wire.expect(error("not-authorized"))
    wire.expect_end()


def test_sasl_before_tls(scene):
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + STARTTLS)
    wire.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>")
    wire.expect(f"<failure xmlns='{SASL}'><encryption-required/></failure>")


def test_starttls_injection(scene):
    """What was said in clear behind <starttls/> is forgotten (RFC 6120 5.4.3.3)."""
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + STARTTLS)
    wire.send(f"<starttls xmlns='{TLS}'/>" + header(PARTNER, SIP_DOMAIN) + GOOD)
    wire.expect(f"<proceed xmlns='{TLS}'/>")
    wire.start_tls(client_context(scene.partner.ca_file, scene.partner.pair), name=SIP_DOMAIN)
    wire.expect_silence()       # it waits for our header: the injected one was not read
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + EXTERNAL)


CERTIFICATES = {
    "none": None,
    "expired": dict(days=(-10, -1)),
    "not yet valid": dict(days=(5, 10)),
    "self-signed": dict(self_signed=True),
    "wrong name": dict(dns=["other.lab"], srv=["_xmpp-server.other.lab"]),
    "client SRVName": dict(dns=[], srv=[f"_xmpp-client.{PARTNER}"]),
    "common name only": dict(dns=[], srv=[], common_name=PARTNER),
    "wildcard of another level": dict(dns=["*.sub.partner.lab", "p*.lab"], srv=[]),
    "wildcard of a top level": dict(dns=["*.lab", "*"], srv=[]),
    "NUL in the name": dict(dns=["partner.lab\0.evil.lab"], srv=[]),
}


def certificate(scene, name):
    settings = CERTIFICATES[name]
    if settings is None:
        return None
    file = "bad-" + name.replace(" ", "-")
    settings = {"dns": [PARTNER], "srv": [f"_xmpp-server.{PARTNER}"], **settings}
    return scene.lab.ca.issue(file, **settings)


@pytest.mark.valgrind
@pytest.mark.parametrize("name", CERTIFICATES)
def test_bad_certificate(scene, name):
    """TLS ends well, so that the answer can be given in XMPP: why there is no mechanism."""
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + STARTTLS)
    wire.send(f"<starttls xmlns='{TLS}'/>")
    wire.expect(f"<proceed xmlns='{TLS}'/>")
    shown = certificate(scene, name)
    wire.start_tls(client_context(scene.partner.ca_file, shown), name=SIP_DOMAIN)
    wire.send(header(PARTNER, SIP_DOMAIN))
    expect_refusal(wire, "policy-violation", "the certificate is not accepted" if shown
                   else "a certificate is required")


GOOD_CERTIFICATES = {
    "serverAuth only": dict(usage="server"),
    "SRVName only": dict(dns=[]),
    "dNSName only": dict(srv=[]),
    "xmppAddr only": dict(dns=[], srv=[], xmpp_addr=[PARTNER]),
    "upper case": dict(dns=["PARTNER.Lab"], srv=[]),
}


@pytest.mark.parametrize("name", GOOD_CERTIFICATES)
def test_good_certificate(scene, name):
    names = {"dns": [PARTNER], "srv": [f"_xmpp-server.{PARTNER}"], **GOOD_CERTIFICATES[name]}
    pair = scene.lab.ca.issue("good-" + name.replace(" ", "-"), **names)
    wire = scene.partner.open(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN, pair)
    wire.send(END)
    wire.expect(END)


def test_wildcard_certificate(scene):
    """* stands for one whole label (RFC 6120 13.7.1.2)."""
    peer = scene.peers["a.wild.lab"]
    pair = scene.lab.ca.issue("wildcard", dns=["*.wild.lab"])
    scene.add_partner("a.wild.lab")
    wire = peer.open(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN, pair)
    wire.send(END)
    wire.expect(END)


def auth(wire, data, mechanism="EXTERNAL"):
    wire.send(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{data}</auth>")


def encoded(text):
    return base64.b64encode(text.encode()).decode()


SASL_FAILURES = {
    "another domain": (encoded("other.lab"), "EXTERNAL", "invalid-authzid", "RFC 6120 6.5.6"),
    "a user": (encoded("juliet@partner.lab"), "EXTERNAL", "invalid-authzid", "RFC 6120 6.3.8"),
    "bad base64": ("%%%", "EXTERNAL", "incorrect-encoding", "RFC 6120 6.5.5"),
    "another mechanism": (encoded("\0partner.lab\0x"), "PLAIN", "invalid-mechanism",
                          "RFC 6120 6.5.7"),
    "an element": ("<x xmlns='y'/>", "EXTERNAL", "malformed-request", "RFC 6120 6.5.8"),
}


@pytest.mark.valgrind
@pytest.mark.parametrize("case", SASL_FAILURES)
def test_sasl_failure(scene, case):
    """Another try is allowed, and works (RFC 6120 6.4.5)."""
    data, mechanism, condition, _ = SASL_FAILURES[case]
    wire = scene.partner.open_secure(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN)
    auth(wire, data, mechanism)
    wire.expect(f"<failure xmlns='{SASL}'><{condition}/></failure>")
    auth(wire, encoded(PARTNER))
    wire.expect(f"<success xmlns='{SASL}'/>")


def test_sasl_failures_end_the_stream(scene):
    wire = scene.partner.open_secure(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN)
    for _ in range(3):
        auth(wire, "%%%")
        wire.expect(f"<failure xmlns='{SASL}'><incorrect-encoding/></failure>")
    auth(wire, encoded(PARTNER))
    wire.expect(error("policy-violation", "too many authentication attempts"))
    wire.expect_end()


def test_header_inside_tls_names_another(scene):
    """Only the `from` inside TLS counts, and it is another partner's than before (13.7.2.1)."""
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + STARTTLS)
    wire.send(f"<starttls xmlns='{TLS}'/>")
    wire.expect(f"<proceed xmlns='{TLS}'/>")
    wire.start_tls(client_context(scene.partner.ca_file, scene.partner.pair), name=SIP_DOMAIN)
    wire.send(header("stranger.lab", SIP_DOMAIN))
    expect_refusal(wire, "policy-violation", "this domain is not a partner", to="stranger.lab")


DIALBACK = f"<db:result from='{PARTNER}' to='{SIP_DOMAIN}'>key</db:result>"
DIALBACK_REFUSED = (
    f"<db:result from='{SIP_DOMAIN}' to='{PARTNER}' type='error'><error type='modify'>"
    f"<policy-violation xmlns='{STANZAS}'/></error></db:result>"
)


@pytest.mark.valgrind
def test_dialback_in_clear(scene):
    """Not advertised, not acted on, answered (design section 8): nobody waits for a time-out."""
    queries = len(scene.lab.dns.queries())
    wire = connect(scene)
    wire.send(header(PARTNER, SIP_DOMAIN))
    wire.expect(answer() + STARTTLS)
    wire.send(DIALBACK)
    wire.expect(DIALBACK_REFUSED)
    assert len(scene.lab.dns.queries()) == queries


def test_dialback_inside_tls(scene):
    wire = scene.partner.open_secure(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN)
    assert "urn:xmpp:features:dialback" not in wire.features
    wire.send(DIALBACK)
    wire.expect(DIALBACK_REFUSED)


def test_dialback_verify(scene):
    """A partner with whom there is no dialback is not told whether a key is ours (XEP-0220 2.5)."""
    wire = scene.partner.open_secure(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN)
    wire.send(f"<db:verify from='{PARTNER}' to='{SIP_DOMAIN}' id='417GAF25'>key</db:verify>")
    wire.expect(
        f"<db:verify from='{SIP_DOMAIN}' to='{PARTNER}' id='417GAF25' type='error'>"
        "<error type='modify'><policy-violation "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>")


def test_connection_that_says_nothing(scene):
    """Many of them keep nobody out."""
    silent = [socket.create_connection((scene.entente.address, scene.entente.xmpp_port))
              for _ in range(100)]
    wire = scene.stream_in()
    wire.send(END)
    wire.expect(END)
    for one in silent:
        one.close()


def test_reset_in_every_state(scene):
    """The peer vanishes after every piece of a good negotiation."""
    for pieces in range(1, 5):
        wire = connect(scene)
        wire.send(header(PARTNER, SIP_DOMAIN))
        if pieces > 1:
            wire.expect(answer() + STARTTLS)
            wire.send(f"<starttls xmlns='{TLS}'/>")
        if pieces > 2:
            wire.expect(f"<proceed xmlns='{TLS}'/>")
            wire.send(b"\x16\x03\x01")
        if pieces > 3:
            wire = scene.stream_in()
            wire.send("<message from='juliet@partner.lab' to='rom")
        wire.reset()
