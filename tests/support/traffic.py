"""Messages under way while something breaks: who got what, and who was told what.

Each message is one of five: delivered; error (not delivered, and the sender knows); both
(delivered, and the sender was told that it may not have been); neither (lost in silence); twice.
"""

import collections
import dataclasses
import heapq
import itertools
import random
import re
import select
import socket
import threading
import time

from lab import wait
from sip_peer import SipMessage, answer, token

T1, T2, GIVE_UP = 0.5, 4.0, 32.0


@dataclasses.dataclass
class Tally:
    delivered: int = 0
    error: int = 0
    both: int = 0
    neither: int = 0
    twice: int = 0
    examples: list = dataclasses.field(default_factory=list)

    def __str__(self):
        return (f"{self.delivered} delivered, {self.error} error, {self.both} both, "
                f"{self.neither} neither, {self.twice} twice")


def tally(sent, received, failed):
    """sent: ids; received: how often each arrived; failed: ids whose sender was told so."""
    result = Tally()
    for one in sent:
        count = received[one]
        if count > 1:
            result.twice += 1
        elif count == 1 and one in failed:
            result.both += 1
        elif count == 1:
            result.delivered += 1
        elif one in failed:
            result.error += 1
        else:
            result.neither += 1
        if count > 1 or not count and one not in failed:
            result.examples.append(one)
    return result


def account(record, sent, received, failed, in_flight=0):
    """Waits until no more messages than these are lost in silence, and shows the five classes."""
    try:
        wait.until(lambda: tally(sent, received(), failed()).neither <= in_flight,
                   "the fate of all", 45)
    except wait.Timeout:
        pass    # the assertion says more
    result = tally(sent, received(), failed())
    print(f"\n{record}: {result}")
    assert result.neither <= in_flight and result.twice == 0, result.examples[:10]
    return result


