"""A private resolver: dnsmasq with the lab's names and nothing else."""

import signal
import socket
import struct

from . import net, wait
from .process import Process


class Dns:
    """Serves what was added before start(); stop() and start() again serve what was added since.

    freeze() leaves questions unanswered until thaw().
    """

    def __init__(self, folder, address, name="dns"):
        self.folder, self.address, self.name = folder, address, name
        self.port = net.free_port(address, 5353)
        self.servers = {}
        self._records = []
        self._process = None

    def host(self, name, address):
        self._records.append(f"address=/{name}/{address}")

    def srv(self, domain, target, port, service="_xmpp-server._tcp", priority=0, weight=0):
        self._records.append(f"srv-host={service}.{domain},{target},{port},{priority},{weight}")

    def naptr(self, domain, service, replacement, order=10, preference=10):
        self._records.append(
            f"naptr-record={domain},{order},{preference},s,{service},,{replacement}")

    def server(self, domain, address, port):
        """The XMPP server of a domain: its SRV record and its address."""
        self.servers[domain] = (address, port)
        self.srv(domain, f"host.{domain}", port)
        self.host(f"host.{domain}", address)

    def start(self):
        config = self.folder / f"{self.name}.conf"
        config.write_text("\n".join([
            "no-daemon", "no-resolv", "no-hosts", "bind-interfaces", "local=/#/",
            f"port={self.port}", f"listen-address={self.address}", "except-interface=nowhere",
            "cache-size=0", "pid-file=", "user=", "group=", "log-queries",
            *self._records, "",
        ]))
        self._process = Process(self.name, ["dnsmasq", "-C", config], self.folder).start()
        wait.until(self.answers, f"an answer of {self.name}", 5, self._process.check_running)
        return self

    def answers(self):
        """Whether it answers a question now."""
        question = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\3lab\0" + b"\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.connect((self.address, self.port))
                s.send(question)
                return bool(s.recv(512))
            except OSError:
                return False

    def queries(self):
        """What has been asked so far: the lines of its log."""
        return [line for line in self._process.log().splitlines() if " query[" in line]

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        if self._process:
            self.thaw()
            self._process.stop()
