"""What ./quickstart shows: a SIP user and an XMPP user who write to each other through Entente."""

import argparse
import http.client
import os
import pathlib
import shutil
import signal
import ssl
import stat
import sys
import time

from lab import net
from lab.errors import LabError
from lab.lab import PASSWORD, SIP_DOMAIN, Lab

PARTNER = "xmpp.lab"
PBX = "pbx.sip.lab"     # in Kamailio's certificate
SIP_USER = "romeo"
XMPP_USER = "juliet"
ADMINISTRATOR = "admin"
PANEL_ADDRESS, PANEL_PORT = "127.0.0.1", 8443


class Ended(Exception):
    """Somebody asked for the end."""


def say(text=""):
    print(text, flush=True)


class Step:
    """A line that says what is being done, and how long it took."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        print(f"{self.what} ... ", end="", flush=True)
        self._start = time.monotonic()

    def __exit__(self, kind, value, trace):
        say("failed" if kind else f"{time.monotonic() - self._start:.1f} s")


def claim(folder):
    """The folder of this quickstart: ours alone, empty, with our process id in it."""
    folder = pathlib.Path(folder)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        info = folder.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
            raise LabError(f"{folder} is somebody else's: move it away") from None
        shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    (folder / "pid").write_text(f"{os.getpid()}\n")
    return folder


def write_command(lab):
    """A command that administers this Entente and no other."""
    command = lab.folder / "entente"
    command.write_text(
        "#!/bin/sh\n"
        f"exec '{lab.build / 'entente'}' --socket '{lab.entente.socket}' \"$@\"\n")
    command.chmod(0o755)
    return command


def panel_port():
    """Where the Control Panel is: the usual port, or the next that is free."""
    for port in range(PANEL_PORT, PANEL_PORT + 100):
        if net.is_free(PANEL_ADDRESS, port):
            return port
    raise LabError(f"no port from {PANEL_PORT} on is free at {PANEL_ADDRESS}")


def panel_url(port):
    return f"https://{PANEL_ADDRESS}:{port}"


def panel_certificate(lab):
    pair = lab.ca.issue("panel", dns=["localhost"], addresses=[PANEL_ADDRESS])
    return {"certificate": pair.cert, "key": pair.key}


def has_panel(lab, port):
    """Whether this build of Entente has the panel in it."""
    trust = ssl.create_default_context(cafile=lab.ca.file)
    asked = http.client.HTTPSConnection(PANEL_ADDRESS, port, timeout=10, context=trust)
    try:
        asked.request("GET", "/favicon.svg")
        return asked.getresponse().getheader("content-type") == "image/svg+xml"
    finally:
        asked.close()


def invite_to_panel(lab, port):
    """An administrator of the panel, and the one-time password; there is none by default."""
    if not has_panel(lab, port):
        say("This build has no Control Panel.")
        return
    made = lab.entente.ask("admin", "create", ADMINISTRATOR, "--role", "administrator")["item"]
    say(f"""\
