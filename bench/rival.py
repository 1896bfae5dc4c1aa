"""Prosody or ejabberd, set up for being measured.

usage: rival.py prosody|ejabberd FOLDER DNS-PORT SECRET alone|component

FOLDER holds ca.pem, cert.pem and key.pem of sip.bench, which is a component (XEP-0114) of the server,
for that is the shortest way in and out. Says "ready PID S2S-PORT COMPONENT-PORT". On standard input,
unless "alone", when somebody else is the component: "send FIRST N": one message to each of
pFIRST.xmpp.bench and the N - 1 that follow. Ends with its input.
"""

import glob
import hashlib
import os
import pathlib
import re
import resource
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))

from lab import net  # noqa: E402
from lab.process import Process  # noqa: E402

HOST = "127.0.0.1"

PROSODY = """\
pidfile = "{dir}/prosody.pid"
data_path = "{dir}/data"
run_as_root = true
daemonize = false
log = {{ error = "*console" }}
unbound = {{
	resolvconf = false, hoststxt = false, forward = {{ "127.0.0.1@{dns}" }},
	options = {{ ["do-not-query-localhost:"] = "no" }},
}}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ }}
c2s_direct_tls_ports = {{ }}
s2s_direct_tls_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
s2s_ports = {{ {s2s} }}
component_ports = {{ {component} }}
component_interface = "127.0.0.1"
modules_enabled = {{ "saslauth", "tls", "message", "s2s", "s2s_auth_certs" }}
modules_disabled = {{ "offline", "c2s", "posix" }}
storage = "memory"
network_settings = {{ read_size = 65536 }}
ssl = {{ key = "{dir}/key.pem", certificate = "{dir}/cert.pem", cafile = "{dir}/ca.pem" }}
s2s_require_encryption = true
s2s_secure_auth = true
s2s_timeout = 60
VirtualHost "host.bench"
Component "sip.bench"
	component_secret = "{secret}"
	ssl = {{ key = "{dir}/key.pem", certificate = "{dir}/cert.pem", cafile = "{dir}/ca.pem" }}
	modules_enabled = {{ "saslauth", "tls", "s2s", "s2s_auth_certs" }}
"""

EJABBERD = """\
hosts: ["host.bench"]
loglevel: error
ca_file: "{dir}/ca.pem"
certfiles: ["{dir}/server.pem"]
listen:
  - port: {s2s}
    ip: "127.0.0.1"
    module: ejabberd_s2s_in
    max_stanza_size: infinity
  - port: {component}
    ip: "127.0.0.1"
    module: ejabberd_service
    hosts:
      sip.bench:
        password: "{secret}"
s2s_use_starttls: required
s2s_dns_timeout: 5
auth_method: internal
access_rules:
  s2s:
    allow: all
modules: {{}}
"""

INETRC = """\
{{resolv_conf, ""}}.
{{hosts_file, ""}}.
{{nameserver, {{127,0,0,1}}, {dns}}}.
{{lookup, [dns]}}.
"""


def start_prosody(folder, values):
    (folder / "data").mkdir()
    config = folder / "prosody.cfg.lua"
    config.write_text(PROSODY.format(**values))
    return Process("prosody", ["prosody", "-F", "--config", config], folder).start()


def start_ejabberd(folder, values):
    (folder / "server.pem").write_bytes(
        (folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    (folder / "ejabberd.yml").write_text(EJABBERD.format(**values))
    (folder / "inetrc").write_text(INETRC.format(**values))
    code = glob.glob("/usr/lib/*/ejabberd-*/ebin")
    if not code:
        sys.exit("ejabberd is not installed")
    # Schedulers that spin while they wait would be counted as work.
    argv = [
        "erl", "-noinput", "+K", "true", "+P", "250000", "+S", "1:1",
        "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "-pa", code[0],
        "-mnesia", "dir", f'"{folder}/database"', "-s", "ejabberd",
        "-eval", 'io:format("bench: ready~n").',
    ]
    env = {
        "HOME": str(folder),
        "ERL_INETRC": str(folder / "inetrc"),
        "ERL_MAX_PORTS": "100000",
        "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
        "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),
    }
    process = Process("ejabberd", argv, folder, env).start()
    process.wait_log("bench: ready", 30)
    return process


class Component:
    """sip.bench, as the server sees it."""

    def __init__(self, port, secret):
        self._socket = socket.create_connection((HOST, port), timeout=10)
        self._say(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
            "xmlns:stream='http://etherx.jabber.org/streams' to='sip.bench'>")
        stream_id = re.search(rb"\bid=['\"]([^'\"]+)", self._hear(rb"\bid=['\"][^'\"]+['\"]")).group(1)
        digest = hashlib.sha1(stream_id + secret.encode()).hexdigest()
        self._say(f"<handshake>{digest}</handshake>")
        self._hear(rb"<handshake\s*/>|</handshake>")

    def _say(self, text):
        self._socket.sendall(text.encode())

    def _hear(self, pattern):
        data = b""
        while not re.search(pattern, data):
            more = self._socket.recv(65536)
            if not more:
                sys.exit(f"the component was refused: {data!r}")
            data += more
        return data

    def send(self, first, count):
        self._say("".join(
            f"<message from='romeo@sip.bench' to='juliet@p{n}.xmpp.bench' id='m{n}'>"
            "<body>hello</body></message>" for n in range(first, first + count)))


def serve(component):
    """Does what standard input says, to its end."""
    for line in sys.stdin:
        word, first, count = line.split()
        if word == "send":
            component.send(int(first), int(count))


def main():
    name, folder, dns, secret, role = sys.argv[1:6]
    folder = pathlib.Path(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    values = {
        "dir": folder, "dns": dns, "secret": secret,
        "s2s": net.free_port(HOST), "component": net.free_port(HOST),
    }
    start = {"prosody": start_prosody, "ejabberd": start_ejabberd}[name]
    process = start(folder, values)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        net.wait_tcp(HOST, values["s2s"], 20, process.check_running)
        net.wait_tcp(HOST, values["component"], 20, process.check_running)
        component = Component(values["component"], secret) if role == "component" else None
        print("ready", process.pid, values["s2s"], values["component"], flush=True)
        serve(component)
    finally:
        process.stop()


if __name__ == "__main__":
    main()
