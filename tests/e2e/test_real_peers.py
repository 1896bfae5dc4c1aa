"""Real servers and a real user agent: Prosody, ejabberd, Kamailio, baresip, slixmpp."""

import pytest

from lab.lab import SIP_DOMAIN, Lab
from lab.wait import until

PARTNERS = {"xmpp.lab": "juliet", "ejabberd.lab": "nurse"}
TEXTS = [
    "hello",
    "Żółć, 你好, שלום, नमस्ते, ☀ and 👩‍👩‍👧",
    """<b>not bold</b> & "quoted" 'too' ]]> &amp; \\n %s {}""",
    "e\u0301 is not \u00e9, and \u2028 is no line break",
    "x" * 400,      # baresip shows at most 511 bytes
]


@pytest.fixture(scope="module")
def world(build, valgrind):
    lab = Lab(build, valgrind=valgrind)
    try:
        servers = {"xmpp.lab": lab.make_prosody(["juliet"]),
                   "ejabberd.lab": lab.make_ejabberd(["nurse"])}
        entente = lab.make_entente()
        kamailio = lab.make_kamailio()
        for peer in (lab.dns, *servers.values(), kamailio, entente):
            lab.start(peer)
        entente.do("route", "add", "kamailio", "--next-hop", f"sip:{kamailio.endpoint}")
        entente.do("domain", "add", SIP_DOMAIN, "--route", "kamailio")
        entente.do("access", "set", "--allow-federated-users", "yes",
           "--enable-federation-access", "yes", "--enable-xmpp-access", "yes")
        for domain in servers:
            entente.do("partner", "add", domain, "--type", "Federated")
        uris = [f"sip:{user}@{domain}"
                for domain in servers for user in (PARTNERS[domain], "nobody")]
        lab.romeo = lab.start_sip_user("romeo", uris)
        lab.contacts = {domain: lab.start_contact(PARTNERS[domain], server)
                        for domain, server in servers.items()}
        yield lab
        assert entente.stop() == 0
    finally:
        lab.close()
    lab.remove()


both_partners = pytest.mark.parametrize("domain", PARTNERS)


@pytest.mark.valgrind
@both_partners
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_sip_to_xmpp(world, domain, text):
    contact = world.contacts[domain]
    start = contact.mark()
    world.romeo.send(f"sip:{PARTNERS[domain]}@{domain}", text)
    message = contact.wait_message(20, start, body=text)
    assert (message.sender, message.to) == (f"romeo@{SIP_DOMAIN}", f"{PARTNERS[domain]}@{domain}")
    assert message.type in ("", "normal")


@pytest.mark.valgrind
@both_partners
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_xmpp_to_sip(world, domain, text):
    mark = world.romeo.mark()
    world.contacts[domain].send(f"romeo@{SIP_DOMAIN}", text)
    world.romeo.wait_message(f"sip:{PARTNERS[domain]}@{domain}", text, 20, mark)


@both_partners
def test_streams_are_external_both_ways(world, domain):
    """Runs after the messages above: a stream each way, mutual TLS, EXTERNAL."""
    streams = [s for s in world.entente.streams() if s["partner"] == domain]
    assert sorted(s["direction"] for s in streams) == ["in", "out"]
    for stream in streams:
        assert (stream["state"], stream["method"]) == ("up", "sasl-over-tls")
        assert (stream["tls"], stream["certificate"]) == ("TLSv1.3", "valid")


@pytest.mark.valgrind
@both_partners
def test_contact_that_does_not_exist(world, domain):
    """The partner's error stanza decides the SIP answer: service-unavailable is 403 (RFC 7247)."""
    mark = world.romeo.mark()
    world.romeo.send(f"sip:nobody@{domain}", "anybody there?")
    world.romeo.wait_line("^403 ", 20, mark)


@both_partners
def test_late_error(world, domain):
    """Without an error window the sender has his 200 first, and a message about it then."""
    world.entente.do("route", "set", "kamailio", "--error-wait", "0")
    try:
        mark = world.romeo.mark()
        world.romeo.send(f"sip:nobody@{domain}", "anybody there?")
        line = world.romeo.wait_line(f'^sip:nobody@{domain}: "Your message to .* was not delivered',
                                     20, mark)
        assert f"nobody@{domain}" in line
        assert not [l for l in world.romeo.lines(mark) if l.startswith(("4", "5", "6"))]
    finally:
        world.entente.do("route", "set", "kamailio", "--error-wait", "300")


@both_partners
def test_user_that_does_not_exist(world, domain):
    """Kamailio's 404 becomes a stanza error for the contact."""
    contact = world.contacts[domain]
    start = contact.mark()
    contact.send(f"nobody@{SIP_DOMAIN}", "anybody there?", id="gone1")
    error = contact.wait_message(20, start, type="error", id="gone1")
    assert error.sender == f"nobody@{SIP_DOMAIN}" and error.condition == "item-not-found"



@pytest.mark.parametrize("end", ["stop", "kill"])
def test_prosody_restarts(world, end):
    """The next messages each way find new streams."""
    prosody = world.prosody
    world.contacts["xmpp.lab"].stop()
    getattr(prosody, end)()
    until(lambda: not [s for s in world.entente.streams() if s["partner"] == "xmpp.lab"
                       and s["state"] == "up"], "the end of the streams")
    prosody.start()
    contact = world.contacts["xmpp.lab"] = world.start_contact("juliet", prosody)
    world.romeo.send("sip:juliet@xmpp.lab", f"after the {end}")
    contact.wait_message(20, body=f"after the {end}")
    mark = world.romeo.mark()
    contact.send(f"romeo@{SIP_DOMAIN}", "and back")
    world.romeo.wait_message("sip:juliet@xmpp.lab", "and back", 20, mark)
