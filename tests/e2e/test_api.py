"""Every operation of docs/openapi.yaml, asked from a real entented: what is answered is as it says."""

import json

import pytest

from contract import contract
from lab.lab import SIP_DOMAIN
from panel_client import PanelClient, totp
from scene import PARTNER, ROUTE

PASSWORD = "a horse in the rain"
BASE = "/api/v1"
# What is not there, by what a key looks like.
MISSING = {"Grant": f"nobody@{SIP_DOMAIN}", "Policy": "tag:none"}

# The least that each operation takes; what is added here is taken away by nobody else.
BODIES = {
    "addPartner": {"domain": "one.example"},
    "addDomain": {"domain": "two.example"},
    "addRoute": {"name": "three", "next_hop": "sip:127.0.0.1:5999"},
    "addPolicy": {"identity": "tag:four"},
    "addGrant": {"user": f"five@{SIP_DOMAIN}", "policy": "tag:four"},
    "addAdministrator": {"name": "six", "roles": ["viewer"]},
    "addRole": {"name": "seven", "title": "Seven", "rights": ["partner.read"]},
    "addToken": {"name": "eight", "rights": ["partner.read"]},
    "addBinding": {"group": "cn=nine,dc=lab", "role": "viewer"},
    "setPartner": {"description": "one", "additional_domains": {"add": ["chat.one.example"]}},
    "setDomain": {"description": "two", "route": "three"},
    "setRoute": {"description": None, "sources": ["127.0.0.1"], "error_wait": 100},
    "setPolicy": {"enable_federation_access": True},
    "setGrant": {"policy": "tag:four"},
    "setGateway": {"keep_alive_interval": 301, "dialback_passphrase": None},
    "setAccess": {"allow_federated_users": True},
    "change": {"changes": [{"verb": "set", "kind": "gateway", "settings": {"keep_alive_interval": 302}}]},
    "putAllow": {"user": f"romeo@{SIP_DOMAIN}", "contact": f"juliet@{PARTNER}", "expires": None},
    "test": {"domain": SIP_DOMAIN},
    "setAdministrator": {"description": "the sixth", "roles": ["viewer"], "enabled": True},
    "resetAdministrator": {"totp": True},
    "setRole": {"title": "The seventh", "requires_totp": False},
    "setDirectory": {"servers": ["ldaps://127.0.0.1:1"], "user_base": "dc=lab", "group_base": "dc=lab",
                     "timeout": 1},
    "setBinding": {"confirmed": True},
    "testDirectory": {"name": ""},
    "signIn": {"name": "nobody", "password": PASSWORD},
    "setOwnPassword": {"current": PASSWORD, "new": PASSWORD + "s"},
    "confirmTotp": {"code": "000000"},
    "removeTotp": {"password": PASSWORD},
}


@pytest.fixture(scope="module")
def scene(make_scene):
    return make_scene()


def signed_in(entente, name, *options):
    once = entente.do("admin", "create", name, *options).strip()
    client = PanelClient(entente.address, entente.panel_port)
    assert client.sign_in(name, once, new_password=PASSWORD).status == 200
    return client


@pytest.fixture(scope="module")
def admin(scene):
    return signed_in(scene.entente, "the-admin", "--role", "administrator")


class Asker:
    """Asks an operation by its name; what comes is as documented, or PanelClient fails."""

    def __init__(self, client):
        self.client = client
        self.contract = contract()
        self.routes = {operation["operationId"]: route for route, operation in self.contract.operations.items()}

    def ask(self, name, key=None, query="", body=None, **changed):
        method, path = self.routes[name].split(" ")
        if key:
            path = path.replace("{key}", str(key))
        assert "{" not in path, f"{name} needs a key"
        return self.client.ask(method, path + query, body, **changed)

    def good(self, name, key=None, query="", **changed):
        """With the body that the operation takes, which has to be as documented itself."""
        body = BODIES.get(name)
        if body is not None:
            self.contract.check_request(self.contract.operations[self.routes[name]], body)
        reply = self.ask(name, key, query, body, **changed)
        assert reply.status < 300, (name, reply.status, reply.text)
        return reply.json if reply.text.startswith("{") else None


# ---- what is done ----

def objects(a):
    """All that there may be many of."""
    for kind, plural, key in (("Partner", "Partners", "one.example"), ("Route", "Routes", "three"),
                              ("Domain", "Domains", "two.example"), ("Policy", "Policys", "tag:four"),
                              ("Grant", "Grants", f"five@{SIP_DOMAIN}")):
        assert a.good(f"add{kind}", query="?dry_run=true")["dry_run"] is True
        a.good(f"add{kind}")
        a.good(f"set{kind}", key)
        a.good(f"get{kind}", key)
        assert a.good(f"list{plural}")["items"]
    for kind in ("Gateway", "Access"):
        a.good(f"get{kind}")
        a.good(f"set{kind}")
    a.good("change")
    for name, key in (("removeGrant", f"five@{SIP_DOMAIN}"), ("removePolicy", "tag:four"),
                      ("removeDomain", "two.example"), ("removeRoute", "three"),
                      ("removePartner", "one.example")):
        assert a.good(name, key)["plan"]["changes"]


