"""`entente route test`, `state` and `show` against SIP peers over TLS that are right, and wrong in one way each."""

import contextlib
import re
import socket
import ssl
import threading

import pytest

from lab.ca import Authority
from lab.lab import SIP_DOMAIN, Lab
from lab.wait import until

ROUTE, NAME = "pbx", "pbx.lab"


class Peer:
    """Answers 200 to what comes by TLS (pair) or in clear (None), until it is ended."""

    def __init__(self, address, pair=None, trust=None):
        self.door = socket.create_server((address, 0))
        self.port = self.door.getsockname()[1]
        self.context = None
        if pair:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pair.cert, pair.key)
            if trust:
                self.context.load_verify_locations(trust)
                self.context.verify_mode = ssl.CERT_REQUIRED
        self.asked = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line):
        with contextlib.suppress(OSError), contextlib.closing(line):
            line.settimeout(20)
            if self.context:
                line = self.context.wrap_socket(line, server_side=True)
            data = b""
            while more := line.recv(65536):
                data += more
                while b"\r\n\r\n" in data:
                    head, _, data = data.partition(b"\r\n\r\n")
                    if head.startswith(b"OPTIONS"):
                        self.asked.append(head)
                        line.sendall(answer(head))

    def close(self):
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)  # who waits in accept() holds it open
        self.door.close()


def answer(head):
    lines = head.decode().split("\r\n")
    kept = [line for line in lines if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
    kept = [line + (";tag=1" if line.startswith("To:") else "") for line in kept]
    return "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode()


@pytest.fixture(scope="module", name="lab")
def _lab(build):
    with Lab(build) as lab:
        entente = lab.make_entente()
        lab.start(lab.dns)
        lab.start(entente)
        entente.do("route", "add", ROUTE, "--next-hop", "sip:127.0.0.1:1", "--transport", "tls", "--tls-names", NAME)
        entente.do("domain", "add", SIP_DOMAIN, "--route", ROUTE)
        yield lab


def try_it(lab, port, *settings, code):
    lab.entente.do("route", "set", ROUTE, "--next-hop", f"sip:{lab.address(5)}:{port}", *settings)
    until(lambda: str(port) in str(lab.entente.ask("route", "state", ROUTE)["target"]), "the new next hop")
    done = lab.entente.run("--json", "route", "test", ROUTE)
    assert done.code == code, done.out + done.err
    steps = done.json["steps"]
    assert [s["step"] for s in steps[:2]] == ["route", "resolve"]
    return [(s["step"], s["code"]) for s in steps[2:]], steps


@pytest.mark.parametrize("kind, want", [
    ("right", [("connect", "ok"), ("tls", "ok"), ("certificate", "ok"), ("name", "ok"), ("options", "ok")]),
    ("name", [("connect", "ok"), ("tls", "ok"), ("certificate", "ok"), ("name", "name_wrong"),
              ("options", "blocked")]),
    ("authority", [("connect", "ok"), ("tls", "ok"), ("certificate", "cert_untrusted"), ("name", "blocked"),
                   ("options", "blocked")]),
    ("clear", [("connect", "ok"), ("tls", "tls_failed"), ("certificate", "blocked"), ("name", "blocked"),
               ("options", "blocked")]),
    ("ours", [("connect", "ok"), ("tls", "ok"), ("certificate", "ok"), ("name", "ok"), ("options", "tls_alert")]),
    ("nobody", [("connect", "connect_failed"), ("tls", "blocked"), ("certificate", "blocked"),
                ("name", "blocked"), ("options", "blocked")]),
])
def test_each_thing_that_can_be_wrong(lab, kind, want):
    other = Authority(lab.folder / f"other-{kind}", "Another CA")
    authority = other if kind == "authority" else lab.ca
    pair = None if kind == "clear" else authority.issue(
        f"peer-{kind}", dns=["else.lab" if kind == "name" else NAME])
    peer = Peer(lab.address(5), pair, other.file if kind == "ours" else lab.ca.file)
    if kind == "nobody":
        peer.close()
    try:
        got, steps = try_it(lab, peer.port, code=0 if kind == "right" else 1)
    finally:
        peer.close()
    assert got == want, steps
    for s in steps:
        assert s["evidence"] and (s["result"] in ("pass", "skipped") or s["remedy"])
    if kind == "right":
        assert peer.asked and f"From: <sip:{SIP_DOMAIN}>".encode() in peer.asked[0]
        assert "our certificate: " + SIP_DOMAIN in steps[3]["evidence"]


def test_state_and_show(lab):
    state = lab.entente.ask("route", "state", ROUTE)
    assert state["name"] == ROUTE and state["transport"] == "tls" and len(state["targets"]) == 1
    assert state["targets"][0]["transport"] == "tls"
    shown = lab.entente.do("route", "show", ROUTE)
    assert "tls_names" in shown and "targets" in shown and state["targets"][0]["address"] in shown
    assert ROUTE in lab.entente.do("route", "state")
    assert lab.entente.run("route", "state", "nothing").code == 5
    assert lab.entente.run("route", "test", "nothing").code == 5


def test_a_password_is_shown_nowhere(lab):
    do = lab.entente.do
    do("route", "add", "secret", "--next-hop", "sip:127.0.0.1:9", "--digest-password", "open-sesame")
    assert lab.entente.ask("route", "show", "secret")["digest_password_set"] is True
    for command in (("route", "show", "secret"), ("route", "list"), ("export",), ("audit", "list"),
                    ("generation", "list"), ("route", "set", "secret", "--digest-password", "open-sesame-2",
                                             "--what-if")):
        assert "sesame" not in do(*command), command
    for file in lab.entente.store.iterdir():
        assert b"sesame" not in file.read_bytes(), file
    assert b"sesame" not in lab.entente.process.log_path.read_bytes()
    do("route", "set", "secret", "--default", "digest-password")
    assert lab.entente.ask("route", "show", "secret")["digest_password_set"] is False
