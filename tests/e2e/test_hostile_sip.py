"""SIP that is wrong, forged or not for us: the exact answer, and nothing on the XMPP side."""

import dataclasses
import itertools

import pytest

from lab import wait
from sip_peer import SipMessage
from scene import PARTNER

# What every answer is: the lines of RFC 3261 8.2.6.2 as they came, received and rport (RFC 3581).
ANSWER = """\
SIP/2.0 {{line}}
Via: SIP/2.0/UDP {{address}}:{{port}};branch={{branch}};rport={{port}};received={{address}}
From: {frm}
To: {to};tag={{ourtag}}
Call-ID: {{callid}}
CSeq: 1 {method}
{extra}Server: Entente
Content-Length: 0

"""

REQUEST = """\
{method} {uri} {version}
Via: SIP/2.0/UDP {{address}}:{{port}};branch=z9hG4bK{{n}};rport
Max-Forwards: {hops}
From: {frm}
To: {to}
Call-ID: call{{n}}
CSeq: 1 {cseq}
{extra}{content}
"""

JULIET = f"sip:juliet@{PARTNER}"
HELLO = "Content-Type: text/plain\nContent-Length: 5\n"
ALLOW = "Allow: MESSAGE, OPTIONS\n"


@dataclasses.dataclass
class Case:
    """A request made of these, and the answer."""

    name: str
    line: str                       # of the answer
    method: str = "MESSAGE"
    uri: str = JULIET
    version: str = "SIP/2.0"
    hops: str = "70"
    frm: str = "<sip:romeo@sip.lab>;tag=1"
    to: str = f"<{JULIET}>"
    extra: str = ""                 # header fields of the request
    content: str = HELLO
    body: bytes = b"hello"
    answer: str = ""                # header fields of the answer
    cseq: str = ""                  # the method in CSeq, if it is another one
    rule: str = ""

    def request(self, peer, number):
        fields = {**dataclasses.asdict(self), "cseq": self.cseq or self.method}
        head = REQUEST.format(**fields).format(address=peer.address, port=peer.port, n=number)
        return head.replace("\n", "\r\n").encode() + self.body


CASES = [
    Case("body shorter than Content-Length", "400 Bad Content-Length",
         content="Content-Type: text/plain\nContent-Length: 50\n", rule="RFC 3261 18.3"),
    Case("Content-Length is no number", "400 Bad Content-Length",
         content="Content-Type: text/plain\nContent-Length: five\n", rule="RFC 3261 25.1"),
    Case("two Content-Length", "400 Multiple Content-Length",
         content="Content-Type: text/plain\nContent-Length: 5\nContent-Length: 4\n",
         rule="RFC 3261 7.3.1"),
    Case("body without type", "400 Missing Content-Type", content="Content-Length: 5\n",
         rule="RFC 3261 7.4.1"),
    Case("body is not UTF-8", "400 The body is not in the charset it claims", body=b"h\xffllo",
         rule="RFC 3428 7, RFC 6120 11.6"),
    Case("sips in Request-URI", "403 SIPS Is Not Translated", uri=f"sips:juliet@{PARTNER}",
         rule="RFC 7247 8"),
    Case("sips in To", "403 SIPS Is Not Translated", to=f"<sips:juliet@{PARTNER}>",
         rule="RFC 7247 8"),
    Case("tel in Request-URI", "416 Unsupported URI Scheme", uri="tel:+123",
         rule="RFC 3261 8.2.2.1"),
    Case("From is another domain's", "403 From is not of a domain of this route",
         frm="<sip:romeo@evil.example>;tag=1", rule="design 9: who may say what"),
    Case("From is a partner's", "403 From is not of a domain of this route",
         frm=f"<sip:juliet@{PARTNER}>;tag=1", rule="design 9: breaks loops"),
    Case("Request-URI is our own domain", "403 Users of this domain are not reached this way",
         uri="sip:bob@sip.lab", to="<sip:bob@sip.lab>", rule="design 9: breaks loops"),
    Case("domain is no partner's", "404 Not the domain of an XMPP partner",
         uri="sip:x@nowhere.example", to="<sip:x@nowhere.example>", rule="permission chain"),
    Case("unknown method", "501 Not Implemented", method="JUMP", answer=ALLOW,
         rule="RFC 3261 21.5.2"),
    Case("method we do not serve", "405 Method Not Allowed", method="SUBSCRIBE", answer=ALLOW,
         rule="RFC 3261 8.2.1"),
    Case("INVITE", "405 Method Not Allowed", method="INVITE", answer=ALLOW, rule="RFC 3261 8.2.1"),
    Case("Require", "420 Bad Extension", extra="Require: hop, skip\n",
         answer="Unsupported: hop, skip\n", rule="RFC 3261 8.2.2.3"),
    Case("Max-Forwards 0", "483 Too Many Hops", hops="0", rule="RFC 3261 16.3"),
    Case("Max-Forwards is no number", "400 Bad Max-Forwards", hops="many", rule="RFC 3261 20.22"),
    Case("version", "505 Version Not Supported", version="SIP/3.0", rule="RFC 3261 21.5.6"),
    Case("CSeq of another method", "400 CSeq Method Mismatch", cseq="OPTIONS",
         rule="RFC 3261 8.1.1.5"),
    Case("two From", "400 Multiple From", extra="From: <sip:bob@sip.lab>;tag=2\n",
         rule="RFC 3261 7.3.1"),
    Case("encoded body", "415 Unsupported Media Type", extra="Content-Encoding: gzip\n",
         answer="Accept-Encoding: identity\n", rule="RFC 3261 8.2.3"),
    Case("image", "415 Unsupported Media Type",
         content="Content-Type: image/png\nContent-Length: 5\n",
         answer="Accept: text/plain, text/html, message/cpim\n",
         rule="RFC 3261 8.2.3"),
]

