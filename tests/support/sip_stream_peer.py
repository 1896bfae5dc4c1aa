"""A scripted SIP peer over TCP or TLS: SipPeer's manners, connections instead of datagrams. For what
is said byte by byte, or wrongly, there is SipWire: one connection in the test's own hands."""

import contextlib
import re
import select
import socket
import ssl
import threading
import time

from lab import wait
from sip_peer import SipMessage, SipPeer
from xmpp_peer import Closed, XmppWire, client_context, server_context

LENGTH = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d+)", re.I | re.M)


def cut(data):
    """The first message of a stream's bytes and what follows it (RFC 3261 18.3); (None, data) when it
    is not whole yet. White space before it is nobody's (7.5)."""
    data = data.lstrip(b"\r\n")
    head, whole, _ = data.partition(b"\r\n\r\n")
    if not whole:
        return None, data
    length = LENGTH.search(head)
    assert length, f"no Content-Length in a stream: {head!r}"
    size = len(head) + 4 + int(length.group(1))
    return (data[:size], data[size:]) if len(data) >= size else (None, data)


class SipWire(XmppWire):
    """One connection, from the first byte to the last."""

    @classmethod
    def open(cls, server, source=None, tls=None, name=None):
        """tls: an SSLContext; name: whom we expect there."""
        wire = cls.connect(*server, source)
        if tls:
            wire.start_tls(tls, name=name)
        return wire

    @property
    def own(self):
        """Where our end is, as host:port."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def no_delay(self):
        """What is sent goes out at once, in packets of its own."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def drain(self, seconds):
        """Waits for the end, whatever comes before it."""
        end = time.monotonic() + seconds * wait.SLOWNESS
        with contextlib.suppress(Closed, ConnectionResetError, ssl.SSLError):
            while True:
                self._more(end)

    def take(self, seconds=10.0):
        """The next message."""
        end = time.monotonic() + seconds * wait.SLOWNESS
        while True:
            data, self._in = cut(self._in)
            if data:
                return SipMessage.parse(data, self)
            try:
                self._more(end)
            except (OSError, Closed) as e:
                raise AssertionError(f"waited for a message, received {self._in!r} ({e!r})") from e

    def final(self, seconds=10.0):
        """The next response that is final."""
        message = self.take(seconds)
        while 100 <= message.status < 200:
            message = self.take(seconds)
        assert message.status, f"waited for a response, received {message.start}"
        return message


class _Connection:
    """A connection with a thread that reads it. OpenSSL wants one thread at a time."""

    def __init__(self, sock, peer):
        self._socket, self._peer = sock, peer
        self._lock = threading.Lock()
        self._in = b""
        self.port = sock.getsockname()[1]
        self.open = True
        threading.Thread(target=self._run, daemon=True).start()

    def send(self, data):
        with self._lock:
            self._socket.settimeout(10 * wait.SLOWNESS)
            self._socket.sendall(data)

    def close(self):
        """Wakes the reader, which closes it."""
        self.open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _run(self):
        try:
            while self.open:
                if not self._pull():
                    select.select([self._socket], [], [])
        except (OSError, Closed):
            pass
        self.open = False
        self._socket.close()

    def _pull(self):
        """Reads what is there, and answers; whether there was anything."""
        with self._lock:
            self._socket.settimeout(0)
            try:
                data = self._socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
        if not data:
            raise Closed
        self._in += data
        while True:
            message, self._in = cut(self._in)
            if not message:
                return True
            reply = self._peer._take(SipMessage.parse(message, self))
            if reply:
                self.send(reply)


class SipStreamPeer(SipPeer):
    """Listens, and answers each request on the connection it came by. What it sends itself goes by a
    connection of its own making, opened when there is none."""

    def __init__(self, address, port, server=None, tls=None):
        """server: (address, port) that it talks to. tls: its Pair and the file of the authorities
        that it believes; it shows its certificate both ways and wants to see one."""
        super().__init__(address, port, server)
        self._tls = tls
        self.transport = "TLS" if tls else "TCP"
        self._connections = []
        self._out = None

    @property
    def uri(self):
        return f"sip:{self.endpoint};transport={self.transport.lower()}"

    def start(self):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._socket = socket.create_server((self.address, self.port), family=family, backlog=512)
        self._thread = threading.Thread(target=self._listen, args=(self._socket,), daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Ends the listener and every connection; start() begins anew."""
        if not self._socket:
            return
        s, self._socket = self._socket, None
        with contextlib.suppress(OSError):
            s.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.drop()

    def drop(self):
        """Ends every connection."""
        with self._lock:
            connections, self._connections, self._out = self._connections, [], None
        for one in connections:
            one.close()

    @property
    def connections(self):
        """How many there are now."""
        with self._lock:
            self._connections = [one for one in self._connections if one.open]
            return len(self._connections)

    def _listen(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                listener.close()
                return
            threading.Thread(target=self._welcome, args=(sock,), daemon=True).start()

    def _welcome(self, sock):
        try:
            if self._tls:
                pair, ca_file = self._tls
                sock.settimeout(10 * wait.SLOWNESS)
                sock = server_context(ca_file, pair).wrap_socket(sock, server_side=True)
        except OSError:     # a certificate that does not do, for one
            sock.close()
            return
        self._keep(sock)

    def _keep(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(sock, self)
        with self._lock:
            self._connections.append(connection)
        return connection

    def dial(self):
        """A connection to the server, with the peer's address as its own."""
        context = client_context(self._tls[1], self._tls[0], check=False) if self._tls else None
        return SipWire.open(self.server, self.address, context)

    @property
    def rport(self):
        """Of the connection in use."""
        return str(self._out.port)

    def send(self, data):
        if not self._out or not self._out.open:
            self._out = self._keep(self.dial()._socket)
        self._out.send(data)

    def ask(self, request, seconds=10.0):
        """Sends a request, once, and returns the final response."""
        mark = self.mark()
        self.send(request)
        return self.wait_response(request, seconds, mark)