def generations(a):
    now = a.good("getGeneration")["generation"]
    assert a.good("listGenerations", query="?limit=5")["items"][0]["generation"] == now
    a.good("showGeneration", now)
    a.good("diffGenerations", now - 1, query=f"?against={now}")
    assert a.good("restoreGeneration", now - 1, query="?dry_run=true")["plan"]["changes"]
    a.good("export")
    assert a.good("listAudit", query="?limit=3")["items"]
    assert a.good("verifyAudit")["ok"]


def looking(a):
    for name in ("getStatus", "getHealth", "listSettings", "listNegotiations", "listCertificates",
                 "reloadCertificates", "listRights", "getOpenapi"):
        a.good(name)
    a.good("judgeNegotiation", query="?tls_negotiation=Optional&sasl_negotiation=Optional"
           "&support_dialback_negotiation=true")
    a.good("putAllow")
    assert a.good("listAllow")["items"]
    a.good("removeAllow", query=f"?user=romeo@{SIP_DOMAIN}&contact=juliet@{PARTNER}")


def streams(a, scene):
    wire = scene.stream_in()
    stream = a.good("listStreams")["items"][0]["id"]
    assert a.good("getStream", stream)["peer_certificate"]
    lines = a.client.listen(f"{BASE}/streams/watch")
    schema = a.contract.operations["GET /api/v1/streams/watch"]["responses"]["200"]["content"]
    with lines:
        said = None
        while said != "complete":
            line = json.loads(lines.answer.readline())
            a.contract.valid(schema["application/x-ndjson"]["schema"], line, "a line of watchStreams")
            said = line["event"]
    a.contract.seen.add(("watchStreams", 200))
    assert a.good("listPartnerStates")["items"]
    a.good("getPartnerState", PARTNER)
    assert a.good("listAttempts", PARTNER)["items"]
    assert a.good("listRouteStates")["items"]
    a.good("getRouteState", ROUTE)
    state = a.good("listRouteStates")["items"][0]
    assert a.good("getRouteState", state["name"])["name"] == state["name"]
    assert a.good("closeStream", stream, query="?dry_run=true")["dry_run"] is True
    a.good("closeStream", stream)
    wire.read_until("</stream:stream>")
    wire.close()


def probes(a):
    for body in (BODIES["test"], {"route": a.good("listRoutes")["items"][0]["name"]}):
        reply = a.ask("test", body=body)
        assert reply.status == 200 and '"end": true' in reply.text


def people(a):
    a.good("addAdministrator")
    a.good("setAdministrator", "six")
    a.good("getAdministrator", "six")
    assert a.good("resetAdministrator", "six")["item"]["one_time_password"]
    a.good("listAdministrators")
    a.good("removeAdministrator", "six")
    a.good("addRole")
    a.good("setRole", "seven")
    a.good("getRole", "seven")
    a.good("listRoles")
    a.good("removeRole", "seven")
    token = a.good("addToken")["item"]["id"]
    a.good("listTokens")
    a.good("revokeToken", token)


def directory(a):
    a.good("setDirectory")
    a.good("getDirectory")
    key = a.good("addBinding")["key"]
    a.good("setBinding", key)
    a.good("listBindings")
    a.good("removeBinding", key)
    reply = a.ask("testDirectory", body=BODIES["testDirectory"])
    assert reply.status == 200 and '"end": true' in reply.text
    BODIES["setDirectory"] = {"servers": []}
    a.good("setDirectory")


def own(entente):
    client = signed_in(entente, "somebody", "--role", "viewer")
    a = Asker(client)
    a.good("getSession")
    secret = a.good("beginTotp")["secret"]
    BODIES["confirmTotp"] = {"code": totp(secret)}
    assert a.good("confirmTotp")["recovery_codes"]
    a.good("removeTotp")
    a.good("setOwnPassword")
    a.good("signOut")


EVENTS = {"hello", "generation", "counters", "audit", "stream", "partner-state", "body-logging", "session"}


