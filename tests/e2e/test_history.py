"""What was done, by whom, and what was before: the audit log, generations, export, logged bodies."""

import json
import sqlite3
import subprocess

import pytest

from lab.lab import SIP_DOMAIN, Lab
from lab.wait import until
from scene import PARTNER

DONE, NO, USAGE, NOT_FOUND, REFUSED, CHANGED = 0, 1, 2, 5, 6, 7
SECRETS = ["correct horse battery staple", "misspelt horse battery"]


@pytest.fixture(scope="module")
def scene(make_scene):
    return make_scene()


@pytest.fixture(scope="module")
def shell(scene):
    return scene.entente


def newest(shell, *options):
    return shell.ask("audit", "list", "--last", 1, *options)[0]


def generation(shell):
    return shell.ask("generation", "list", "--last", 1)[0]["generation"]


# ---- the audit log ----

def test_a_change_is_a_line(shell):
    shell.do("partner", "set", PARTNER, "--description", "ring 17")
    line = newest(shell)
    assert (line["verb"], line["kind"], line["key"], line["result"]) == ("set", "partner", PARTNER, "done")
    assert line["before"]["description"] is None and line["after"]["description"] == "ring 17"
    assert line["way"] == "cli" and line["from"].startswith("uid ")
    assert line["generation"] == generation(shell)


def test_a_refusal_is_a_line(shell):
    assert shell.run("partner", "set", PARTNER, "--connection-limit", "0").code == REFUSED
    line = newest(shell)
    assert (line["result"], line["code"]) == ("refused", "out_of_range")
    assert line["after"] == {"connection_limit": "0"}
    assert shell.run("--what-if", "partner", "set", PARTNER, "--connection-limit", "0").code == REFUSED
    assert newest(shell) == line


def test_lines_are_found(shell):
    shell.do("partner", "add", "found.lab")
    assert [x["key"] for x in shell.ask("audit", "list", "--kind", "partner", "--key", "found.lab")] == ["found.lab"]
    assert shell.ask("audit", "list", "--since", "2100-01-01") == []
    assert len(shell.ask("audit", "list", "--last", "2")) == 2
    assert "found.lab" in shell.do("audit", "list", "--who", "root")
    assert shell.run("audit", "list", "--since", "yesterday").code == REFUSED
    shell.do("partner", "remove", "found.lab")


def test_what_strangers_say_is_shown_clean(shell):
    assert shell.run("partner", "set", "a\x1b[31mb\"'; DROP TABLE audit; --", "--enabled", "no").code == REFUSED
    out = shell.do("audit", "list", "--last", "1")
    assert "\x1b" not in out and "\\x1b" in out
    assert newest(shell)["key"] == "a\x1b[31mb\"'; DROP TABLE audit; --"


def test_no_secret_is_kept(shell):
    shell.do("gateway", "set", "--dialback-passphrase", SECRETS[0])
    assert shell.run("gateway", "set", "--dialback-passphrase", SECRETS[1],
                     "--keep-alive-interval", "1").code == REFUSED
    everything = b"".join(p.read_bytes() for p in shell.store.iterdir() if p.is_file())
    everything += shell.do("--json", "audit", "list", "--last", "1000").encode()
    everything += shell.do("export").encode() + shell.do("--json", "generation", "list").encode()
    for secret in SECRETS:
        assert secret.encode() not in everything
        assert secret.encode().hex().encode() not in everything


def test_the_chain_is_whole(shell):
    assert "as they were written" in shell.do("audit", "verify")
    verdict = shell.ask("audit", "verify")
    assert verdict["ok"] and verdict["problems"] == []
    head = verdict["head"]
    shell.do("partner", "set", PARTNER, "--description", "behind the head")
    shell.do("audit", "verify", "--head", f"{head['id']}:{head['mac']}")
    wrong = shell.run("audit", "verify", "--head", f"{head['id']}:{'0' * 64}")
    assert wrong.code == NO and "changed" in wrong.out


TAMPERING = {
    "changed": "UPDATE audit SET who = 'nobody' WHERE id = 2",
    "gap": "DELETE FROM audit WHERE id = 2",
    "order": "UPDATE audit SET id = -1 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3;"
             "UPDATE audit SET id = 3 WHERE id = -1",
    "truncated": "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)",
}


@pytest.mark.parametrize("code", TAMPERING)
def test_tampering_is_found(build, valgrind, code):
    with Lab(build, valgrind=valgrind) as lab:
        entente = lab.make_entente()
        lab.start(lab.dns)
        lab.start(entente)
        for name in ("a.lab", "b.lab", "c.lab", "d.lab"):
            entente.do("partner", "add", name)
        assert entente.run("audit", "verify").code == DONE
        with sqlite3.connect(entente.store / "managed.db") as db:
            db.executescript(TAMPERING[code])
        db.close()
        found = entente.run("--json", "audit", "verify")
        assert found.code == NO
        assert code in [p["code"] for p in json.loads(found.out)["problems"]]
        entente.do("partner", "add", "e.lab")  # what is written afterwards does not heal it
        assert entente.run("audit", "verify").code == NO
        assert entente.stop() == 0


def test_the_head_is_logged(build, valgrind):
    with Lab(build, valgrind=valgrind) as lab:
        entente = lab.make_entente()
        lab.start(lab.dns)
        lab.start(entente)
        entente.do("partner", "add", "a.lab")
        head = entente.ask("audit", "verify")["head"]
        assert entente.stop() == 0
        lines = [x for x in entente.process.log().splitlines() if "audit-head" in x]
        assert len(lines) == 2  # at the start and at the stop
        assert head["mac"] in lines[1]


