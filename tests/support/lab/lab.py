"""All of it together, in one folder, ended in the reverse order of its beginning."""

import pathlib
import shutil
import tempfile

from . import net
from .baresip import Baresip
from .ca import Authority
from .contact import Contact
from .dns import Dns
from .ejabberd import Ejabberd
from .entente import Entente
from .kamailio import Kamailio
from .prosody import Prosody

SIP_DOMAIN = "sip.lab"
PASSWORD = "secret"

# Last numbers of the addresses.
HOST_DNS, HOST_SIP, HOST_ENTENTE, HOST_PROSODY, HOST_EJABBERD, HOST_USERS = 1, 5, 9, 11, 12, 20


class Lab:
    """Nothing runs at first; each start_...() adds one more peer."""

    def __init__(self, build, folder=None, valgrind=False):
        self.build = pathlib.Path(build)
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="entente-lab-"))
        self.valgrind = valgrind
        self._net = net.Subnet()
        self._users = 0
        self._stop = []
        self.ca = Authority(self.folder / "ca")
        self.dns = Dns(self.folder, self.address(HOST_DNS))
        self.prosody = self.ejabberd = self.kamailio = self.entente = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
        if kind is None:
            self.remove()

    def address(self, host):
        return self._net.address(host)

    def next_address(self):
        """One that no other peer of this lab has."""
        self._users += 1
        return self.address(HOST_USERS + self._users)

    def start(self, peer):
        """Starts anything with start() and stop(), and remembers to stop it."""
        self._stop.append(peer)
        return peer.start()

    def close(self):
        """Ends all that was started. The folder stays, for those who look for a reason."""
        while self._stop:
            self._stop.pop().stop()
        self._net.close()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_server(self, kind, address, domains, users, more):
        names = more.pop("names", None)     # in its certificates instead of its own
        hosts = {domain: self.ca.issue(domain, dns=names) if names else self.ca.server(domain)
                 for domain in domains}
        server = kind(self.folder, address, hosts, self.ca.file, self.dns,
                      {user: PASSWORD for user in users}, **more)
        for domain in domains:
            self.dns.server(domain, address, server.s2s_port)
        return server

    def make_prosody(self, users, *domains, **more):
        """The first is at a well-known address, and is self.prosody."""
        address = self.next_address() if self.prosody else self.address(HOST_PROSODY)
        server = self._make_server(Prosody, address, domains or ("xmpp.lab",), users, more)
        self.prosody = self.prosody or server
        return server

    def make_ejabberd(self, users, *domains, **more):
        address = self.next_address() if self.ejabberd else self.address(HOST_EJABBERD)
        server = self._make_server(Ejabberd, address, domains or ("ejabberd.lab",), users, more)
        self.ejabberd = self.ejabberd or server
        return server

    def make_entente(self, domains=(SIP_DOMAIN,), usage=None, name="entented", **more):
        """usage: what the certificate of a domain is good for, {domain: "server"}; else both.
        One by another name has another address, so that it can run beside the first."""
        certificates = {
            d: (self.ca.server(d, usage=(usage or {}).get(d, "both")), [d]) for d in domains}
        address = self.address(HOST_ENTENTE) if name == "entented" else self.next_address()
        self.entente = Entente(
            self.folder, address, self.build, self.dns, self.ca.file, certificates, name,
            valgrind=self.valgrind, **more)
        for domain in domains:
            self.dns.server(domain, self.entente.address, self.entente.xmpp_port)
        return self.entente

    def make_kamailio(self, transport="udp", names=(), **more):
        """transport: between it and Entente. names: in its certificate, beside its address."""
        address = self.address(HOST_SIP)
        if transport == "tls":
            more["tls"] = (self.ca.issue("kamailio", dns=names, addresses=[address]), self.ca.file)
        entente = self.entente.sips if transport == "tls" else self.entente.sip
        self.kamailio = Kamailio(
            self.folder, address, SIP_DOMAIN, PASSWORD, entente, transport, **more)
        return self.kamailio

    def start_sip_user(self, user, contacts):
        return self.start(Baresip(
            self.folder, self.next_address(), user, SIP_DOMAIN, PASSWORD, self.kamailio.registrar,
            contacts, self.ca.file))

    def start_contact(self, user, server, domain=None):
        return self.start(Contact(
            f"{user}@{domain or server.domain}", PASSWORD, server.address, server.c2s_port, self.ca.file))
