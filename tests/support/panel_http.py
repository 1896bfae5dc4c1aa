"""A client of the panel's HTTPS that says exactly what a test wants it to, and nothing more."""

import contextlib
import dataclasses
import re
import socket
import ssl
import subprocess

import h2.config
import h2.connection
import h2.events

from lab.wait import SLOWNESS


@dataclasses.dataclass
class Answer:
    status: int
    head: dict  # names in lower case; the values of a name that comes again are joined by "\n"
    body: bytes


def context(low=ssl.TLSVersion.TLSv1_2, high=ssl.TLSVersion.MAXIMUM_SUPPORTED, alpn=(), ciphers=None, ca=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if ca:
        c.load_verify_locations(ca)
        c.verify_mode = ssl.CERT_REQUIRED
    c.minimum_version, c.maximum_version = low, high
    if alpn:
        c.set_alpn_protocols(list(alpn))
    if ciphers:
        c.set_ciphers(ciphers)
    return c


def connect(address, port, source=None, tls=None, timeout=15):
    sock = socket.create_connection((address, port), timeout * SLOWNESS,
                                    source_address=(source, 0) if source else None)
    return (tls or context()).wrap_socket(sock)


def read_all(sock):
    """Until the other end closes or resets."""
    data = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError, OSError):
        while part := sock.recv(65536):
            data += part
    return data


def parse(data):
    """The first answer in what came over HTTP/1, as far as its length goes."""
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        fields[name] = fields[name] + "\n" + value.strip() if name in fields else value.strip()
    length = int(fields.get("content-length", len(rest)))
    return Answer(int(re.match(r"HTTP/1\.[01] (\d+)", lines[0]).group(1)), fields, rest[:length])


def exchange(sock, request):
    """Sends bytes, reads to the end; the bytes that came."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        sock.sendall(request)
    return read_all(sock)


def curl(url, *options, seconds=20):
    """Runs curl; -> (what it printed as HTTP version, Answer)."""
    run = subprocess.run(
        ["curl", "-skS", "-D", "/dev/stderr", "-w", "%{stderr}@@%{http_version} %{http_code}", *options, url],
        capture_output=True, timeout=seconds * SLOWNESS, check=False)
    err = run.stderr.decode("latin-1")
    assert "@@" in err, err
    version, code = err.rpartition("@@")[2].split()
    fields = {}
    for line in err.rpartition("@@")[0].splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith(" "):
            fields[name.strip().lower()] = value.strip()
    return version, Answer(int(code), fields, run.stdout)


class Http2:
    """One connection of HTTP/2; events are kept by stream."""

    def __init__(self, address, port, source=None):
        self.sock = connect(address, port, source, context(alpn=["h2"]))
        assert self.sock.selected_alpn_protocol() == "h2"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False))
        self.h2.initiate_connection()
        self.flush()
        self.authority = f"{address}:{port}"
        self.heads, self.bodies, self.ended, self.reset = {}, {}, set(), {}
        self.closed = None  # the error of GOAWAY, or "eof"
        self.window = True  # gives credit for what has come

    def flush(self):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.sock.sendall(self.h2.data_to_send())

    def ask(self, path="/", method="GET", fields=(), body=None, end=True, authority=None):
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "https"), (":authority", authority or self.authority),
                (":path", path), *fields]
        self.h2.send_headers(stream, head, end_stream=end and body is None)
        self.bodies[stream] = b""
        if body is not None:
            self.h2.send_data(stream, body, end_stream=end)
        self.flush()
        return stream

    def _note(self, e):
        stream = getattr(e, "stream_id", None)
        if isinstance(e, h2.events.ResponseReceived):
            self.heads[stream] = {(n if isinstance(n, str) else n.decode()): (v if isinstance(v, str) else v.decode())
                                  for n, v in e.headers}
        elif isinstance(e, h2.events.DataReceived):
            self.bodies[stream] += e.data
            if self.window:
                self.h2.acknowledge_received_data(e.flow_controlled_length, stream)
        elif isinstance(e, h2.events.StreamEnded):
            self.ended.add(stream)
        elif isinstance(e, h2.events.StreamReset):
            self.reset[stream] = e.error_code
        elif isinstance(e, h2.events.ConnectionTerminated):
            self.closed = e.error_code

    def turn(self):
        """Reads once; False at the end of the connection."""
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.closed = "eof" if self.closed is None else self.closed
            return False
        for e in self.h2.receive_data(data):
            self._note(e)
        self.flush()
        return True

    def until(self, condition):
        while not condition():
            if not self.turn():
                return condition()
        return True

    def wait(self, stream):
        """The answer of a stream; None: it was reset, or the connection has ended."""
        self.until(lambda: stream in self.ended or stream in self.reset)
        if stream not in self.ended:
            return None
        head = self.heads[stream]
        return Answer(int(head[":status"]), head, self.bodies[stream])

    def close(self):
        self.sock.close()