@pytest.fixture(scope="module")
def number():
    return itertools.count()


@pytest.fixture
def quiet(scene):
    """Nothing reached the partner, and a good message still passes: the process goes on."""
    stanzas = scene.entente.metric('entente_stanzas_total{dir="out"}')
    yield
    assert scene.entente.metric('entente_stanzas_total{dir="out"}') == stanzas
    scene.message_in()


@pytest.mark.valgrind
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_refused(scene, quiet, number, case):
    request = case.request(scene.sip, next(number))
    response = scene.sip.ask(request)
    sent = SipMessage.parse(request, None)
    template = ANSWER.format(frm=case.frm, to=case.to, method=sent.get("CSeq").split()[1],
                             extra=case.answer)
    template = template.replace("{line}", case.line)
    found = scene.sip.expect(response, template)
    assert found["branch"] == sent.branch and found["callid"] == sent.get("Call-ID")


def test_in_dialog(scene, quiet):
    """A To tag names a dialog that does not exist (RFC 3261 12.2.2)."""
    request = scene.sip.compose(JULIET).replace(
        f"To: <{JULIET}>".encode(), f"To: <{JULIET}>;tag=dialog".encode())
    response = scene.sip.ask(request)
    assert response.start == "SIP/2.0 481 Call/Transaction Does Not Exist"
    assert response.get("To") == f"<{JULIET}>;tag=dialog"


@pytest.mark.valgrind
@pytest.mark.parametrize("data", [
    b"\r\n\r\n", b"\0" * 100, b"hello\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n",
    b"MESSAGE sip:x@y SIP/2.0\r\n\r\n", b"MESSAGE sip:x@y SIP/2.0\r\nVia: what\r\n\r\n",
    b"A" * 60000, b"\xff\xfe" * 500,
], ids=["keep-alive", "zeros", "no start line", "stray response", "no Via", "bad Via", "long line",
        "no text"])
def test_unanswerable(scene, quiet, data):
    """What names nobody to answer is dropped."""
    mark = scene.sip.mark()
    scene.sip.send(data)
    assert scene.sip.ask(scene.sip.compose("sip:ping@sip.lab", b"", method="OPTIONS",
                                           uri=f"sip:{scene.entente.sip}")).status == 200
    assert [m.start for m in scene.sip.heard(mark)] == ["SIP/2.0 200 OK"]


def test_unlisted_source(scene, quiet):
    """A source that is no route gets 403, at most 10 a second all together, then silence."""
    before = scene.entente.metric("entente_sip_unlisted_total")
    response = scene.stranger.ask(scene.stranger.compose(JULIET))
    assert response.status == 403
    for _ in range(200):
        scene.stranger.send(scene.stranger.compose(JULIET))
    wait.until(lambda: scene.entente.metric("entente_sip_unlisted_total") >= before + 201,
               "201 refused requests")
    # Two seconds' worth at the very most, should a second begin meanwhile.
    assert len(scene.stranger.heard()) <= 20


def test_retransmission_is_absorbed(scene):
    """The same request again gets the same answer again, and is no second message."""
    request = scene.sip.compose(f"sip:x@{PARTNER}", b"x", extra="Require: nothing\r\n")
    first = scene.sip.ask(request)
    mark = scene.sip.mark()
    scene.sip.send(request)
    assert scene.sip.wait_response(request, start=mark).data == first.data
