"""A scripted XMPP server: says exactly what a test wants said, in either role."""

import base64
import os
import re
import socket
import ssl
import struct
import time

import transcript
from lab import net, wait

STREAM = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
    "xmlns:stream='http://etherx.jabber.org/streams' {more}>"
)
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


def header(sender, to, stream_id=None, lang="en", version="1.0"):
    """A stream header; with an id it is a response. version None: of XMPP 0.9."""
    own_id = f" id='{stream_id}'" if stream_id else ""
    own_version = f" version='{version}'" if version else ""
    return STREAM.format(
        more=f"xmlns:db='jabber:server:dialback' from='{sender}' to='{to}'{own_id}"
             f"{own_version} xml:lang='{lang}'")


def dialback(name, sender, to, key=None, **attributes):
    """A <db:result/> or <db:verify/>: a request with a key, else an answer."""
    more = "".join(f" {k}='{v}'" for k, v in attributes.items())
    content = f">{key}</db:{name}>" if key else "/>"
    return f"<db:{name} from='{sender}' to='{to}'{more}{content}"


def dialback_features(errors=True):
    errors = "<errors/>" if errors else ""
    return ("<stream:features><dialback xmlns='urn:xmpp:features:dialback'>"
            f"{errors}</dialback></stream:features>")


class Closed(AssertionError):
    """The other side ended the connection."""


class XmppWire:
    """One connection, from the first byte to the last."""

    def __init__(self, sock):
        self._socket = sock
        self._in = b""
        self.known = {}

    @classmethod
    def connect(cls, address, port, source=None):
        where = (source, 0) if source else None
        return cls(socket.create_connection((address, port), 10 * wait.SLOWNESS, where))

    def close(self):
        self._socket.close()

    def reset(self):
        """Ends the connection without a word: the other side sees a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def half_close(self):
        """Ends our direction of the TCP connection, without a word inside TLS; the other goes on."""
        own = socket.socket(fileno=os.dup(self._socket.fileno()))
        own.shutdown(socket.SHUT_WR)
        own.close()

    def send(self, data):
        self._socket.sendall(data.encode() if isinstance(data, str) else data)

    def recv(self, most=65536):
        """The next bytes, whenever they come; none: the end."""
        if self._in:
            data, self._in = self._in, b""
            return data
        self._socket.settimeout(None)
        return self._socket.recv(most)

    def _more(self, end):
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        data = self._socket.recv(65536)
        if not data:
            raise Closed
        self._in += data

    def read_until(self, pattern, seconds=10.0):
        """Reads up to the end of the first match; returns all read, as text."""
        end = time.monotonic() + seconds * wait.SLOWNESS
        while True:
            m = re.search(pattern.encode(), self._in, re.S)
            if m:
                data, self._in = self._in[:m.end()], self._in[m.end():]
                return data.decode()
            try:
                self._more(end)
            except (OSError, Closed) as e:
                raise AssertionError(
                    f"waited for '{pattern}', received '{self._in.decode()}' ({e!r})") from e

    def expect(self, template, seconds=10.0):
        """The next bytes are exactly these; returns the values of the names in them."""
        end = time.monotonic() + seconds * wait.SLOWNESS
        wanted = transcript.pattern(template, self.known)
        while True:
            m = wanted.match(self._in)
            if m:
                self._in = self._in[m.end():]
                return {k: v.decode() for k, v in m.groupdict().items()}
            try:
                self._more(end)
            except (OSError, Closed) as e:
                raise AssertionError(
                    f"\n--- expected\n{template}\n--- received\n{self._in.decode()}\n--- {e!r}"
                ) from e

    def expect_end(self, seconds=10.0):
        """Nothing more comes, and the connection is closed."""
        end = time.monotonic() + seconds * wait.SLOWNESS
        try:
            while not self._in:
                self._more(end)
        except Closed:
            return
        except ConnectionResetError:
            return
        raise AssertionError(f"expected the end, received '{self._in.decode()}'")

    def expect_silence(self, seconds=0.3):
        """Nothing comes for a while."""
        try:
            self._more(time.monotonic() + seconds)
        except TimeoutError:
            return
        raise AssertionError(f"expected silence, received '{self._in.decode()}'")

    # ---- TLS ----

    def start_tls(self, context, server_side=False, name=None):
        """The handshake. What was received in clear must have been looked at."""
        assert not self._in, f"clear text before TLS: '{self._in.decode()}'"
        self._socket.settimeout(10 * wait.SLOWNESS)
        self._socket = context.wrap_socket(
            self._socket, server_side=server_side, server_hostname=None if server_side else name)

    @property
    def tls_version(self):
        return self._socket.version()

    @property
    def peer_certificate(self):
        """What the other side has shown, in DER."""
        return self._socket.getpeercert(True)

    def unwrap(self):
        """Sends close_notify and waits for the other's."""
        self._socket.unwrap()


