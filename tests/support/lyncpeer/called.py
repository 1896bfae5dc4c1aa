"""What a peer answers: INVITE and what comes in a dialog (profile 5.2 to 5.5)."""

import re

from .session import Session, embedded_text, sdp
from .wire import Message, address, param

TAKEN_TYPES = ("text/plain", "text/html", "text/rtf", "multipart/alternative", "multipart/related",
               "application/im-iscomposing+xml", "application/ms-imdn+xml", "message/cpim")
ALLOW = "INVITE, ACK, BYE, CANCEL, INFO, MESSAGE, UPDATE, OPTIONS, NOTIFY, BENOTIFY, REFER"
REASONS = {100: "Trying", 180: "Ringing", 200: "OK", 403: "Forbidden", 415: "Unsupported Media Type",
           420: "Bad Extension", 480: "Temporarily Unavailable", 481: "Call Leg/Transaction Does Not Exist",
           482: "Loop Detected", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
           489: "Bad Event", 500: "Server Internal Error", 501: "Not Implemented", 603: "Decline",
           606: "Not Acceptable"}
# [MS-OCER] 8.2, as profile 9 has them
DIAGNOSTICS = {403: "1002", 404: "1003", 482: "1006", 500: "1004"}


class Called:
    """Part of LyncPeer. Runs on the threads of the connections, under the peer's lock."""

    def reply(self, request, status, fields=(), body=b"", tag=""):
        to = request.get("To")
        if not param(to, "tag") and status != 100:
            to += f";tag={tag or self.token()}"
        head = [("Via", v) for v in request.all("Via")]
        head += [("From", request.get("From")), ("To", to), ("Call-ID", request.get("Call-ID")),
                 ("CSeq", request.get("CSeq"))]
        if status >= 400 and self.options.diagnostics:
            head.append(("ms-diagnostics", f'{DIAGNOSTICS.get(status, "1011")};reason="{REASONS.get(status, "")}";'
                                           f'source="{self.host}"'))
        response = Message(f"SIP/2.0 {status} {REASONS.get(status, 'Error')}", head + list(fields), body)
        self.say(request.link, response)    # T4: on the connection that it came by

    def on_request(self, m):
        handlers = {"INVITE": self._invite, "ACK": self._ack, "CANCEL": self._cancel, "OPTIONS": self._options,
                    "SUBSCRIBE": self.on_subscribe, "NOTIFY": self.on_notify, "BENOTIFY": self.on_notify}
        handler = handlers.get(m.method)
        if handler:
            handler(m)
            return
        session = self.session_of(m)
        if not session or session.state == "ended":
            self.reply(m, 481)
        elif self._in_order(session, m):
            getattr(self, "_in_" + m.method.lower(), self._in_unknown)(session, m)

    def _in_order(self, session, m):
        """CSeq rises (RFC 3261 12.2.2), the route set came back as it was given (A4)."""
        routes = m.route_list()
        number = m.cseq[0]
        if session.remote_cseq is not None and number <= session.remote_cseq:
            self.fault(f"CSeq {number} of {m.method} is not above {session.remote_cseq}")
            self.reply(m, 500)
            return False
        session.remote_cseq = number
        if routes not in session.expected_routes:
            self.fault(f"{m.method} came with the route set {routes}, not {session.expected_routes[-1]}")
            self.note("route-altered", session=session, routes=routes)
            self.reply(m, 500)      # ms-diagnostics 1004
            return False
        if m.get("Record-Route"):   # A5: it replaces the route set
            session.routes = m.route_list("Record-Route")
            self.note("new-routes", session=session)
        return True

    # ---- a session begins

    def _invite(self, m):
        if param(m.get("To"), "tag"):
            session = self.session_of(m)
            if not session or session.state == "ended":
                self.reply(m, 481)
            elif self._in_order(session, m):
                self._in_invite(session, m)
            return
        status = self._judge(m)
        conversation = m.get("Ms-Conversation-ID")
        if not status and conversation and conversation in self.conversations:
            status = self.options.conversation_known    # A6
        self.note("invite", message=m, text=embedded_text(m.get("ms-text-format")), status=status or 200)
        if status:
            self.reply(m, status)
            return
        self.conversations.add(conversation)
        self._ring(m)

    def _judge(self, m):
        """0, or the status to refuse an INVITE with (5.2)."""
        media = re.search(rb"^m=(\S+)", m.body, re.M)
        if m.uri.startswith("sips:"):
            return 403
        if m.has("Require", "com.microsoft.rtc-multiparty"):
            return 488
        if not m.body:
            return 501      # as Lync's clients do; Entente says 488
        if not media or media.group(1) not in (b"message", b"x-ms-message"):
            return 488
        return self.options.invite_status if self.options.invite_status != 200 else 0

    def _ring(self, m):
        legs = [self._leg(m) for _ in range(self.options.fork)]
        if self.options.ring or self.options.fork > 1:
            for session in legs:
                session.state = "early"
                self.reply(m, 180, [("Contact", session.contact())], tag=session.local_tag)
        self.ringing[m.branch] = (m, legs)
        if not self.options.ring:
            self.answer(m)

    def _leg(self, m):
        session = Session(self, address(m.get("To")), address(m.get("From")), m.get("Call-ID"), calling=False)
        session.taken_from(m)
        session.invite = m
        self.sessions[session.key] = session
        return session

    def answer(self, m):
        """The 200 of the last that rang; with late_200 the first says it, too, after the ACK."""
        _, legs = self.ringing.pop(m.branch)
        self._accept(legs[-1])
        if self.options.repeat_200:
            self._accept(legs[-1])
        for leg in legs[:-1]:
            leg.state = "late" if self.options.late_200 and leg is legs[0] else "ended"

    def _accept(self, session):
        m, options = session.invite, self.options
        if not session.last_200:
            fields = session.new_pool_routes()
            session.expect(list(reversed(session.given_routes)))
            fields += [("Record-Route", v) for v in m.all("Record-Route")]
            fields += [("Contact", session.contact()), ("Supported", "ms-dialog-route-set-update, ms-sender"),
                       ("Content-Type", "application/sdp")]
            text = embedded_text(m.get("ms-text-format"))
            if text is not None and self.take_embedded:
                fields.append(("Supported", "ms-text-format"))
                session.first_text = text
                self.note("message", session=session, text=text, embedded=True)
            if "hop-hop=yes" in m.get("ms-keep-alive"):
                fields.append(("ms-keep-alive", "UAS; tcp=no; hop-hop=yes; end-end=no; timeout=300"))
            seconds = m.get("Session-Expires").partition(";")[0]
            if seconds:
                fields += [("Supported", "timer"), ("Require", "timer"),
                           ("Session-Expires", f"{seconds};refresher=uac")]
            session.last_200 = fields, sdp(options, self.address)
            session.state = "up"
        self.reply(m, 200, *session.last_200, tag=session.local_tag)

    def _ack(self, m):
        session = self.session_of(m)
        if not session:
            return      # of a refusal: hop by hop
        session.acks += 1
        self.note("ack", session=session, acks=session.acks)
        if m.route_list() not in session.expected_routes:
            self.fault(f"ACK came with the route set {m.route_list()}")
        late = [s for s in self.sessions.values() if s.call_id == session.call_id and s.state == "late"]
        for leg in late:
            self.note("late-200", session=leg)
            self._accept(leg)

    def _cancel(self, m):
        invite, legs = self.ringing.get(m.branch, (None, None))
        if not invite:
            self.reply(m, 481)
            return
        if self.options.cancel_race:
            self.answer(invite)     # it was on its way already (RFC 3261 9.1)
            self.reply(m, 200, tag=legs[-1].local_tag)
        else:
            del self.ringing[m.branch]
            self.conversations.discard(invite.get("Ms-Conversation-ID"))
            for leg in legs:
                leg.state = "ended"
            self.reply(m, 200, tag=legs[-1].local_tag)
            self.reply(invite, 487, tag=legs[-1].local_tag)
        self.note("cancel", message=m)

    # ---- in a session

    def _in_message(self, session, m):
        session.asked += 1
        if session.asked > 1:
            self.fault("a MESSAGE came before the one before it was answered")     # RFC 3428 8, 5.3
        status = self._message_status(m)
        if self.options.silent:
            self.note("silence", session=session, message=m)
            return      # asked stays: the sender has to wait or to give up
        session.asked -= 1
        if status >= 300:
            warning = [("Warning", self.options.message_warning)] if self.options.message_warning else []
            if status in (404, 410, 480, 481):
                session.state = "ended"     # 5.3: the dialog is dead
                self.conversations.discard(session.conversation)
            self.note("refused", session=session, status=status, message=m)
            self.reply(m, status, warning)
            return
        text = m.body.decode("utf-8", "replace")
        if session.first_text is not None and session.first_text == text:
            self.note("repeated", session=session, text=text)    # 5.2: the same twice, shown once
        elif m.content_type == "application/im-iscomposing+xml":
            self.note("typing", session=session, status=text)
        else:
            self.note("message", session=session, text=text, embedded=False, message=m)
        session.first_text = None
        self.reply(m, 200)

    def _message_status(self, m):
        if self.message_status:
            return self.message_status.pop(0)
        return 200 if m.content_type in TAKEN_TYPES else 415

    def _in_info(self, session, m):
        status = re.search(rb'<status status="(\w+)"', m.body)
        self.note("typing", session=session, status=status.group(1).decode() if status else "")
        self.reply(m, 200)      # 5.4: always

    def _in_invite(self, session, m):
        media = re.search(rb"^m=(\S+)", m.body, re.M)
        self.note("reinvite", session=session, message=m)
        if len(re.findall(rb"^m=", m.body, re.M)) != 1 or not media or media.group(1) != b"message":
            self.reply(m, 488)  # 5.5: and the session stays
            return
        session.target = address(m.get("Contact")) or session.target
        self.reply(m, 200, [("Contact", session.contact()), ("Content-Type", "application/sdp")],
                   sdp(self.options, self.address))

    def _in_update(self, session, m):
        self.note("update", session=session, expires=m.get("Session-Expires"))
        session.target = address(m.get("Contact")) or session.target
        timer = [("Session-Expires", v) for v in m.all("Session-Expires")]
        self.reply(m, 200, [("Contact", session.contact()), *timer])

    def _in_bye(self, session, m):
        session.state = "ended"
        self.conversations.discard(session.conversation)
        self.note("bye", session=session)
        self.reply(m, 200)

    def _in_refer(self, session, m):
        self.reply(m, 603)

    def _in_unknown(self, session, m):
        self.reply(m, 501)

    def _options(self, m):
        self.note("options", message=m)
        self.reply(m, 200, [("Allow", ALLOW), ("Content-Type", "application/sdp")], sdp(self.options, self.address))
