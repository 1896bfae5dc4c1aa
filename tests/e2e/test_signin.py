"""Sign-in by HTTPS: passwords, second factor, sessions, tokens, and who may do what."""

import datetime
import json
import pathlib
import re
import time
import tomllib

import pytest

from lab.wait import until
from panel_client import PanelClient, totp, unix_get

ACCESS = pathlib.Path(__file__).parents[1] / "data" / "access.toml"
ROLES = {"a": "administrator", "s": "server-operator", "p": "policy-assigner", "v": "viewer",
         "h": "helpdesk", "o": "auditor"}
PASSWORD = "a horse in the rain"


@pytest.fixture(scope="module")
def scene(make_scene):
    return make_scene()


@pytest.fixture
def entente(scene):
    return scene.entente


@pytest.fixture
def client(entente):
    return PanelClient(entente.address, entente.panel_port)


def create(entente, name, *options):
    """An account with its password set; returns a client that is signed in."""
    once = entente.do("admin", "create", name, *options).strip()
    client = PanelClient(entente.address, entente.panel_port)
    reply = client.sign_in(name, once, new_password=PASSWORD)
    assert reply.status == 200, reply.text
    return client


@pytest.fixture(scope="module")
def signed_in(scene):
    """A client of each role, by its letter."""
    return {letter: create(scene.entente, f"the-{role}", "--role", role)
            for letter, role in ROLES.items()}


@pytest.fixture
def admin(signed_in):
    return signed_in["a"]


# ---- the beginning of an account ----


def test_a_one_time_password_is_good_once_and_only_for_another_one(entente, client):
    once = entente.do("admin", "create", "once").strip()
    assert re.fullmatch(r"([0-9A-Z]{4}-){6}[0-9A-Z]{2}", once)
    assert client.sign_in("once", once).code == "password_must_change"
    assert client.sign_in("once", once, new_password="short").code == "password_weak"
    assert client.sign_in("once", once, new_password="oncEonceonce").code == "password_weak"
    assert client.cookie is None
    reply = client.sign_in("once", once.lower().replace("-", ""), new_password=PASSWORD)
    assert reply.status == 200 and reply.json["rights"], reply.text
    other = PanelClient(client.host, client.port)
    assert other.sign_in("once", once, new_password="another horse in the rain").status == 401
    assert other.sign_in("once", PASSWORD).status == 200


def test_the_cookie_is_for_this_host_and_nothing_else_reads_it(entente):
    client = create(entente, "cookie")
    value = client.sign_in("cookie", PASSWORD).headers["set-cookie"]
    assert re.fullmatch(
        r"__Host-entente=[0-9a-f]{64}; Path=/; Secure; HttpOnly; SameSite=Strict", value)


def test_there_is_no_account_that_nobody_made(client):
    for name in ("admin", "administrator", "root", "entente"):
        assert client.sign_in(name, "entente").code == "bad_credentials"


def test_unknown_names_answer_and_cost_as_known_ones(entente):
    create(entente, "known")
    times = {"known": [], "unknown": []}
    for name in ("known", "unknown") * 3:
        client = PanelClient(entente.address, entente.panel_port)
        began = time.monotonic()
        reply = client.sign_in(name, "not the right one")
        times[name].append(time.monotonic() - began)
        assert (reply.status, reply.json["detail"]) == (401, "the name or the password is not right")
    # the least of each: a machine that is busy makes no difference of its own
    assert min(times["unknown"]) > min(times["known"]) / 3
    entente.do("admin", "remove", "known")


def test_what_is_typed_wrong_is_said(client):
    post = lambda body, **changed: client.ask("POST", "/api/v1/session", body, **changed)
    assert post({"name": "a"}).json["field"] == "password"
    assert post({"name": 7, "password": "x"}).code == "json_type"
    assert post({"name": "a", "password": "x", "user": "y"}).code == "unknown_setting"
    assert post("{").code == "bad_json"
    assert post({"name": "a", "password": "x"}, content_type="text/plain").status == 415