The Control Panel: {panel_url(port)}
  name {ADMINISTRATOR}, one-time password {made["one_time_password"]}
  (Its certificate is of the lab's own authority, {lab.ca.file}: a browser warns of it.)
""")


def start_peers(lab, panel):
    lab.ca.days = 60  # at 30 it is time to warn
    prosody = lab.make_prosody([XMPP_USER])
    # Everything here is on loopback, where `entente test` looks only when told.
    settings = {"test": {"allow-local": "yes"}}
    if panel:
        settings["admin"] = {"listen": f"{PANEL_ADDRESS}:{panel}", "url": panel_url(panel), **panel_certificate(lab)}
    entente = lab.make_entente(settings=settings)
    kamailio = lab.make_kamailio("tls", names=[PBX])
    with Step("Starting a private DNS, Prosody (xmpp.lab) and Kamailio (sip.lab)"):
        for peer in (lab.dns, prosody, kamailio):
            lab.start(peer)
    with Step("Starting Entente"):
        lab.start(entente)


def administer(lab):
    """What an administrator does once, with the commands he would type."""
    say("Telling Entente whom it works for, and who may talk to whom:")
    for command in (
        ["route", "add", "kamailio", "--next-hop", f"sip:{lab.kamailio.address}:{lab.kamailio.tls_port}",
         "--transport", "tls", "--tls-names", PBX],
        ["domain", "add", SIP_DOMAIN, "--route", "kamailio"],
        ["partner", "add", PARTNER, "--type", "Federated", "--dialback", "false"],
        ["access", "set", "--allow-federated-users", "true", "--enable-federation-access", "true",
         "--enable-xmpp-access", "true"],
    ):
        say(f"  $ entente {' '.join(command)}")
        lab.entente.do(*command)


def talk(lab):
    """One message each way, and one to nobody; raises when something does not arrive."""
    sip_uri, xmpp_uri = f"sip:{SIP_USER}@{SIP_DOMAIN}", f"sip:{XMPP_USER}@{PARTNER}"
    nobody = f"sip:nobody@{PARTNER}"
    with Step("Signing in romeo@sip.lab (baresip) and juliet@xmpp.lab (slixmpp)"):
        romeo = lab.start_sip_user(SIP_USER, [xmpp_uri, nobody])
        juliet = lab.start_contact(XMPP_USER, lab.prosody)
    say()

    text = "But soft! What light through yonder window breaks? ☀"
    say(f"romeo writes (SIP):           {text}")
    romeo.send(xmpp_uri, text)
    got = juliet.wait_message(20, body=text, sender=f"{SIP_USER}@{SIP_DOMAIN}")
    say(f"  slixmpp received, from {got.sender}: {got.body}")

    text = "Wherefore art thou Roméo?"
    say(f"juliet writes (XMPP):         {text}")
    juliet.send(f"{SIP_USER}@{SIP_DOMAIN}", text)
    say(f"  baresip displayed: {romeo.wait_line(text, 20)}")

    say("romeo writes to nobody@xmpp.lab, who does not exist:")
    mark = romeo.mark()
    romeo.send(nobody, "Is anybody there?")
    say(f"  baresip displayed: {romeo.wait_line('^[4-6][0-9][0-9] ', 20, mark)}")
    say()
    return sip_uri


def show_streams(lab):
    say("The streams between Entente and Prosody ($ entente stream list):")
    for line in lab.entente.do("stream", "list").splitlines():
        say(f"  {line}")
    say()


def invite(lab, command):
    say(f"""\
Everything runs until Ctrl-C, in {lab.folder}.
In another terminal:
  {command} status
  {command} partner list
  {command} partner show {PARTNER}
  {command} test partner {PARTNER}   (a stream to the partner, step by step)
  {command} test domain {SIP_DOMAIN}     (what partners see of us)
  {command} partner attempts {PARTNER}   (the streams that were tried)
  {command} partner disable {PARTNER}   (romeo's next message is refused)
  {command} partner add example.org   (a partner of your own)
  {command} --help
An XMPP client signs in as {XMPP_USER}@{PARTNER}, password {PASSWORD}, at \
{lab.prosody.address} port {lab.prosody.c2s_port}
  (certificate authority: {lab.ca.file}).
A SIP phone registers as any user of {SIP_DOMAIN}, password {PASSWORD}, at \
{lab.kamailio.endpoint} over UDP or TCP,
  and at {lab.kamailio.address}:{lab.kamailio.users_port} over TLS.
What each program says is in the .log files of the folder.
From here to a service of your own: README.md, "From demo to service".""")


def on_signal(number, _frame):
    raise Ended(number)


def run(lab, once, panel):
    port = panel_port() if panel else 0
    start_peers(lab, port)
    administer(lab)
    talk(lab)
    show_streams(lab)
    command = write_command(lab)
    if once:
        say("All messages arrived.")
        return
    if port:
        invite_to_panel(lab, port)
    invite(lab, command)
    while True:
        signal.pause()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--no-panel", action="store_true", help="no HTTPS")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    lab = None
    code = 0
    try:
        lab = Lab(args.build.resolve(), claim(args.folder))
        run(lab, args.once, not args.no_panel)
    except Ended:
        say("\nEnding everything.")
    except LabError as e:
        say(f"\nThis did not work: {e}")
        code = 1
    finally:
        # A second Ctrl-C must not leave half of it running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if lab:
            lab.close()
            if code == 0:
                lab.remove()
            else:
                say(f"The logs are in {lab.folder}.")
                (lab.folder / "pid").unlink(missing_ok=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
