"""Two SIP domains, an Entente before each, XMPP between them: what goes in at one end comes out at the
other as it was. Each is the other's Federated partner."""

import json
import pathlib
import re
import time
import unicodedata
import urllib.parse

import pytest

from lab.lab import Lab
from lab.wait import SLOWNESS, until
from lyncpeer import LyncPeer
from sip_peer import SipPeer, token

IDN = "xn--bcher-kva"
NS = "NS: imdn <urn:ietf:params:imdn>\r\n"


class End:
    """An Entente, a SIP server by UDP for its domain and one with an international name, and a Lync-like
    pool for a domain below."""

    def __init__(self, lab, name, domain):
        self.lab, self.domain, self.pool_domain = lab, domain, f"lync.{domain}"
        self.domains = (domain, f"{IDN}.{domain}", self.pool_domain, f"loop.{domain}")
        self.entente = lab.make_entente(self.domains, name=name)
        self.sip = self.pool = None

    def start(self):
        entente = self.lab.start(self.entente)
        self.sip = self.lab.start(SipPeer(self.lab.next_address(), 5060, (entente.address, entente.sip_port)))
        host = f"pool.{self.domain}"
        self.pool = self.lab.start(LyncPeer(
            host, self.lab.next_address(), 0, (self.lab.ca.issue(host, dns=[host]), self.lab.ca.file),
            server=(entente.address, entente.sips_port, self.domain)))
        do = entente.do
        do("route", "add", "sip", "--next-hop", f"sip:{self.sip.endpoint}", "--error-wait", "0")
        do("route", "add", "pool", "--next-hop", f"sip:{self.pool.address}:{self.pool.port}", "--transport", "tls",
           "--tls-names", host, "--kind", "microsoft-pool", "--mode", "session", "--error-wait", "0")
        for domain in self.domains[:2]:
            do("domain", "add", domain, "--route", "sip")
        do("domain", "add", self.pool_domain, "--route", "pool")
        do("access", "set", "--allow-federated-users", "yes", "--enable-federation-access", "yes",
           "--enable-xmpp-access", "yes")

    def trust(self, other):
        self.entente.do("partner", "add", other.domain, "--type", "Federated", "--additional-domains",
                        ",".join(other.domains[1:]))

    def send(self, sender, to, body, content_type="text/plain", extra=""):
        """A MESSAGE of this end's SIP server; the final response."""
        request = self.sip.compose(to, body, sender=sender, content_type=content_type, extra=extra)
        return self.sip.ask(request)

    def taken(self, body, start=0):
        """Waits for a MESSAGE whose body has this text."""
        body = body.encode()
        return self.sip.wait(lambda m: m.method == "MESSAGE" and body in m.body, f"{body}", 20, start)


class Pair:
    def __init__(self, build):
        self.lab = lab = Lab(build)
        self.one, self.two = End(lab, "entented", "one.lab"), End(lab, "second", "two.lab")
        try:
            lab.start(lab.dns)
            for end in (self.one, self.two):
                end.start()
            self.one.trust(self.two)
            self.two.trust(self.one)
        except BaseException:
            lab.close()
            raise

    def close(self):
        codes = [end.entente.stop() for end in (self.one, self.two)]
        self.lab.close()
        faults = self.one.pool.faults + self.two.pool.faults
        if codes == [0, 0] and not faults:
            self.lab.remove()
        assert codes == [0, 0] and faults == []


@pytest.fixture(scope="module")
def pair(build):
    pair = Pair(build)
    yield pair
    pair.close()


# ---- addresses: every vector of the group, as who sends and as whom it is for

def vectors():
    file = pathlib.Path(__file__).resolve().parents[1] / "data" / "stox.json"
    return [v for v in json.loads(file.read_text())["vectors"] if v["group"] == "address"]


def at(uri, domain):
    """The same address in another domain; an international one stays one."""
    scheme, _, rest = uri.partition(":")
    user, has_user, tail = rest.rpartition("@")
    name, more = re.match(r"([^;?]*)(.*)", tail, re.S).groups()
    host = f"{IDN}.{domain}" if name.lower().startswith("xn--") else domain
    return f"{scheme}:{user}{has_user}{host}{more}"


def parts(uri):
    """What an address says: user, host, device; characters by their meaning, not their spelling."""
    user, _, tail = uri.partition(":")[2].rpartition("@")
    host, *params = tail.split(";")
    named = {name.lower(): value for name, _, value in (p.partition("=") for p in params)}
    device = named.get("gr") or named.get("opaque", "")
    user = unicodedata.normalize("NFC", urllib.parse.unquote(user.partition(":")[0])).lower()
    return user, host.lower(), urllib.parse.unquote(device)