# ---- where a request comes from ----

FOREIGN = [
    ({"host": "evil.example"}, "host_mismatch"),
    ({"origin": "https://evil.example"}, "origin_mismatch"),
    ({"origin": "null"}, "origin_mismatch"),
    ({"sec_fetch_site": "cross-site"}, "cross_site"),
    ({"sec_fetch_site": "same-site"}, "cross_site"),
    ({"sec_fetch_site": None, "origin": None}, "origin_missing"),
    ({"x_csrf_token": None}, "csrf_missing"),
    ({"x_csrf_token": "0" * 64}, "csrf_bad"),
    ({"content_type": "text/plain"}, "unsupported_media_type"),
    ({"content_type": "application/x-www-form-urlencoded"}, "unsupported_media_type"),
]


@pytest.mark.parametrize("changed, code", FOREIGN)
def test_a_change_from_elsewhere_is_refused(admin, changed, code):
    before = admin.get("/api/v1/generation").json
    reply = admin.ask("PATCH", "/api/v1/gateway", {"keep_alive_interval": 77}, **changed)
    assert reply.code == code and reply.status in (403, 415), reply.text
    assert admin.get("/api/v1/generation").json == before


def test_a_cookie_is_not_enough_to_read_from_another_site(admin):
    assert admin.get("/api/v1/partners", sec_fetch_site="cross-site").code == "cross_site"
    assert admin.get("/api/v1/partners").status == 200


def test_nobody_gets_nothing(client):
    for path in ("/api/v1/partners", "/api/v1/status", "/api/v1/nothing", "/api/v1/openapi.yaml"):
        reply = client.get(path)
        assert (reply.status, reply.code) == (401, "not_signed_in"), path
        assert reply.headers["www-authenticate"].startswith("Bearer")
    client.cookie = "__Host-entente=" + "0" * 64
    assert client.get("/api/v1/partners").status == 401
    assert client.get("/api/v1/session").code == "not_signed_in"


# ---- sessions ----


def test_a_session_says_who_one_is_and_ends_with_sign_out(entente):
    client = create(entente, "leaver", "--role", "viewer")
    said = client.get("/api/v1/session").json
    assert (said["name"], said["source"], said["way"]) == ("leaver", "password", "panel")
    assert said["roles"] == ["viewer"] and "partner.read" in said["rights"]
    assert said["must"] is None and said["csrf"] == client.csrf
    assert said["idle_expires"] < said["expires"]
    reply = client.ask("DELETE", "/api/v1/session")
    assert reply.status == 204 and "Max-Age=0" in reply.headers["set-cookie"]
    assert client.get("/api/v1/session").status == 401


def test_sessions_end_with_a_new_password_but_for_the_one_that_set_it(entente):
    client = create(entente, "changer")
    other = PanelClient(client.host, client.port)
    assert other.sign_in("changer", PASSWORD).status == 200
    new = "another horse in the rain"
    change = lambda current, to: client.ask(
        "POST", "/api/v1/session/password", {"current": current, "new": to})
    assert change("wrong", new).code == "password_wrong"
    assert change(PASSWORD, "changerchanger").code == "password_weak"
    assert change(PASSWORD, new).status == 204
    assert client.get("/api/v1/session").status == 200
    assert other.get("/api/v1/session").status == 401
    assert other.sign_in("changer", PASSWORD).status == 401
    assert other.sign_in("changer", new).status == 200


