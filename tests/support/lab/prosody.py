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
s2s_require_encryption = true
s2s_secure_auth = true
VirtualHost "{domain}"
"""


class Prosody:
    name = "prosody"

    def __init__(self, folder, address, domain, certificate, ca_file, dns, users):
        self.domain, self.address = domain, address
        self.c2s_port = net.free_port(address, 5222)
        self.s2s_port = net.free_port(address, 5269)
        self.home = folder / self.name
        self.config = self.home / "prosody.cfg.lua"
        self.certificate, self.ca_file, self.dns = certificate, ca_file, dns
        self.users = users
        self.folder = folder
        self.process = None

    def _write(self):
        accounts = self.home / "data" / self.domain.replace(".", "%2e") / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        for user, password in self.users.items():
            (accounts / f"{user}.dat").write_text(f'return {{ ["password"] = "{password}"; }};\n')
        self.config.write_text(CONFIG.format(
            home=self.home, dns=self.dns.address, dns_port=self.dns.port, address=self.address,
            c2s=self.c2s_port, s2s=self.s2s_port, key=self.certificate.key,
            cert=self.certificate.cert, ca=self.ca_file, domain=self.domain,
        ))

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
