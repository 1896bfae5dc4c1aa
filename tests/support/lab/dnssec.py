"""Signed zones, served by Knot, which also signs them: a zone for each domain, some of them signed,
and of those some spoilt after that."""

import shutil
import subprocess

from . import net, wait
from .errors import LabError
from .process import Process

KNOTD = shutil.which("knotd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
KEYMGR = shutil.which("keymgr", path="/usr/sbin:/usr/local/sbin:/usr/bin")

SERVER = """\
server:
    rundir: "{home}"
    listen: {address}@{port}
control:
    listen: "{home}/control.sock"
database:
    storage: "{home}/db"
log:
  - target: stderr
    any: info
policy:
  - id: lab
    algorithm: ecdsap256sha256
zone:
"""
ZONE = """\
  - domain: {domain}
    storage: "{home}/zones"
    zonefile-sync: 0
    zonefile-load: whole
    journal-content: none
"""
RECORDS = """\
{domain}. 3600 SOA ns.{domain}. admin.{domain}. 1 3600 900 86400 60
{domain}. 3600 NS ns.{domain}.
ns.{domain}. 3600 A {ns}
_xmpp-server._tcp.{domain}. 3600 SRV 0 0 {port} host.{domain}.
host.{domain}. 3600 A {address}
"""


class SignedDns:
    """Serves the servers that were added before start(). anchors: a file with the DS records of the
    signed zones, for whoever validates."""

    def __init__(self, folder, address, signed, spoilt):
        """signed: domains whose zones are signed; spoilt: those of them whose SRV record is another
        one than the one that was signed."""
        self.folder, self.address = folder, address
        self.signed, self.spoilt = set(signed), set(spoilt)
        self.port = net.free_port(address, 5353)
        self.home = folder / "knot"
        self.config = self.home / "knot.conf"
        self.anchors = self.home / "anchors"
        self.servers = {}
        self._process = None

    def server(self, domain, address, port):
        self.servers[domain] = (address, port)

    def _zone_file(self, domain):
        return self.home / "zones" / f"{domain}.zone"

    def _write_config(self, sign):
        text = SERVER.format(home=self.home, address=self.address, port=self.port)
        for domain in self.servers:
            text += ZONE.format(home=self.home, domain=domain)
            if sign and domain in self.signed:
                text += "    dnssec-signing: on\n    dnssec-policy: lab\n"
        self.config.write_text(text)

    def _write_zones(self):
        (self.home / "zones").mkdir(parents=True, exist_ok=True)
        (self.home / "db").mkdir(exist_ok=True)
        for domain, (address, port) in self.servers.items():
            self._zone_file(domain).write_text(RECORDS.format(
                domain=domain, ns=self.address, address=address, port=port))

    def _is_signed(self, domain):
        return "RRSIG" in self._zone_file(domain).read_text()

    def _run(self, name):
        if not KNOTD or not KEYMGR:
            raise LabError("knotd is not installed (package knot)")
        self._process = Process(name, [KNOTD, "-c", self.config], self.folder).start()

    def _write_anchors(self):
        lines = ""
        for domain in sorted(self.signed):
            lines += subprocess.run(
                [KEYMGR, "-c", self.config, domain, "ds"], check=True, capture_output=True,
                text=True).stdout
        self.anchors.write_text(lines)

    def _spoil(self, domain):
        """The record changes, its signature stays."""
        file = self._zone_file(domain)
        lines = file.read_text().splitlines()
        at = [n for n, line in enumerate(lines) if "\tSRV" in line or " SRV " in line]
        at = [n for n in at if "RRSIG" not in lines[n] and "NSEC" not in lines[n]]
        assert len(at) == 1, lines
        port = self.servers[domain][1]
        lines[at[0]] = lines[at[0]].replace(f" {port} ", f" {port + 1} ")
        file.write_text("\n".join(lines) + "\n")

    def start(self):
        """Signs, in a first run, then serves what was signed, as it is."""
        self._write_zones()
        self._write_config(sign=True)
        self._run("knot-signs")
        for domain in self.signed:
            wait.until(lambda: self._is_signed(domain), f"signatures of {domain}", 15,
                       self._process.check_running)
        self._write_anchors()
        self._process.stop()
        for domain in self.spoilt:
            self._spoil(domain)
        self._write_config(sign=False)
        self._run("knot")
        net.wait_tcp(self.address, self.port, 15, self._process.check_running)
        return self

    def stop(self):
        if self._process:
            self._process.stop()