def test_what_becomes_of_an_account_counts_at_once(entente):
    client = create(entente, "moved", "--role", "viewer")
    assert client.get("/api/v1/audit").code == "not_allowed"
    entente.do("admin", "set", "moved", "--role", "auditor")
    assert client.get("/api/v1/audit").status == 200
    assert client.get("/api/v1/partners").status == 403
    entente.do("admin", "disable", "moved")
    assert client.get("/api/v1/session").status == 401
    assert client.sign_in("moved", PASSWORD).code == "bad_credentials"
    entente.do("admin", "enable", "moved")
    assert client.get("/api/v1/session").status == 401  # the old session stays dead
    assert client.sign_in("moved", PASSWORD).status == 200
    entente.do("admin", "reset", "moved")
    assert client.get("/api/v1/session").status == 401
    assert client.sign_in("moved", PASSWORD).code == "bad_credentials"
    entente.do("admin", "remove", "moved")
    assert client.sign_in("moved", PASSWORD).code == "bad_credentials"


def test_what_the_panel_asks_by_itself_keeps_no_session(entente):
    client = create(entente, "away")
    def until(**changed):
        text = client.get("/api/v1/session", **changed).json["idle_expires"]
        return datetime.datetime.fromisoformat(text).timestamp()

    first = until()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        assert abs(until(x_entente_background="1") - first) < 1
    assert until() > first + 2


def test_a_session_ends_when_nobody_is_there(make_scene):
    scene = make_scene(settings={"admin": {"session-idle": 5}})
    client = create(scene.entente, "sleeper")
    deadline = time.monotonic() + 20
    while client.get("/api/v1/session", x_entente_background="1").status == 200:
        assert time.monotonic() < deadline
    assert time.monotonic() > deadline - 20 + 4
    assert client.get("/api/v1/partners").code == "not_signed_in"


@pytest.mark.parametrize("end", ["sign-out", "disabled", "right"])
def test_events_end_with_what_let_them_be_heard(entente, end):
    """Within 10 s of the sign-out or the loss of a right, and never as an activity."""
    name = f"listener-{end}"
    client = create(entente, name, "--role", "viewer")
    with client.listen("/api/v1/events?topics=counters,session") as events:
        assert events.wait_for("event: counters")
        if end == "sign-out":
            client.ask("DELETE", "/api/v1/session")
        elif end == "disabled":
            entente.do("admin", "disable", name)
        else:
            entente.do("admin", "set", name, "--role", "policy-assigner")
        began = time.monotonic()
        assert events.wait_for("event: session")
        events.wait_for_end()
        assert time.monotonic() - began < 10


def test_who_stays_hears_on_when_another_is_sent_away(scene, admin):
    leaver = create(scene.entente, "goer", "--role", "viewer")
    with admin.listen("/api/v1/events?topics=stream") as stays, \
            leaver.listen("/api/v1/events?topics=stream,session") as goes:
        assert stays.wait_for("event: hello") and goes.wait_for("event: hello")
        leaver.ask("DELETE", "/api/v1/session")
        goes.wait_for_end()
        wire = scene.stream_in()
        assert stays.wait_for("event: stream")
        wire.close()


# ---- the second factor ----


def enrol(client):
    secret = client.ask("POST", "/api/v1/session/totp", {}).json["secret"]
    assert client.ask("PUT", "/api/v1/session/totp", {"code": "000000"}).code == "totp_bad"
    used = totp(secret)
    reply = client.ask("PUT", "/api/v1/session/totp", {"code": used})
    assert reply.status == 200, reply.text
    return secret, reply.json["recovery_codes"], used


def test_a_code_is_good_once_and_recovery_codes_too(entente):
    client = create(entente, "factor")
    secret, recovery, used = enrol(client)
    assert len(set(recovery)) == 10
    other = PanelClient(client.host, client.port)
    assert other.sign_in("factor", PASSWORD).code == "totp_required"
    assert other.sign_in("factor", PASSWORD, code=used).code == "totp_bad"
    ahead = totp(secret, time.time() + 30)
    assert other.sign_in("factor", PASSWORD, code=ahead).status == 200
    assert other.sign_in("factor", PASSWORD, code=ahead).code == "totp_bad"
    assert other.sign_in("factor", PASSWORD, code=recovery[3]).status == 200
    assert other.sign_in("factor", PASSWORD, code=recovery[3]).code == "totp_bad"
    assert other.sign_in("factor", PASSWORD, code=recovery[4].lower()).status == 200
    remove = lambda password: other.ask("DELETE", "/api/v1/session/totp", {"password": password})
    assert remove("wrong").code == "password_wrong"
    assert remove(PASSWORD).status == 204
    assert other.sign_in("factor", PASSWORD).status == 200


