"""The panel's HTTPS as clients meet it: versions, headers, limits, mistakes and attacks."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import time
import types
import urllib.request

import pytest
from cryptography import x509

from lab import net
from lab.ca import Authority
from lab.entente import Entente
from lab.wait import SLOWNESS, until
from panel_http import Http2, connect, context, curl, exchange, parse, read_all

SECURE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Panel:
    """An entented that administers and does nothing else."""

    def __init__(self, build, folder, valgrind=False, settings=None, certificate=None):
        self.net = net.Subnet()
        admin = {"certificate": certificate.cert, "key": certificate.key} if certificate else {}
        admin.update((settings or {}).get("admin", {}))
        self.entente = Entente(
            folder, self.net.address(9), build, types.SimpleNamespace(address="127.0.0.1", port=5353), "system", {},
            valgrind=valgrind, settings={"daemon": {"roles": "admin", "log-level": "debug"}, "admin": admin})
        self.address, self.port = self.entente.address, self.entente.panel_port
        self.url = self.entente.url

    def start(self):
        self.entente.start()
        return self

    def stop(self):
        code = self.entente.stop()
        self.net.close()
        return code

    def token(self, name="test"):
        said = self.entente.ask("token", "add", name, "--role", "administrator")
        return said["token"]

    def connect(self, **options):
        return connect(self.address, self.port, **options)

    def h2(self, **options):
        return Http2(self.address, self.port, **options)

    def get(self, path="/", fields="", version="1.1", **options):
        with self.connect(**options) as sock:
            host = f"Host: {self.address}:{self.port}\r\n"
            data = exchange(sock, f"GET {path} HTTP/{version}\r\n{host}Connection: close\r\n{fields}\r\n".encode())
        return parse(data)

    def raw(self, request, **options):
        with self.connect(**options) as sock:
            return exchange(sock, request)

    def host(self):
        return f"Host: {self.address}:{self.port}\r\n"


@pytest.fixture(scope="module")
def panel(build, valgrind, tmp_path_factory):
    p = Panel(build, tmp_path_factory.mktemp("panel"), valgrind).start()
    yield p
    assert p.stop() == 0


@pytest.fixture(scope="module")
def token(panel):
    return panel.token()


@pytest.fixture(params=["1.1", "2"])
def version(request):
    return {"1.1": "--http1.1", "2": "--http2"}[request.param]


# ---- what every answer says ----

@pytest.mark.parametrize("path, status", [
    ("/", 200), ("/partners/some.example", 200), ("/index.html", 200), ("/assets/none.js", 404),
    ("/api/v1/status", 401), ("/api/v1/nothing", 401), ("/api", 401)])
def test_every_answer_protects_the_browser(panel, version, path, status):
    spoken, answer = curl(panel.url + path, version)
    assert (spoken, answer.status) == (version.removeprefix("--http"), status)
    for name, value in SECURE.items():
        assert answer.head[name] == value
    assert "frame-ancestors 'none'" in answer.head["content-security-policy"]
    assert "camera=()" in answer.head["permissions-policy"]
    assert "strict-transport-security" not in answer.head  # nobody believes this certificate
    assert "server" not in answer.head
    assert answer.head["cache-control"] == "no-store"


def test_a_page_has_a_nonce_of_its_own_each_time(panel, version):
    policies = {curl(panel.url, version)[1].head["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3
    for policy in policies:
        rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
        nonce = rules["script-src"].split("'nonce-")[1].rstrip("'")
        assert len(nonce) >= 22 and rules["script-src"] == f"'self' 'nonce-{nonce}'" == rules["style-src"]
        assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
        assert (rules["require-trusted-types-for"], rules["trusted-types"]) == ("'script'", "'none'")
        assert "unsafe" not in policy and "*" not in policy


def test_a_head_has_no_body(panel, version):
    _, answer = curl(panel.url, version, "-I")
    assert answer.status == 200 and int(answer.head["content-length"]) > 0


def test_only_get_reads_the_pages(panel, version):
    _, answer = curl(panel.url, version, "-X", "POST", "-d", "x=1")
    assert answer.status == 405 and answer.head["allow"] == "GET"


@pytest.mark.parametrize("host", ["evil.example", "localhost", "evil.example:{port}", "{address}", "{address}:1", "x@{address}:{port}"])
def test_another_host_is_not_answered(panel, version, host):
    host = host.format(address=panel.address, port=panel.port)
    _, answer = curl(panel.url, version, "-H", f"Host: {host}")
    assert answer.status == 421 and panel.url in answer.body.decode()


# ---- TLS ----

@pytest.mark.parametrize("low, high, works", [
    (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
    (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
    (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, None)])
def test_versions_of_tls(panel, low, high, works):
    c = context(low, high, ciphers="ALL:@SECLEVEL=0" if not works else None)
    if works:
        with panel.connect(tls=c) as sock:
            assert sock.version() == works
    else:
        with pytest.raises(OSError):
            panel.connect(tls=c)


@pytest.mark.parametrize("cipher", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"])
def test_weak_ciphers_are_refused(panel, cipher):
    with pytest.raises(OSError):
        panel.connect(tls=context(high=ssl.TLSVersion.TLSv1_2, ciphers=cipher + ":@SECLEVEL=0"))


@pytest.mark.parametrize("offered, chosen", [
    (["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), ([], None)])
def test_what_is_spoken_is_agreed_on(panel, offered, chosen):
    with panel.connect(tls=context(alpn=offered)) as sock:
        assert sock.selected_alpn_protocol() == chosen


def test_another_protocol_is_refused(panel):
    with pytest.raises(OSError):
        panel.connect(tls=context(alpn=["imap"]))


def test_its_own_certificate_is_for_its_address_and_kept(panel):
    files = panel.entente.store
    own = x509.load_pem_x509_certificate((files / "panel-certificate.pem").read_bytes())
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert panel.address in [str(a) for a in names.get_values_for_type(x509.IPAddress)]
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert (files / "panel-key.pem").stat().st_mode & 0o777 == 0o600
    with panel.connect(tls=context(ca=files / "panel-certificate.pem")) as sock:
        assert sock.getpeercert(True) == own.public_bytes(x509.base.serialization.Encoding.DER)


def test_clear_text_is_not_served(panel):
    with socket.create_connection((panel.address, panel.port), 10 * SLOWNESS) as sock:
        assert not exchange(sock, f"GET / HTTP/1.1\r\n{panel.host()}\r\n".encode()).startswith(b"HTTP")


# ---- answers as they come ----

def events(text):
    return [line.removeprefix("event: ") for line in text.split("\n") if line.startswith("event: ")]


def test_events_come_over_http2_beside_other_requests(panel, token):
    with contextlib.closing(panel.h2()) as c:
        bearer = [("authorization", f"Bearer {token}")]
        stream = c.ask("/api/v1/events?topics=counters", fields=bearer)
        assert c.until(lambda: b"event: counters" in c.bodies[stream])
        assert c.heads[stream]["content-type"].startswith("text/event-stream")
        asked = [c.ask("/api/v1/generation", fields=bearer) for _ in range(20)]
        assert [c.wait(s).status for s in asked] == [200] * 20
        assert stream not in c.ended
        c.h2.reset_stream(stream)
        c.flush()
        assert c.wait(c.ask("/api/v1/generation", fields=bearer)).status == 200
    panel.entente.process.wait_log(r"path=/api/v1/events .*code=cut")


def test_events_come_over_http1(panel, token):
    start = panel.entente.process.log_size()
    with panel.connect() as sock:
        sock.sendall(f"GET /api/v1/events?topics=counters HTTP/1.1\r\n{panel.host()}"
                     f"Authorization: Bearer {token}\r\n\r\n".encode())
        data = b""
        while b"event: counters" not in data:
            part = sock.recv(65536)
            assert part
            data += part
    assert b"transfer-encoding: chunked" in data and b"connection: close" in data
    panel.entente.process.wait_log(r"path=/api/v1/events .*code=cut", start=start)


def test_who_does_not_take_events_holds_nobody_up(panel, token):
    """The windows of HTTP/2 are never given again."""
    with contextlib.closing(panel.h2()) as lazy, contextlib.closing(panel.h2()) as c:
        lazy.window = False
        bearer = [("authorization", f"Bearer {token}")]
        lazy.ask("/api/v1/openapi.yaml", fields=bearer)
        lazy.ask("/api/v1/openapi.yaml", fields=bearer)
        for _ in range(10):
            assert c.wait(c.ask("/api/v1/generation", fields=bearer)).status == 200
        whole = c.wait(c.ask("/api/v1/openapi.yaml", fields=bearer))
        assert whole.status == 200 and len(whole.body) == int(whole.head["content-length"]) > 65535


def test_many_requests_at_once(panel, token):
    with contextlib.closing(panel.h2()) as c:
        bearer = [("authorization", f"Bearer {token}")]
        asked = [c.ask("/api/v1/openapi.yaml", fields=bearer) for _ in range(60)]
        bodies = {c.wait(s).body for s in asked}
    assert len(bodies) == 1


def test_a_change_over_http2(panel, token):
    with contextlib.closing(panel.h2()) as c:
        fields = [("authorization", f"Bearer {token}"), ("content-type", "application/json"), ("if-match", "*")]
        answer = c.wait(c.ask("/api/v1/domains", "POST", fields, json.dumps({"domain": "h2.example"}).encode()))
        assert answer.status == 201 and answer.head["etag"]
        answer = c.wait(c.ask("/api/v1/domains/h2.example", "DELETE", [f for f in fields if f[0] != "content-type"]))
        assert answer.status == 200
        assert c.wait(c.ask("/api/v1/domains/h2.example", fields=fields[:1])).status == 404


# ---- mistakes, HTTP/1 ----

MISTAKES = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n",
    "star": b"GET * HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "absolute": b"GET https://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "trace": b"TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "connect": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "unknown method": b"BREW / HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "version 3": b"GET / HTTP/3.0\r\nHost: HOST\r\n\r\n",
    "version 0.9": b"GET /\r\n\r\n",
    "long line": b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "long field": b"GET / HTTP/1.1\r\nHost: HOST\r\nX-Long: " + b"a" * 70000 + b"\r\n\r\n",
    "many fields": b"GET / HTTP/1.1\r\nHost: HOST\r\n" + b"".join(b"x-%d: y\r\n" % i for i in range(9000)) + b"\r\n",
    "nul": b"GET /a\0b HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "encoded nul": b"GET /api%00/v1/status HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "bad escape": b"GET /%zz HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "chunked": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "odd chunked": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "negative length": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n",
    "signed length": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: +4\r\n\r\n{}{}",
    "hex length": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x10\r\n\r\n",
    "huge length": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "long body": b"POST /api/v1/domains HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1048577\r\n\r\n",
    "body of a get": b"GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello",
    "upgrade": b"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "h2c": b"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
           b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "tls again": b"\x16\x03\x01\x00\x05hello",
    "lone line feeds": b"GET / HTTP/1.1\nHost: HOST\n\n",
    "folded": b"GET / HTTP/1.1\r\nHost: HOST\r\nX-A: b\r\n c\r\n\r\n",
    "blank before colon": b"GET / HTTP/1.1\r\nHost : HOST\r\n\r\n",
}
# What is not refused, and why it is right: RFC 9112 2.2 and 5.2 let a server take them.
TOLERATED = {"lone line feeds", "folded", "blank before colon"}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_end_in_an_answer_or_an_end(panel, name):
    request = MISTAKES[name].replace(b"HOST", f"{panel.address}:{panel.port}".encode())
    smuggled = f"GET /assets/smuggled HTTP/1.1\r\n{panel.host()}Connection: close\r\n\r\n".encode()
    data = panel.raw(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
                     if name in TOLERATED else request + smuggled)
    if data:
        answer = parse(data)
        assert name in TOLERATED or answer.status >= 400, data[:200]
        for field, value in SECURE.items():
            assert answer.head.get(field) == value, data[:400]
        assert answer.head["content-security-policy"].startswith("default-src 'none'")
        assert "websocket" not in data.decode("latin-1").lower()
    if name not in ("no host", "two hosts", "star", "absolute"):
        # Nothing behind a request that was not understood is one.
        assert data.count(b"HTTP/1.1 ") <= 1, data[:600]
    assert panel.get().status == 200


def test_a_request_line_by_line_and_two_at_once(panel):
    one = f"GET /assets/none HTTP/1.1\r\n{panel.host()}\r\n".encode()
    last = f"GET /assets/none HTTP/1.1\r\n{panel.host()}Connection: close\r\n\r\n".encode()
    with panel.connect() as sock:
        for byte in one:
            sock.sendall(bytes([byte]))
        data = exchange(sock, one + last)
    assert data.count(b"HTTP/1.1 404 ") == 3


# ---- mistakes, HTTP/2 ----

@pytest.mark.parametrize("fields, path, method, body, status", [
    ((), "/", "BREW", None, 501), ((), "*", "OPTIONS", None, 400), ((), "/%zz", "GET", None, 400),
    ((), "/%00", "GET", None, 400), ((), "nothing", "GET", None, 400), ((), "https://evil.example/", "GET", None, 400),
    ((("x-long", "a" * 20000),), "/", "GET", None, 431), ((), "/" + "a" * 20000, "GET", None, 431),
    ((), "/", "GET", b"hello", 400), ((("host", "evil.example"),), "/", "GET", None, 421),
    ((("content-length", "1048577"),), "/api/v1/domains", "POST", None, 413)])
def test_mistakes_of_http2(panel, fields, path, method, body, status):
    with contextlib.closing(panel.h2()) as c:
        stream = c.ask(path, method, fields, body, end=body is not None or status not in (413,))
        answer = c.wait(stream)
        if answer is None:  # nghttp2 has seen it first
            assert status in (400, 413)
        else:
            assert answer.status == status
            assert all(answer.head[n] == v for n, v in SECURE.items())
    assert panel.get().status == 200


def test_a_body_that_is_too_long_ends_its_stream_alone(panel, token):
    with contextlib.closing(panel.h2()) as c:
        stream = c.ask("/api/v1/domains", "POST", [("content-type", "application/json")], end=False)
        sent = 0
        while sent < 1200000 and stream not in c.heads and stream not in c.reset:
            room = min(c.h2.local_flow_control_window(stream), 16384)
            if room:
                c.h2.send_data(stream, b"x" * room)
                c.flush()
                sent += room
            else:
                c.turn()
        c.until(lambda: stream in c.heads or stream in c.reset)
        assert c.heads[stream][":status"] == "413"
        assert c.wait(c.ask("/assets/none")).status == 404


@pytest.mark.parametrize("bytes_", [
    b"\0\0\0\4\0\0\0\0\1",                        # SETTINGS of a stream
    b"\xff\xff\xff\0\0\0\0\0\1",                  # longer than a frame may be
    b"\0\0\4\x08\0\0\0\0\0\0\0\0\0",              # a window that grows by nothing
    b"\0\0\1\0\0\0\0\0\1x",                       # data of a stream that is not there
    b"\0\0\0\x09\4\0\0\0\1",                      # CONTINUATION of nothing
    b"\0\0\3\1\5\0\0\0\1\xff\xff\xff",            # not HPACK
    b"GET / HTTP/1.1\r\n\r\n"])
def test_broken_frames_end_the_connection(panel, bytes_):
    with contextlib.closing(panel.h2()) as c:
        c.turn()
        with contextlib.suppress(OSError):
            c.sock.sendall(bytes_)
        read_all(c.sock)
    assert panel.get().status == 200


def test_streams_opened_and_reset_at_once_end_the_connection(panel):
    """CVE-2023-44487."""
    with contextlib.closing(panel.h2()) as c:
        with contextlib.suppress(Exception):
            for _ in range(3000):
                stream = c.ask("/")
                c.h2.reset_stream(stream)
                c.flush()
        assert read_all(c.sock) is not None
    assert panel.get().status == 200


def test_continuations_without_an_end(panel):
    """CVE-2024-28182."""
    with contextlib.closing(panel.h2()) as c:
        c.turn()
        with contextlib.suppress(OSError):
            c.sock.sendall(b"\0\0\0\1\1\0\0\0\1")
            for _ in range(1000):
                c.sock.sendall(b"\0\0\4\x09\0\0\0\0\1\0\1a\0")
        read_all(c.sock)
    assert panel.get().status == 200


# ---- limits ----

def resident(panel):
    status = pathlib.Path(f"/proc/{panel.entente.process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def test_files_that_nobody_takes_cost_no_memory(panel, token):
    page = panel.get("/").body.decode()
    script = re.search(r'src="(/assets/[^"]+\.js)"', page)
    assert script, "built without a panel: it has to be there, with -Dpanel=build"
    size = len(panel.get(script[1]).body)
    before = resident(panel)
    clients = [panel.h2() for _ in range(3)]
    for client in clients:
        client.window = False
        streams = [client.ask(script[1], fields=[("authorization", f"Bearer {token}")])
                   for _ in range(100)]
        assert client.until(lambda: len(client.heads) == len(streams))
        assert {head["content-length"] for head in client.heads.values()} == {str(size)}
    grown = resident(panel) - before
    for client in clients:
        client.sock.close()
    assert grown < 300 * size / 10, grown


def test_who_does_not_shake_hands_is_dropped(panel):
    with socket.create_connection((panel.address, panel.port), 60 * SLOWNESS) as sock:
        began = time.monotonic()
        assert read_all(sock) == b""
        assert 5 < time.monotonic() - began < 20 * SLOWNESS


@pytest.mark.parametrize("what", ["head", "body", "h2 head", "h2 body"])
def test_who_does_not_go_on_is_dropped(panel, what):
    began = time.monotonic()
    if what == "head":
        data = panel.raw(b"GET / HTTP/1.1\r\nHost: ")
        assert b" 200 " not in data
    elif what == "body":
        data = panel.raw(f"POST /api/v1/domains HTTP/1.1\r\n{panel.host()}Content-Length: 5\r\n\r\n{{".encode())
        assert b" 200 " not in data
    else:
        with contextlib.closing(panel.h2()) as c:
            c.turn()
            c.sock.settimeout(30 * SLOWNESS)
            if what == "h2 head":
                c.sock.sendall(b"\0\0\x20\1\4\0\0\0\1\x82")  # of 32 bytes, one
                # The connection is idle: nothing was asked. It is closed after a minute.
                return
            stream = c.ask("/api/v1/domains", "POST", body=b"{", end=False)
            assert c.until(lambda: stream in c.reset)
    assert time.monotonic() - began < 30 * SLOWNESS


def test_one_address_has_so_many_connections_and_others_theirs(panel):
    held = []
    source = panel.net.address(77)
    try:
        for _ in range(64):
            held.append(panel.connect(source=source))
        with pytest.raises(OSError):
            panel.connect(source=source)
        assert panel.get(source=panel.net.address(78)).status == 200
    finally:
        for sock in held:
            sock.close()
    until(lambda: not _refused(lambda: panel.get(source=source)), "room for the address again")


def _refused(do):
    try:
        do()
        return False
    except OSError:
        return True


def test_those_who_wait_for_events_do_not_count(panel, token):
    source, held = panel.net.address(79), []
    try:
        for _ in range(100):
            sock = panel.connect(source=source)
            sock.sendall(f"GET /api/v1/events?topics=generation HTTP/1.1\r\n{panel.host()}"
                         f"Authorization: Bearer {token}\r\n\r\n".encode())
            assert b"200 OK" in sock.recv(65536)
            held.append(sock)
        assert panel.get(source=source).status == 200
    finally:
        for sock in held:
            sock.close()


def test_who_asks_too_fast_without_signing_in(panel):
    with contextlib.closing(panel.h2(source=panel.net.address(80))) as c:
        statuses = set()
        for _ in range(12):
            asked = [c.ask("/assets/none") for _ in range(60)]
            statuses |= {c.wait(s).status for s in asked}
        assert statuses == {404, 429}
    assert panel.get().status == 200


@pytest.mark.parametrize("number, field", enumerate([
    ("cookie", "a=b"), ("cookie", "__Host-entente=" + "0" * 64), ("authorization", "Bearer ent_none"),
    ("authorization", "Basic YTpi")]))
def test_what_only_looks_like_credentials_makes_nobody_faster(panel, token, number, field):
    with contextlib.closing(panel.h2(source=panel.net.address(81 + number))) as c:
        statuses = set()
        for _ in range(12):
            asked = [c.ask("/assets/none", fields=[field]) for _ in range(60)]
            statuses |= {c.wait(s).status for s in asked}
        assert statuses == {404, 429}
        # who is known may go on, from there as well
        bearer = [("authorization", f"Bearer {token}")]
        for _ in range(8):
            asked = [c.ask("/api/v1/generation", fields=bearer) for _ in range(60)]
            assert {c.wait(s).status for s in asked} == {200}


# ---- behind a proxy ----

def seen_from(panel, start):
    """The address in the log of the last request of the API."""
    return panel.entente.process.wait_log(r'path=/api/v1/generation .*from="?([^\s"]+)', start=start).group(1)


@pytest.fixture(scope="module")
def proxied(build, valgrind, tmp_path_factory):
    p = Panel(build, tmp_path_factory.mktemp("proxied"), valgrind)
    p.entente.settings["admin"]["trusted-proxies"] = f"{p.net.address(50)}, {p.net.address(51)}"
    p.start()
    yield p
    assert p.stop() == 0


@pytest.mark.parametrize("source, fields, seen", [
    (50, "X-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7"),
    (50, "X-Forwarded-For: 127.0.0.1, 198.51.100.7\r\n", "198.51.100.7"),
    (50, "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7"),
    (50, "Forwarded: for=198.51.100.7;proto=https\r\n", "198.51.100.7"),
    (50, "Forwarded: for=203.0.113.1\r\nForwarded: for=198.51.100.7\r\n", None),  # which is the proxy's?
    (50, "Forwarded: for=203.0.113.1\r\nX-Forwarded-For: 198.51.100.7\r\n", None),
    (50, "", None), (50, "X-Forwarded-For: unknown\r\n", None),
    (60, "X-Forwarded-For: 198.51.100.7\r\n", None), (60, "Forwarded: for=198.51.100.7\r\n", None),
])
def test_whose_address_is_noted(proxied, source, fields, seen):
    start = proxied.entente.process.log_size()
    bearer = f"Authorization: Bearer {getattr(proxied, 'bearer', None) or proxied.token(str(time.time()))}\r\n"
    assert proxied.get("/api/v1/generation", bearer + fields, source=proxied.net.address(source)).status == 200
    assert seen_from(proxied, start) == (seen or proxied.net.address(source))


@pytest.mark.parametrize("fields, seen", [
    ([("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
    ([("forwarded", "for=203.0.113.1"), ("forwarded", "for=198.51.100.7")], "198.51.100.7")])
def test_whose_address_is_noted_over_http2(proxied, fields, seen):
    start = proxied.entente.process.log_size()
    token = proxied.token(str(time.time()))
    with contextlib.closing(proxied.h2(source=proxied.net.address(50))) as c:
        fields = [("authorization", f"Bearer {token}"), *fields]
        assert c.wait(c.ask("/api/v1/generation", fields=fields)).status == 200
    assert seen_from(proxied, start) == seen


# ---- certificates ----

@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


def serial_shown(panel):
    with panel.connect() as sock:
        return x509.load_der_x509_certificate(sock.getpeercert(True)).serial_number


def serial_of(pair):
    return x509.load_pem_x509_certificate(pair.cert.read_bytes()).serial_number


@pytest.mark.parametrize("how", ["file", "hup"])
def test_a_new_certificate_closes_nothing(build, valgrind, tmp_path, authority, how):
    first, second = (authority.issue(f"{n}.pem", dns=["panel.lab"], usage="server") for n in "ab")
    panel = Panel(build, tmp_path, valgrind, certificate=first).start()
    token = panel.token()
    try:
        assert serial_shown(panel) == serial_of(first)
        with contextlib.closing(panel.h2()) as c:
            bearer = [("authorization", f"Bearer {token}")]
            stream = c.ask("/api/v1/events?topics=counters", fields=bearer)
            assert c.until(lambda: b"event: " in c.bodies[stream])
            old = serial_of(first)
            for new, at in ((second.cert, first.cert), (second.key, first.key)):
                shutil.copy(new, f"{at}.new")
                os.rename(f"{at}.new", at)
            if how == "hup":
                panel.entente.reload()
            until(lambda: serial_shown(panel) == serial_of(second) != old, "the new certificate", 20)
            seen = len(c.bodies[stream])
            assert c.until(lambda: len(c.bodies[stream]) > seen)
            assert c.wait(c.ask("/api/v1/generation", fields=bearer)).status == 200
            # one that cannot be read changes nothing
            first.cert.write_text("nonsense")
            panel.entente.reload()
            panel.entente.process.wait_log("reload-refused")
            assert serial_shown(panel) == serial_of(second)
    finally:
        assert panel.stop() == 0


# ---- what is refused at the start ----

@pytest.mark.parametrize("xmpp, admin, allow, says", [
    ("0.0.0.0:5269", "192.0.2.1:8443", None, "is where partners are served"),
    ("192.0.2.1:5269", "192.0.2.1:8443", None, "is where partners are served"),
    ("192.0.2.1:5269", "0.0.0.0:8443", None, "is where partners are served"),
    ("[::]:5269", "[2001:db8::1]:8443", None, "is where partners are served"),
    ("0.0.0.0:5269", "192.0.2.1:8443", "yes", None),
    ("192.0.2.2:5269", "192.0.2.1:8443", None, None),
    ("0.0.0.0:5269", "127.0.0.1:8443", None, None),
    ("[::]:5269", "192.0.2.1:8443", None, None)])
def test_beside_partners_it_does_not_start(build, tmp_path, authority, xmpp, admin, allow, says):
    pair = authority.server("sip.lab")
    conf = tmp_path / "entente.conf"
    conf.write_text(
        f"[store]\ndir = {tmp_path}/store\nkey-file = {tmp_path}/key\n[xmpp]\nlisten = {xmpp}\n"
        f"[certificate x]\nchain = {pair.cert}\nkey = {pair.key}\n"
        f"[admin]\nsocket = {tmp_path}/socket\nlisten = {admin}\nurl = https://panel.example\n"
        + (f"allow-beside-xmpp = {allow}\n" if allow else ""))
    check = subprocess.run([build / "entented", "--config", conf, "--check"], capture_output=True, text=True, check=False)
    assert (says in check.stdout + check.stderr) if says else "served" not in check.stdout + check.stderr
    assert (check.returncode != 0) == bool(says), check.stdout + check.stderr
    if says:
        start = subprocess.run([build / "entented", "--config", conf], capture_output=True, text=True, check=False,
                               timeout=30 * SLOWNESS)
        assert start.returncode != 0 and says in start.stdout + start.stderr


# ---- /metrics ----

@pytest.mark.parametrize("host, status", [
    (None, 200), ("localhost:{port}", 200), ("[::1]:1", 200), ("evil.example", 421),
    ("evil.example:{port}", 421), ("localhost.evil.example", 421), ("", 200)])
def test_metrics_are_not_for_names_of_others(panel, host, status):
    port = panel.entente.metrics_port
    request = urllib.request.Request(f"http://{panel.address}:{port}/metrics")
    if host is not None:
        request.add_unredirected_header("Host", host.format(port=port))
    try:
        with urllib.request.urlopen(request, timeout=10 * SLOWNESS) as answer:
            got = answer.status
    except urllib.error.HTTPError as e:
        got = e.code
    assert got == status
