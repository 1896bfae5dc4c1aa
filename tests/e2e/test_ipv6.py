"""The same over IPv6: streams both ways, SIP both ways."""

import socket

import pytest

from lab.lab import Lab
from sip_peer import SipPeer
from xmpp_peer import XmppPeer

SIX = "::1"
DOMAIN, PARTNER = "six.lab", "partner6.lab"


def free_port(kind):
    with socket.socket(socket.AF_INET6, kind) as s:
        s.bind((SIX, 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def six(build, valgrind):
    try:
        xmpp, theirs = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
    except OSError:
        pytest.skip("this machine has no IPv6")
    sip, pbx = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    with Lab(build, valgrind=valgrind) as lab:
        lab.partner = XmppPeer(PARTNER, SIX, lab.ca.server(PARTNER), lab.ca.file, theirs)
        lab.dns.server(PARTNER, SIX, theirs)
        entente = lab.make_entente([DOMAIN], settings={
            "xmpp": {"listen": f"[{SIX}]:{xmpp}"}, "sip": {"listen-udp": f"[{SIX}]:{sip}"}})
        lab.sip = SipPeer(SIX, pbx, (SIX, sip))
        for peer in (lab.dns, lab.partner, lab.sip, entente):
            lab.start(peer)
        entente.do("route", "add", "six", "--next-hop", lab.sip.uri)
        entente.do("domain", "add", DOMAIN, "--route", "six")
        entente.do("partner", "add", PARTNER, "--type", "Federated", "--dialback", "no")
        entente.do("access", "set", "--allow-federated-users", "yes",
                   "--enable-federation-access", "yes", "--enable-xmpp-access", "yes")
        lab.where = (SIX, xmpp)
        yield lab
        assert entente.stop() == 0


def test_sip_to_xmpp(six):
    request = six.sip.compose(f"sip:juliet@{PARTNER}", "over six", sender=f"sip:romeo@{DOMAIN}")
    six.sip.send(request)
    wire = six.partner.take()
    assert "<body>over six</body>" in wire.read_until("</message>")
    response = six.sip.wait_response(request)
    assert response.status == 200
    assert f"[{SIX}]:{six.sip.port}" in response.get("Via") and "received=" in response.get("Via")
    wire.close()


def test_xmpp_to_sip(six):
    wire = six.partner.connect(*six.where)
    wire.close()
    wire = six.partner.open(*six.where, DOMAIN)
    mark = six.sip.mark()
    wire.send(f"<message from='juliet@{PARTNER}' to='romeo@{DOMAIN}'><body>back</body></message>")
    request = six.sip.wait_request(start=mark)
    assert request.body == b"back"
    assert request.start == f"MESSAGE sip:romeo@{DOMAIN} SIP/2.0"
    assert request.get("Via").startswith(f"SIP/2.0/UDP [{SIX}]:")
    wire.close()