def address_of(field):
    return re.search(r"<([^>]*)>", field).group(1)


def test_addresses(pair):
    """As they went in: those that the table maps back are the same to the byte, the others mean the same.
    A password is nobody's business (RFC 7247 6.4)."""
    one, two = pair.one, pair.two
    two.sip.answer_with(lambda m: (200, "OK", ""))
    wrong, played = [], 0
    for v in vectors():
        uri = v["in"].get("uri") or v["out"].get("uri")
        if "error" in v["out"] or not uri or not re.match("sip:.*@[a-z]", uri, re.I):
            continue
        uri = re.sub(r"(@[^?]*)\?.*", r"\1", uri)     # header fields do not belong there (RFC 3261 19.1.1)
        sender, to = at(uri, "one.lab"), at(uri, "two.lab")
        text, mark = f"{v['id']} {token()}", two.sip.mark()
        answer = one.send(sender, to, text)
        if answer.status != 200:
            wrong.append((v["id"], uri, answer.start))
            continue
        m = two.taken(text, mark)
        got = address_of(m.get("From")), m.start.split()[1]
        same = got == (sender, to) if v.get("rt") else (
            [parts(u) for u in got] == [parts(sender), parts(to)])
        if not same or address_of(m.get("To")) != got[1]:
            wrong.append((v["id"], sender, to, got))
        played += 1
    assert wrong == [] and played >= 60


def test_addresses_that_are_none(pair):
    """Refused where they come in; nothing of it reaches the other side."""
    one, two = pair.one, pair.two
    mark = two.sip.mark()
    for v in vectors():
        uri = v["in"].get("uri", "")
        if "error" not in v["out"] or not uri.startswith("sip:"):
            continue
        answer = one.send("sip:romeo@one.lab", at(uri, "two.lab"), v["id"])
        assert 400 <= answer.status < 500 or answer.status == 604, (v["id"], uri, answer.start)
    one.send("sip:romeo@one.lab", "sip:juliet@two.lab", "the last")
    two.taken("the last", mark)
    assert [m.body for m in two.sip.requests(mark)] == [b"the last"]


def test_text_comes_out_as_it_went_in(pair):
    for text in ("Żółć, 你好, שלום ☀ 👩‍👩‍👧", "<b>&amp;</b> ]]>", "e\u0301 is not \u00e9", "two\r\nlines", " edges "):
        mark = pair.two.sip.mark()
        assert pair.one.send("sip:romeo@one.lab", "sip:juliet@two.lab", text,
                             "text/plain; charset=UTF-8").status == 200
        m = pair.two.sip.wait_request(start=mark)
        assert m.body.decode().replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_what_belongs_to_a_text(pair):
    """Subject, language, date and the conversation."""
    call, mark = token(), pair.two.sip.mark()
    request = pair.one.sip.compose(
        "sip:juliet@two.lab", "with everything", sender="sip:romeo@one.lab", call_id=call,
        extra="Subject: the weather\r\nContent-Language: fr\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\n")
    assert pair.one.sip.ask(request).status == 200
    m = pair.two.taken("with everything", mark)
    assert [m.get(n) for n in ("Subject", "Content-Language", "Date", "Call-ID")] == [
        "the weather", "fr", "Sat, 13 Nov 2010 23:29:00 GMT", call]


# ---- errors

# status there -> status here: RFC 7247 table 3, then table 2 for a bare address
ERRORS = {400: 400, 403: 603, 404: 604, 410: 410, 415: 606, 480: 600, 486: 600, 488: 606, 500: 500,
          502: 404, 600: 600, 603: 600, 604: 604, 606: 606}


@pytest.fixture
def patient(pair):
    """The answer waits for the other side's."""
    for end in (pair.one, pair.two):
        end.entente.do("route", "set", "sip", "--error-wait", "2000")
    yield pair
    for end in (pair.one, pair.two):
        end.entente.do("route", "set", "sip", "--error-wait", "0")


def test_errors(patient):
    """Of the same kind as they were there; of words nothing is lost either."""
    one, two = patient.one, patient.two
    two.sip.answer_with(lambda m: (int(m.body.split()[-1]), "Because I say so", ""))
    try:
        got = {status: one.send("sip:romeo@one.lab", "sip:juliet@two.lab", f"refuse with {status}")
               for status in ERRORS}
    finally:
        two.sip.answer_with(lambda m: (200, "OK", ""))
    assert {status: answer.status for status, answer in got.items()} == ERRORS
    assert "Because I say so" in got[480].start


