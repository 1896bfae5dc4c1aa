"""Kamailio as the registrar of a SIP domain; what goes to the partners' domains goes to Entente."""

from . import net
from .process import Process

CONFIG = """\
#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
server_signature=no
alias="{domain}"
listen=udp:{address}:{port}
listen=tcp:{address}:{port}
tcp_source_ipv4={address}
#!ifdef TLS
enable_tls=yes
# Servers, with certificates both ways; and users, who have none.
listen=tls:{address}:{tls_port}
listen=tls:{address}:{users_port}
#!endif

#!ifdef TLS
loadmodule "tls.so"
modparam("tls", "config", "{tls_config}")
#!endif
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("nathelper|registrar", "received_avp", "$avp(received)")
#!ifdef DIGEST
modparam("auth", "algorithm", "{digest}")
# Each nonce and each of its counts once: who counts wrongly is asked again.
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")
modparam("auth", "nonce_expire", {nonce_expire})
#!endif

request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	if (is_method("REGISTER")) {{
#!ifndef DIGEST
		if (!pv_www_authenticate("{domain}", "{password}", "0")) {{
			www_challenge("{domain}", "1");
			exit;
		}}
		consume_credentials();
#!endif
		# Over a connection, users are reached by the one they have made.
		if ($proto != "udp") {{
			fix_nated_register();
		}}
		save("location");
		exit;
	}}
	if (uri == myself) {{
		if ($fd != "{domain}") {{
			route(FROM_ENTENTE);
		}}
		if (!lookup("location")) {{
			sl_send_reply("404", "Not Found");
			exit;
		}}
	}} else {{
		# Users of this domain, and nobody else, may write to the partners.
		if (!($fd == "{domain}")) {{
			sl_send_reply("403", "No Relaying");
			exit;
		}}
		$du = "sip:{entente};transport={transport}";
	}}
	t_relay();
}}

# Who says that he is a user of somewhere else has to be Entente.
route[FROM_ENTENTE] {{
#!ifdef TLS
	if ($tls_peer_verified != 1 || $tls_peer_san_hostname != "{domain}") {{
#!else
	if ($si != "{entente_address}") {{
#!endif
		sl_send_reply("403", "Not Entente");
		exit;
	}}
#!ifdef DIGEST
	if (is_method("MESSAGE")) {{
		if (!pv_proxy_authenticate("{domain}", "{password}", "0")) {{
			proxy_challenge("{domain}", "1");
			exit;
		}}
		consume_credentials();
	}}
#!endif
}}
"""

TLS_CONFIG = """\
[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
certificate = {pair.cert}
private_key = {pair.key}
ca_list = {ca_file}

[server:{address}:{users_port}]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
certificate = {pair.cert}
private_key = {pair.key}

[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
certificate = {pair.cert}
private_key = {pair.key}
ca_list = {ca_file}
"""

# Entente's, in its credentials; Kamailio takes any name with the right password.
DIGEST_USER = "entente"


class Kamailio:
    name = "kamailio"

    def __init__(self, folder, address, domain, password, entente, transport="udp", tls=None,
                 digest=None, nonce_expire=300):
        """entente: the ADDRESS:PORT where Entente takes SIP by this transport. tls: its Pair and the
        file of the authorities that it believes. digest: the algorithm, when messages from Entente
        need credentials: DIGEST_USER and the password; users need none then, who may not know it."""
        self.address, self.domain, self.password = address, domain, password
        self.port = net.free_port(address, 5060)
        self.tls_port, self.users_port = net.free_port(address, 5061), net.free_port(address, 5062)
        self.folder, self.entente = folder, entente
        self.transport, self._tls = transport, tls
        self._digest, self._nonce_expire = digest, nonce_expire
        self.process = None

    @property
    def endpoint(self):
        """For users, by UDP or TCP."""
        return f"{self.address}:{self.port}"

    @property
    def registrar(self):
        """For users, by the transport that Entente has, too."""
        port = self.users_port if self.transport == "tls" else self.port
        return f"{self.address}:{port};transport={self.transport}"

    @property
    def server_port(self):
        """For Entente."""
        return self.tls_port if self.transport == "tls" else self.port

    def _write(self, name, template, **more):
        path = self.folder / self.name / name
        path.write_text(template.format(
            domain=self.domain, address=self.address, port=self.port, tls_port=self.tls_port,
            users_port=self.users_port, password=self.password, entente=self.entente,
            entente_address=self.entente.rpartition(":")[0], transport=self.transport,
            digest=self._digest, nonce_expire=self._nonce_expire, **more))
        return path

    def start(self):
        home = self.folder / self.name
        home.mkdir(exist_ok=True)
        tls_config = ""
        if self._tls:
            tls_config = self._write("tls.cfg", TLS_CONFIG, pair=self._tls[0], ca_file=self._tls[1])
        config = self._write("kamailio.cfg", CONFIG, tls_config=tls_config)
        defines = ["-A", "TLS"] if self._tls else []
        defines += ["-A", "DIGEST"] if self._digest else []
        argv = ["kamailio", "-DD", "-E", "-f", config, "-Y", home, "-m", "32", "-M", "4", *defines]
        self.process = Process(self.name, argv, self.folder).start()
        net.wait_sip(self.address, self.port, 15, self.process.check_running)
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.kill()
