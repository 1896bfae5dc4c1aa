"""What an administrator sees: streams, how partners are, and why one does not work."""

import json
import queue
import signal
import subprocess
import threading

import pytest

from lab import wait
from lab.lab import SIP_DOMAIN
from lab.wait import until
from scene import PARTNER
from xmpp_peer import header

BAD, QUIET, CLOSED = "bad.lab", "quiet.lab", "closed.lab"
UNREACHABLE, NOT_FOUND = 3, 5


@pytest.fixture(scope="module")
def scene(make_scene):
    scene = make_scene(names=[BAD, QUIET, CLOSED])
    for domain in (BAD, QUIET, CLOSED):
        scene.add_partner(domain)
    return scene


@pytest.fixture
def shell(scene):
    return scene.entente


class Watch:
    """`entente --json stream watch`, running."""

    def __init__(self, entente):
        self._process = subprocess.Popen(
            [entente.build / "entente", "--socket", entente.socket, "--json", "stream", "watch"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def wait_for(self, what, seconds=10.0):
        """The first line that is `what`; those before it are dropped."""
        while True:
            line = self._lines.get(timeout=seconds * wait.SLOWNESS)
            if what(line):
                return line

    def wait(self):
        """Its exit code, and what it said on standard error."""
        code = self._process.wait(timeout=10 * wait.SLOWNESS)
        return code, self._process.stderr.read()

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)
        return self.wait()


@pytest.fixture
def watch(shell):
    watch = Watch(shell)
    watch.wait_for(lambda line: line["event"] == "complete")
    yield watch
    assert watch.interrupt() == (0, "")


def test_a_watch_ends_with_the_daemon(make_scene):
    """And the daemon with it: make_scene() wants a good end."""
    scene = make_scene()
    watch = Watch(scene.entente)
    watch.wait_for(lambda line: line["event"] == "complete")
    assert scene.entente.stop() == 0
    code, errors = watch.wait()
    assert code == UNREACHABLE and "no answer" in errors


def state(shell, domain):
    return shell.ask("partner", "state", domain)


def steps(attempt):
    return [(s["step"], s["result"]) for s in attempt["steps"]]


# ---- partners ----

def test_a_partner_that_was_never_tried(shell):
    known = {p["domain"]: p["state"] for p in shell.ask("partner", "state")}
    assert known[QUIET] == "never"
    assert shell.ask("partner", "attempts", QUIET) == []
    assert shell.run("partner", "state", "nobody.lab").code == NOT_FOUND
    shell.do("partner", "disable", QUIET)
    assert state(shell, QUIET)["state"] == "disabled"
    shell.do("partner", "enable", QUIET)
    assert state(shell, QUIET)["state"] == "never"


def test_attempts_of_a_partner_with_a_bad_certificate(scene, shell):
    peer = scene.peers[BAD]
    request = scene.message_out(domain=BAD)
    pair = scene.lab.ca.issue(f"expired-{BAD}", dns=[BAD], srv=[f"_xmpp-server.{BAD}"],
                              days=(-10, -1))
    wire = peer.accept()
    peer.take_secure(wire, pair)
    wire.read_until("</stream:stream>")
    wire.close()
    assert " 504 " in scene.sip.wait_response(request, 30).start
    now = until(lambda: [s for s in [state(shell, BAD)] if s["state"] == "failing"],
                "the partner to fail")[0]
    assert now["outbound"] == "failing" and now["inbound"] == "never" and now["failures"] == 1
    last = shell.ask("partner", "attempts", BAD)[0]
    assert last["direction"] == "out" and last["outcome"] == "failed"
    assert (last["local_domain"], last["remote_domain"]) == (SIP_DOMAIN, BAD)
    made = steps(last)
    assert made[:2] == [("dns", "ok"), ("connect", "ok")]
    assert ("tls", "ok") in made and made[-1] == ("end", "fail")
    assert [r for s, r in made if s == "certificate"] != ["ok"]
    assert [s["ms"] for s in last["steps"]] == sorted(s["ms"] for s in last["steps"])
    shown = shell.do("partner", "attempts", BAD)
    assert "expired" in shown and "FAIL" in shown
    hints = [h for h in shell.ask("status")["hints"] if h["code"] == "partner_failing"]
    assert [h["command"] for h in hints] == [f"entente partner attempts {BAD}"]


def test_attempts_of_a_partner_that_does_not_listen(scene, shell):
    scene.peers[CLOSED].stop()
    request = scene.message_out(domain=CLOSED)
    assert " 504 " in scene.sip.wait_response(request, 30).start
    last = until(lambda: shell.ask("partner", "attempts", CLOSED), "an attempt")[0]
    assert last["outcome"] == "failed"
    assert steps(last)[0] == ("dns", "ok") and steps(last)[-1] == ("end", "fail")
    assert state(shell, CLOSED)["last_error"] == last["reason"]


def test_attempts_of_a_partner_that_comes_in(scene, shell):
    scene.message_in()
    last = [a for a in shell.ask("partner", "attempts", PARTNER) if a["direction"] == "in"][0]
    assert last["outcome"] == "authenticated" and last["peer"].startswith("127.")
    names = [s for s, _ in steps(last)]
    for step in ("connect", "header", "tls", "certificate", "sasl", "ready"):
        assert step in names, names
    now = until(lambda: [s for s in [state(shell, PARTNER)] if s["inbound"] == "idle"], "idle")[0]
    assert now["stanzas_in"] >= 1 and now["last_inbound"]


def test_who_claims_to_be_a_partner_is_seen(scene, shell):
    """Its certificate is another's: the attempt says so. Anybody can do that: the partner is none the
    worse for it."""
    with pytest.raises(AssertionError, match="the certificate is not accepted"):
        scene.peers[QUIET].open_secure(scene.entente.address, scene.entente.xmpp_port, SIP_DOMAIN,
                                       scene.peers[BAD].pair)
    last = until(lambda: [a for a in shell.ask("partner", "attempts", QUIET)
                          if a["outcome"] == "failed"], "the attempt")[0]
    assert ("certificate", "warn") in steps(last) or ("certificate", "fail") in steps(last)
    now = state(shell, QUIET)
    assert (now["inbound"], now["failures"]) == ("never", 0)


def test_a_sub_domain_that_is_not_listed_is_seen(scene, shell):
    """It is refused; the partner above it has the attempt, and is none the worse for it."""
    before = state(shell, PARTNER)
    for sender in (f"chat.{PARTNER}", "chat.stranger.lab"):
        wire = scene.partner.connect(scene.entente.address, scene.entente.xmpp_port)
        wire.send(header(sender, SIP_DOMAIN))
        wire.read_until("<policy-violation")
        wire.close()
    last = until(lambda: [a for a in shell.ask("partner", "attempts", PARTNER)
                          if a["outcome"] == "failed"], "the attempt")[0]
    assert (last["direction"], last["remote_domain"]) == ("in", f"chat.{PARTNER}")
    assert last["peer"].startswith("127.") and steps(last)[-1] == ("end", "fail")
    after = state(shell, PARTNER)
    assert (after["state"], after["failures"]) == (before["state"], before["failures"])


# ---- streams ----

def test_a_stream_appears_and_closes(scene, shell, watch):
    wire = scene.stream_in()
    up = watch.wait_for(lambda l: l.get("stream", {}).get("state") == "up")["stream"]
    assert up["direction"] == "in" and up["partner"] == PARTNER
    assert [(p["local_domain"], p["remote_domain"], p["method"]) for p in up["pairs"]] == \
        [(SIP_DOMAIN, PARTNER, "sasl-over-tls")]
    shown = shell.ask("stream", "show", up["id"])
    assert shown["tls"] == "TLSv1.3" and shown["certificate"] == "valid"
    assert len(shown["peer_certificate"]["fingerprint"]) == 64
    assert f"dns:{PARTNER}" in shown["peer_certificate"]["names"]
    assert up["id"] in shell.do("stream", "list", "--partner", PARTNER)
    assert up["id"] not in shell.do("stream", "list", "--partner", QUIET)
    wire.send("</stream:stream>")
    wire.read_until("</stream:stream>")
    wire.close()
    gone = watch.wait_for(lambda l: l["event"] == "closed")["stream"]
    assert gone["id"] == up["id"] and gone["state"] == "closed"
    assert shell.run("stream", "show", up["id"]).code == NOT_FOUND


def test_an_inbound_stream_is_closed_in_order(scene, shell):
    """What the partner had sent is delivered."""
    wire = scene.stream_in()
    scene.message_in(wire)
    own = until(lambda: [s for s in shell.streams()
                         if s["direction"] == "in" and s["partner"] == PARTNER], "it")[0]
    mark = scene.sip.mark()
    assert shell.do("stream", "close", own["id"]) == f"stream {own['id']} closes\n"
    wire.read_until("</stream:stream>")
    wire.send(f"<message from='juliet@{PARTNER}' to='romeo@{SIP_DOMAIN}' type='chat'>"
              "<body>crossed</body></message></stream:stream>")
    scene.sip.wait(lambda m: m.method == "MESSAGE" and m.body == b"crossed", "it", start=mark)
    until(lambda: shell.run("stream", "show", own["id"]).code == NOT_FOUND, "its end")
    wire.close()
    last = [a for a in shell.ask("partner", "attempts", PARTNER) if a["id"] == own["id"]][0]
    assert last["reason"] == "closed-by-administrator"


def test_an_outbound_stream_is_closed_in_order(scene, shell):
    """Written, closed, and the next message opens another one: each arrives once."""
    peer = scene.peers[PARTNER]
    first = scene.message_out("first")
    wire = peer.take()
    wire.read_until("<body>first</body>.*</message>")
    assert " 200 " in scene.sip.wait_response(first, 30).start
    own = [s for s in shell.streams() if s["direction"] == "out" and s["partner"] == PARTNER][0]
    shell.do("stream", "close", own["id"])
    assert "<message" not in wire.read_until("</stream:stream>")
    wire.send("</stream:stream>")
    second = scene.message_out("second")
    again = peer.take()
    again.read_until("<body>second</body>.*</message>")
    assert " 200 " in scene.sip.wait_response(second, 30).start
    wire.close()
    again.close()


def test_our_certificates_are_listed(shell):
    listed = shell.ask("certificate", "list")
    assert listed and all(len(c["fingerprint"]) == 64 and c["days_left"] > 0 for c in listed)
    assert SIP_DOMAIN in shell.do("certificate", "list")
