"""Presence between servers, as far as section 10 of the profile has switches for it (profile 6)."""

import secrets

from .session import Session
from .wire import address, param

PIDF = ('<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{}"><tuple id="t1">'
        '<status><basic>{}</basic></status></tuple></presence>')


class Subscription:
    """A dialog that SUBSCRIBE made; session has its numbers, tags and addresses."""

    def __init__(self, session):
        self.session, self.state = session, "pending"


class Presence:
    """Part of LyncPeer."""

    def subscribe(self, user, contact, benotify=False):
        """SUBSCRIBE; after 420 for ms-benotify once more without it (6.1). The final answer."""
        session = Session(self, f"sip:{user}", f"sip:{contact}", secrets.token_hex(16), calling=True)
        with self.lock:
            self.subscriptions[session.key] = Subscription(session)
        answer = self.ask(self._subscribe(session, benotify))
        if answer and answer.status == 420 and benotify:
            self.note("benotify-refused", message=answer)
            answer = self.ask(self._subscribe(session, False))
        if answer and answer.status == 200:
            self._subscribed(session, answer)
        return answer

    def _subscribe(self, session, benotify):
        fields = [("Event", "presence"), ("Accept", "application/pidf+xml"), ("Expires", "28800"),
                  ("Contact", session.contact()), ("Supported", "ms-piggyback-first-notify")]
        if benotify:
            fields += [("Supported", "ms-benotify"), ("Proxy-Require", "ms-benotify")]
        return session.message("SUBSCRIBE", fields)

    def _subscribed(self, session, answer):
        session.remote_tag = param(answer.get("To"), "tag")
        session.target = address(answer.get("Contact")) or session.target
        state = answer.get("subscription-state")
        if state.startswith("terminated"):
            self.note("terminated", session=session)
        elif answer.has("Supported", "ms-piggyback-first-notify") and answer.body:
            self.note("notified", session=session, how="200", body=answer.body.decode())

    def on_subscribe(self, m):
        """As the server of the presentity (6.1)."""
        if m.has("Proxy-Require", "ms-benotify") and self.options.refuse_benotify:
            self.reply(m, 420, [("Unsupported", "ms-benotify")])
            return
        if m.get("Event").partition(";")[0] != "presence":
            self.reply(m, 489, [("Allow-Events", "presence")])
            return
        session = Session(self, address(m.get("To")), address(m.get("From")), m.get("Call-ID"), calling=False)
        session.taken_from(m)
        session.state = "up"
        subscription = self.subscriptions[session.key] = Subscription(session)
        self.note("subscribe", session=session, message=m)
        self._grant(m, subscription)

    def _grant(self, m, subscription):
        options, session = self.options, subscription.session
        fields = [("Contact", session.contact()), ("Expires", "28800")]
        if not options.omit_event:
            fields.append(("Event", "presence"))
        subscription.state = "terminated" if options.terminated_200 else "active"
        if options.terminated_200:
            fields.append(("subscription-state", "terminated"))
            self.reply(m, 200, fields, tag=session.local_tag)
        elif options.piggyback:
            fields += [("Supported", "ms-piggyback-first-notify"), ("subscription-state", "active;expires=29087"),
                       ("ms-piggyback-cseq", "1"), ("Content-Type", "application/pidf+xml")]
            session.cseq = 1
            self.reply(m, 200, fields, PIDF.format(session.local, "open").encode(), tag=session.local_tag)
        else:
            self.reply(m, 200, fields, tag=session.local_tag)
            self._notify(session, "open", wants_answer=True)

    def _notify(self, session, basic, wants_answer):
        """Without waiting: this may be a connection's own thread."""
        method = "BENOTIFY" if self.options.benotify else "NOTIFY"
        fields = [] if self.options.omit_event else [("Event", "presence")]
        fields += [("Subscription-State", "active;expires=28800"), ("Contact", session.contact()),
                   ("Content-Type", "application/pidf+xml")]
        message = session.message(method, fields, PIDF.format(session.local, basic).encode())
        return self.send(message, wants_answer and method == "NOTIFY")

    def notify(self, session, basic):
        """NOTIFY or BENOTIFY; the final answer to the former."""
        call = self._notify(session, basic, True)
        return self.final(call) if call else None

    def on_notify(self, m):
        key = (m.get("Call-ID"), param(m.get("To"), "tag"))
        subscription = self.subscriptions.get(key)
        how = m.method
        if subscription:
            self.note("notified", session=subscription.session, how=how, body=m.body.decode())
        if how == "NOTIFY":     # BENOTIFY is never answered (6.2)
            self.reply(m, 200 if subscription else 481)
