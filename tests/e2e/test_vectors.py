"""The mapping vectors of tests/data/stox.json over the wire, through entented: groups address,
error and im. build/tests/stox_vectors runs them all against the functions; here a stanza goes in at one
end and a request comes out at the other."""

import json
import pathlib
import re
import xml.etree.ElementTree as etree
from xml.sax.saxutils import quoteattr, escape

import pytest

from sip_peer import token

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "stox.json"
VECTORS = json.loads(DATA.read_text())["vectors"]
LOCAL = ["sip.example", "example.net"]
PARTNERS = {"example.com": ["rooms.example.com", "muc.example.com"], "xmpp.example": [],
            "xn--bcher-kva.example": []}
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
XHTML = "{http://jabber.org/protocol/xhtml-im}html"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# What the tables say and a MESSAGE may not be answered with (design section 9, RFC 4320 4.2).
ON_THE_WIRE = {401: 403, 407: 403, 408: 504, 503: 500}


def host_of(address):
    return re.sub(r"[;/?].*", "", address.split(":", 1)[-1].rpartition("@")[2]).lower()


SERVERS = [name for domain, more in PARTNERS.items() for name in (domain, *more)]


def server_of(domain):
    """The scripted server of a domain, by its name as it is in a certificate, if there is one."""
    domain = domain.encode("idna").decode().lower()
    return domain if domain in SERVERS else None


class Stage:
    """Entente with the domains of the vectors, and a stream each way for every partner."""

    def __init__(self, make_scene):
        self.scene = make_scene(names=SERVERS, domains=LOCAL)
        self.sip = self.scene.sip
        for domain, more in PARTNERS.items():
            self.scene.add_partner(domain, *(["--domains", ",".join(more)] if more else []))
        self._in, self._out, self._rest = {}, {}, {}

    def stream_in(self, server, local):
        """A stream from a partner for one of our domains; made when it is first wanted."""
        if (server, local) not in self._in:
            peer, entente = self.scene.peers[server], self.scene.entente
            self._in[server, local] = peer.open(entente.address, entente.xmpp_port, local)
        return self._in[server, local]

    def forget_in(self, server, local):
        self._in.pop((server, local))

    def next_stanza(self, server, local):
        """The next stanza that Entente sends to a partner, as text."""
        if (server, local) not in self._out:
            wire = self.scene.peers[server].take()
            self._out[server, local] = wire
        return self._out[server, local].read_until(r"<(message|iq|presence)[ >].*?</\1>").strip()


@pytest.fixture(scope="module")
def stage(make_scene):
    return Stage(make_scene)


def applies(vector):
    """Whether a vector is one of a message on its way, not of an inner step or of a clock."""
    into = vector["in"]
    if vector["group"] == "address":
        address = into.get("uri", into.get("jid"))
        if vector["dir"] == "xmpp2sip":
            return "uri" in vector["out"] and "@" in address and server_of(host_of(address))
        return address.lower().startswith("sip:") and "@" in address and (
            host_of(address) in LOCAL or server_of(host_of(address)))
    if vector["group"] == "error":
        return not {"event", "request", "cause", "sender_authorized_for_presence"} & set(into) and (
            into.get("status", 300) >= 200)
    return vector["group"] == "im"


def chosen(group):
    found = [v for v in VECTORS if v["group"] == group and applies(v)]
    assert len(found) >= 25, f"only {len(found)} vectors of group {group} go over the wire"
    return pytest.mark.parametrize("vector", found, ids=lambda v: v["id"])


# ---- comparing ----

def compare(found, wanted, where):
    """The forms of an expected value that vectors of these groups use."""
    for key, value in wanted.items():
        name = re.sub(r"_(in|matches|includes|not|has_no|class)$", "", key)
        got = found[name]
        said = f"{where}.{key}: {got!r}, expected {value!r}"
        if key.endswith("_in"):
            assert got in value, said
        elif key.endswith("_matches"):
            assert re.search(value, got), said
        elif key.endswith("_includes"):
            assert set(value) <= set(got), said
        elif key.endswith("_has_no"):
            assert not [v for v in value if v in got], said
        elif key.endswith("_not"):
            assert got != value, said
        elif value == "nonempty":
            assert got, said
        elif isinstance(value, list):
            assert (got if got is not None else "absent") in value, said
        else:
            assert got == value, said


