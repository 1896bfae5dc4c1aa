"""Server dialback (XEP-0220) with a scripted partner, in each of the three roles: what an honest
peer, a mistaken one and a hostile one get. Over TCP, where every word can be seen; what TLS changes
is the policy matrix's matter."""

import re

import pytest

from lab.lab import SIP_DOMAIN
from lab.wait import until
from xmpp_peer import Closed, dialback, dialback_features, header

OPEN = {"tls": "Optional", "sasl": "Optional", "dialback": "yes"}
NAMES = [f"d{n}.lab" for n in range(40)]
SECOND = "second.sip.lab"
MANY = [f"m{n}.lab" for n in range(100)]
POLICY = "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"


@pytest.fixture(scope="module")
def stage(make_scene):
    """A scene whose partners may be authenticated by dialback, in clear too."""
    scene = make_scene(names=[*NAMES, *MANY], domains=(SIP_DOMAIN, SECOND))
    scene.unused = iter(NAMES)
    return scene


@pytest.fixture
def peer(stage):
    """A partner that no other test knows: none is in back-off because of another."""
    return new_partner(stage)


def new_partner(stage, *options, **levels):
    peer = stage.peers[next(stage.unused)]
    stage.add_partner(peer.domain, *options, **(levels or OPEN))
    return peer


def open_clear(stage, peer, to=SIP_DOMAIN):
    return peer.open_clear(stage.entente.address, stage.entente.xmpp_port, to)


def send_key(wire, sender, to=SIP_DOMAIN, key="k1"):
    wire.send(dialback("result", sender, to, key=key))


def answer_of(wire, name="result"):
    """The next dialback answer on a stream: its type, and the whole of it."""
    text = wire.read_until(rf"<db:{name} [^>]*/>|</db:{name}>")
    return re.search("type='([^']*)'", text).group(1), text


def claim(stage, peer, wire=None, features=dialback_features()):
    """A message from SIP opens a stream that shows a key: (wire, request, key)."""
    request = stage.message_out(domain=peer.domain)
    wire = wire or peer.accept()
    peer.take_clear(wire, features=features)
    return wire, request, read_key(wire)


def read_key(wire):
    wire.result = wire.read_until("</db:result>")
    return re.search(">([^<]*)</db:result>", wire.result).group(1)


def ask(stage, peer, key, stream_id, receiving=None, originating=SIP_DOMAIN):
    """Asks Entente, as the authoritative server, about a key: the type of its answer."""
    with_wire = open_clear(stage, peer)
    with_wire.send(dialback(
        "verify", receiving or peer.domain, originating, key=key, id=stream_id))
    kind, text = answer_of(with_wire, "verify")
    assert f"id='{stream_id}'" in text
    with_wire.close()
    return kind


# ---- receiving ----

def test_key_is_verified(stage, peer):
    """Stanzas pass from then on, and not before (2.1.1); the question repeats the key and names the
    stream (2.1.2)."""
    wire = open_clear(stage, peer)
    assert "<errors/>" in wire.features
    send_key(wire, peer.domain)
    question = peer.verify("valid")
    assert f"id='{wire.id}'" in question and question.endswith(">k1</db:verify>")
    assert answer_of(wire)[0] == "valid"
    stage.message_in(wire, domain=peer.domain)


def test_wrong_key(stage, peer):
    """2.1.2: invalid, and with no other pair the stream is closed."""
    wire = open_clear(stage, peer)
    send_key(wire, peer.domain)
    peer.verify("invalid")
    assert answer_of(wire)[0] == "invalid"
    wire.read_until("</stream:stream>")


def test_wrong_key_beside_a_good_pair(stage):
    """What was verified keeps flowing (2.2.1)."""
    peer = new_partner(stage)
    wire = open_clear(stage, peer)
    send_key(wire, peer.domain)
    peer.verify("valid")
    assert answer_of(wire)[0] == "valid"
    send_key(wire, peer.domain, SECOND, "k2")
    peer.verify("invalid")
    assert answer_of(wire)[0] in ("invalid", "error")
    stage.message_in(wire, domain=peer.domain)


def test_stanza_before_the_answer(stage, peer):
    wire = open_clear(stage, peer)
    mark = stage.sip.mark()
    send_key(wire, peer.domain)
    wire.send(f"<message from='a@{peer.domain}' to='romeo@{SIP_DOMAIN}'><body>x</body></message>")
    assert "<not-authorized" in wire.read_until("</stream:stream>")
    assert not stage.sip.requests(mark)