def test_a_role_may_require_it(entente):
    entente.do("role", "add", "careful", "--right", "status.read", "--require-totp", "true")
    client = create(entente, "careful-one", "--role", "careful")
    said = client.get("/api/v1/session").json
    assert said["must"] == "totp" and said["rights"] == []
    assert client.get("/api/v1/status").code == "totp_must_be_set_up"
    enrol(client)
    assert client.get("/api/v1/session").json["must"] is None
    assert client.get("/api/v1/status").status == 200


# ---- tokens ----


def bearer(client, token):
    other = PanelClient(client.host, client.port)
    other.token = token
    return other


def make_token(client, **body):
    reply = client.ask("POST", "/api/v1/tokens", {"name": "a test", **body})
    assert reply.status == 201, reply.text
    return reply.json["token"], reply.json["item"]


def test_a_token_may_do_what_it_was_made_for(admin):
    token, item = make_token(admin, rights=["partner.read"])
    client = bearer(admin, token)
    assert client.get("/api/v1/partners").status == 200
    assert client.get("/api/v1/partners", origin=None, sec_fetch_site=None).status == 200
    assert client.get("/api/v1/status").code == "not_allowed"
    assert client.get("/api/v1/session").json["source"] == "token"
    assert client.ask("POST", "/api/v1/partners", {"domain": "x.lab"}).code == "not_allowed"
    shown = admin.get("/api/v1/tokens").text
    assert item["id"] in shown and token not in shown
    assert admin.ask("DELETE", f"/api/v1/tokens/{item['id']}").status == 204
    assert (client.get("/api/v1/partners").status, client.get("/api/v1/partners").code) == (
        401, "token_revoked")


def test_a_change_by_token_needs_no_page(admin):
    token, _ = make_token(admin, roles=["administrator"])
    client = bearer(admin, token)
    assert client.ask("PATCH", "/api/v1/gateway", {"keep_alive_interval": 66}).status == 200
    assert client.ask("POST", "/api/v1/tokens", {"name": "x", "rights": ["partner.read"]}).code == \
        "token_by_token"


def test_tokens_that_are_not_good(admin, client):
    token, _ = make_token(admin, rights=["partner.read"])
    for text in (token[:-1], token + "0", token.upper(), "ent_", "x", "",
                 token[:20] + ("0" if token[20] != "0" else "1") + token[21:]):
        client.token = text
        assert client.get("/api/v1/partners").status == 401, text
    assert client.get("/api/v1/partners", authorization="Basic YTpi").code == "token_bad"
    for body, code in (
        ({"name": "x"}, "required"), ({"name": "", "rights": ["partner.read"]}, "bad_name"),
        ({"name": "x", "rights": ["everything"]}, "right_unknown"),
        ({"name": "x", "roles": ["king"]}, "role_unknown"),
        ({"name": "x", "rights": ["partner.read"], "expires": "2020-01-01T00:00:00Z"},
         "expires_in_past"),
        ({"name": "x", "rights": ["partner.read"], "expires": "2999-01-01T00:00:00Z"},
         "out_of_range"),
    ):
        assert admin.ask("POST", "/api/v1/tokens", body).code == code, body


def test_a_token_expires(admin):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    token, _ = make_token(admin, rights=["partner.read"], expires=soon)
    client = bearer(admin, token)
    deadline = time.monotonic() + 15
    while (reply := client.get("/api/v1/partners")).status == 200:
        assert time.monotonic() < deadline
    assert reply.code == "token_expired"


