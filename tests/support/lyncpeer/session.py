"""One dialog of a peer, seen from either side, and what it says in it (profile 5, RFC 3261 12)."""

import base64
import re
import secrets

from .wire import Message, address, param

TYPING = '<?xml version="1.0"?><KeyboardActivity><status status="{}"/></KeyboardActivity>'
LARGER = ("ms-dialog-route-set-update, ms-embedded-first-message, ms-delayed-accept, timer, histinfo, "
          "ms-safe-transfer, ms-sender, com.microsoft.rtc-multiparty")


def sdp(options, host):
    """A description as 5.1 shows it; b'' where the options want none."""
    if not options.media:
        return b""
    lines = ["v=0", f"o=- 0 0 IN IP4 {host}", "s=session", f"c=IN IP4 {host}", "t=0 0",
             f"m={options.media}"]
    if options.accept_types:
        lines.append(f"a=accept-types:{options.accept_types}")
    return ("\r\n".join(lines) + "\r\n").encode()


def embedded(text):
    """The value of ms-text-format; msgr is base64 of UTF-16LE font data, which says nothing (5.1)."""
    fonts = base64.b64encode("X-MMS-IM-Format: FN=Segoe%20UI".encode("utf-16-le")).decode()
    return (f"text/plain; charset=UTF-8;msgr={fonts};"
            f"ms-body={base64.b64encode(text.encode()).decode()}")


def embedded_text(value):
    """The text in ms-text-format, or None."""
    m = re.search(r";\s*ms-body=([A-Za-z0-9+/=]+)", value)
    return base64.b64decode(m.group(1)).decode() if m else None