def read_stanza(text):
    """A stanza as the vectors name its parts; what is not there is None."""
    stream = "<s xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:server'>"
    e = etree.fromstring(f"{stream}{text}</s>")[0]
    ns = "{jabber:server}"
    error = e.find(f"{ns}error")
    conditions = [c for c in error or () if c.tag.startswith(STANZAS) and c.tag != f"{STANZAS}text"]
    said = error.find(f"{STANZAS}text") if error is not None else None
    body = e.find(f"{ns}body")
    return {
        "name": e.tag.replace(ns, ""), "from": e.get("from"), "to": e.get("to"),
        "type": e.get("type"), "id": e.get("id"),
        "xml_lang": e.get(LANG) or (body.get(LANG) if body is not None else None),
        "body": e.findtext(f"{ns}body"), "subject": e.findtext(f"{ns}subject"),
        "thread": e.findtext(f"{ns}thread"), "xhtml_im": e.find(XHTML) is not None,
        "condition": conditions[0].tag.replace(STANZAS, "") if conditions else None,
        "condition_text": conditions[0].text if conditions else None,
        "error_type": error.get("type") if error is not None else None,
        "text": said.text if said is not None else None,
        "wire": text,
    }


def uri_in(value):
    return re.search("<([^>]*)>", value).group(1) if "<" in value else value.split(";")[0]


def read_request(m):
    """A request as the vectors name its parts."""
    return {
        "method": m.method, "ruri": m.start.split(" ")[1], "from_uri": uri_in(m.get("From")),
        "to_uri": uri_in(m.get("To")), "from_tag": m.get("From").rpartition(";tag=")[2],
        "call_id": m.get("Call-ID"), "content_type": m.get("Content-Type").split(";")[0],
        "content_length": int(m.get("Content-Length")), "body": m.body.decode(),
        "contact": m.get("Contact") or None, "subject": m.get("Subject") or None,
        "content_language": m.get("Content-Language") or None,
    }


def read_response(m):
    accept = [a.strip() for a in m.get("Accept").split(",")]
    contact = m.get("Contact")
    return {"status": m.status, "body": m.body.decode() or None, "accept": accept,
            "contact": uri_in(contact) if contact else None,
            "reason_phrase": m.start.split(" ", 2)[2]}


# ---- address ----

@chosen("address")
def test_address(stage, vector):
    address = vector["in"].get("uri", vector["in"].get("jid"))
    if vector["dir"] == "xmpp2sip":
        address_from_xmpp(stage, address, vector["out"]["uri"])
    elif host_of(address) in LOCAL:
        address_from_sip(stage, address, "sip:juliet@example.com", vector["out"], "from")
    else:
        address_from_sip(stage, "sip:romeo@example.net", address, vector["out"], "to")


def address_from_xmpp(stage, jid, uri):
    mark, text = stage.sip.mark(), token()
    wire = stage.stream_in(server_of(host_of(jid)), "example.net")
    wire.send(
        f"<message from={quoteattr(jid)} to='romeo@example.net'><body>{text}</body></message>")
    request = stage.sip.wait(lambda m: m.body == text.encode(), "the message", start=mark)
    assert read_request(request)["from_uri"] == uri


def address_from_sip(stage, sender, to, out, side):
    text = token()
    request = stage.sip.compose(to, text, sender=sender)
    stage.sip.send(request)
    if "error" in out:
        assert 400 <= stage.sip.wait_response(request).status < 500
        return
    local = host_of(sender)
    stanza = read_stanza(stage.next_stanza(server_of(host_of(to)), local))
    assert stanza["body"] == text
    assert stanza[side] == out["jid"]


# ---- error ----

