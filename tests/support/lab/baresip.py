"""baresip as a SIP user: what it shows on its terminal is what the user sees."""

import os
import pty
import re
import threading

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
module stdio.so
module account.so
module contact.so
module menu.so
"""
ACCOUNT = (
    '<sip:{user}@{domain}>;auth_user={user};auth_pass={password};'
    'outbound="sip:{registrar};transport=udp";regint=600\n'
)
MODULES = "/usr/lib/baresip/modules"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Baresip:
    """One user agent on a terminal of its own; contacts are SIP URIs it can write to."""

    def __init__(self, folder, address, user, domain, password, registrar, contacts):
        self.name = f"baresip-{user}"
        self.uri = f"sip:{user}@{domain}"
        self.home = folder / self.name
        self.folder = folder
        self.contacts = list(contacts)
        self._current = 0
        self._settings = dict(
            address=address, port=net.free_port(address, 5060), modules=MODULES, user=user,
            domain=domain, password=password, registrar=registrar,
        )
        self._terminal = None
        self._screen = b""
        self.process = None

    def start(self):
        self.home.mkdir(exist_ok=True)
        (self.home / "config").write_text(CONFIG.format(**self._settings))
        (self.home / "accounts").write_text(ACCOUNT.format(**self._settings))
        (self.home / "contacts").write_text("".join(f"<{uri}>\n" for uri in self.contacts))
        self._terminal, theirs = pty.openpty()
        self.process = Process(self.name, ["baresip", "-f", self.home], self.folder, stdin=theirs,
                               output=theirs).start()
        os.close(theirs)
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_line("registered successfully", 15)
        return self

    def _read(self):
        while True:
            try:
                data = os.read(self._terminal, 4096)
            except OSError:
                return
            if not data:
                return
            self._screen += data

    def lines(self, start=0):
        """The lines on its screen since an earlier mark(), as a person sees them."""
        text = self._screen[start:].decode("utf-8", "replace")
        lines = [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").split("\n")]
        return [ESCAPE.sub("", line).strip() for line in lines if line.strip()]

    def mark(self):
        return len(self._screen)

    def wait_line(self, pattern, seconds=10.0, start=0):
        """Waits for a line on the screen that matches; returns the line."""
        return wait.until(
            lambda: next((l for l in self.lines(start) if re.search(pattern, l)), None),
            f"'{pattern}' on the screen of {self.name}, which shows {self.lines(start)}",
            seconds,
            self.process.check_running,
        )

    def wait_message(self, sender, text, seconds=10.0, start=0):
        """Waits until it shows this text from this sender; returns the line."""
        return self.wait_line(re.escape(f'{sender}: "{text}"'), seconds, start)

    def _select(self, uri):
        wanted = self.contacts.index(uri)
        while self._current != wanted:
            step = 1 if wanted > self._current else -1
            self._current += step
            mark = self.mark()
            os.write(self._terminal, b">" if step > 0 else b"<")
            self.wait_line(f"Current contact: .*{re.escape(self.contacts[self._current])}", 5, mark)

    def send(self, uri, text):
        """Writes a message, as its user would, to one of the contacts."""
        self._select(uri)
        os.write(self._terminal, b"/message " + text.encode() + b"\n")

    def stop(self):
        if self.process:
            self.process.stop()
            os.close(self._terminal)
            self.process = None