# ---- typing and receipts, between two SIP users without sessions

def cpim(sender, to, text, number, wish=""):
    wish = f"imdn.Disposition-Notification: {wish}\r\n" if wish else ""
    return (f"From: <{sender}>\r\nTo: <{to}>\r\n{NS}imdn.Message-ID: {number}\r\n"
            f"DateTime: 2026-11-23T06:00:00Z\r\n{wish}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}")


def imdn(sender, to, number, kind, status):
    document = ('<?xml version="1.0" encoding="UTF-8"?><imdn xmlns="urn:ietf:params:xml:ns:imdn">'
                f"<message-id>{number}</message-id><datetime>2026-11-23T06:00:01Z</datetime>"
                f"<recipient-uri>{sender}</recipient-uri><original-recipient-uri>{sender}</original-recipient-uri>"
                f"<{kind}-notification><status><{status}/></status></{kind}-notification></imdn>")
    return (f"From: <{sender}>\r\nTo: <{to}>\r\n{NS}imdn.Message-ID: {token()}\r\n\r\n"
            "Content-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n"
            f"Content-Length: {len(document)}\r\n\r\n{document}")


def typing(state):
    return ('<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">'
            f"<state>{state}</state></isComposing>")


COMPOSING = "application/im-iscomposing+xml"


@pytest.fixture
def talkers(pair):
    """A user each, who have shown what their clients take: CPIM and isComposing."""
    name = token()
    ends = [(pair.one, f"sip:r{name}@one.lab"), (pair.two, f"sip:j{name}@two.lab")]
    for (end, own), (other, remote) in zip(ends, reversed(ends)):
        mark = other.sip.mark()
        assert end.send(own, remote, typing("idle"), COMPOSING).status == 200
        assert end.send(own, remote, cpim(own, remote, f"first of {own}", token()), "message/cpim").status == 200
        other.taken(f"first of {own}", mark)
    return ends


def test_typing(talkers):
    """Idle is said when somebody stops, and not when he sends what he typed."""
    (one, romeo), (two, juliet) = talkers
    mark = two.sip.mark()
    for state in ("active", "active", "idle"):
        assert one.send(romeo, juliet, typing(state), COMPOSING).status == 200
    one.send(romeo, juliet, "what he typed")
    two.taken("what he typed", mark)
    states = [re.search(rb"<state>(\w+)</state>", m.body).group(1) for m in two.sip.requests(mark)
              if m.get("Content-Type").startswith(COMPOSING)]
    assert states == [b"active", b"idle"]


def receipt_of(end, number, mark):
    """Waits for a notification of that message; what it says."""
    m = end.taken(f"<message-id>{number}</message-id>", mark)
    assert m.get("Content-Type").startswith("message/cpim")
    return re.search(rb"<status>\s*<(\w+)", m.body).group(1).decode()


@pytest.mark.parametrize("wish, kind, status", [
    ("positive-delivery", "delivery", "delivered"), ("display", "display", "displayed"),
    ("negative-delivery", "delivery", "failed"),
])
def test_receipts(talkers, wish, kind, status):
    """Asked for here, asked for there; given there, given here, once, of the right message."""
    (one, romeo), (two, juliet) = talkers
    number, text = token(), f"please {token()}"
    mark, back = two.sip.mark(), one.sip.mark()
    if wish == "negative-delivery":
        wish = "positive-delivery, negative-delivery"
    assert one.send(romeo, juliet, cpim(romeo, juliet, text, number, wish), "message/cpim").status == 200
    m = two.taken(text, mark)
    asked = re.search(rb"imdn\.Disposition-Notification: ([^\r]*)", m.body).group(1).decode()
    assert wish.split(",")[0] in asked
    theirs = re.search(rb"imdn\.Message-ID: ([^\r]*)", m.body).group(1).decode()
    for _ in range(2):      # told twice, passed on once
        assert two.send(juliet, romeo, imdn(juliet, romeo, theirs, kind, status), "message/cpim").status == 200
    assert receipt_of(one, number, back) == status
    mark = one.sip.mark()
    two.send(juliet, romeo, "behind it")
    one.taken("behind it", mark)
    assert sum(number.encode() in m.body for m in one.sip.requests(back)) == 1