def test_two_local_domains_on_one_stream(stage, peer):
    """Target multiplexing of the peer's, as recipient: accepted without negotiation (2.6.1)."""
    wire = open_clear(stage, peer)
    for domain in (SIP_DOMAIN, SECOND):
        send_key(wire, peer.domain, domain, "k")
        peer.verify("valid")
        kind, text = answer_of(wire)
        assert kind == "valid" and f"from='{domain}'" in text
    stage.message_in(wire, domain=peer.domain)


def test_unknown_local_domain(stage, peer):
    """item-not-found, and the stream lives (2.5)."""
    wire = open_clear(stage, peer)
    send_key(wire, peer.domain, "nowhere.lab")
    kind, text = answer_of(wire)
    assert kind == "error" and "<item-not-found" in text
    send_key(wire, peer.domain)
    peer.verify("valid")
    assert answer_of(wire)[0] == "valid"


def test_domain_of_another_partner(stage, peer):
    """Refused with a dialback error, and nobody is asked."""
    other = new_partner(stage)
    wire = open_clear(stage, peer)
    send_key(wire, other.domain)
    assert answer_of(wire)[0] == "error"
    other.expect_no_connection()
    send_key(wire, peer.domain)
    peer.verify("valid")
    assert answer_of(wire)[0] == "valid"
    wire.send(f"<message from='a@{other.domain}' to='romeo@{SIP_DOMAIN}'><body>x</body></message>")
    assert "<invalid-from" in wire.read_until("</stream:stream>")


def test_stranger(stage, peer):
    """A domain on nobody's list, claimed on a partner's stream."""
    wire = open_clear(stage, peer)
    send_key(wire, "evil.lab")
    assert answer_of(wire)[0] == "error"


def test_dialback_is_not_allowed(stage):
    """Not offered, not acted on, answered at once, and nothing is left to wait for."""
    peer = new_partner(stage, tls="Optional", sasl="Optional", dialback="no")
    wire = open_clear(stage, peer)
    assert "dialback" not in wire.features
    send_key(wire, peer.domain)
    text = wire.read_until("</stream:stream>|</db:result>")
    assert "policy-violation" in text
    peer.expect_no_connection()


def test_key_in_clear_where_tls_is_required(stage):
    peer = new_partner(stage, tls="Required", sasl="Optional", dialback="yes")
    wire = open_clear(stage, peer)
    assert "<required/>" in wire.features and "dialback" not in wire.features
    send_key(wire, peer.domain)
    assert "type='valid'" not in wire.read_until("</stream:stream>|</db:result>")
    peer.expect_no_connection()


def test_authoritative_server_cannot_be_reached(stage, peer):
    """An error, not a verdict; the stream lives and a later try succeeds (2.5)."""
    wire = open_clear(stage, peer)
    peer.stop()
    send_key(wire, peer.domain)
    kind, text = answer_of(wire)
    assert kind == "error" and re.search("<remote-connection-failed|<remote-server-", text)
    peer.start()
    send_key(wire, peer.domain, key="again")
    peer.verify("valid")
    assert answer_of(wire)[0] == "valid"


def test_authoritative_server_hangs_up(stage, peer):
    """A question that was asked on a connection that ends is answered by an error (2.1.2)."""
    wire = open_clear(stage, peer)
    send_key(wire, peer.domain)
    with_key = peer.accept()
    peer.take_clear(with_key)
    with_key.read_until("</db:verify>")
    with_key.reset()
    assert answer_of(wire)[0] == "error"


def test_answers_about_other_streams(stage, peer):
    """Only what was asked counts: another id, another domain, twice, and after the end."""
    wire = open_clear(stage, peer)
    send_key(wire, peer.domain)
    asker = peer.accept()
    peer.take_clear(asker)
    asker.read_until("</db:verify>")
    for sender, stream_id in ((peer.domain, "other"), ("evil.lab", wire.id)):
        asker.send(dialback("verify", sender, SIP_DOMAIN, id=stream_id, type="valid"))
    asker.send(dialback("verify", peer.domain, SIP_DOMAIN, id=wire.id, type="invalid") +
               dialback("verify", peer.domain, SIP_DOMAIN, id=wire.id, type="valid"))
    assert answer_of(wire)[0] == "invalid"


