"""Certificates in use: which is shown to whom, new ones under traffic, revoked and expired ones."""

import os
import shutil
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.ca import Pair
from lab.lab import SIP_DOMAIN
from lab.wait import SLOWNESS, until
from scene import PARTNER
from xmpp_peer import TLS, client_context, header

SECOND = "second.lab"  # a local domain with a certificate of its own
OTHER = "other.lab"    # a partner


@pytest.fixture(scope="module")
def scene(make_scene):
    scene = make_scene(names=[OTHER], domains=(SIP_DOMAIN, SECOND))
    scene.add_partner(OTHER)
    return scene


def installed(scene, domain=SIP_DOMAIN):
    """The files that Entente reads for one of its domains."""
    return scene.entente.certificates[domain][0]


def install(pair, over):
    """Puts a certificate and its key in the place of others, as an ACME client does it."""
    for new, old in ((pair.cert, over.cert), (pair.key, over.key)):
        shutil.copy(new, f"{old}.new")
        os.rename(f"{old}.new", old)


def serial_of(pair):
    return x509.load_pem_x509_certificate(pair.cert.read_bytes()).serial_number


def secure(entente, peer, to=SIP_DOMAIN, sni=None):
    """A connection of a partner's inside TLS, with nothing said in it."""
    wire = peer.connect(entente.address, entente.xmpp_port)
    wire.send(header(peer.domain, to))
    wire.read_until("</stream:features>")
    wire.send(f"<starttls xmlns='{TLS}'/>")
    wire.read_until(f"<proceed xmlns='{TLS}'/>")
    wire.start_tls(client_context(peer.ca_file, peer.pair, check=False), name=sni)
    return wire


def shown(scene, to=SIP_DOMAIN, sni=None):
    """The certificate that a partner is shown who asks for a domain, and names one to TLS."""
    wire = secure(scene.entente, scene.partner, to, sni)
    certificate = x509.load_der_x509_certificate(wire.peer_certificate)
    wire.close()
    return certificate


def names(certificate):
    return certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize("to, sni, expected", [
    (SIP_DOMAIN, None, SIP_DOMAIN),
    (SECOND, None, SECOND),
    (SIP_DOMAIN, SECOND, SECOND),
    (SECOND, SIP_DOMAIN, SIP_DOMAIN),
    (SECOND, "nobody.lab", SECOND),
])
def test_which_one_is_shown(scene, to, sni, expected):
    assert names(shown(scene, to, sni)) == [expected]


def streams_and_a_message(scene):
    """A live stream each way; returns (in, out)."""
    inward = scene.stream_in()
    scene.message_in(inward)
    request = scene.message_out("out, before")
    outward = scene.partner.take()
    outward.read_until("out, before</body>.*?</message>")
    assert scene.sip.wait_response(request).status == 200
    return inward, outward


def both_still_work(scene, inward, outward, text):
    scene.message_in(inward, f"in, {text}")
    request = scene.message_out(f"out, {text}")
    outward.read_until(f"out, {text}</body>.*?</message>")
    assert scene.sip.wait_response(request).status == 200


def close(*wires):
    for wire in wires:
        wire.send("</stream:stream>")
        wire.close()


def test_new_ones_by_signal(scene):
    entente, process = scene.entente, scene.entente.process
    inward, outward = streams_and_a_message(scene)
    new = scene.lab.ca.server(SIP_DOMAIN, file="by-signal")
    install(new, installed(scene))
    start = process.log_size()
    entente.reload()
    process.wait_log(" reloaded ", start=start)
    both_still_work(scene, inward, outward, "after the signal")
    assert shown(scene).serial_number == serial_of(new)
    assert names(shown(scene, SECOND)) == [SECOND]
    close(inward, outward)


def test_new_ones_by_themselves(scene):
    """Certificate and key change one after the other, under traffic; nobody says so."""
    process, files = scene.entente.process, installed(scene)
    inward, outward = streams_and_a_message(scene)
    new = scene.lab.ca.server(SIP_DOMAIN, file="by-themselves")
    before = shown(scene).serial_number
    start = process.log_size()
    install(Pair(new.cert, files.key), Pair(files.cert, f"{files.key}.unused"))
    # The half pair is seen, and waited for: longer than two looks, with messages meanwhile.
    end = time.monotonic() + 6 * SLOWNESS
    while time.monotonic() < end:
        both_still_work(scene, inward, outward, f"at {time.monotonic():.3f}")
    assert shown(scene).serial_number == before
    assert "certificates-" not in process.log(start)
    install(Pair(new.cert, new.key), files)
    process.wait_log(" info certificates-reloaded ", start=start, seconds=20)
    both_still_work(scene, inward, outward, "after the change")
    assert shown(scene).serial_number == serial_of(new)
    close(inward, outward)
    # A new stream of ours shows the new one, too.
    scene.message_out("with the new one")
    wire = scene.partner.take()
    assert x509.load_der_x509_certificate(wire.peer_certificate).serial_number == serial_of(new)
    close(wire)


