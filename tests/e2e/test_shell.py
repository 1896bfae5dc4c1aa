"""The shell: what an administrator types, what it says, and what it leaves as it was."""

import hashlib
import json
import pathlib
import re
import time

import pytest

from lab.lab import SIP_DOMAIN, Lab
from lab.wait import until
from scene import PARTNER
from xmpp_peer import header

DONE, NO, USAGE, UNREACHABLE, NOT_FOUND, REFUSED, CHANGED = 0, 1, 2, 3, 5, 6, 7
TABLE = json.loads(
    (pathlib.Path(__file__).resolve().parents[1] / "data" / "bad-settings.json").read_text())


def fingerprint(entente):
    """Every byte of the store."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(entente.store.rglob("*")) if p.is_file()}


# ---- refused changes ----

def typed(value):
    """A value of the table as it is typed; None when it cannot be."""
    if isinstance(value, dict) and "repeat" in value:
        return value["repeat"] * value["times"] + value.get("then", "")
    if isinstance(value, dict):
        value = [f"d{n}.example" for n in range(value["domains"])]
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(i, (str, int)) for i in items):
        return None
    return ",".join(str(i).lower() if isinstance(i, bool) else str(i) for i in items)


def words(case):
    """A case of the table as a command; None when the shell cannot say it."""
    command = [case["kind"], case["verb"]]
    if case["kind"] not in ("gateway", "access"):
        command.append(typed(case["key"]))
    for part, prefix in (("set", "--"), ("add", "--add-"), ("remove", "--remove-")):
        for name, value in case.get(part, {}).items():
            command += [prefix + name, typed(value)]
    return None if any(w is None or "\0" in w for w in command) else command


# What the shell itself refuses before anybody is asked, with its usage.
OF_THE_SHELL = ("unknown_setting", "not_a_list", "key_fixed")
REFUSALS = [c for c in TABLE["cases"] if words(c) and words(c)[2:3] != [""]
            and c["code"] not in OF_THE_SHELL
            and (c["kind"], c["verb"]) not in (("gateway", "add"), ("gateway", "remove"))]


@pytest.fixture(scope="module")
def prepared(build, valgrind):
    """Entente with what the table starts from."""
    with Lab(build, valgrind=valgrind) as lab:
        entente = lab.make_entente()
        lab.start(lab.dns)
        lab.start(entente)
        for one in TABLE["setup"]:
            entente.do(*words(one))
        yield entente
        assert entente.stop() == 0


def test_most_of_the_table_can_be_typed():
    assert len(REFUSALS) > 120


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: c["id"])
def test_refused_change_leaves_everything(prepared, case):
    """Says what is wrong, by its name in the API; the settings and their history are as they were."""
    before = prepared.do("export") + prepared.do("generation", "list")
    answer = prepared.run(*words(case))
    assert (answer.code, answer.out) == (NOT_FOUND if case["code"] == "not_found" else REFUSED, "")
    assert re.fullmatch(rf"entente: .+ \({case['code']}\)", answer.err.splitlines()[0]), answer.err
    assert prepared.do("export") + prepared.do("generation", "list") == before


SAYS = {
    "out of range": (
        ["route", "set", "main", "--error-wait", "2001"],
        "entente: error_wait: '2001' will not do; right would be 0 to 2000 (out_of_range)\n"),
    "not one of": (
        ["partner", "set", "xmpp.lab", "--tls", "maybe"],
        "entente: tls_negotiation: 'maybe' will not do; right would be Required, Optional or "
        "NotSupported (not_one_of)\n"),
    "wildcard": (
        ["partner", "add", "*.example.com"],
        "entente: domain: '*.example.com' has a wildcard; list each domain by its name "
        "(domain_wildcard)\n"),
}


@pytest.mark.parametrize("case", SAYS)
def test_says_what_would_be_right(prepared, case):
    command, wanted = SAYS[case]
    answer = prepared.run(*command)
    assert answer.code == REFUSED
    assert answer.err == wanted


def test_ways_out_are_commands_that_work(prepared):
    """A refused negotiation comes with whole commands, safest first; each is accepted."""
    answer = prepared.run("partner", "set", "xmpp.lab", "--tls", "NotSupported", "--sasl",
                          "Required", "--dialback", "yes")
    assert answer.err.startswith(
        "entente: SASL proves who a server is by its certificate, so it needs TLS.")
    ways = re.findall(r"^    entente (.*)$", answer.err, re.M)
    assert len(ways) >= 2
    for way in ways:
        assert prepared.run("--what-if", *way.split()).code == DONE, way


def test_what_if_changes_nothing(prepared):
    before = fingerprint(prepared)
    answer = prepared.run("--what-if", "partner", "add", "new.example", "--type", "Federated")
    assert answer.code == DONE and "new.example" in answer.out
    assert fingerprint(prepared) == before


# ---- exit codes ----

def test_exit_codes(prepared):
    assert prepared.run("partner", "list").code == DONE
    assert prepared.run("partner", "methods", "--tls", "NotSupported", "--sasl", "Required",
                        "--dialback", "no").code == NO
    assert prepared.run("partner").code == USAGE
    assert prepared.run("sing").code == USAGE
    assert prepared.run("partner", "set", "xmpp.lab", "--colour", "blue").code == USAGE
    assert prepared.run("partner", "show", "nobody.example").code == NOT_FOUND
    assert prepared.run("partner", "remove", "nobody.example").code == NOT_FOUND
    assert prepared.run("partner", "add", "xmpp.lab").code == REFUSED
    assert prepared.run("--if-match", "1", "partner", "set", "xmpp.lab", "--description",
                        "x").code == CHANGED
    assert prepared.run("--socket", "/nowhere/socket", "status").code == UNREACHABLE


def test_json_is_what_is_in_force(prepared):
    prepared.do("partner", "add", "Öl.Example", "--type", "public-verified")
    try:
        shown = prepared.ask("partner", "show", "xn--l-0ga.example")
        assert shown["domain"] == "xn--l-0ga.example"
        assert shown["partner_type"] == "PublicVerified"
        assert (shown["tls_negotiation"], shown["sasl_negotiation"]) == ("Required", "Required")
        assert shown["support_dialback_negotiation"] is True
    finally:
        prepared.do("partner", "remove", "öl.example")


# ---- changes that take effect at once ----

def streams_of(entente, domain):
    return [s for s in entente.streams() if s["partner"] == domain]


def test_disable_closes_and_enable_opens(scene):
    entente = scene.entente
    wire = scene.stream_in()
    scene.message_in(wire)
    request = scene.message_out()
    out = scene.partner.take()
    out.read_until("</message>")
    assert scene.sip.wait_response(request).status == 200
    assert len(streams_of(entente, PARTNER)) == 2

    entente.do("partner", "disable", PARTNER)
    wire.read_until("<policy-violation .*this partner is disabled<.*</stream:stream>")
    out.read_until("<policy-violation .*</stream:stream>")
    out.close()
    wire.close()
    until(lambda: not streams_of(entente, PARTNER), "the end of both streams")
    refused = scene.sip.wait_response(scene.message_out())
    assert refused.start == "SIP/2.0 403 Federation is not enabled"
    again = scene.partner.connect(entente.address, entente.xmpp_port)
    again.send(header(PARTNER, SIP_DOMAIN))
    again.read_until("<policy-violation .*this partner is disabled")

    entente.do("partner", "enable", PARTNER)
    scene.message_in()
    request = scene.message_out()
    out = scene.partner.take()
    out.read_until("</message>")
    assert scene.sip.wait_response(request).status == 200
    out.close()


def test_a_change_leaves_other_streams_alone(scene):
    wire = scene.stream_in()
    scene.message_in(wire)
    scene.add_partner("other.lab")
    scene.entente.do("partner", "set", "other.lab", "--description", "x")
    scene.entente.do("partner", "remove", "other.lab")
    scene.message_in(wire)
    wire.close()


@pytest.mark.parametrize("switch", [
    ["--allow-federated-users", "no"], ["--enable-federation-access", "no"],
    ["--enable-xmpp-access", "no"]], ids=lambda s: s[0])
def test_switched_off(scene, switch):
    """Each switch is enough to keep messages from passing, either way, and says so by 403."""
    scene.entente.do("access", "set", *switch)
    try:
        assert scene.sip.wait_response(scene.message_out()).status == 403
        mark = scene.sip.mark()
        wire = scene.stream_in()
        wire.send(f"<message from='juliet@{PARTNER}' to='romeo@{SIP_DOMAIN}' id='no'>"
                  "<body>x</body></message>")
        back = scene.partner.take()
        assert "id='no'" in back.read_until("</message>")
        assert scene.sip.requests(mark) == []
        back.close()
        wire.close()
    finally:
        scene.entente.do("access", "set", switch[0], "yes")


# ---- PublicUnverified and invitations ----

@pytest.fixture
def unverified(make_scene):
    scene = make_scene()
    scene.entente.do("partner", "set", PARTNER, "--type", "PublicUnverified")
    return scene


def test_public_unverified(unverified):
    scene, entente = unverified, unverified.entente
    user, contact = f"romeo@{SIP_DOMAIN}", f"juliet@{PARTNER}"
    response = scene.sip.wait_response(scene.message_out())
    assert response.start == "SIP/2.0 403 Add the contact first"

    wire = scene.stream_in()
    mark = scene.sip.mark()
    wire.send(f"<message from='{contact}' to='{user}' id='uninvited'><body>psst</body></message>")
    back = scene.partner.take()
    back.read_until("id='uninvited'.*<service-unavailable ")
    assert scene.sip.requests(mark) == []

    entente.do("allow", user, contact)
    assert contact in entente.do("allow", "list")
    scene.message_in(wire)
    assert scene.sip.wait_response(scene.message_out()).status == 200

    entente.do("allow", "remove", user, contact)
    assert scene.sip.wait_response(scene.message_out()).status == 403


def in_seconds(n):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + n))


def test_invitation_expires(unverified):
    scene, entente = unverified, unverified.entente
    entente.do("allow", f"romeo@{SIP_DOMAIN}", f"juliet@{PARTNER}", "--expires", in_seconds(3))
    request = scene.message_out()
    wire = scene.partner.take()
    wire.read_until("</message>")
    assert scene.sip.wait_response(request).status == 200
    until(lambda: scene.sip.wait_response(scene.message_out()).status == 403, "the end of it", 10)


# ---- the store outlives the process ----

def test_settings_survive_a_kill(make_scene):
    scene = make_scene(names=["other.lab"])
    entente = scene.entente
    scene.add_partner("other.lab", "--description", "as it was")
    before = entente.ask("partner", "show", "other.lab")
    entente.kill()
    entente.process.start()
    entente.wait_ready()
    assert entente.ask("partner", "show", "other.lab") == before
    scene.message_in()
