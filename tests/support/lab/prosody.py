"""Prosody as a partner's server."""

from . import net
from .process import Process

CONFIG = """\
pidfile = "{home}/prosody.pid"
data_path = "{home}/data"
run_as_root = true
daemonize = false
log = {{ {{ levels = {{ min = "debug" }}, to = "console" }} }}
unbound = {{
	resolvconf = false, hoststxt = false, forward = {{ "{dns}@{dns_port}" }},
	options = {{ ["do-not-query-localhost:"] = "no" }},
}}
interfaces = {{ "{address}" }}
c2s_ports = {{ {c2s} }}
s2s_ports = {{ {s2s} }}
c2s_direct_tls_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{
	"roster", "saslauth", "tls", "dialback", "disco", "ping", "presence", "message", "iq", "s2s",
	"c2s", "s2s_auth_certs",
}}
modules_disabled = {{ "offline" }}
authentication = "internal_plain"
storage = "internal"
ssl = {{ key = "{key}", certificate = "{cert}", cafile = "{ca}" }}
c2s_require_encryption = true
s2s_allow_encryption = {tls}
s2s_require_encryption = {tls_required}
s2s_secure_auth = {certificates}
"""
HOST = """\
VirtualHost "{domain}"
	ssl = {{ key = "{key}", certificate = "{cert}", cafile = "{ca}" }}
"""


def _lua(truth):
    return "true" if truth else "false"


class Prosody:
    def __init__(self, folder, address, hosts, ca_file, dns, users, name="prosody", tls="required",
                 certificates=True):
        """hosts: {domain: Pair}, the first is what it is known by; each has all the users.
        tls: required, optional or off, between servers. certificates: nothing less will do."""
        self.hosts, self.domain, self.address = dict(hosts), next(iter(hosts)), address
        self.name, self.tls, self.certificates = name, tls, certificates
        self.c2s_port = net.free_port(address, 5222)
        self.s2s_port = net.free_port(address, 5269)
        self.home = folder / name
        self.config = self.home / "prosody.cfg.lua"
        self.ca_file, self.dns = ca_file, dns
        self.users = users
        self.folder = folder
        self.process = None

    def _write(self):
        for domain in self.hosts:
            accounts = self.home / "data" / domain.replace(".", "%2e") / "accounts"
            accounts.mkdir(parents=True, exist_ok=True)
            for user, password in self.users.items():
                account = f'return {{ ["password"] = "{password}"; }};\n'
                (accounts / f"{user}.dat").write_text(account)
        first = self.hosts[self.domain]
        text = CONFIG.format(
            home=self.home, dns=self.dns.address, dns_port=self.dns.port, address=self.address,
            c2s=self.c2s_port, s2s=self.s2s_port, key=first.key, cert=first.cert, ca=self.ca_file,
            tls=_lua(self.tls != "off"), tls_required=_lua(self.tls == "required"),
            certificates=_lua(self.certificates))
        for domain, pair in self.hosts.items():
            text += HOST.format(domain=domain, key=pair.key, cert=pair.cert, ca=self.ca_file)
        self.config.write_text(text)

    def start(self):
        self._write()
        argv = ["prosody", "-F", "--config", self.config]
        self.process = Process(self.name, argv, self.folder).start()
        net.wait_tcp(self.address, self.c2s_port, 15, self.process.check_running)
        net.wait_tcp(self.address, self.s2s_port, 15, self.process.check_running)
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.kill()