@chosen("error")
def test_error(stage, vector):
    into = vector["in"]
    if vector["id"] == "ERR-loop":
        error_is_not_answered(stage, into["stanza"])
    elif "condition" in into:
        error_to_sip(stage, into, vector["out"])
    else:
        error_to_xmpp(stage, into, vector["out"])


def error_to_sip(stage, into, out):
    """A SIP user writes, and the contact's server answers with the error."""
    to = "sip:juliet@example.com" + (";gr=balcony" if into.get("about") == "full-jid" else "")
    request = stage.sip.compose(to, token(), sender="sip:romeo@example.net", uri=to)
    stage.sip.send(request)
    stanza = read_stanza(stage.next_stanza("example.com", "example.net"))
    inside = escape(into.get("new_address", ""))
    words = into.get("text")
    text = f"<text xmlns='{STANZAS[1:-1]}'>{escape(words)}</text>" if words else ""
    stage.stream_in("example.com", "example.net").send(
        f"<message type='error' from={quoteattr(stanza['to'])} to={quoteattr(stanza['from'])} "
        f"id={quoteattr(stanza['id'])}><error type='cancel'>"
        f"<{into['condition']} xmlns='{STANZAS[1:-1]}'>{inside}</{into['condition']}>{text}"
        "</error></message>")
    out = dict(out)
    if "status" in out:
        out["status"] = ON_THE_WIRE.get(out["status"], out["status"])
    compare(read_response(stage.sip.wait_response(request)), out, "response")


def error_to_xmpp(stage, into, out):
    """A contact writes, and the SIP side answers with the status."""
    stanza = {"from": "juliet@example.com/balcony", "to": "romeo@example.net", "id": token(),
              **into.get("stanza", {})}
    contact = f"Contact: <{into['contact']}>\r\n" if "contact" in into else ""
    stage.sip.answer_with(
        lambda request: (into["status"], into.get("reason_phrase", "What It Is"), contact))
    try:
        mark = stage.sip.mark()
        stage.stream_in("example.com", "example.net").send(
            f"<message from='{stanza['from']}' to='{stanza['to']}' id='{stanza['id']}' type='chat'>"
            "<body>hello</body></message>")
        stage.sip.wait_request(start=mark)
        if out == {"none": True}:
            nothing_comes(stage)
            return
        found = read_stanza(stage.next_stanza("example.com", "example.net"))
    finally:
        stage.sip.answer_with(lambda request: (200, "OK", ""))
    assert (found["type"], found["id"]) == ("error", stanza["id"])
    wanted = dict(out.get("stanza", out))
    if "condition_text_nonempty" in wanted:
        assert bool(found["condition_text"]) == wanted.pop("condition_text_nonempty")
    compare(found, wanted, "stanza")


def nothing_comes(stage):
    """No stanza has left: the next one is that of a message sent now."""
    request = stage.sip.compose("sip:juliet@example.com", "marker", sender="sip:romeo@example.net")
    stage.sip.send(request)
    assert read_stanza(stage.next_stanza("example.com", "example.net"))["body"] == "marker"


def error_is_not_answered(stage, stanza):
    mark = stage.sip.mark()
    stage.stream_in("example.com", "example.net").send(
        f"<message type='error' from='{stanza['from']}' to='{stanza['to']}' id='{token()}'/>")
    nothing_comes(stage)
    assert stage.sip.requests(mark) == []


# ---- messages ----

@chosen("im")
def test_message(stage, vector):
    steps = vector["in"].get("sequence", [vector["in"]])
    run = message_to_sip if vector["dir"] == "xmpp2sip" else message_to_xmpp
    run(stage, steps, vector["out"])


def stanza_of(message):
    lang = f" xml:lang={quoteattr(message['xml_lang'])}" if "xml_lang" in message else ""
    attributes = "".join(f" {k}={quoteattr(message[k])}" for k in ("from", "to", "type", "id")
                         if k in message)
    parts = "".join(f"<{k}>{escape(message[k])}</{k}>" for k in ("subject", "thread", "body")
                    if k in message)
    unknown = set(message) - {"from", "to", "type", "id", "xml_lang", "subject", "thread", "body",
                              "stream_domain"}
    assert not unknown, f"keys this runner does not know: {unknown}"
    return f"<message{attributes}{lang}>{parts}</message>"