def test_a_token_ends_with_its_owner_and_never_exceeds_him(entente):
    owner = create(entente, "owner")
    token, _ = make_token(owner, rights=["partner.read", "status.read"])
    client = bearer(owner, token)
    entente.do("admin", "set", "owner", "--role", "auditor")
    assert client.get("/api/v1/partners").status == 403
    entente.do("admin", "set", "owner", "--role", "viewer")
    assert client.get("/api/v1/partners").status == 200
    entente.do("admin", "disable", "owner")
    assert client.get("/api/v1/partners").status == 403
    entente.do("admin", "remove", "owner")
    assert client.get("/api/v1/partners").status == 401


def test_a_revoked_token_stays_dead_after_a_return(entente, admin):
    before = admin.get("/api/v1/generation").json["generation"]
    token = entente.do("token", "add", "robot", "--right", "partner.read").strip()
    client = bearer(admin, token)
    assert client.get("/api/v1/partners").status == 200
    entente.do("gateway", "set", "--keep-alive-interval", "44")
    ident = next(t["id"] for t in admin.get("/api/v1/tokens").json["items"] if t["name"] == "robot")
    entente.do("token", "revoke", ident)
    reply = admin.ask("POST", f"/api/v1/generations/{before}/restore", {})
    assert reply.status == 200, reply.text
    assert client.get("/api/v1/partners").code == "token_revoked"


# ---- administrators and roles ----


def test_nobody_gives_what_he_has_not(entente, admin):
    entente.do("role", "add", "keeper", "--right", "admin.read", "--right", "admin.write",
               "--right", "role.write", "--right", "token.write")
    keeper = create(entente, "keeper", "--role", "keeper")
    ask = keeper.ask
    for method, path, body in (
        ("POST", "/api/v1/administrators", {"name": "evil", "roles": ["administrator"]}),
        ("PATCH", "/api/v1/administrators/keeper", {"roles": ["administrator"]}),
        ("PATCH", "/api/v1/administrators/the-administrator", {"enabled": False}),
        ("POST", "/api/v1/administrators/the-administrator/reset", {}),
        ("DELETE", "/api/v1/administrators/the-administrator", None),
        ("POST", "/api/v1/roles", {"name": "evil", "rights": ["partner.write"]}),
        ("PATCH", "/api/v1/roles/keeper", {"rights": ["partner.write"]}),
        ("PATCH", "/api/v1/roles/administrator", {"requires_totp": True}),
        ("POST", "/api/v1/tokens", {"name": "evil", "rights": ["partner.write"]}),
    ):
        assert ask(method, path, body).code == "rights_exceeded", path
    reply = ask("POST", "/api/v1/administrators", {"name": "helper", "roles": ["keeper"]})
    assert reply.status == 201 and reply.json["item"]["one_time_password"]
    assert "one_time_password" not in ask("GET", "/api/v1/administrators/helper").json["item"]
    assert admin.get("/api/v1/administrators/the-administrator").json["item"]["enabled"]


def test_the_last_administrator_stays_unless_the_shell_says_so(make_scene):
    entente = make_scene().entente
    alone = create(entente, "alone")
    for method, body in (("DELETE", None), ("PATCH", {"enabled": False}),
                         ("PATCH", {"roles": ["viewer"]})):
        reply = alone.ask(method, "/api/v1/administrators/alone", body)
        assert (reply.status, reply.code) == (409, "last_administrator"), method
    assert alone.get("/api/v1/administrators").status == 200
    entente.do("admin", "remove", "alone")
    assert alone.get("/api/v1/administrators").status == 401


