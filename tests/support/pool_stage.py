"""Entente between Lync-like pools and a real partner: the stage of the session tests."""

import itertools
from xml.sax.saxutils import escape

from lab.lab import Lab
from lab.wait import until
from lyncpeer import LyncPeer

PARTNER = "xmpp.lab"
JULIET = f"juliet@{PARTNER}"
STATES = "http://jabber.org/protocol/chatstates"


class Stage:
    """Prosody with juliet, and sites: each a SIP domain with a pool of its own."""

    def __init__(self, build, valgrind=False):
        self.lab = Lab(build, valgrind=valgrind)
        self.prosody = self.lab.make_prosody(["juliet"])
        self.ententes, self.sites = [], []
        self.juliet = None

    def make_entente(self, domains, **more):
        """Made before start(): the DNS has to know all names."""
        entente = self.lab.make_entente(domains, **more)
        self.ententes.append(entente)
        return entente

    def start(self):
        for peer in (self.lab.dns, self.prosody, *self.ententes):
            self.lab.start(peer)
        for entente in self.ententes:
            entente.do("access", "set", "--allow-federated-users", "yes",
                       "--enable-federation-access", "yes", "--enable-xmpp-access", "yes")
            entente.do("partner", "add", PARTNER, "--type", "Federated")
        self.juliet = self.lab.start_contact("juliet", self.prosody)
        return self

    def add_site(self, entente, domain, mode="session", **options):
        """A pool, and the route to it. Its host is what its certificate says."""
        host = f"pool.{domain}"
        pair = self.lab.ca.issue(host, dns=[host])
        first = next(iter(entente.certificates))     # whom those see who name no domain of ours
        pool = self.lab.start(LyncPeer(
            host, self.lab.next_address(), 0, (pair, self.lab.ca.file),
            server=(entente.address, entente.sips_port, first), **options))
        entente.do(
            "route", "add", domain, "--next-hop", f"sip:{pool.address}:{pool.port}", "--transport", "tls",
            "--tls-names", host, "--kind", "microsoft-pool", "--mode", mode, "--error-wait", "20")
        entente.do("domain", "add", domain, "--route", domain)
        site = Site(self, entente, domain, pool)
        self.sites.append(site)
        return site

    def close(self):
        """Ends all; no peer has seen a fault, and every entented ends well."""
        codes = [entente.stop() for entente in self.ententes]
        self.lab.close()
        faults = [fault for site in self.sites for fault in site.pool.faults]
        if not any(codes) and not faults:
            self.lab.remove()
        assert codes == [0] * len(codes) and faults == []


class Site:
    """A SIP domain with its pool. Its users are new in every test: what was is nobody's business."""

    _numbers = itertools.count(1)

    def __init__(self, stage, entente, domain, pool):
        self.stage, self.entente, self.domain, self.pool = stage, entente, domain, pool

    @property
    def juliet(self):
        return self.stage.juliet

    def no_faults(self):
        """The pool has seen nothing since the last time that its other side may not do."""
        faults, self.pool.faults[:] = list(self.pool.faults), []
        assert faults == []

    def user(self):
        return f"romeo{next(self._numbers)}@{self.domain}"

    # ---- from the user

    def call(self, user, text=None):
        """The user begins: (session, the answer)."""
        return self.pool.invite(user, JULIET, text)

    # ---- from the contact

    def write(self, user, text, more=""):
        """juliet writes, from a client that knows chat states; returns the id of the stanza."""
        number = f"m{next(self._numbers)}"
        self.juliet.send_xml(f"<message to='{user}' type='chat' id='{number}'><body>{escape(text)}</body>"
                             f"<active xmlns='{STATES}'/>{more}</message>")
        return number

    def shown(self, text, seconds=20.0):
        """Waits until the user has been shown it; the event, which has its session."""
        return self.pool.wait("message", seconds, text=text)

    def heard(self, user, text, start=0):
        """Waits until juliet has it of the user; the message."""
        return until(
            lambda: next((m for m in self.juliet.messages(start)
                          if m.body == text and m.sender.partition("/")[0] == user), None),
            lambda: f"'{text}' at juliet, who has {self.juliet.messages(start)}", 20)

    def refused(self, number, seconds=20.0):
        """Waits for the error of a stanza; the message."""
        return self.juliet.wait_message(seconds, type="error", id=number)

    def say(self, user, state):
        """juliet's chat state, without a text."""
        self.juliet.send_xml(f"<message to='{user}' type='chat'><{state} xmlns='{STATES}'/></message>")

    def both_ways(self, session, user):
        """A text each way in a session that is up; each arrives once, in it."""
        there, back = f"in {user}", f"out {user}"
        mark = self.juliet.mark()
        assert session.send(there).status == 200
        self.heard(user, there, mark)
        self.write(user, back)
        assert self.shown(back).session is session
        assert self.times(user, there) == self.pool.texts().count(back) == 1

    def times(self, user, text):
        """How often juliet has it of the user."""
        return sum(m.body == text and m.sender.partition("/")[0] == user
                   for m in self.juliet.messages() if m.type != "error")
