"""The peer: connections, transactions, what happened."""

import contextlib
import dataclasses
import itertools
import queue
import secrets
import socket
import ssl
import threading

from lab import wait

from .called import Called
from .options import Options
from .presence import Presence
from .session import Session
from .wire import Link, Message, param


class Event:
    """Something that happened: its name, and what belongs to it as attributes."""

    def __init__(self, name, **more):
        self.name = name
        self.__dict__.update(more)

    def __repr__(self):
        return f"{self.name}{ {k: v for k, v in self.__dict__.items() if k != 'name'} }"


class Call:
    """A client transaction: its request and all that was answered. TLS: nothing is repeated."""

    def __init__(self, request):
        self.request = request
        self.answers = queue.Queue()


class LyncPeer(Called, Presence):
    """A pool (or an Edge) and its users, at one name and address. Sends to `server`; answers on the
    connection that a request came by."""

    def __init__(self, host, address, port, tls, server=None, names=None, **options):
        """tls: (Pair, file of the authorities). server: (address, port, name that its certificate has).
        names: whose certificates are let in; None: all that the authorities vouch for."""
        self.host, self.address, self.port, self.server = host, address, port, server
        self.options = Options(**options)
        self.take_embedded = True       # a called client understands ms-text-format
        self.names = names
        self.lock = threading.RLock()
        self.happened = threading.Condition(self.lock)
        self.events, self.faults = [], []
        self._tls = tls
        self._listener = None
        self._links, self._out, self._turn = [], [], itertools.count()
        self._probe = threading.Event()
        self._forget()

    def become(self, **options):
        """Another peer from now on, at the same place: these options, the defaults else. Dialogs and
        connections stay, and so do faults; what happened is forgotten."""
        with self.lock:
            self.options.__dict__.update(dataclasses.asdict(Options(**options)))
            self.events = []
            self.message_status = list(self.options.message_status)
            self.take_embedded = True
        self._probe_anew()

    def _forget(self):
        self.sessions, self.subscriptions, self.ringing, self._calls = {}, {}, {}, {}
        self.conversations = set()
        self.message_status = list(self.options.message_status)
        self.last_conversation = ""

    # ---- life

    def start(self):
        self._listener = socket.create_server((self.address, self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, args=(self._listener,), daemon=True).start()
        self._probe_anew()
        return self

    def stop(self):
        self._probe.set()
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def crash(self):
        """The process is gone: connections end, nothing is remembered. start() begins anew."""
        kept = self.last_conversation
        self.stop()
        with self.lock:
            self._forget()
            self.last_conversation = kept   # what stale_conversation wrongly says again

    def drop(self):
        """Ends every connection."""
        with self.lock:
            links, self._links, self._out = self._links, [], []
        for link in links:
            link.close()

    @property
    def links(self):
        with self.lock:
            return [link for link in self._links if link.open]

    def _context(self, purpose):
        context = ssl.SSLContext(purpose)
        context.load_cert_chain(self._tls[0].cert, self._tls[0].key)
        context.load_verify_locations(self._tls[1])
        context.verify_mode = ssl.CERT_REQUIRED     # T1: both sides
        return context

    def _listen(self, listener):
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._welcome, args=(sock, context), daemon=True).start()

    def _welcome(self, sock, context):
        try:
            sock.settimeout(10 * wait.SLOWNESS)
            sock = context.wrap_socket(sock, server_side=True)
        except OSError as e:
            self.note("handshake-failed", why=repr(e))
            sock.close()
            return
        names = [v for k, v in sock.getpeercert().get("subjectAltName", ()) if k == "DNS"]
        if self.names is not None and not set(names) & set(self.names):     # T2
            self.note("stranger", names=names)
            sock.close()
            return
        self._keep(sock)

    def _keep(self, sock):
        link = Link(sock, self.options, self._on_message, self._on_end)
        with self.lock:
            self._links.append(link)
        self.note("connected", link=link)
        return link.start()

    def _dial(self):
        address, port, name = self.server
        sock = socket.create_connection((address, port), 10 * wait.SLOWNESS)
        return self._keep(self._context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(sock, server_hostname=name))

    def _link(self):
        """T3: in turn."""
        i = next(self._turn) % self.options.connections
        with self.lock:
            while len(self._out) <= i:
                self._out.append(None)
            if not self._out[i] or not self._out[i].open:
                self._out[i] = self._dial()
            return self._out[i]

    def _on_end(self, link, why):
        with self.lock:
            if link in self._links:     # else we ended it
                self.note("disconnected", link=link, why=why)

    # ---- events

    def note(self, name, **more):
        with self.happened:
            self.events.append(Event(name, **more))
            self.happened.notify_all()

    def fault(self, text):
        """Something the other side may not do. A test looks at the end that there is none."""
        with self.lock:
            self.faults.append(text)

    def wait(self, name, seconds=10.0, **wanted):
        """The next event of that name (and those values) that no wait() returned yet."""
        def find():
            for event in self.events:
                if event.name == name and not getattr(event, "seen", False) and all(
                        getattr(event, k, None) == v for k, v in wanted.items()):
                    event.seen = True
                    return event
            return None

        with self.happened:
            found = []
            if self.happened.wait_for(lambda: found.append(find()) or found[-1], seconds * wait.SLOWNESS):
                return found[-1]
            raise AssertionError(f"{self.host} waited for {name} {wanted}; it has {self.events}, "
                                 f"faults {self.faults}")

    def count(self, name, **wanted):
        with self.lock:
            return sum(e.name == name and all(getattr(e, k, None) == v for k, v in wanted.items())
                       for e in self.events)

    def texts(self):
        """What its users have been shown, in order."""
        with self.lock:
            return [e.text for e in self.events if e.name == "message"]

    # ---- transactions

    @staticmethod
    def token():
        return secrets.token_hex(5)

    def via(self):
        return f"SIP/2.0/TLS {self.address}:{self.port};branch=z9hG4bK{secrets.token_hex(8)}"

    def say(self, link, message):
        with contextlib.suppress(OSError):
            link.send(message)

    def send(self, request, wants_answer=True):
        """Sends a request, without waiting. What is not waited for (ACK, BENOTIFY): None."""
        call = None
        if wants_answer and request.method not in ("ACK", "BENOTIFY"):
            call = Call(request)
            with self.lock:
                self._calls[request.branch, request.method] = call
        self._link().send(request)
        return call

    def ask(self, request, seconds=10.0):
        """Sends a request and waits for its final response; None: there was none in time."""
        return self.final(self.send(request), seconds)

    def final(self, call, seconds=10.0):
        try:
            while True:
                answer = call.answers.get(timeout=seconds * wait.SLOWNESS)
                if answer.status >= 200:
                    return answer
        except queue.Empty:
            return None

    def _on_message(self, m):
        with self.lock:
            if m.status:
                self._on_response(m)
            else:
                self.on_request(m)

    def _on_response(self, m):
        call = self._calls.get((m.branch, m.cseq[1]))
        if not call:
            self.note("stray", message=m)
            if m.cseq[1] == "BENOTIFY":
                self.fault("BENOTIFY was answered")     # 6.2
            return
        if m.cseq[1] == "INVITE" and m.status >= 200 and getattr(call, "session", None):
            self._on_invite_final(call, m)
        call.answers.put(m)

    def _on_invite_final(self, call, m):
        """ACK each 2xx; another one than the first is a late one: BYE, too (5.6, RFC 3261 13.2.2.4)."""
        session = call.session
        if m.status >= 300:
            self.send(Message(f"ACK {call.request.uri} SIP/2.0", [
                ("Via", call.request.get("Via")), ("Max-Forwards", "70"), ("From", m.get("From")),
                ("To", m.get("To")), ("Call-ID", m.get("Call-ID")), ("CSeq", f"{m.cseq[0]} ACK")]))
            session.state = "ended"
            return
        if session.state in ("inviting", "early"):
            session.answered(m)
            session.expect(session.given_routes)
        if param(m.get("To"), "tag") == session.remote_tag and not call.cancelled:
            session.ack(m.cseq[0])
            return
        late = session.twin()
        late.answered(m)
        late.ack(m.cseq[0])
        late.state, session.state = "ended", "ended" if call.cancelled else session.state
        self.send(late.message("BYE"))
        self.note("late-ended", session=late)

    def session_of(self, m):
        """The session that a request in a dialog is of."""
        session = self.sessions.get((m.get("Call-ID"), param(m.get("To"), "tag")))
        if session and session.remote_tag == param(m.get("From"), "tag"):
            return session
        return None

    # ---- what users do

    def begin(self, user, contact, text=None, change=None):
        """INVITE, without waiting for its end: (session, call). change(message) may make it another one."""
        session = Session(self, f"sip:{user}", f"sip:{contact}", secrets.token_hex(16), calling=True)
        session.conversation = secrets.token_urlsafe(16)
        if self.options.stale_conversation and self.last_conversation:
            session.conversation = self.last_conversation
        self.last_conversation = session.conversation
        request = session.invite_message(text)
        if change:
            change(request)
        call = Call(request)
        call.session, call.cancelled = session, False
        with self.lock:
            self.sessions[session.key] = session
            self._calls[request.branch, "INVITE"] = call
        self._link().send(request)
        return session, call

    def invite(self, user, contact, text=None):
        """A conversation: INVITE and, unless it was embedded and taken, the text as MESSAGE (5.1, 5.2).
        (session, the final answer to the INVITE)."""
        session, call = self.begin(user, contact, text)
        answer = self.final(call)
        if answer and answer.status == 200 and text is not None:
            taken = self.options.embed and answer.has("Supported", "ms-text-format")
            if self.options.repeat == "always" or (not taken and self.options.repeat != "never"):
                session.send(text)
        return session, answer

    def cancel(self, call):
        """CANCEL (RFC 3261 9.1): its answer; what becomes of the INVITE comes to the call."""
        request = call.request
        call.cancelled = True
        kept = ("Via", "Max-Forwards", "Route", "From", "To", "Call-ID")
        fields = [(n, v) for n, v in request.fields if n in kept]
        return self.ask(Message(f"CANCEL {request.uri} SIP/2.0", [*fields, ("CSeq", f"{request.cseq[0]} CANCEL")]))

    def probe(self):
        """OPTIONS (5.5)."""
        session = Session(self, f"sip:{self.host}", f"sip:{self.server[2]}", secrets.token_hex(16), calling=True)
        return self.ask(session.message(
            "OPTIONS", [("Contact", session.contact()), ("Accept", "application/sdp")]))

    def _probe_anew(self):
        self._probe.set()
        if self.options.options_every:
            self._probe = threading.Event()
            threading.Thread(
                target=self._probe_on, args=(self._probe, self.options.options_every), daemon=True).start()

    def _probe_on(self, enough, seconds):
        while not enough.wait(seconds):
            with contextlib.suppress(OSError):
                if self.server:     # it may be told later
                    self.probe()

    def ping(self):
        """CRLFCRLF on the first connection that it opened (T5)."""
        link = self._link()
        link.send(b"\r\n\r\n")
        return link