def live(a, scene):
    """Events of all kinds; the last one says that the session has ended."""
    client = signed_in(scene.entente, "listener", "--role", "administrator")
    seen = set()
    with client.listen(f"{BASE}/events") as listening:
        lines = []
        while not EVENTS <= seen:
            line = listening.answer.readline().decode()
            assert line, f"the events end, and {EVENTS - seen} have not come"
            lines.append(line)
            if line != "\n":
                continue
            text = "".join(lines)
            lines = []
            a.contract.check_body(
                a.contract.operations["GET /api/v1/events"]["responses"]["200"], "text/event-stream", text,
                "the events")
            name = text.partition("event: ")[2].partition("\n")[0]
            if name and name not in seen:
                seen.add(name)
                happen(a, scene, client, len(seen))
    a.contract.seen.add(("watch", 200))


def happen(a, scene, client, count):
    """Something new, once there is nothing more to come of what was."""
    if count == 2:  # hello, counters
        scene.entente.do("gateway", "set", "--enable-logging-all-message-bodies", "true", "--yes")
        scene.entente.do("gateway", "set", "--enable-logging-all-message-bodies", "false")
    elif count == 5:  # generation, audit, body-logging
        scene.stream_in().close()
    elif count == 7:  # stream, partner-state
        client.ask("DELETE", f"{BASE}/session")


def test_every_operation_does_what_the_document_says(scene, admin):
    a = Asker(admin)
    a.contract.seen.clear()
    objects(a)
    generations(a)
    looking(a)
    streams(a, scene)
    probes(a)
    people(a)
    directory(a)
    own(scene.entente)
    live(a, scene)
    documented = {
        (operation["operationId"], int(status)) for operation in a.contract.operations.values()
        for status in operation["responses"] if status.isdigit() and int(status) < 400}
    assert documented - a.contract.seen == set()


# ---- what is refused ----

# What an argument that is not right looks like, of operations that have no body.
BAD_QUERY = {
    "closeStream": "?dry_run=perhaps",
    "listAudit": "?limit=many",
    "verifyAudit": "?head=last",
    "listGenerations": "?before=now",
    "diffGenerations": "?against=it",
    "watch": "?topics=weather",
    "judgeNegotiation": "?tls_negotiation=Sometimes",
    "removeAllow": "?user=romeo",
}

REFUSALS = sorted(
    (operation["operationId"], int(status)) for operation in contract().operations.values()
    for status in operation["responses"] if status.isdigit() and int(status) >= 400)


# RFC 9457 4.2.1: of about:blank the status' own.
TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
          412: "Precondition Failed", 415: "Unsupported Media Type", 422: "Unprocessable Content",
          428: "Precondition Required"}


@pytest.fixture(scope="module")
def asker(admin):
    """There is one of each already, and an older generation."""
    a = Asker(admin)
    for name in ("addPartner", "addDomain", "addRoute", "addPolicy", "addGrant", "addAdministrator", "addRole",
                 "addBinding"):
        a.good(name)
    return a


def wrong(name, status, a):
    """What of a good request makes it one that is refused like that: (key, query, body, fields)."""
    body = BODIES.get(name)
    key = None
    if "{" in a.routes[name]:
        key = next((k for kind, k in MISSING.items() if name.endswith(kind)), "no.such.thing")
    if status == 403:
        return key, "", body, {"sec_fetch_site": "cross-site"}
    if status == 400 and body is not None:
        return key, "", "{", {}
    if status in (400, 422) and name in BAD_QUERY:
        return "1" if key else None, BAD_QUERY[name], None, {}
    if status == 400:
        return "1" if key else None, "", None, {"if_match": "yesterday"}
    if status == 412:
        return KEY.get(name, key), "", body, {"if_match": '"1"'}
    if status == 428:
        return KEY.get(name, key), "", body, {"if_match": None}
    if status == 415:
        return key, "", body, {"content_type": "text/plain"}
    if status == 422:
        return KEY.get(name, key), "", {"no_such_member": 1}, {}
    assert status in (401, 404, 409)
    return key, "", body, {}


# What is there: a change is looked at as far as its generation.
KEY = {
    "setPartner": "one.example", "removePartner": "one.example",
    "setDomain": "two.example", "removeDomain": "two.example",
    "setRoute": "three", "removeRoute": "three",
    "setPolicy": "tag:four", "removePolicy": "tag:four",
    "setGrant": f"five@{SIP_DOMAIN}", "removeGrant": f"five@{SIP_DOMAIN}",
    "setAdministrator": "six", "resetAdministrator": "six", "setRole": "seven",
    "restoreGeneration": "1",
}


@pytest.mark.parametrize("name, status", REFUSALS)
def test_every_refusal_is_as_the_document_says(scene, asker, name, status):
    key, query, body, fields = wrong(name, status, asker)
    if status == 401:
        asker = Asker(PanelClient(scene.entente.address, scene.entente.panel_port))
    reply = asker.ask(name, key, query, body, **fields)
    assert reply.status == status, (reply.status, reply.text)
    assert reply.json["title"] == TITLES[status]
