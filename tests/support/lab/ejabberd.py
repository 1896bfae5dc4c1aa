"""ejabberd as a partner's server."""

import glob

from . import net
from .dns import Dns
from .errors import LabError
from .process import Process

CONFIG = """\
hosts: [{hosts}]
loglevel: debug
log_rotate_size: infinity
ca_file: "{ca}"
certfiles: [{pems}]
listen:
  - port: {c2s}
    ip: "{address}"
    module: ejabberd_c2s
    starttls_required: true
  - port: {s2s}
    ip: "{address}"
    module: ejabberd_s2s_in
s2s_use_starttls: {tls}
s2s_dns_timeout: 5
s2s_max_retry_delay: 1
auth_method: internal
auth_password_format: plain
acl:
  local:
    user_regexp: ""
access_rules:
  local:
    allow: local
  c2s:
    allow: all
  s2s:
    allow: all
modules:
  mod_disco: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_s2s_dialback: {{}}
"""

INETRC = """\
{{resolv_conf, ""}}.
{{hosts_file, ""}}.
{{nameserver, {dns}, {port}}}.
{{lookup, [dns]}}.
"""


def _erl_address(address):
    return "{" + address.replace(".", ",") + "}"


class Ejabberd:
    def __init__(self, folder, address, hosts, ca_file, dns, users, name="ejabberd",
                 tls="required"):
        """hosts: {domain: Pair}, the first is what it is known by; each has all the users.
        tls: required, optional or off, between servers."""
        self.hosts, self.domain, self.address = dict(hosts), next(iter(hosts)), address
        self.name, self.tls = name, tls
        self.c2s_port = net.free_port(address, 5222)
        self.s2s_port = net.free_port(address, 5269)
        self.home = folder / name
        self.ca_file = ca_file
        self._zone, self.dns = dns, Dns(folder, address, f"dns-{name}")
        self.users = users
        self.folder = folder
        self.process = None

    def _write_certificates(self):
        pems = []
        for domain, pair in self.hosts.items():
            pems.append(self.home / f"{domain}.pem")
            pems[-1].write_bytes(pair.cert.read_bytes() + pair.key.read_bytes())
        return pems

    def _write(self):
        self.home.mkdir(exist_ok=True)
        (self.home / "ejabberd.yml").write_text(CONFIG.format(
            hosts=", ".join(f'"{domain}"' for domain in self.hosts),
            pems=", ".join(f'"{pem}"' for pem in self._write_certificates()),
            ca=self.ca_file, c2s=self.c2s_port, s2s=self.s2s_port, address=self.address,
            tls="false" if self.tls == "off" else self.tls,
        ))
        (self.home / "inetrc").write_text(INETRC.format(
            dns=_erl_address(self.dns.address), port=self.dns.port,
        ))

    def _command(self):
        code = glob.glob("/usr/lib/*/ejabberd-*/ebin")
        if not code:
            raise LabError("ejabberd is not installed")
        register = ", ".join(
            f'ejabberd_auth:try_register(<<"{u}">>, <<"{domain}">>, <<"{p}">>)'
            for domain in self.hosts for u, p in self.users.items()
        )
        return [
            "erl", "-noinput", "-pa", code[0],
            "-mnesia", "dir", f'"{self.home}/database"',
            "-s", "ejabberd",
            "-eval", f'{register or "ok"}, io:format("lab: ready~n").',
        ]

    def _start_dns(self):
        # COMPAT ejabberd 23.01: asks the DNS it is given for SRV records, but the system's for the
        # addresses of their targets, unless a target looks like an address.
        for domain, (address, port) in self._zone.servers.items():
            self.dns.srv(domain, address, port)
        self.dns.start()

    def start(self):
        self._start_dns()
        self._write()
        env = {
            "HOME": str(self.home),
            "ERL_INETRC": str(self.home / "inetrc"),
            "EJABBERD_CONFIG_PATH": str(self.home / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.home / "ejabberd.log"),
            "ERL_CRASH_DUMP": str(self.home / "erl_crash.dump"),
        }
        self.process = Process(self.name, self._command(), self.folder, env).start()
        start = self.process.log_size()
        self.process.wait_log("lab: ready", 30, start)
        net.wait_tcp(self.address, self.c2s_port, 15, self.process.check_running)
        net.wait_tcp(self.address, self.s2s_port, 15, self.process.check_running)
        return self

    def stop(self):
        self.dns.stop()
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.kill()
