"""A scripted SIP peer over UDP: says exactly what a test wants said, and keeps all it hears.
The same over TCP and TLS: sip_stream_peer.py."""

import dataclasses
import random
import socket
import threading

import transcript
from lab import wait


def token():
    return f"{random.getrandbits(48):012x}"


@dataclasses.dataclass
class SipMessage:
    """A datagram, taken apart as far as tests need it."""

    data: bytes
    start: str
    headers: list  # of (name, value), names as they stand
    body: bytes
    source: tuple

    @classmethod
    def parse(cls, data, source):
        head, _, body = data.partition(b"\r\n\r\n")
        start, *lines = head.decode("utf-8", "replace").split("\r\n")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        return cls(data, start, [h for h in headers if len(h) == 2], body, source)

    def get(self, name):
        """The first value of a header field, or ''."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    @property
    def method(self):
        return "" if self.start.startswith("SIP/2.0 ") else self.start.split(" ")[0]

    @property
    def status(self):
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def branch(self):
        return self.get("Via").partition("branch=")[2].split(";")[0]


def answer(request, status, reason, extra=""):
    """A response to a request, as bytes. extra: whole header lines."""
    lines = [f"SIP/2.0 {status} {reason}"]
    lines += [f"Via: {via}" for via in request.all("Via")]
    to = request.get("To")
    lines += [
        f"From: {request.get('From')}",
        f"To: {to}" if ";tag=" in to or status == 100 else f"To: {to};tag={token()}",
        f"Call-ID: {request.get('Call-ID')}",
        f"CSeq: {request.get('CSeq')}",
    ]
    return ("\r\n".join(lines) + "\r\n" + extra + "Content-Length: 0\r\n\r\n").encode()


class SipPeer:
    """A socket that answers MESSAGE by itself (200, or what answer_with() was told) and records
    every request and response."""

    transport = "UDP"   # as a Via says it

    def __init__(self, address, port, server=None):
        """server: (address, port) that it talks to."""
        self.address, self.port, self.server = address, port, server
        self._socket = self._thread = None
        self._lock = threading.Lock()
        self._heard = []
        self._answers = {}
        self._policy = lambda request: (200, "OK", "")

    @property
    def endpoint(self):
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @property
    def uri(self):
        return f"sip:{self.endpoint}"

    def start(self):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((self.address, self.port))
        self._thread = threading.Thread(target=self._listen, args=(self._socket,), daemon=True)
        self._thread.start()
        return self

    def stop(self):
        if self._socket:
            # Wakes the listener, which then sees that there is no socket any more.
            s, self._socket = self._socket, None
            s.sendto(b"", (self.address, self.port))
            self._thread.join()

    def answer_with(self, policy):
        """policy(request) -> (status, reason, extra header lines), or None for silence."""
        self._policy = policy

    def _listen(self, sock):
        while True:
            data, source = sock.recvfrom(65536)
            if self._socket is not sock:
                sock.close()
                return
            reply = self._take(SipMessage.parse(data, source))
            if reply:
                sock.sendto(reply, source)

    def _take(self, message):
        """Keeps what was heard; returns the answer to a request, if there is to be one."""
        with self._lock:
            self._heard.append(message)
        if not message.method or message.method == "ACK":
            return None
        # A retransmission gets the same answer again.
        key = message.branch
        if key not in self._answers:
            verdict = self._policy(message)
            self._answers[key] = answer(message, *verdict) if verdict else None
        return self._answers[key]

    def heard(self, start=0):
        with self._lock:
            return self._heard[start:]

    def mark(self):
        with self._lock:
            return len(self._heard)

    def requests(self, start=0, method="MESSAGE"):
        """The different requests heard: retransmissions are left out."""
        seen, found = set(), []
        for message in self.heard(start):
            if message.method == method and message.branch not in seen:
                seen.add(message.branch)
                found.append(message)
        return found

    def send(self, data):
        """Sends bytes as they are."""
        self._socket.sendto(data, self.server)

    def compose(self, to, body=b"hello", method="MESSAGE", sender="sip:romeo@sip.lab", uri=None,
                content_type="text/plain", extra="", call_id=None, branch=None, cseq=1):
        """A well-formed request as bytes; extra: whole header lines."""
        body = body.encode() if isinstance(body, str) else body
        content = f"Content-Type: {content_type}\r\n" if body else ""
        return (
            f"{method} {uri or to} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport} {self.endpoint};branch={branch or 'z9hG4bK' + token()}"
            ";rport\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <{sender}>;tag={token()}\r\n"
            f"To: <{to}>\r\n"
            f"Call-ID: {call_id or token()}\r\n"
            f"CSeq: {cseq} {method}\r\n"
            f"{extra}{content}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def wait(self, condition, what, seconds=10.0, start=0):
        """Waits for a message, heard since start, for which condition() is true; returns it."""
        return wait.until(
            lambda: next((m for m in self.heard(start) if condition(m)), None),
            lambda: f"{what} at {self.uri}, which heard {[m.start for m in self.heard(start)]}",
            seconds)

    def wait_request(self, method="MESSAGE", seconds=10.0, start=0):
        return self.wait(lambda m: m.method == method, f"a {method}", seconds, start)

    def wait_response(self, request, seconds=10.0, start=0):
        """Waits for the final response to a request that was composed here."""
        branch = SipMessage.parse(request, None).branch
        return self.wait(
            lambda m: m.status >= 200 and m.branch == branch, "a final response", seconds, start)

    def ask(self, request, seconds=10.0):
        """Sends a request, over and over as UDP wants it, and returns the final response."""
        mark, interval = self.mark(), 0.5
        spent = 0.0
        while True:
            self.send(request)
            try:
                return self.wait_response(request, min(interval, seconds - spent), mark)
            except wait.Timeout:
                spent += interval
                interval = min(2 * interval, 4)
                if spent >= seconds:
                    raise

    def refused(self, case, number):
        """Sends what a Case of refusals.py says; the answer is exactly what it says. Returns it."""
        known = {
            "transport": self.transport, "address": self.address, "port": str(self.port),
            "branch": f"z9hG4bK{number}", "callid": f"call{number}",
        }
        response = self.ask(case.request(**known))
        transcript.match(
            case.template().replace("\n", "\r\n"), response.data, {**known, "rport": self.rport})
        return response

    @property
    def rport(self):
        """Where its requests come from."""
        return str(self.port)