# ---- generations ----

def exported(shell):
    return json.loads(shell.do("export"))["changes"]


def test_back_and_forth(shell):
    start, before = generation(shell), exported(shell)
    shell.do("partner", "add", "gone.lab", "--description", "soon gone")
    shell.do("gateway", "set", "--keep-alive-interval", "77")
    after = exported(shell)
    diff = shell.ask("generation", "diff", start)
    assert [(c["verb"], c["kind"]) for c in diff["changes"]] == [("set", "gateway"), ("add", "partner")]
    assert shell.ask("generation", "diff", start, "--against", start)["changes"] == []
    assert "soon gone" in str(shell.ask("generation", "show", start + 1)["changes"])
    shell.do("--what-if", "generation", "restore", start)
    assert exported(shell) == after
    assert shell.run("--if-match", str(start), "generation", "restore", str(start)).code == CHANGED
    assert "removed" in shell.do("generation", "restore", start)
    assert exported(shell) == before
    shell.do("generation", "restore", start + 2)
    assert exported(shell) == after
    shell.do("generation", "restore", start)
    assert shell.run("generation", "restore", "99999").code == NOT_FOUND
    assert newest(shell)["result"] == "refused"
    assert f"back to generation {start}: " in shell.do("generation", "list", "--last", "1")


def test_an_export_makes_the_same_settings_elsewhere(shell, build, valgrind):
    whole = shell.do("export")
    with Lab(build, valgrind=valgrind) as lab:
        other = lab.make_entente(domains=[])
        lab.start(lab.dns)
        lab.start(other)
        done = other.run("import", "-", stdin=whole)
        assert done.code == DONE, done.err
        assert exported(other) == json.loads(whole)["changes"]
        assert other.run("import", "-", stdin=whole).code == REFUSED  # they are there already
        assert other.run("import", "-", stdin="{").code == USAGE
        assert other.stop() == 0


# ---- plans ----

def test_a_plan_names_the_streams_it_ends(scene, shell):
    wire = scene.stream_in()
    scene.message_in(wire)
    ids = {s["id"] for s in shell.streams() if s["state"] == "up" and s["partner"] == PARTNER}
    assert ids

    def planned(*change):
        return json.loads(shell.do("--json", "--what-if", *change))["plan"]["streams"]

    assert planned("partner", "set", PARTNER, "--description", "other words") == []
    streams = planned("partner", "disable", PARTNER)
    assert ids <= {s["id"] for s in streams}
    assert {s["reason"] for s in streams} == {"partner-disabled"}
    assert ids <= {s["id"] for s in shell.streams()}  # nothing was closed by asking
    done = json.loads(shell.do("--json", "partner", "disable", PARTNER))["plan"]["streams"]
    assert {s["id"] for s in done} == {s["id"] for s in streams}
    wire.read_until("</stream:stream>")
    until(lambda: not ids & {s["id"] for s in shell.streams()}, "the streams are gone")
    shell.do("partner", "enable", PARTNER)


def test_a_stream_is_not_closed_by_a_dry_run(scene, shell):
    wire = scene.stream_in()
    scene.message_in(wire)
    one = next(s for s in shell.streams() if s["direction"] == "in" and s["state"] == "up")
    asked = subprocess.run(
        ["curl", "-sS", "--unix-socket", str(shell.socket), "-X", "DELETE", "-H", "If-Match: *",
         f"http://localhost/api/v1/streams/{one['id']}?dry_run=true"],
        capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout) == {"dry_run": True, "state": "up", "id": one["id"]}
    scene.message_in(wire)
    wire.close()


# ---- bodies ----

def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_bodies_are_written_only_while_that_is_on(scene, shell):
    path = shell.store / "bodies.log"

    def talk(word):
        scene.message_in(text=f"{word} in")
        wire = scene.stream_in()
        wire.close()

    talk("before")
    assert not path.exists()
    refused = shell.run("gateway", "set", "--enable-logging-all-message-bodies", "true")
    assert refused.code == REFUSED and "confirmation_required" in refused.err
    assert newest(shell)["code"] == "confirmation_required"
    shell.do("--yes", "gateway", "set", "--enable-logging-all-message-bodies", "true")
    assert newest(shell)["after"]["enable_logging_all_message_bodies"] is True
    assert shell.ask("status")["body_logging"] is True
    assert "bodies_logged" in shell.do("--json", "health")
    talk("while 'it' is \"on\"")
    until(lambda: lines_of(path), "a line")
    line, = lines_of(path)
    assert line.pop("time").endswith("Z")
    assert line == {"direction": "to-sip", "partner": PARTNER, "from": f"juliet@{PARTNER}",
                    "to": f"romeo@{SIP_DOMAIN}", "body": "while 'it' is \"on\" in"}
    assert path.stat().st_mode & 0o777 == 0o600
    scene.message_out("and out")
    until(lambda: len(lines_of(path)) == 2, "a line of the other direction")
    assert lines_of(path)[1]["direction"] == "to-xmpp" and lines_of(path)[1]["body"] == "and out"
    shell.do("gateway", "set", "--enable-logging-all-message-bodies", "false")
    talk("after")
    assert shell.ask("status")["body_logging"] is False
    assert len(lines_of(path)) == 2
    log = shell.process.log()
    assert "bodies-logged" in log and "and out" not in log and " in\"" not in log


def test_health(shell):
    health = shell.ask("health")
    assert health["ready"] is True and health["state"] == "ready"
    assert {"code", "text"} == set(health["problems"][0]) if health["problems"] else True
    assert shell.run("health").code == DONE