def test_built_in_roles_stay_as_they_are(admin):
    assert admin.ask("PATCH", "/api/v1/roles/viewer", {"rights": ["admin.write"]}).code == \
        "role_builtin"
    assert admin.ask("DELETE", "/api/v1/roles/CsHelpDesk").code == "role_builtin"
    item = admin.get("/api/v1/roles/CsHelpDesk").json["item"]
    assert item["name"] == "helpdesk" and item["builtin"]


def test_a_change_says_what_it_was_made_for(admin):
    change = lambda **fields: admin.ask(
        "PATCH", "/api/v1/gateway", {"keep_alive_interval": 99}, **fields)
    etag = admin.get("/api/v1/gateway").headers["etag"]
    assert (change(if_match=None).status, change(if_match=None).code) == (
        428, "precondition_required")
    assert admin.ask("PATCH", "/api/v1/gateway?dry_run=true", {"keep_alive_interval": 99},
                     if_match=None).status == 200
    assert change(if_match=etag).status == 200
    assert change(if_match=etag).status == 412


def test_the_shell_has_it_all(entente):
    do = entente.do
    assert "administrator" in do("role", "list") and "partner.write" in do("role", "rights")
    assert "requires_totp" in do("role", "show", "viewer")
    do("role", "set", "helpdesk", "--require-totp", "true")
    do("role", "set", "helpdesk", "--require-totp", "false")
    do("role", "add", "shell", "--right", "test.run", "--title", "From the shell")
    do("admin", "create", "from-shell", "--role", "shell", "--description", "Of the shell")
    assert "Of the shell" in do("admin", "show", "from-shell")
    assert entente.run("role", "remove", "shell").code == 6
    do("admin", "set", "from-shell", "--description", "Other")
    assert "from-shell" in do("admin", "list")
    do("admin", "remove", "from-shell")
    do("role", "remove", "shell")
    assert entente.run("admin", "show", "from-shell").code == 5
    assert entente.run("admin", "create", "Bad Name").code == 6
    assert "socket" in do("session", "show")
    assert "NAME" in do("token", "list")


# ---- slow-down ----


def test_guessing_is_slowed_down_and_written_down_folded(make_scene):
    scene = make_scene()
    entente = scene.entente
    create(entente, "target")
    client = PanelClient(entente.address, entente.panel_port)
    codes = [client.sign_in("target", f"guess number {i} of these").code for i in range(8)]
    assert codes[:5] == ["bad_credentials"] * 5 and "slow_down" in codes
    reply = client.sign_in("target", "another guess of these")
    assert (reply.status, reply.code) == (429, "slow_down")
    assert 1 <= int(reply.headers["retry-after"]) <= 900
    # a name that is not there is slowed down just as much
    codes = [client.sign_in("nobody", f"guess number {i} of these").code for i in range(8)]
    assert "slow_down" in codes
    # never on the unix socket
    assert entente.run("session", "show").code == 0
    lines = json.loads(unix_get(entente.socket, "/api/v1/audit?limit=200"))["items"]
    failed = [l for l in lines if l["verb"] == "sign-in" and l["result"] != "done"]
    assert {l["who"] for l in failed} == {"target", "(unknown)"}
    assert len(failed) == 2  # the first of each; those after it come as one line a minute later


# ---- who may do what ----


def routes_of(entente):
    """(method, path) of every route, as the daemon describes itself."""
    path, found = None, []
    for line in unix_get(entente.socket, "/api/v1/openapi.yaml").splitlines():
        if m := re.fullmatch(r"  (/api/\S+):", line):
            path = m[1]
        elif (m := re.fullmatch(r"    (get|post|put|patch|delete):", line)) and path:
            found.append(f"{m[1].upper()} {path}")
    return found


ALLOWED = tomllib.loads(ACCESS.read_text())["access"]


def test_the_table_has_every_route_and_no_other(entente):
    assert sorted(routes_of(entente)) == sorted(ALLOWED)


def knock(client, route):
    method, path = route.split(" ")
    reply = client.ask(method, path.replace("{key}", "no.such.thing"),
                       None if method in ("GET", "DELETE") else {},
                       head_only=path.endswith(("/watch", "/events")))
    return reply