def test_answer_after_the_end(stage, peer):
    """The stream it was about is gone: dropped, and nothing breaks."""
    wire = open_clear(stage, peer)
    send_key(wire, peer.domain)
    asker = peer.accept()
    peer.take_clear(asker)
    asker.read_until("</db:verify>")
    wire.reset()
    until(lambda: not [s for s in stage.entente.streams() if s["direction"] == "in" and
                       s["partner"] == peer.domain], "the end of the stream")
    asker.send(dialback("verify", peer.domain, SIP_DOMAIN, id=wire.id, type="valid"))
    again = open_clear(stage, peer)
    send_key(again, peer.domain)
    until(lambda: again_answered(peer, asker, again), "a question about the new stream")
    assert answer_of(again)[0] == "valid"


def again_answered(peer, asker, wire):
    """The question may come on the connection there is, or on a new one."""
    try:
        question = asker.read_until("</db:verify>", 1)
        assert wire.id in question
        asker.send(dialback("verify", peer.domain, SIP_DOMAIN, id=wire.id, type="valid"))
    except (AssertionError, OSError, Closed):
        peer.verify("valid")
    return True


def test_version_0_9(stage, peer):
    """No version, no features: answered alike, and dialback at once (RFC 6120 4.7.5)."""
    wire = peer.connect(stage.entente.address, stage.entente.xmpp_port)
    wire.send(header(peer.domain, SIP_DOMAIN, version=None))
    assert "version=" not in wire.read_until("<stream:stream [^>]*>")[22:]
    send_key(wire, peer.domain)
    peer.verify("valid")
    assert answer_of(wire)[0] == "valid"
    stage.message_in(wire, domain=peer.domain)


def test_many_keys_at_once(stage):
    """Verifications under way are bounded; each claim is answered, and a good one afterwards."""
    peer = new_partner(stage, "--domains", ",".join(MANY), **OPEN)
    wire = open_clear(stage, peer)
    for domain in MANY:
        send_key(wire, domain)
    refused = []
    while len(refused) < len(MANY) - 32:
        kind, text = answer_of(wire)
        assert kind == "error" and "<resource-constraint" in text
        refused.append(text)
    wire.close()
    again = open_clear(stage, peer)
    send_key(again, peer.domain)
    peer.verify("valid")
    assert answer_of(again)[0] == "valid"


# ---- initiating ----

def test_our_key(stage, peer):
    """It is good for this stream, in this direction, and for nothing else (XEP-0185)."""
    wire, request, key = claim(stage, peer)
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert ask(stage, peer, key, "clear1") == "valid"
    assert ask(stage, peer, key, "clear2") == "invalid"
    assert ask(stage, peer, key, "clear1", originating=SECOND) == "invalid"
    assert ask(stage, peer, key[::-1], "clear1") == "invalid"
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    wire.read_until("</message>")
    assert stage.sip.wait_response(request).status == 200


def test_our_key_after_a_new_passphrase(stage, peer):
    """Keys under way are still good; new ones differ."""
    wire, request, key = claim(stage, peer)
    stage.entente.do("gateway", "set", "--dialback-passphrase", "another passphrase")
    assert ask(stage, peer, key, "clear1") == "valid"
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    assert stage.sip.wait_response(request).status == 200


@pytest.mark.parametrize("verdict", ["invalid", "error"])
def test_our_key_is_refused(stage, verdict):
    """The sender is told once, whatever the peer does with the stream."""
    peer = new_partner(stage)
    wire, request, _ = claim(stage, peer)
    mark = stage.sip.mark()
    text = dialback("result", peer.domain, SIP_DOMAIN, type=verdict)
    if verdict == "error":
        text = text.replace("/>", "><error type='cancel'><remote-connection-failed xmlns="
                            "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>")
    wire.send(text + "</stream:stream>")    # COMPAT Prosody: closes after an error
    assert stage.sip.wait_response(request, start=mark).status >= 400
    assert "<message" not in wire.read_until("</stream:stream>")


def test_answers_unasked(stage, peer):
    """Another domain's, or another type: no stanza leaves (2.1.1)."""
    wire, request, _ = claim(stage, peer)
    wire.send(dialback("result", "evil.lab", SIP_DOMAIN, type="valid") +
              dialback("result", peer.domain, SECOND, type="valid") +
              dialback("verify", peer.domain, SIP_DOMAIN, id="clear1", type="valid"))
    wire.expect_silence()
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid") * 2)
    wire.read_until("</message>")
    assert stage.sip.wait_response(request).status == 200