def test_new_ones_by_the_shell(scene):
    """entente certificate reload: as the signal, and what is in force then is its answer."""
    new = scene.lab.ca.server(SECOND, file="by-shell")
    files = installed(scene, SECOND)
    install(new, files)
    listed = {c["name"]: c for c in scene.entente.ask("certificate", "reload")}
    assert listed[SECOND]["fingerprint"] == \
        x509.load_pem_x509_certificate(new.cert.read_bytes()).fingerprint(hashes.SHA256()).hex()
    assert shown(scene, SECOND).serial_number == serial_of(new)
    good = files.key.read_bytes()
    files.key.write_text("no key")
    refused = scene.entente.run("certificate", "reload")
    assert refused.code == 6 and SECOND in refused.err
    assert shown(scene, SECOND).serial_number == serial_of(new)
    files.key.write_bytes(good)


def test_a_broken_file_changes_nothing(scene):
    process, files = scene.entente.process, installed(scene, SECOND)
    good = files.cert.read_bytes()
    before = shown(scene, SECOND).serial_number
    files.cert.write_bytes(b"-----BEGIN CERTIFICATE-----\nMII")
    start = process.log_size()
    scene.entente.reload()
    process.wait_log(" error reload-refused .*second", start=start)
    assert shown(scene, SECOND).serial_number == before
    files.cert.write_bytes(good)
    start = process.log_size()
    scene.entente.reload()
    process.wait_log(" info reloaded ", start=start)
    assert shown(scene, SECOND).serial_number == before


def refused(peer, entente):
    """A stream of theirs, with a certificate that does not count and nothing else allowed."""
    wire = secure(entente, peer)
    wire.send(header(peer.domain, SIP_DOMAIN))
    answer = wire.read_until("</stream:stream>")
    assert "<policy-violation " in answer and "EXTERNAL" not in answer
    wire.close()


def test_revoked_meanwhile(make_scene):
    """On a list that appears while its streams are up: they end with reset, others stay."""
    scene = make_scene(names=[OTHER])
    scene.add_partner(OTHER)
    entente, process = scene.entente, scene.entente.process
    entente.settings = {"xmpp": {
        "listen": f"{entente.address}:{entente.xmpp_port}", "trust": entente.trust,
        "crl": scene.lab.ca.revoke()}}
    entente.write_config()
    start = process.log_size()
    entente.reload()
    process.wait_log(" info reloaded ", start=start)
    inward, outward = streams_and_a_message(scene)
    other = scene.stream_in(OTHER)
    scene.message_in(other, domain=OTHER)
    scene.lab.ca.revoke(scene.partner.pair)
    for wire in (inward, outward):
        end = wire.read_until("</stream:stream>", seconds=20)
        assert "<reset xmlns=" in end
        assert "your certificate, or one above it, has been revoked" in end
        wire.close()
    refused(scene.partner, entente)
    scene.message_in(other, domain=OTHER)
    assert entente.metric('entente_streams_ended_by_certificate_total{reason="revoked"}') == 2
    # Off the list again, it is welcome as before.
    start = process.log_size()
    scene.lab.ca.revoke()
    process.wait_log(" info certificates-reloaded ", start=start, seconds=20)
    close(scene.stream_in(), other)


def test_expired_meanwhile(scene):
    """A certificate that ends while it is in use ends its streams, and no others."""
    peer, entente = scene.peers[OTHER], scene.entente
    other = scene.stream_in()
    kept = peer.pair
    peer.pair = scene.lab.ca.server(OTHER, file="short", seconds=int(8 * SLOWNESS))
    wire = scene.stream_in(OTHER)
    scene.message_in(wire, domain=OTHER)
    assert "partner-certificate-expires" in entente.process.log()
    end = wire.read_until("</stream:stream>", seconds=20)
    assert "<reset xmlns=" in end and "your certificate, or one above it, has expired" in end
    wire.close()
    refused(peer, entente)
    scene.message_in(other)
    peer.pair = kept
    again = scene.stream_in(OTHER)
    scene.message_in(again, domain=OTHER)
    close(again, other)


def test_our_own_are_listed(scene):
    certificates = {c["name"]: c for c in scene.entente.ask("certificate", "list")}
    assert sorted(certificates) == sorted([SIP_DOMAIN, SECOND])
    second, in_use = certificates[SECOND], shown(scene, SECOND)
    assert second["domains"] == [SECOND]
    assert f"dns:{SECOND}" in second["names"]
    assert second["days_left"] in (19, 20)
    assert second["warning"] == "expires-soon"
    assert second["fingerprint"] == in_use.fingerprint(hashes.SHA256()).hex()


def test_a_certificate_for_others_is_told_of(scene):
    """A new local domain that the certificates do not name: a line in the log says so."""
    process = scene.entente.process
    start = process.log_size()
    scene.entente.do("domain", "add", "third.lab")
    until(lambda: "local domain third.lab has no certificate" in process.log(start),
          "a line about third.lab", alive=process.check_running)