def another_session(one, role):
    client = PanelClient(one.host, one.port)
    assert client.sign_in(f"the-{role}", PASSWORD).status == 200
    return client


@pytest.mark.parametrize("route", ALLOWED)
def test_access(signed_in, client, route):
    expected = ALLOWED[route]
    if route == "DELETE /api/v1/session":  # of a session for this only
        signed_in = {letter: another_session(one, ROLES[letter])
                     for letter, one in signed_in.items()}
    for letter, one in signed_in.items():
        reply = knock(one, route)
        refused = reply.status == 403 and reply.code in ("not_allowed", "not_signed_in")
        assert reply.status != 401 or route == "POST /api/v1/session", (ROLES[letter], reply.text)
        everybody = expected in ("all", "public")
        assert refused == (not everybody and letter not in expected), (ROLES[letter], reply)
    if expected != "public":
        assert knock(client, route).status == 401


def test_unknown_routes_deny(admin, client):
    for method, path in (("GET", "/api/v1/"), ("GET", "/api/v2/partners"), ("POST", "/api/v1/x"),
                         ("GET", "/api/v1/partners/a/b/c"), ("PUT", "/api/v1/partners")):
        assert admin.ask(method, path, None if method == "GET" else {}).status in (404, 405)
        assert client.ask(method, path, None if method == "GET" else {}).status == 401


# ---- what is refused is seen ----


def refusals(entente, who):
    # Whoever looks waits for those who write: it may be refused as busy.
    lines = until(
        lambda: json.loads(unix_get(entente.socket, f"/api/v1/audit?limit=1000&who={who}")).get("items"),
        "the audit log")
    return [(line["verb"], line["kind"], line["key"], line["code"]) for line in lines
            if line["result"] == "refused"]


def test_what_is_refused_again_and_again_is_one_line(entente, signed_in):
    for _ in range(20):
        assert signed_in["v"].ask("DELETE", "/api/v1/routes/again").code == "not_allowed"
    asked = ("remove", "route", "again", "not_allowed")
    assert refusals(entente, "the-viewer").count(asked) == 1


def test_tries_to_have_more_are_lines(entente):
    entente.do("role", "add", "binder", "--right", "directory.write", "--right", "token.write")
    client = create(entente, "reaching", "--role", "binder")
    binding = {"group": "cn=a,dc=example,dc=com", "role": "administrator"}
    assert client.ask("POST", "/api/v1/directory/bindings", binding).code == "rights_exceeded"
    words = {"current": "not it", "new": "a horse in the sun"}
    assert client.ask("POST", "/api/v1/session/password", words).code == "password_wrong"
    token = {"name": "one", "rights": ["token.write"]}
    client.token = client.ask("POST", "/api/v1/tokens", token).json["token"]
    assert client.ask("POST", "/api/v1/tokens", token).code == "token_by_token"
    assert sorted(refusals(entente, "reaching")) == [
        ("add", "directory-binding", "", "rights_exceeded"), ("add", "token", "", "token_by_token"),
        ("password", "administrator", "reaching", "bad_credentials")]


def test_who_is_refused_everything_leaves_room_for_others(entente):
    """One person has 64 places for what differs; what is refused of somebody else is a line as ever."""
    busy, other = (create(entente, name, "--role", "viewer") for name in ("busy", "other"))
    for i in range(100):
        assert busy.ask("DELETE", f"/api/v1/routes/r{i}").code == "not_allowed"
    assert other.ask("DELETE", "/api/v1/routes/r0").code == "not_allowed"
    mine = refusals(entente, "busy")
    assert len(mine) == 64 and mine[0] == ("(many)", "(many)", "", "(many)"), mine[:2]
    assert refusals(entente, "other") == [("remove", "route", "r0", "not_allowed")]
