"""A server that answers as Active Directory does, as far as signing in asks: LDAPv3 by hand."""

import re
import socketserver
import ssl
import threading

from . import net
from .slapd import READER, READER_PASSWORD, sid_bytes

BASE = "DC=ad,DC=example"
ADMINS = f"CN=RTCUniversalServerAdmins,OU=Groups,{BASE}"
ADMINS_SID = "S-1-5-21-11-22-33-1106"
IN_CHAIN = "1.2.840.113556.1.4.1941"
SUCCESS, NO_SUCH_OBJECT, INVALID_CREDENTIALS, REFERRAL = 0, 32, 49, 10


def user(name, control=512, **more):
    dn = f"CN={name},OU=People,{BASE}"
    return dn, {"sAMAccountName": name, "userPrincipalName": f"{name}@ad.example",
                "displayName": name.title(), "userAccountControl": str(control), **more}


ENTRIES = dict([
    ("", {"supportedCapabilities": "1.2.840.113556.1.4.800"}),
    (BASE, {"objectClass": "domain"}),
    user("alice"),
    user("disabled", 514),
    user("lockedout", **{"msDS-User-Account-Control-Computed": "16", "lockoutTime": "1"}),
    (ADMINS, {"cn": "RTCUniversalServerAdmins", "objectSid": sid_bytes(ADMINS_SID)}),
])
PASSWORDS = {f"CN=alice,OU=People,{BASE}": "Secret1", READER: READER_PASSWORD}


# ---- BER ----

def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(n, tag=2):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def octets(value, tag=4):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def split(data):
    """The elements of a constructed one."""
    found = []
    while data:
        tag, n, at = data[0], data[1], 2
        if n & 0x80:
            at = 2 + (n & 0x7F)
            n = int.from_bytes(data[2:at], "big")
        found.append((tag, data[at:at + n]))
        data = data[at + n:]
    return found


def filter_text(tag, body):
    """A filter as text, roughly."""
    if tag in (0xA0, 0xA1):
        return "(" + "&|"[tag - 0xA0] + "".join(filter_text(*f) for f in split(body)) + ")"
    if tag == 0xA3:
        name, value = [v.decode("latin-1") for _, v in split(body)]
        return f"({name}={value})"
    if tag == 0xA9:
        parts = {t: v.decode("latin-1") for t, v in split(body)}
        return f"({parts.get(0x82, '')}:{parts.get(0x81, '')}:={parts.get(0x83, '')})"
    if tag == 0x87:
        return f"({body.decode()}=*)"
    return "(?)"


def matches(text, dn, attributes):
    """Does an entry fit the filter? Only what Entente asks for."""
    if IN_CHAIN in text:
        return dn == ADMINS and "CN=alice," in text
    if text == "(objectClass=*)":
        return True
    wanted = dict(re.findall(r"\(([\w-]+)=([^()]*)\)", text))
    return any(str(attributes.get(n, "")).lower() == v.lower() for n, v in wanted.items())


class Handler(socketserver.BaseRequestHandler):
    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.request.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def message(self):
        head = self.read(2)
        n = head[1]
        if n & 0x80:
            n = int.from_bytes(self.read(n & 0x7F), "big")
        return split(self.read(n))

    def send(self, number, tag, *parts):
        self.request.sendall(tlv(0x30, integer(number), tlv(tag, *parts)))

    def result(self, number, tag, code, text="", refer=None):
        more = [tlv(0xA3, octets(refer))] if refer else []
        self.send(number, tag, integer(code, 0x0A), octets(""), octets(text), *more)

    def bind(self, number, body):
        _, name, password = [v for _, v in split(body)]
        good = PASSWORDS.get(name.decode()) == password.decode()
        text = "" if good else ("80090308: LdapErr: DSID-0C09044E, comment: "
                                "AcceptSecurityContext error, data 52e, v2580")
        self.result(number, 0x61, SUCCESS if good else INVALID_CREDENTIALS, text)

    def search(self, number, body):
        base, scope, *_, (filter_tag, filter_body), names = split(body)
        text = filter_text(filter_tag, filter_body)
        base, wanted = base[1].decode(), [v.decode() for _, v in split(names[1])]
        self.server.filters.append(text)
        if self.server.refer and base:
            self.result(number, 0x65, REFERRAL, refer=self.server.refer)
            return
        if scope[1] == b"\0" and base not in ENTRIES:
            self.result(number, 0x65, NO_SUCH_OBJECT)
            return
        for dn, attributes in ENTRIES.items():
            inside = dn == base if scope[1] == b"\0" else bool(dn) and dn.endswith(base)
            if inside and matches(text, dn, attributes):
                values = [tlv(0x30, octets(n), tlv(0x31, octets(v)))
                          for n, v in attributes.items() if n in wanted]
                self.send(number, 0x64, octets(dn), tlv(0x30, *values))
        self.result(number, 0x65, SUCCESS)

    def handle(self):
        try:
            while True:
                (_, number), (tag, body), *_ = self.message()
                number = int.from_bytes(number, "big")
                if tag == 0x60:
                    self.bind(number, body)
                elif tag == 0x63:
                    self.search(number, body)
                elif tag == 0x42:
                    return
        except (ConnectionError, ssl.SSLError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    """refer: where searches are sent instead of being answered; None: nowhere."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, pair):
        self.port, self.filters, self.refer = net.free_port("127.0.0.1"), [], None
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(pair.cert, pair.key)
        super().__init__(("127.0.0.1", self.port), Handler)

    @property
    def uri(self):
        return f"ldaps://127.0.0.1:{self.port}"

    def finish_request(self, request, client_address):
        try:
            request = self._tls.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        super().finish_request(request, client_address)
        request.close()

    def handle_error(self, request, client_address):
        pass

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()
