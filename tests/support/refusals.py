"""SIP requests that are refused, and the exact answer to each: one table for every transport, for a
scripted peer (test_hostile_sip) and for SIPp (test_sipp)."""

import dataclasses

from scene import PARTNER

# What every answer is: the lines of RFC 3261 8.2.6.2 as they came, received and rport (RFC 3581).
ANSWER = """\
SIP/2.0 {{line}}
Via: SIP/2.0/{{transport}} {{address}}:{{port}};branch={{branch}};rport={{rport}};received={{address}}
From: {frm}
To: {to};tag={{ourtag}}
Call-ID: {{callid}}
CSeq: 1 {method}
{extra}Server: Entente
Content-Length: 0

"""

REQUEST = """\
{method} {uri} {version}
Via: SIP/2.0/{{transport}} {{address}}:{{port}};branch={{branch}};rport
Max-Forwards: {hops}
From: {frm}
To: {to}
Call-ID: {{callid}}
CSeq: 1 {cseq}
{extra}{content}
"""

JULIET = f"sip:juliet@{PARTNER}"
HELLO = "Content-Type: text/plain\nContent-Length: 5\n"
ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, MESSAGE, INFO, OPTIONS, UPDATE, REFER\n"

# On a stream: as over UDP; the end of the message cannot be found, so the connection ends, too; or
# no fault at all, as there are no datagrams.
SAME, ENDS, NONE = "same", "ends", "none"


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
    stream: str = SAME
    sipp: bool = True               # can SIPp say it and know the answer as its own?
    rule: str = ""

    def request(self, **places):
        """places: transport, address, port, branch, callid."""
        fields = {**dataclasses.asdict(self), "cseq": self.cseq or self.method}
        head = REQUEST.format(**fields).format(**places)
        return head.replace("\n", "\r\n").encode() + self.body

    def template(self):
        """The answer, as transcript.match() wants it."""
        template = ANSWER.format(
            frm=self.frm, to=self.to, method=self.cseq or self.method, extra=self.answer)
        return template.replace("{line}", self.line)


CASES = [
    Case("body shorter than Content-Length", "400 Bad Content-Length",
         content="Content-Type: text/plain\nContent-Length: 50\n", stream=NONE, rule="RFC 3261 18.3"),
    Case("Content-Length is no number", "400 Bad Content-Length",
         content="Content-Type: text/plain\nContent-Length: five\n", stream=ENDS,
         rule="RFC 3261 25.1"),
    Case("two Content-Length", "400 Multiple Content-Length",
         content="Content-Type: text/plain\nContent-Length: 5\nContent-Length: 4\n",
         stream=ENDS, rule="RFC 3261 7.3.1"),
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
    Case("what another Entente had from us", "482 Loop Detected", extra="User-Agent: Entente\n",
         rule="docs/decisions/0266"),
    Case("domain is no partner's", "404 Not the domain of an XMPP partner",
         uri="sip:x@nowhere.example", to="<sip:x@nowhere.example>", rule="permission chain"),
    Case("unknown method", "501 Not Implemented", method="JUMP", answer=ALLOW,
         rule="RFC 3261 21.5.2"),
    Case("method we do not serve", "405 Method Not Allowed", method="SUBSCRIBE", answer=ALLOW,
         rule="RFC 3261 8.2.1"),
    Case("BYE of no dialog", "481 Call/Transaction Does Not Exist", method="BYE", rule="RFC 3261 15.1.2"),
    Case("REFER", "603 Decline", method="REFER", rule="lync-sip-profile 5.5"),
    Case("Require", "420 Bad Extension", extra="Require: hop, skip\n",
         answer="Unsupported: hop, skip\n", rule="RFC 3261 8.2.2.3"),
    Case("Max-Forwards 0", "483 Too Many Hops", hops="0", rule="RFC 3261 16.3"),
    Case("Max-Forwards is no number", "400 Bad Max-Forwards", hops="many", rule="RFC 3261 20.22"),
    Case("version", "505 Version Not Supported", version="SIP/3.0", rule="RFC 3261 21.5.6"),
    Case("CSeq of another method", "400 CSeq Method Mismatch", cseq="OPTIONS", sipp=False,
         rule="RFC 3261 8.1.1.5"),
    Case("two From", "400 Multiple From", extra="From: <sip:bob@sip.lab>;tag=2\n",
         rule="RFC 3261 7.3.1"),
    Case("encoded body", "415 Unsupported Media Type", extra="Content-Encoding: gzip\n",
         answer="Accept-Encoding: identity\n", rule="RFC 3261 8.2.3"),
    Case("image", "415 Unsupported Media Type",
         content="Content-Type: image/png\nContent-Length: 5\n",
         answer="Accept: text/plain, text/html, message/cpim, multipart/alternative, multipart/mixed, "
                "multipart/related, application/im-iscomposing+xml, message/imdn+xml\n",
         rule="RFC 3261 8.2.3"),
]