def message_to_sip(stage, steps, out):
    out = dict(out)
    mark = stage.sip.mark()
    server = server_of(steps[0]["message"].get("stream_domain",
                                               host_of(steps[0]["message"]["from"])))
    wire = stage.stream_in(server, "example.net")
    for step in steps:
        wire.send(stanza_of(step["message"]))
    if "requests" in out:
        compare_sequence(stage, mark, out.pop("requests"))
        # The peer answers a request before it reads the next: one that overlaps would be seen.
        assert out.pop("second_sent_only_after_final_response_to_first")
    if "request" in out:
        request = stage.sip.wait_request(start=mark)
        compare(read_request(request), out.pop("request"), "request")
    if "stanza" in out:
        found = read_stanza(stage.next_stanza(server, "example.net"))
        compare(found, out.pop("stanza"), "stanza")
    if "stream_error" in out:
        assert f"<{out.pop('stream_error')} " in wire.read_until("</stream:stream>")
        stage.forget_in(server, "example.net")
    if out.pop("no_request", False):
        nothing_comes(stage)
        assert stage.sip.requests(mark) == []
    assert not out, f"keys this runner does not know: {set(out)}"


def compare_sequence(stage, mark, wanted):
    stage.sip.wait(lambda m: len(stage.sip.requests(mark)) == len(wanted), "both", start=mark)
    found = stage.sip.requests(mark)
    assert [m.get("Call-ID") for m in found] == [w["call_id"] for w in wanted]
    numbers = [int(m.get("CSeq").split()[0]) for m in found]
    assert numbers[0] < numbers[1] and [w["cseq"] for w in wanted] == ["=n", ">n"]


def request_of(stage, into):
    into = dict(into)
    body = into.pop("body", "")
    body = bytes.fromhex(into.pop("body_hex")) if "body_hex" in into else body.encode()
    assert into.pop("body_octets", len(body)) == len(body)
    assert not into.pop("in_dialog", False)
    sender = into.pop("from", "<sip:romeo@example.net>;tag=1")
    uri = into.pop("ruri", "sip:juliet@example.com")
    data = stage.sip.compose(
        into.pop("to", uri), body, uri=uri, method=into.pop("method"),
        content_type=into.pop("content_type", "text/plain"), call_id=into.pop("call_id", None),
        branch=into.pop("branch", None), cseq=into.pop("cseq", 1),
        extra="".join(f"{name}: {into.pop(key)}\r\n" for key, name in (
            ("subject", "Subject"), ("content_language", "Content-Language"),
            ("expires", "Expires"), ("date", "Date")) if key in into))
    assert not into, f"keys this runner does not know: {set(into)}"
    return re.sub(rb"\r\nFrom: [^\r]*", f"\r\nFrom: {sender}".encode(), data, count=1)


def message_to_xmpp(stage, steps, out):
    out = dict(out)
    mark = stage.sip.mark()
    requests = [request_of(stage, step["request"]) for step in steps]
    for request in requests:
        stage.sip.send(request)
    if "stanzas" in out or "message" in out:
        found = read_stanza(stage.next_stanza("example.com", "example.net"))
    if "message" in out:
        wanted = dict(out.pop("message"))
        if "wire_contains" in wanted:
            assert wanted.pop("wire_contains") in found["wire"]
        compare(found, wanted, "message")
    response = stage.sip.wait_response(requests[0], start=mark)
    if "response" in out:
        compare(read_response(response), out.pop("response"), "response")
        if response.status < 300:
            stage.next_stanza("example.com", "example.net")
    if "responses" in out:
        stage.sip.wait(lambda m: len([h for h in stage.sip.heard(mark) if h.status >= 200])
                       == out["responses"], "all responses", start=mark)
        assert out.pop("stanzas") == 1 and out.pop("responses")
    out.pop("no_stanza", None)
    nothing_comes(stage)
    assert not out, f"keys this runner does not know: {set(out)}"