class Session:
    """state: inviting, early, up, ended."""

    def __init__(self, peer, local, remote, call_id, calling):
        self.peer, self.calling = peer, calling
        self.local, self.remote, self.call_id = local, remote, call_id
        self.local_tag, self.remote_tag = secrets.token_hex(5), ""
        self.epid = secrets.token_hex(5)
        self.gruu = secrets.token_urlsafe(12)
        self.target, self.routes = remote, []
        self.conversation = ""
        self.cseq, self.remote_cseq = secrets.randbelow(1000), None
        self.state = "inviting"
        self.given_routes = []      # of our pool, which have to come back as they are
        self.expected_routes = [[]]  # the last two: one may be on its way while another is given
        self.first_text = None      # that was embedded
        self.asked = 0              # MESSAGEs of the other side without an answer
        self.invite = None          # the last INVITE, for ACK and CANCEL; its CSeq
        self.last_200 = None
        self.acks = 0

    # ---- what messages are made of

    @property
    def key(self):
        return self.call_id, self.local_tag

    def contact(self):
        if self.peer.options.gruu:
            user = self.local.partition(":")[2]
            return f"<sip:{user};opaque=user:epid:{self.gruu};gruu>"
        return f"<sip:{self.peer.host};transport=tls>"

    def new_pool_routes(self):
        """What the pool puts in: opaque to everybody else (A4)."""
        self.given_routes = [
            f"<sip:{self.peer.host};transport=tls;ms-fe=fe{i}.{self.peer.host};opaque=state:F:Ci.R{secrets.token_hex(4)};"
            f"lr;ms-route-sig={secrets.token_urlsafe(24)};ms-rrsig={secrets.token_urlsafe(8)}>"
            for i in range(self.peer.options.record_route)]
        return [("Record-Route", route) for route in self.given_routes]

    def expect(self, routes):
        self.expected_routes = [*self.expected_routes[-1:], list(routes)]

    def twin(self):
        """The same call's other leg (RFC 3261 12.1.2)."""
        twin = Session(self.peer, self.local, self.remote, self.call_id, self.calling)
        twin.local_tag, twin.cseq, twin.given_routes = self.local_tag, self.cseq, self.given_routes
        return twin

    def _epid(self):
        if self.peer.options.epid_changes:
            self.epid = secrets.token_hex(5)
        return self.epid

    def from_to(self):
        to = f"<{self.remote}>" + (f";tag={self.remote_tag}" if self.remote_tag else "")
        return [("From", f"<{self.local}>;tag={self.local_tag};epid={self._epid()}"), ("To", to)]

    def message(self, method, fields=(), body=b"", number=None):
        """A request of this dialog, or the one that begins it."""
        if number is None:
            self.cseq += 1
            number = self.cseq
        head = [("Via", self.peer.via()), ("Max-Forwards", "70")]
        head += [("Route", route) for route in self.routes]
        head += self.from_to()
        head += [("Call-ID", self.call_id), ("CSeq", f"{number} {method}")]
        return Message(f"{method} {self.target} SIP/2.0", head + list(fields), body)

    # ---- in the dialog; each waits for the final answer

    def request(self, method, fields=(), body=b"", seconds=10.0):
        if self.peer.options.new_route_in_dialog and self.state == "up":
            fields = [*fields, *self.new_pool_routes()]     # A5
            self.expect(self.given_routes)
        return self.peer.ask(self.message(method, fields, body), seconds)

    def send(self, text, content_type="text/plain; charset=UTF-8"):
        """MESSAGE (5.3): its final answer, or None when there was none in time."""
        body = text if isinstance(text, bytes) else text.encode()
        return self.request(
            "MESSAGE", [("Content-Type", content_type), ("Contact", self.contact())], body,
            self.peer.options.message_timeout)

    def type(self, status="type"):
        """INFO (5.4)."""
        return self.request("INFO", [("Content-Type", "application/xml")], TYPING.format(status).encode())

    def update(self):
        """The session timer's (RFC 4028 7.4)."""
        return self.request("UPDATE", [("Contact", self.contact()), *self.timer_fields()])

    def reinvite(self, media=None):
        """Again the same, or with another m= line (5.5); a 200 gets its ACK."""
        body = sdp(self.peer.options, self.peer.address)
        if media:
            body = re.sub(rb"m=[^\r]*", b"m=" + media.encode(), body)
        answer = self.request("INVITE", [("Contact", self.contact()), *self.timer_fields(),
                                         ("Content-Type", "application/sdp")], body)
        if answer and answer.status < 300:
            self.ack(answer.cseq[0])
        return answer

    def bye(self):
        self.state = "ended"
        return self.request("BYE")

    def ack(self, number):
        self.peer.send(self.message("ACK", number=number))

    def timer_fields(self):
        seconds = self.peer.options.session_expires
        return [("Session-Expires", f"{seconds};refresher=uac")] if seconds else []

    # ---- calling (5.1)

    def invite_message(self, text):
        options = self.peer.options
        fields = [("Contact", self.contact()), ("Supported", LARGER),
                  ("Ms-Conversation-ID", self.conversation), *self.new_pool_routes(),
                  ("Roster-Manager", f"<{self.local}>"), ("EndPoints", f"<{self.local}>, <{self.remote}>"),
                  *self.timer_fields()]
        if options.ms_keep_alive:
            fields.append(("ms-keep-alive", "UAC;hop-hop=yes"))
        if options.embed and text is not None:
            fields.append(("ms-text-format", embedded(text)))
        body = sdp(options, self.peer.address)
        if body:
            fields.append(("Content-Type", "application/sdp"))
        self.invite = self.message("INVITE", fields, body)
        return self.invite

    def answered(self, response):
        """A 2xx to the INVITE: the dialog is as it says (RFC 3261 12.1.2)."""
        self.remote_tag = param(response.get("To"), "tag")
        self.target = address(response.get("Contact"))
        self.routes = list(reversed(response.route_list("Record-Route")))
        # what our own pool put in ends at the pool; the far side's stays
        self.routes = [r for r in self.routes if r not in self.given_routes]
        self.state = "up"

    def taken_from(self, request):
        """The callee's side (12.1.1)."""
        self.remote_tag = param(request.get("From"), "tag")
        self.target = address(request.get("Contact"))
        self.routes = request.route_list("Record-Route")
        self.conversation = request.get("Ms-Conversation-ID")
        self.remote_cseq = request.cseq[0]