def test_answer_before_the_question(stage, peer):
    """valid with the features: it answers nothing."""
    request = stage.message_out(domain=peer.domain)
    wire = peer.accept()
    peer.take_header(wire)
    wire.send(header(peer.domain, SIP_DOMAIN, "e1") +
              dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    wire.expect_silence()
    wire.send(dialback_features())
    read_key(wire)
    wire.expect_silence()
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    wire.read_until("</message>")
    assert stage.sip.wait_response(request).status == 200


def test_peer_that_does_not_speak_of_errors(stage, peer):
    wire, request, _ = claim(stage, peer, features=dialback_features(errors=False))
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    assert stage.sip.wait_response(request).status == 200


def test_peer_of_version_0_9(stage, peer):
    """Its header is all there is: the key comes at once."""
    request = stage.message_out(domain=peer.domain)
    wire = peer.accept()
    peer.take_header(wire)
    wire.send(header(peer.domain, SIP_DOMAIN, "old1", version=None))
    read_key(wire)
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    wire.read_until("</message>")
    assert stage.sip.wait_response(request).status == 200


@pytest.mark.parametrize("how", ["set", "removed and added"])
def test_new_settings_are_a_new_chance(stage, how):
    """TLS was required and there was none: nothing in clear while that lasts, until somebody has
    changed the settings."""
    peer = new_partner(stage, tls="Required", sasl="Optional", dialback="yes")
    request = stage.message_out(domain=peer.domain)
    wire = peer.accept()
    peer.take_clear(wire)
    wire.read_until("<starttls")
    wire.send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")
    assert stage.sip.wait_response(request).status >= 400
    wire.close()
    if how == "set":
        stage.entente.do("partner", "set", peer.domain, "--tls", "Optional")
    else:
        stage.entente.do("partner", "remove", peer.domain)
        stage.add_partner(peer.domain, **OPEN)
    wire, request, _ = claim(stage, peer)
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    assert stage.sip.wait_response(request).status == 200


@pytest.mark.parametrize("errors", [True, False])
def test_second_target_at_the_limit(stage, errors):
    """2.6.2: at the limit, and where the peer can answer with errors, another domain of the same
    server is a further pair of the stream there is."""
    peer, other = stage.peers[next(stage.unused)], stage.peers[next(stage.unused)]
    stage.lab.dns.stop()
    stage.lab.dns.srv(f"v.{peer.domain}", f"host.{peer.domain}", peer.port)
    stage.lab.dns.start()
    stage.add_partner(peer.domain, "--domains", f"v.{peer.domain}", "--connection-limit", "1",
                      **OPEN)
    wire, request, _ = claim(stage, peer, features=dialback_features(errors))
    wire.send(dialback("result", peer.domain, SIP_DOMAIN, type="valid"))
    assert stage.sip.wait_response(request).status == 200
    wire.read_until("</message>")
    second = stage.message_out(domain=f"v.{peer.domain}")
    if errors:
        read_key(wire)
        assert f"to='v.{peer.domain}'" in wire.result
        wire.send(dialback("result", f"v.{peer.domain}", SIP_DOMAIN, type="valid"))
        wire.read_until("</message>")
    else:
        wire.read_until("</stream:stream>")     # idle, and in the way
        wire.send("</stream:stream>")
        wire.close()
        again = peer.accept()
        again.read_until(f"<stream:stream [^>]*to='v.{peer.domain}'[^>]*>")
        again.send(header(f"v.{peer.domain}", SIP_DOMAIN, "v1") + dialback_features(False))
        read_key(again)
        again.send(dialback("result", f"v.{peer.domain}", SIP_DOMAIN, type="valid"))
        again.read_until("</message>")
    assert stage.sip.wait_response(second).status == 200


# ---- authoritative ----

def test_questions_about_what_is_not_ours(stage, peer):
    """item-not-found; the stream lives and answers the next (2.2.2)."""
    wire = open_clear(stage, peer)
    wire.send(dialback("verify", peer.domain, "nowhere.lab", key="k", id="x1"))
    kind, text = answer_of(wire, "verify")
    assert kind == "error" and "<item-not-found" in text
    wire.send(dialback("verify", peer.domain, SIP_DOMAIN, key="k", id="x2"))
    kind, text = answer_of(wire, "verify")
    assert kind == "invalid" and "id='x2'" in text
