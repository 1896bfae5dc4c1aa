"""Entente between a scripted SIP peer and scripted XMPP partners: the stage of the wire tests."""

from lab.lab import SIP_DOMAIN, Lab
from sip_peer import SipPeer, token
from sip_stream_peer import SipStreamPeer
from xmpp_peer import XmppPeer

PARTNER = "partner.lab"
ROUTE = "pbx"
PBX = "pbx.lab"     # in the certificate of the SIP route


class Scene:
    """sip: the trusted SIP route of sip.lab. partner: a listed, enabled partner of type Federated.

    names: further domains that the DNS knows as servers of scripted peers; add_partner() makes
    partners of them. domains: the local ones. settings: as Entente's, or a function that makes them
    of the lab. transport: of the SIP side, "udp", "tcp" or "tls".
    """

    def __init__(self, build, valgrind=False, names=(), route=(), settings=None,
                 domains=(SIP_DOMAIN,), transport="udp"):
        self.lab = Lab(build, valgrind=valgrind)
        self.transport = transport
        self.peers = {}
        try:
            self._start(names, route, settings, domains)
        except BaseException:
            self.lab.close()
            raise

    def _start(self, names, route, settings, domains):
        lab = self.lab
        for name in (PARTNER, *names):
            self.peers[name] = XmppPeer(name, lab.next_address(), lab.ca.server(name), lab.ca.file)
            lab.dns.server(name, self.peers[name].address, self.peers[name].port)
        self.partner = self.peers[PARTNER]
        if callable(settings):
            settings = settings(lab)
        self.entente = lab.make_entente(domains, settings=settings)
        self.sip = self.make_sip_peer(PBX)
        self.stranger = self.make_sip_peer("stranger.lab")
        for peer in (lab.dns, *self.peers.values(), self.sip, self.stranger, self.entente):
            lab.start(peer)
        self._administer(route, domains)

    def make_sip_peer(self, name, transport=None):
        """One that is not started yet, at an address of its own. name: in its certificate."""
        transport = transport or self.transport
        address, entente = self.lab.next_address(), self.entente
        if transport == "udp":
            return SipPeer(address, 5060, (entente.address, entente.sip_port))
        if transport == "tcp":
            return SipStreamPeer(address, 5060, (entente.address, entente.sip_port))
        pair = self.lab.ca.issue(f"{name}-sip", dns=[name])
        return SipStreamPeer(
            address, 5061, (entente.address, entente.sips_port), (pair, self.lab.ca.file))

    def _administer(self, route, domains):
        do = self.entente.do
        if self.transport != "udp":
            route = ["--transport", self.transport, *route]
        if self.transport == "tls":
            route += ["--tls-names", PBX]
        do("route", "add", ROUTE, "--next-hop", f"sip:{self.sip.endpoint}", *route)
        for domain in domains:
            do("domain", "add", domain, "--route", ROUTE)
        do("access", "set", "--allow-federated-users", "yes",
           "--enable-federation-access", "yes", "--enable-xmpp-access", "yes")
        self.add_partner(PARTNER)

    def add_partner(self, domain, *options, tls="Required", sasl="Required", dialback="no"):
        """Puts it on the allow list: EXTERNAL or nothing, unless told otherwise."""
        self.entente.do(
            "partner", "add", domain, "--type", "Federated", "--tls", tls, "--sasl", sasl,
            "--dialback", dialback, *options)

    def close(self):
        """Ends all; returns entented's exit code."""
        code = self.entente.stop()
        self.lab.close()
        if code == 0:
            self.lab.remove()
        return code

    # ---- one message, to see that all is well ----

    def stream_in(self, domain=PARTNER):
        """An authenticated stream from a partner to Entente."""
        return self.peers[domain].open(self.entente.address, self.entente.xmpp_port, SIP_DOMAIN)

    def message_in(self, wire=None, text=None, domain=PARTNER, to="romeo"):
        """Sends a message from a partner's contact; returns the request the SIP side got."""
        text = text or token()
        mark = self.sip.mark()
        own = wire or self.stream_in(domain)
        own.send(
            f"<message from='juliet@{domain}' to='{to}@{SIP_DOMAIN}' type='chat'>"
            f"<body>{text}</body></message>")
        request = self.sip.wait(
            lambda m: m.method == "MESSAGE" and m.body == text.encode(), f"'{text}'", start=mark)
        if not wire:
            own.close()
        return request

    def message_out(self, text=None, domain=PARTNER, **more):
        """Sends a message from a SIP user to a partner's contact; returns the request."""
        request = self.sip.compose(f"sip:juliet@{domain}", text or token(), **more)
        self.sip.send(request)
        return request
