"""baresip as a SIP user: what it shows on its screen is what the user sees."""

import re

from . import net, wait
from .process import Process

CONFIG = """\
poll_method epoll
sip_listen {address}:{port}
net_interface {address}
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
module_path {modules}
{more}module stdio.so
module account.so
module contact.so
module menu.so
"""
ACCOUNT = (
    '<sip:{user}@{domain}>;auth_user={user};auth_pass={password};'
    'outbound="sip:{registrar}";regint=600\n'
)
MODULES = "/usr/lib/baresip/modules"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Baresip:
    """One user agent; contacts are the SIP URIs it can write to."""

    def __init__(self, folder, address, user, domain, password, registrar, contacts, ca_file=None):
        """registrar: ADDRESS:PORT;transport=... ca_file: the authorities it believes, for TLS."""
        self.name = f"baresip-{user}"
        self.uri = f"sip:{user}@{domain}"
        self.home = folder / self.name
        self.folder = folder
        self.contacts = list(contacts)
        self._current = 0
        self._settings = dict(
            address=address, port=net.free_port(address, 5060), modules=MODULES, user=user,
            domain=domain, password=password, registrar=registrar,
            more=f"sip_cafile {ca_file}\n" if ca_file else "",
        )
        self.process = None

    def start(self):
        self.home.mkdir(exist_ok=True)
        (self.home / "config").write_text(CONFIG.format(**self._settings))
        (self.home / "accounts").write_text(ACCOUNT.format(**self._settings))
        (self.home / "contacts").write_text("".join(f"<{uri}>\n" for uri in self.contacts))
        self.process = Process(
            self.name, ["baresip", "-f", self.home], self.folder, keyboard=True).start()
        self.wait_line("registered successfully", 15)
        return self

    def lines(self, start=0):
        """The lines on its screen since an earlier mark(), as a person sees them."""
        # What is being typed is shown again with every key, after a carriage return.
        lines = [line.rsplit("\r", 1)[-1] for line in self.process.log(start).split("\n")]
        return [ESCAPE.sub("", line).strip() for line in lines if line.strip()]

    def mark(self):
        return self.process.log_size()

    def wait_line(self, pattern, seconds=10.0, start=0):
        """Waits for a line on the screen that matches; returns the line."""
        return wait.until(
            lambda: next((l for l in self.lines(start) if re.search(pattern, l)), None),
            lambda: f"'{pattern}' on the screen of {self.name}, which shows {self.lines(start)}",
            seconds,
            self.process.check_running,
        )

    def wait_message(self, sender, text, seconds=10.0, start=0):
        """Waits until it shows this text from this sender, whatever device; returns the line."""
        pattern = f'^{re.escape(sender)}(;gr=\\S*)?: {re.escape(chr(34) + text + chr(34))}$'
        return self.wait_line(pattern, seconds, start)

    def _select(self, uri):
        wanted = self.contacts.index(uri)
        while self._current != wanted:
            step = 1 if wanted > self._current else -1
            self._current += step
            mark = self.mark()
            self.process.type(">" if step > 0 else "<")
            self.wait_line(f"Current contact: .*{re.escape(self.contacts[self._current])}", 5, mark)

    def send(self, uri, text):
        """Writes a message, as its user would, to one of the contacts."""
        self._select(uri)
        self.process.type(f"/message {text}\n")

    def stop(self):
        if self.process:
            self.process.stop()