def test_no_receipt_that_nobody_gave(talkers):
    (one, romeo), (two, juliet) = talkers
    number, back = token(), one.sip.mark()
    one.send(romeo, juliet, cpim(romeo, juliet, "no answer", number, "positive-delivery"), "message/cpim")
    two.send(juliet, romeo, imdn(juliet, romeo, "of-nobody", "delivery", "delivered"), "message/cpim")
    two.send(juliet, romeo, "behind it")
    one.taken("behind it", back)
    assert all(b"imdn+xml" not in m.body for m in one.sip.requests(back))


# ---- two pools

def user(end, name):
    return f"{name}@{end.pool_domain}"


@pytest.fixture
def pools(pair):
    for end in (pair.one, pair.two):
        end.pool.become()
    name = token()
    return pair.one.pool, user(pair.one, f"r{name}"), pair.two.pool, user(pair.two, f"j{name}")


def test_a_session_is_one_there_too(pools):
    """Texts both ways, typing both ways, and the end."""
    here, romeo, there, juliet = pools
    ours, answer = here.invite(romeo, juliet, "hello")
    assert answer.status == 200
    theirs = there.wait("message", 20, text="hello").session
    assert theirs.remote == f"sip:{romeo}"
    assert theirs.send("good evening").status == 200
    assert here.wait("message", 20, text="good evening").session is ours

    for session, peer, far in ((ours, there, theirs), (theirs, here, ours)):
        for status in ("type", "idle"):
            assert session.type(status).status == 200
            assert peer.wait("typing", 20, status=status).session is far
    assert ours.bye().status == 200
    assert there.wait("bye", 20).session is theirs
    assert here.texts() == ["good evening"] and there.texts() == ["hello"]


def test_an_embedded_text(pools):
    here, romeo, there, juliet = pools
    here.become(embed=True, repeat="always")
    session, _ = here.invite(romeo, juliet, "embedded")
    session.send("second")
    there.wait("message", 20, text="second")
    assert there.texts() == ["embedded", "second"]


def test_a_refusal_there(pair, pools):
    """The INVITE here was taken long ago; the text is refused."""
    here, romeo, there, juliet = pools
    there.become(invite_status=480)
    pair.one.entente.do("route", "set", "pool", "--error-wait", "2000")
    session, answer = here.invite(romeo, juliet)
    assert answer.status == 200
    assert session.send("are you there?").status == 600
    assert there.texts() == []
    pair.one.entente.do("route", "set", "pool", "--error-wait", "0")


# ---- no way round and round

def test_own_domain(pair):
    """A request for a user of our own is refused: it would come back."""
    answer = pair.one.send("sip:romeo@one.lab", "sip:benvolio@one.lab", "round and round")
    assert 400 <= answer.status < 500


def messages(end):
    return end.entente.metric('entente_messages_total{from="xmpp"}')


def test_each_routes_the_other_wrongly(pair):
    """Each has the other as the SIP server of a domain of its own. What comes back is not sent again."""
    one, two = pair.one, pair.two
    for end, other in ((one, two), (two, one)):
        end.entente.do("route", "add", "wrong", "--next-hop", f"sip:{other.entente.sip}", "--error-wait", "0")
        end.entente.do("domain", "add", f"loop.{end.domain}", "--route", "wrong")
    # Who sends this is at the address of the first Entente, which the second takes for its SIP server.
    away = SipPeer(one.entente.address, 0, (two.entente.address, two.entente.sip_port))
    pair.lab.start(away)
    away.port = away._socket.getsockname()[1]
    before = messages(one) + messages(two)
    try:
        away.ask(away.compose("sip:juliet@loop.one.lab", "round and round", sender="sip:romeo@loop.two.lab"))
        one.send("sip:romeo@one.lab", "sip:juliet@loop.two.lab", "astray")
        until(lambda: messages(one) + messages(two) >= before + 2, "the two, by XMPP", 10)
        until(lambda: rounds(pair, 1.0) == 0, "the end of it", 10)
        assert messages(one) + messages(two) == before + 2, "each once, and no more"
    finally:
        for end in (one, two):
            end.entente.do("domain", "remove", f"loop.{end.domain}")
            end.entente.do("route", "remove", "wrong")


def rounds(pair, seconds):
    """How many messages have gone by in that time."""
    before = messages(pair.one) + messages(pair.two)
    time.sleep(seconds * SLOWNESS)
    return messages(pair.one) + messages(pair.two) - before
