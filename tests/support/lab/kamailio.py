"""Kamailio as the registrar of a SIP domain; what goes to the partners' domains goes to Entente."""

from . import net
from .process import Process

CONFIG = """\
#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
auto_aliases=no
disable_tcp=yes
server_signature=no
alias="{domain}"
listen=udp:{address}:{port}

loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)

request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	if (is_method("REGISTER")) {{
		if (!pv_www_authenticate("{domain}", "{password}", "0")) {{
			www_challenge("{domain}", "1");
			exit;
		}}
		consume_credentials();
		save("location");
		exit;
	}}
	if (uri == myself) {{
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
		$du = "sip:{entente}";
	}}
	t_relay();
}}
"""


class Kamailio:
    name = "kamailio"

    def __init__(self, folder, address, domain, password, entente):
        """entente: the ADDRESS:PORT where Entente takes SIP."""
        self.address, self.domain, self.password = address, domain, password
        self.port = net.free_port(address, 5060)
        self.folder, self.entente = folder, entente
        self.process = None

    @property
    def endpoint(self):
        return f"{self.address}:{self.port}"

    def start(self):
        home = self.folder / self.name
        home.mkdir(exist_ok=True)
        config = home / "kamailio.cfg"
        config.write_text(CONFIG.format(
            domain=self.domain, address=self.address, port=self.port, password=self.password,
            entente=self.entente,
        ))
        argv = ["kamailio", "-DD", "-E", "-f", config, "-Y", home, "-m", "32", "-M", "4"]
        self.process = Process(self.name, argv, self.folder).start()
        net.wait_sip(self.address, self.port, 15, self.process.check_running)
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.kill()
