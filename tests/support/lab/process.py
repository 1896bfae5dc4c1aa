"""Programs of the lab: started in sessions of their own, ended by their process ids."""

import os
import pathlib
import re
import signal
import subprocess

from . import wait
from .errors import LabError

# Servers stand where the path of an ordinary user does not lead.
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"

# Ends the program when the lab's own process dies without having had time to end it.
LEASH = ["setpriv", "--pdeathsig", "TERM", "--"]


class Process:
    """One running program; its output goes to a file of the lab's folder."""

    def __init__(self, name, argv, folder, env=None, keyboard=False):
        """keyboard: what is given to type() is its input; else it has none."""
        self.name = name
        self.argv = [str(a) for a in argv]
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self.env = env
        self._keyboard = keyboard
        self._popen = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self._popen = subprocess.Popen(
                LEASH + self.argv,
                stdin=subprocess.PIPE if self._keyboard else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PATH": PATH, **(self.env or {})},
                cwd=self.log_path.parent,
                start_new_session=True,
            )
        return self

    def type(self, text):
        """Types on its keyboard."""
        self._popen.stdin.write(text.encode())
        self._popen.stdin.flush()

    @property
    def pid(self):
        return self._popen.pid

    @property
    def running(self):
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self):
        """None while it runs or before it was started."""
        return self._popen.poll() if self._popen else None

    def log(self, start=0):
        """What it has written so far, from an offset in bytes."""
        try:
            data = self.log_path.read_bytes()
        except FileNotFoundError:
            return ""
        return data[start:].decode("utf-8", "replace")

    def log_size(self):
        try:
            return self.log_path.stat().st_size
        except FileNotFoundError:
            return 0

    def check_running(self):
        if not self.running:
            tail = "\n".join(self.log().splitlines()[-15:])
            raise LabError(f"{self.name} ended with code {self.exit_code}:\n{tail}")

    def wait_log(self, pattern, seconds=10.0, start=0):
        """Waits for a line that matches; returns the match."""
        return wait.until(
            lambda: re.search(pattern, self.log(start), re.M),
            f"'{pattern}' in {self.log_path}",
            seconds,
            self.check_running,
        )

    def send_signal(self, number):
        if self.running:
            os.kill(self.pid, number)

    def wait_exit(self, seconds=10.0):
        wait.until(lambda: not self.running, f"the end of {self.name}", seconds)
        return self.exit_code

    def stop(self, seconds=5.0, number=signal.SIGTERM):
        """Ends it, politely first, with everything it started; returns its exit code."""
        if self._popen is None:
            return None
        self.send_signal(number)
        try:
            self.wait_exit(seconds)
        except LabError:
            pass
        self.kill()
        return self.exit_code

    def kill(self):
        """Ends it and everything of its session at once."""
        if self._popen is None:
            return
        for pid in session_members(self._popen.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._popen.wait()
        if self._popen.stdin:
            self._popen.stdin.close()


def session_members(session):
    """The ids of the living processes of a session."""
    members = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        # The name, in brackets, may hold spaces; state, ppid, pgrp and session follow it.
        state, _, _, sid = stat.rpartition(")")[2].split()[:4]
        if int(sid) == session and state != "Z":
            members.append(int(entry))
    return members
