"""SIP on a connection: messages as they are read and written (RFC 3261 7, 18.3; profile T6)."""

import contextlib
import re
import select
import socket
import ssl
import threading

from lab import wait

LONG = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
        "c": "content-type", "e": "content-encoding", "k": "supported", "s": "subject",
        "x": "session-expires", "o": "event"}
SHORT = {long: short for short, long in LONG.items()}
HEAD_MAX = 64 << 10


class Malformed(Exception):
    """What came is not SIP on a stream."""


def full_name(name):
    name = name.strip().lower()
    return LONG.get(name, name)


class Message:
    """A request or a response. Fields keep their order; names are compared in any case and form."""

    def __init__(self, start, fields=(), body=b""):
        self.start, self.fields, self.body = start, list(fields), body
        self.link = None    # that it came by

    @classmethod
    def parse(cls, head, body):
        text = re.sub(r"[ \t]*\r\n[ \t]+", " ", head.decode("utf-8"))   # 7.3.1: folding is a space
        start, *lines = text.split("\r\n")
        fields = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name.strip():
                raise Malformed(f"no header field: {line!r}")
            fields.append((name.strip(), value.strip()))
        return cls(start, fields, body)

    def all(self, name):
        return [v for n, v in self.fields if full_name(n) == full_name(name)]

    def get(self, name):
        """The first value, or ''."""
        return next(iter(self.all(name)), "")

    def has(self, name, token):
        """Is the token in one of the comma-separated values?"""
        return token.lower() in (t.strip().lower() for v in self.all(name) for t in v.split(","))

    @property
    def status(self):
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self):
        return "" if self.status else self.start.split(" ")[0]

    @property
    def uri(self):
        return self.start.split(" ")[1]

    @property
    def branch(self):
        return param(self.get("Via"), "branch")

    @property
    def cseq(self):
        number, method = self.get("CSeq").split()
        return int(number), method

    def route_list(self, name="Route"):
        """The routes one by one, byte for byte, whether in one field or in several (7.3.1)."""
        return [route for value in self.all(name) for route in re.findall(r"<[^>]*>[^,\s]*", value)]

    @property
    def content_type(self):
        return self.get("Content-Type").partition(";")[0].strip().lower()

    def write(self, options):
        lines = [self.start]
        padding = []
        left = options.big_headers
        while left > 0:     # several fields: one line of 8 kB is more than some readers take
            padding.append((f"ms-opaque-{len(padding)}", "x" * min(left, 2000)))
            left -= 2000
        for name, value in self.fields + padding + [("Content-Length", str(len(self.body)))]:
            lines.append(_name(name, options) + ":" + _value(value, options))
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body

    def __repr__(self):
        return f"<{self.start} {self.get('CSeq')}>"


def _name(name, options):
    if options.compact:
        name = SHORT.get(name.lower(), name)
    return name.lower() if options.lower_case else name


def _value(value, options):
    if not options.folded:
        return " " + value
    return "\r\n\t" + re.sub(r", (?=[\w<-])", ",\r\n  ", value)


def param(value, name):
    """A parameter behind the address: ;tag=, ;branch=, ;epid=."""
    outside = value.rpartition(">")[2]
    m = re.search(rf";\s*{re.escape(name)}\s*=\s*([^;,\s]+)", outside, re.I)
    return m.group(1) if m else ""


def address(value):
    """The URI of an address."""
    m = re.search(r"<([^>]*)>", value)
    return m.group(1) if m else value.partition(";")[0].strip()


def cut(data):
    """(head, body, rest) of the first message; None: it is not whole yet."""
    head, whole, rest = data.partition(b"\r\n\r\n")
    if not whole:
        if len(data) > HEAD_MAX:
            raise Malformed("a head of more than 64 KiB")
        return None
    lengths = Message.parse(head, b"").all("Content-Length")
    if len(lengths) != 1 or not lengths[0].isdigit():
        raise Malformed(f"Content-Length {lengths} in a stream")
    size = int(lengths[0])
    return (head, rest[:size], rest[size:]) if len(rest) >= size else None


class Link:
    """A connection with a thread that reads it. on_message(message) runs there."""

    def __init__(self, sock, options, on_message, on_end):
        self._socket, self._options = sock, options
        self._on_message, self._on_end = on_message, on_end
        self._lock = threading.Lock()   # OpenSSL wants one thread at a time
        self._in = b""
        self.open = True
        self.pings = self.pongs = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def send(self, message):
        data = message.write(self._options) if isinstance(message, Message) else message
        size = self._options.split or len(data)
        with self._lock:
            self._socket.settimeout(10 * wait.SLOWNESS)
            for i in range(0, len(data), size):
                self._socket.sendall(data[i:i + size])

    def close(self):
        """Wakes the reader, which closes it."""
        self.open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _run(self):
        why = ""
        try:
            while self._pull():
                pass
        except (OSError, ValueError, Malformed) as e:
            why = repr(e)
        self.open = False
        self._socket.close()
        self._on_end(self, why)

    def _pull(self):
        with self._lock:
            self._socket.settimeout(0)
            try:
                data = self._socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                data = None
        if data is None:
            select.select([self._socket], [], [])
        elif not data:
            return False
        else:
            self._in += data
            self._take()
        return self.open

    def _take(self):
        while True:
            self._keep_alive()
            found = cut(self._in)
            if not found:
                return
            head, body, self._in = found
            message = Message.parse(head, body)
            message.link = self
            self._on_message(message)

    def _keep_alive(self):
        """RFC 5626 3.5.1: CRLFCRLF between messages is a ping, a single CRLF its answer."""
        while self._in.startswith(b"\r\n"):
            if self._in.startswith(b"\r\n\r\n"):
                self._in = self._in[4:]
                self.pings += 1
                self.send(b"\r\n")
            elif len(self._in) == 2 or self._in[2:3] != b"\r":
                self._in = self._in[2:]
                self.pongs += 1
            else:
                return  # "\r\n\r": the rest is on its way