class SipTraffic:
    """A SIP server with many users, each of whom writes one message: what Entente's answers say of
    it, and a late error, belong to that user alone. Retransmits as RFC 3261 17.1.2 wants.

    Takes messages from Entente as well (answers 200) and counts them by their body.
    """

    def __init__(self, address, port, server, domain="sip.lab"):
        self.address, self.port, self.server, self.domain = address, port, server, domain
        self.statuses = {}          # id -> final status
        self.reasons = {}           # id -> its words
        self.late = set()           # ids whose sender got a late error
        self.latency = {}           # id -> seconds to the final response
        self.received = collections.Counter()
        self.sent = []
        self.retransmissions = 0
        self.silent = False         # says nothing to anybody
        self._open = {}             # branch -> (id, bytes, first sent)
        self._due = []              # (when, interval, branch)
        self._branches = set()
        self._socket = self._thread = None
        self._lock = threading.Lock()
        self._numbers = itertools.count()   # several threads may offer
        self._prefix = token()

    def start(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind((self.address, self.port))
        self.port = self._socket.getsockname()[1]
        self._socket.setblocking(False)
        self._thread = threading.Thread(target=self._run, args=(self._socket,), daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Vanishes; start() brings it back, with all it knew."""
        if self._socket:
            self._socket = None
            self._thread.join()

    def forget(self):
        """What was sent so far is not counted any more."""
        with self._lock:
            self.sent = []

    def offer(self, to, one=None, domain=None):
        """Sends one message from a user of a domain, whose body is its id; returns the id."""
        one = one or f"{self._prefix}-{next(self._numbers)}"
        branch = f"z9hG4bK{one}"
        data = (
            f"MESSAGE {to} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:u{one}@{domain or self.domain}>;tag={one}\r\nTo: <{to}>\r\n"
            f"Call-ID: {one}\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(one)}\r\n\r\n{one}"
        ).encode()
        now = time.monotonic()
        with self._lock:
            self.sent.append(one)
            self._open[branch] = (one, data, now)
            heapq.heappush(self._due, (now + T1, T1, branch))
        self._send(data)
        return one

    def _send(self, data, to=None):
        try:
            if self._socket:
                self._socket.sendto(data, to or self.server)
        except OSError:
            pass    # as if the network had lost it

    def offer_steadily(self, targets, rate, seconds):
        """Offers messages at a rate a second to targets in turn."""
        begin = time.monotonic()
        for n in range(int(rate * seconds)):
            ahead = begin + n / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            self.offer(targets[n % len(targets)])

    def _run(self, sock):
        while self._socket is sock:
            timeout = max(0.0, min(0.1, self._due[0][0] - time.monotonic())) if self._due else 0.1
            if select.select([sock], [], [], timeout)[0]:
                self._take_all(sock)
            self._retransmit()
        sock.close()

    def _take_all(self, sock):
        for _ in range(200):
            try:
                data, source = sock.recvfrom(65536)
            except OSError:
                return
            if data:
                self._take(sock, SipMessage.parse(data, source))

    def _take(self, sock, message):
        if message.status >= 200:
            with self._lock:
                one, _, first = self._open.pop(message.branch, (None, None, 0))
                if one:
                    self.statuses[one] = message.status
                    self.reasons[one] = message.start.split(" ", 2)[2]
                    self.latency[one] = time.monotonic() - first
        elif message.method == "MESSAGE" and not self.silent:
            sock.sendto(answer(message, 200, "OK"), message.source)
            if message.branch in self._branches:
                return
            self._branches.add(message.branch)
            late = re.search(r"sip:u([^@]+)@", message.get("To"))
            if late:
                with self._lock:
                    self.late.add(late.group(1))
            else:
                self.received[message.body.decode()] += 1

    def _retransmit(self):
        now = time.monotonic()
        with self._lock:
            while self._due and self._due[0][0] <= now:
                _, interval, branch = heapq.heappop(self._due)
                if branch not in self._open:
                    continue
                _, data, first = self._open[branch]
                if now - first > GIVE_UP:
                    del self._open[branch]
                    continue
                self.retransmissions += 1
                interval = min(2 * interval, T2)
                heapq.heappush(self._due, (now + interval, interval, branch))
                self._send(data)

    def unanswered(self):
        return [one for one in self.sent if one not in self.statuses]

    def wait_answers(self, seconds=45.0):
        wait.until(lambda: not self.unanswered(), lambda: f"answers to {self.unanswered()[:5]}",
                   seconds)

    def failed(self):
        """Ids of messages whose sender was told that they did not, or may not have, arrived."""
        with self._lock:
            return {one for one, status in self.statuses.items() if status >= 300} | self.late


class XmppTraffic:
    """Messages from a partner's user to SIP users over one stream, and the errors that come back."""

    def __init__(self, peer, entente, domain="sip.lab"):
        self._peer, self._entente, self._domain = peer, entente, domain
        self.sent, self.failed = [], set()
        self._wire = None
        self._prefix = token()

    def start(self):
        self._wire = self._peer.open(self._entente.address, self._entente.xmpp_port, self._domain)
        return self

    def listen(self, wire):
        """Errors come over a stream that Entente opens: the test takes it and hands it over."""
        threading.Thread(target=self._read, args=(wire,), daemon=True).start()

    def _read(self, wire):
        rest = ""
        while True:
            try:
                data = wire.recv()
            except OSError:
                return
            if not data:
                return
            rest += data.decode("utf-8", "replace")
            for stanza in re.findall(r"<message[ >].*?</message>", rest, re.S):
                head = stanza.partition(">")[0]
                one = re.search(r" id=['\"]([^'\"]*)", head)
                if re.search(r" type=['\"]error", head) and one:
                    self.failed.add(one.group(1))
            rest = rest[rest.rfind("</message>") + 10:] if "</message>" in rest else rest

    def offer(self, users):
        one = f"{self._prefix}-{len(self.sent)}"
        self.sent.append(one)
        self._wire.send(
            f"<message from='u@{self._peer.domain}' to='{random.choice(users)}@{self._domain}' "
            f"id='{one}' type='chat'><body>{one}</body></message>")
        return one

    def offer_steadily(self, users, rate, seconds):
        begin = time.monotonic()
        for n in range(int(rate * seconds)):
            ahead = begin + n / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            self.offer(users)

    def stop(self):
        if self._wire:
            self._wire.close()


class ContactTraffic:
    """Messages of a real server's user to SIP users, and the errors that he gets."""

    def __init__(self, contact, domain="sip.lab"):
        self._contact, self._domain = contact, domain
        self._prefix, self._mark = token(), contact.mark()
        self.sent = []

    def offer_steadily(self, rate, seconds):
        begin = time.monotonic()
        for n in range(int(rate * seconds)):
            ahead = begin + n / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            one = f"{self._prefix}-{n}"
            self.sent.append(one)
            self._contact.send(f"s{n % 20}@{self._domain}", one, id=one)

    def failed(self):
        return {m.id for m in self._contact.messages(self._mark) if m.type == "error"}
