"""An Entente with its panel and a real partner, for tests in a browser (tests/browser).

Prints one line of JSON when all is there. Then it does what it is told, a line of JSON each on its
standard input, and answers each with a line; the end of the input ends everything.
"""

import argparse
import json
import pathlib
import signal
import sys

from lab import slapd
from lab.errors import LabError
from lab.lab import HOST_ENTENTE, SIP_DOMAIN, Lab

PARTNER = "xmpp.lab"
USER = "romeo"
CONTACT = "juliet"
ADMINISTRATOR = "anna"


def panel_certificate(lab):
    """Of [admin]: the panel is where the lab's Entente is, so that no two labs meet."""
    pair = lab.ca.issue("panel", addresses=[lab.address(HOST_ENTENTE)])
    return {"certificate": pair.cert, "key": pair.key}


class Scene:
    TELLABLE = ("run", "stop", "start_again", "write", "start_directory")

    def __init__(self, build, folder, admin):
        """admin: more of [admin] in its configuration."""
        self.lab = Lab(build, folder)
        self.lab.ca.days = 60  # at 30 it is time to warn
        self.admin = admin
        self.contact = None

    def start(self):
        lab = self.lab
        prosody = lab.make_prosody([CONTACT])
        entente = lab.make_entente(settings={
            "test": {"allow-local": "yes"},
            "admin": {**panel_certificate(lab), **self.admin},
        })
        kamailio = lab.make_kamailio()
        for peer in (lab.dns, prosody, kamailio, entente):
            lab.start(peer)
        for command in (
            ["route", "add", "kamailio", "--next-hop", f"sip:{lab.kamailio.endpoint}"],
            ["domain", "add", SIP_DOMAIN, "--route", "kamailio"],
            ["partner", "add", PARTNER, "--type", "Federated", "--dialback", "false"],
            ["access", "set", "--allow-federated-users", "true", "--enable-federation-access", "true",
             "--enable-xmpp-access", "true"],
        ):
            entente.do(*command)
        return self

    def hello(self):
        made = self.lab.entente.ask("admin", "create", ADMINISTRATOR, "--role", "administrator")["item"]
        return {
            "url": self.lab.entente.url, "socket": str(self.lab.entente.socket), "folder": str(self.lab.folder),
            "partner": PARTNER, "domain": SIP_DOMAIN, "name": ADMINISTRATOR,
            "password": made["one_time_password"],
        }

    # What it can be told: the name of the method, its arguments, {"ok": ...} comes back.

    def run(self, *args):
        """Runs the entente command."""
        answer = self.lab.entente.run(*args)
        return {"code": answer.code, "out": answer.out, "err": answer.err}

    def stop(self):
        """Ends entented."""
        return self.lab.entente.stop()

    def start_again(self):
        """Starts it again, as it was."""
        self.lab.entente.start()

    def write(self, text):
        """A contact of the partner writes to a SIP user: a stream comes up."""
        if not self.contact:
            self.contact = self.lab.start_contact(CONTACT, self.lab.prosody)
        self.contact.send(f"{USER}@{SIP_DOMAIN}", text)

    def start_directory(self):
        """A slapd that has TLS with a certificate of the lab's authority. vera is in a group of a
        group of viewers, adam in one whose name a new store suggests, olga in none."""
        pair = self.lab.ca.issue("ldap", addresses=["127.0.0.1"])
        dn = {name: f"uid={name},{slapd.USERS}" for name in ("vera", "adam", "olga")}
        viewers, night, suggested = (
            f"cn={cn},{slapd.GROUPS}" for cn in ("viewers", "night", "CsAdministrator"))
        secret = "a secret of the directory"
        entries = [slapd.person(name, secret, displayName=name.title()) for name in dn]
        entries += [slapd.group("night", dn["vera"]), slapd.group("viewers", night),
                    slapd.group("CsAdministrator", dn["adam"])]
        server = self.lab.start(slapd.Slapd(
            self.lab.folder, "\n".join(entries), pair, self.lab.ca.file))
        return {
            "uri": server.uri, "ca_file": str(self.lab.ca.file), "user_base": slapd.USERS,
            "group_base": slapd.GROUPS, "bind_dn": slapd.READER,
            "bind_password": slapd.READER_PASSWORD, "viewers": viewers, "suggested": suggested,
            "secret": secret,
        }


def serve(scene):
    """scene.TELLABLE: the names of the methods that may be asked for."""
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] not in scene.TELLABLE:
                raise LabError(f"{order['do']} is nothing that can be done")
            answer = {"ok": getattr(scene, order["do"])(*order.get("args", []))}
        except (LabError, AssertionError, OSError) as e:
            answer = {"error": f"{order['do']}: {e!r}"}
        print(json.dumps(answer), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--folder")
    parser.add_argument("--admin", type=json.loads, default={}, help="more of [admin], as JSON")
    args = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    scene = Scene(args.build.resolve(), args.folder, args.admin)
    try:
        print(json.dumps(scene.start().hello()), flush=True)
        serve(scene)
    except LabError as e:
        print(json.dumps({"error": f"{e} (logs: {scene.lab.folder})"}), flush=True)
        sys.exit(1)
    finally:
        scene.lab.close()
    scene.lab.remove()


if __name__ == "__main__":
    main()