def client_context(ca_file, pair=None, check=True):
    """TLS as the initiator of a stream; pair: the certificate to show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check
    context.verify_mode = ssl.CERT_REQUIRED if check else ssl.CERT_NONE
    context.load_verify_locations(ca_file)
    if pair:
        context.load_cert_chain(pair.cert, pair.key)
    return context


def server_context(ca_file, pair, require=True):
    """TLS as the recipient of a stream; require: the initiator must show a good certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(ca_file)
    context.verify_mode = ssl.CERT_REQUIRED if require else ssl.CERT_OPTIONAL
    context.load_cert_chain(pair.cert, pair.key)
    return context


class XmppPeer:
    """A domain of XMPP with a listener: opens streams to Entente, and takes streams from it."""

    def __init__(self, domain, address, pair, ca_file, port=0):
        self.domain, self.address = domain, address
        self.port = port or net.free_port(address, 5269)
        self.pair, self.ca_file = pair, ca_file
        self._listener = None

    def start(self, backlog=16):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((self.address, self.port))
        self._listener.listen(backlog)
        return self

    def stop(self):
        if self._listener:
            self._listener.close()
            self._listener = None

    # ---- as initiator ----

    def connect(self, address, port):
        """A bare connection to Entente."""
        return XmppWire.connect(address, port, self.address)

    def open_secure(self, address, port, to, pair=None):
        """A stream inside TLS, with a header sent and answered and the features read."""
        wire = self.connect(address, port)
        wire.send(header(self.domain, to))
        wire.read_until("</stream:features>")
        wire.send(f"<starttls xmlns='{TLS}'/>")
        wire.read_until(f"<proceed xmlns='{TLS}'/>")
        wire.start_tls(client_context(self.ca_file, pair or self.pair), name=to)
        wire.send(header(self.domain, to))
        wire.features = wire.read_until("</stream:features>|<stream:features/>")
        return wire

    def open(self, address, port, to, pair=None):
        """A stream authenticated by EXTERNAL, ready for stanzas."""
        wire = self.open_secure(address, port, to, pair)
        authzid = base64.b64encode(self.domain.encode()).decode()
        wire.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>{authzid}</auth>")
        wire.read_until(f"<success xmlns='{SASL}'/>")
        wire.send(header(self.domain, to))
        wire.read_until("</stream:features>|<stream:features/>")
        return wire

    def open_clear(self, address, port, to):
        """A stream in clear, with a header sent and answered and the features read."""
        wire = self.connect(address, port)
        wire.send(header(self.domain, to))
        wire.id = re.search(" id='([^']*)'", wire.read_until("<stream:stream [^>]*>")).group(1)
        wire.features = wire.read_until("</stream:features>|<stream:features/>")
        return wire

    # ---- as recipient ----

    def expect_no_connection(self):
        """Entente has opened none so far."""
        self._listener.settimeout(0)
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return
        sock.close()
        raise AssertionError("Entente has opened a connection")

    def accept(self, seconds=10.0):
        """The next connection from Entente."""
        self._listener.settimeout(seconds * wait.SLOWNESS)
        sock, _ = self._listener.accept()
        return XmppWire(sock)

    def take_header(self, wire):
        """Reads a stream header; returns it."""
        return wire.read_until(r"<stream:stream [^>]*>")

    def take_clear(self, wire, stream_id="clear1", features=dialback_features()):
        """A stream of Entente's in clear, up to what our features offer."""
        wire.sender = re.search("from='([^']*)'", self.take_header(wire)).group(1)
        wire.send(header(self.domain, wire.sender, stream_id) + features)

    def verify(self, answer):
        """Entente asks whether a key is ours: takes its connection and answers with this type.

        Returns the question."""
        wire = self.accept()
        self.take_clear(wire)
        question = wire.read_until("</db:verify>")
        asked = re.search("id='([^']*)'", question).group(1)
        wire.send(dialback("verify", self.domain, wire.sender, id=asked, type=answer))
        wire.close()
        return question

    def take_secure(self, wire, pair=None, require=True):
        """A stream of Entente's up to the header inside TLS."""
        sender = re.search("from='([^']*)'", self.take_header(wire)).group(1)
        wire.sender = sender
        wire.send(
            header(self.domain, sender, "clear1") +
            f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>")
        wire.read_until(f"<starttls xmlns='{TLS}'/>")
        wire.send(f"<proceed xmlns='{TLS}'/>")
        wire.start_tls(server_context(self.ca_file, pair or self.pair, require), server_side=True)
        self.take_header(wire)

    def take_on(self, wire, pair=None):
        """A stream of Entente's up to its authentication by EXTERNAL."""
        self.take_secure(wire, pair)
        wire.send(
            header(self.domain, wire.sender, "secure1") +
            f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism>"
            "</mechanisms></stream:features>")
        wire.auth = wire.read_until("</auth>|<auth [^>]*/>")
        wire.send(f"<success xmlns='{SASL}'/>")
        self.take_header(wire)
        wire.send(header(self.domain, wire.sender, "authed1") + "<stream:features/>")

    def take(self, seconds=10.0):
        """Accepts the next stream of Entente's and authenticates it."""
        wire = self.accept(seconds)
        self.take_on(wire)
        return wire
