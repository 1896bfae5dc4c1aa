"""Conversations as sessions: a Lync-like pool behind Entente, Prosody before it. Numbers in brackets are
sections of the interoperability profile; what it says of a peer is a switch of tests/support/lyncpeer.
What goes wrong in them: test_session_trouble.py."""

import re

import pytest

from lab.wait import until
from pool_stage import JULIET, STATES, Stage

DOMAIN = "sip.lab"
RECEIPTS = "urn:xmpp:receipts"


@pytest.fixture(scope="module")
def stage(build, valgrind):
    stage = Stage(build, valgrind)
    try:
        entente = stage.make_entente((DOMAIN,))
        stage.start()
        stage.site = stage.add_site(entente, DOMAIN)
        yield stage
    except BaseException:
        stage.lab.close()
        raise
    stage.close()


@pytest.fixture
def site(stage):
    """Its pool is what the test makes of it."""
    stage.site.pool.become()
    yield stage.site
    stage.site.no_faults()


# ---- conversations, whoever begins, whatever the peer is like (10)

LOOKS = {
    "folded": {"folded": True},
    "compact": {"compact": True},
    "lower case": {"lower_case": True},
    "8 KiB": {"big_headers": 8192},
    "in pieces": {"split": 7},
    "all looks": {"folded": True, "compact": True, "lower_case": True, "big_headers": 8192, "split": 999,
                  "record_route": 3},
    "routes": {"record_route": 2},                                          # A4
    "new routes": {"record_route": 1, "new_route_in_dialog": True},         # A5
    "no gruu": {"gruu": False},                                             # A2
    "epid": {"epid_changes": True},                                         # A1
}
CALLING = {
    "plain": {},
    "embedded": {"embed": True},                                            # 5.2
    "embedded and repeated": {"embed": True, "repeat": "always"},
    "embedded once": {"embed": True, "repeat": "never"},
    "four connections": {"connections": 4},                                 # T3
    "session timer": {"session_expires": 90},
    "no keep-alive": {"ms_keep_alive": False},
    "old media": {"media": "x-ms-message 5060 sip null"},                   # 5.1
    "plain text only": {"accept_types": "text/plain"},
    "no accept-types": {"accept_types": ""},
    "probed": {"options_every": 0.05},                                      # 5.5
    **LOOKS,
}
CALLED = {
    "plain": {},
    "forked": {"fork": 3},                                                  # 5.6
    "late 200": {"fork": 2, "late_200": True},
    "200 twice": {"repeat_200": True},
    "no diagnostics": {"diagnostics": False},
    "plain text only": {"accept_types": "text/plain"},
    **LOOKS,
}


def rows(table, *valgrind):
    """Those named run under valgrind, too."""
    return [pytest.param(options, id=name, marks=[pytest.mark.valgrind] if name in valgrind else [])
            for name, options in table.items()]


@pytest.mark.parametrize("options", rows(CALLING, "embedded", "all looks", "new routes"))
def test_user_begins(site, options):
    site.pool.become(**options)
    user = site.user()
    text = f"hello of {user}"
    session, answer = site.call(user, text)
    assert answer.status == 200
    site.heard(user, text)
    site.both_ways(session, user)
    assert site.times(user, text) == 1 and site.pool.count("invite") == 0
    assert session.bye().status == 200
    assert session.send("too late").status == 481


@pytest.mark.parametrize("options", rows(CALLED, "late 200", "200 twice"))
def test_contact_begins(site, options):
    site.pool.become(**options)
    user = site.user()
    text = f"hello to {user}"
    site.write(user, text)
    session = site.shown(text).session
    site.both_ways(session, user)
    assert site.pool.count("invite") == site.pool.texts().count(text) == 1
    if options.get("late_200"):
        late = site.pool.wait("late-200").session
        assert site.pool.wait("bye").session is late and late.acks == 1
    assert session.bye().status == 200


def test_what_an_invite_says(site):
    """5.6, A3, A6."""
    user = site.user()
    site.write(user, "hello")
    event = site.shown("hello")
    m = site.pool.wait("invite").message
    assert m.uri == f"sip:{user}"
    assert re.match(rf"<sip:{re.escape(JULIET)}(;gr=[^>]*)?>;", m.get("From"))
    assert m.get("To") == f"<sip:{user}>" and m.get("Max-Forwards") == "70"
    assert len(m.get("Ms-Conversation-ID")) >= 16
    assert m.has("Supported", "ms-sender") and m.has("Supported", "timer")
    assert not m.get("Require") and not m.get("Proxy-Require") and not m.get("ms-text-format")
    assert m.content_type == "application/sdp"
    assert re.search(rb"^m=message \d+ sip \S+\r$", m.body, re.M)
    assert re.search(rb"^a=accept-types:text/plain\b", m.body, re.M)
    entente = site.entente
    assert m.get("Contact").startswith("<sip:") and m.get("Contact").endswith(";transport=tls>")
    assert f":{entente.sips_port};" in m.get("Contact")
    assert event.message.get("Content-Type").replace(" ", "").lower() == "text/plain;charset=utf-8"


def test_how_an_invite_is_answered(site):
    """5.2, T5."""
    session, answer = site.call(site.user())
    assert answer.status == 200 and answer.content_type == "application/sdp"
    assert re.search(rb"^m=message \d+ sip \S+\r$", answer.body, re.M)
    types = re.search(rb"^a=accept-types:(.*)\r$", answer.body, re.M).group(1).split()
    assert {b"text/plain", b"text/html"} <= set(types) and b"text/x-msmsgsinvite" not in types
    assert answer.get("Contact").endswith(";transport=tls>")
    assert "hop-hop=yes" in answer.get("ms-keep-alive") and "UAS" in answer.get("ms-keep-alive")
    assert not answer.has("Supported", "ms-text-format")     # nothing was embedded
    session.bye()


def test_embedded_text_is_taken_over_in_words(site):
    """5.2: the answer says so; else the client repeats it."""
    site.pool.become(embed=True)
    user = site.user()
    _, answer = site.call(user, "größer, 你好")
    assert answer.has("Supported", "ms-text-format")
    site.heard(user, "größer, 你好")


def test_order(site):
    """Many texts at once: one MESSAGE at a time, in order, each once, and the other way meanwhile."""
    user = site.user()
    session, _ = site.call(user)
    out, back = [f"{user} out {i}" for i in range(20)], [f"{user} in {i}" for i in range(8)]
    mark = site.juliet.mark()
    for text in out:
        site.write(user, text)
    for text in back:
        assert session.send(text).status == 200
    site.shown(out[-1])
    site.heard(user, back[-1], mark)
    assert site.pool.texts() == out
    assert [m.body for m in site.juliet.messages(mark) if m.body.startswith(user)] == back


@pytest.mark.valgrind
def test_texts_that_wait_for_the_answer(site):
    """While it rings they wait; then they go, in order."""
    site.pool.become(ring=True)
    user = site.user()
    texts = [f"{user} {i}" for i in range(5)]
    for text in texts:
        site.write(user, text)
    ringing = site.pool.wait("invite").message
    with site.pool.lock:
        assert site.pool.texts() == []
        site.pool.answer(ringing)
    site.shown(texts[-1])
    assert site.pool.texts() == texts and site.pool.count("invite") == 1


@pytest.mark.valgrind
@pytest.mark.parametrize("race", [False, True], ids=["CANCEL", "CANCEL too late"])
def test_both_begin(site, race):
    """Glare (design 0242): theirs is taken, ours given up, and what waited goes by theirs."""
    site.pool.become(ring=True, cancel_race=race)
    user = site.user()
    site.write(user, "of juliet")
    site.pool.wait("invite")
    session, answer = site.call(user, "of romeo")
    assert answer.status == 200
    site.pool.wait("cancel")
    assert site.shown("of juliet").session is session
    site.heard(user, "of romeo")
    if race:
        site.pool.wait("bye")
    site.pool.become()
    site.both_ways(session, user)


def test_an_end_and_a_new_beginning(site):
    """5.7: the contact is told; the next text opens another dialog."""
    user = site.user()
    site.write(user, "first")
    session = site.shown("first").session
    mark = len(site.juliet.stanzas())
    assert session.bye().status == 200
    site.juliet.wait_stanza(rf'from="{user}.*<gone xmlns="{STATES}"', start=mark)
    site.write(user, "second")
    again = site.shown("second").session
    assert again.call_id != session.call_id and again.conversation != session.conversation


def test_a_second_invite_replaces_the_first(site):
    """Another device of the user, or one that forgot us (design 0242)."""
    user = site.user()
    first, _ = site.call(user, "one")
    second, answer = site.call(user, "two")
    assert answer.status == 200
    assert site.pool.wait("bye").session is first
    site.both_ways(second, user)


def test_long_text(site):
    """Over 1300 bytes: in a session nothing is refused or cut (design 9)."""
    user, text = site.user(), "x" * 9000
    session, _ = site.call(user)
    site.write(user, text)
    assert site.shown(text).session is session
    mark = site.juliet.mark()
    assert session.send(text + "y").status == 200
    site.heard(user, text + "y", mark)


def test_threads(site):
    """RFC 7573: a conversation has one thread, whichever side names it."""
    user = site.user()
    site.write(user, "with a thread", "<thread>e0ffe42b28561960c6b12b944a092794</thread>")
    session = site.shown("with a thread").session
    mark = site.juliet.mark()
    session.send("an answer")
    assert site.heard(user, "an answer", mark).thread == "e0ffe42b28561960c6b12b944a092794"

    user = site.user()
    session, _ = site.call(user, "one")
    session.send("two")
    threads = {site.heard(user, text, mark).thread for text in ("one", "two")}
    assert len(threads) == 1 and threads != {""}


@pytest.mark.valgrind
def test_many_users(site):
    """Conversations of many users at once: of each every text once, in order."""
    users = [site.user() for _ in range(30)]
    texts = {user: [f"{user} {i}" for i in range(4)] for user in users}
    for i in range(4):
        for user in users:
            site.write(user, texts[user][i])
    until(lambda: len(site.pool.texts()) >= 4 * len(users), lambda: f"all, not {len(site.pool.texts())}", 30)
    got = site.pool.texts()
    assert {user: [t for t in got if t.startswith(user + " ")] for user in users} == texts
    assert site.pool.count("invite") == len(users)


# ---- what else comes in a dialog (5.3, 5.5)

@pytest.mark.valgrind
def test_types(site):
    user = site.user()
    session, _ = site.call(user)
    mark = site.juliet.mark()
    two = ("--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n"
           "--b\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--b--\r\n")
    assert session.send(two, 'multipart/alternative; boundary="b"').status == 200
    assert session.send("<p>only <b>html</b></p>", "text/html").status == 200
    assert session.send("x", "text/x-msmsgsinvite").status == 415
    assert session.send("x", "image/gif").status == 415
    assert session.send("fonts", "text/plain; charset=UTF-8; msgr=WAAtAE0A").status == 200
    site.heard(user, "fonts", mark)
    assert [m.body.strip() for m in site.juliet.messages(mark)] == ["plain", "only html", "fonts"]


def test_info_is_always_answered(site):
    """5.4."""
    session, _ = site.call(site.user())
    for body in ("", "no xml", "<ConversationInfo><Subject>x</Subject></ConversationInfo>",
                 '<KeyboardActivity><status status="sleeping"/></KeyboardActivity>'):
        answer = session.request("INFO", [("Content-Type", "application/xml")] if body else [], body.encode())
        assert answer.status == 200, body


def test_requests_that_change_nothing(site):
    user = site.user()
    session, _ = site.call(user)
    assert session.reinvite().status == 200
    assert session.reinvite("audio 5062 RTP/SAVP 0").status == 488
    assert session.request("REFER", [("Refer-To", "<sip:tybalt@sip.lab>")]).status == 603
    options = session.request("OPTIONS", [("Contact", session.contact())])
    assert options.status == 200 and "MESSAGE" in options.get("Allow")
    assert session.request("UPDATE", [("Contact", session.contact())]).status == 200
    site.both_ways(session, user)


def test_options_from_a_pool(site):
    """5.5: Allow and the SDP."""
    answer = site.pool.probe()
    assert answer.status == 200 and {"INVITE", "MESSAGE", "INFO", "UPDATE", "BYE"} <= {
        method.strip() for method in answer.get("Allow").split(",")}
    assert answer.content_type == "application/sdp" and b"m=message" in answer.body


def test_session_timers(site):
    """RFC 4028: too short an interval is 422 with ours; a good one is agreed upon and refreshed."""
    site.pool.become(session_expires=30)
    _, answer = site.call(site.user())
    assert answer.status == 422 and int(answer.get("Min-SE")) >= 90
    site.pool.become(session_expires=120)
    user = site.user()
    session, answer = site.call(user)
    assert answer.status == 200 and answer.get("Session-Expires").startswith("120")
    assert answer.has("Supported", "timer") or answer.has("Require", "timer")
    refreshed = session.update()
    assert refreshed.status == 200 and refreshed.get("Session-Expires").startswith("120")
    site.both_ways(session, user)


def test_no_such_dialog(site):
    session, _ = site.call(site.user())
    session.bye()
    for method in ("MESSAGE", "INFO", "BYE", "UPDATE"):
        assert session.request(method).status == 481, method
    assert session.reinvite().status == 481


def test_cseq_that_falls(site):
    """RFC 3261 12.2.2."""
    user = site.user()
    session, _ = site.call(user)
    session.send("first")
    old = session.message("MESSAGE", [("Content-Type", "text/plain")], b"old", number=session.cseq - 1)
    assert site.pool.ask(old).status == 500
    site.both_ways(session, user)
    assert site.times(user, "old") == 0


def test_cancel_after_the_answer(site):
    """RFC 3261 9.2: it changes nothing."""
    user = site.user()
    session, call = site.pool.begin(user, JULIET)
    assert site.pool.final(call).status == 200
    assert site.pool.cancel(call).status in (200, 481)
    site.both_ways(session, user)


def test_benotify_is_never_answered(site):
    """6.2; the peer would note a fault."""
    session, _ = site.call(site.user())
    site.pool.send(session.message("BENOTIFY", [("Event", "presence")]))
    assert site.pool.probe().status == 200 and site.pool.count("stray") == 0


# ---- typing, both ways (5.4)

def states_of(site, user, start):
    """Chat states of a user that came without a text."""
    own = [x for x in site.juliet.stanzas(start) if re.search(rf'from="{re.escape(user)}[/"]', x)]
    return [re.search(rf'<(\w+) xmlns="{STATES}"', x).group(1) for x in own
            if "<body" not in x and STATES in x]


def test_typing_of_a_user(site):
    user = site.user()
    session, _ = site.call(user)
    site.write(user, "with a state")
    site.shown("with a state")
    start, mark = len(site.juliet.stanzas()), site.juliet.mark()
    for status in ("type", "type", "idle", "idle", "type"):
        assert session.type(status).status == 200
    session.send("what he typed")
    site.heard(user, "what he typed", mark)
    assert states_of(site, user, start) == ["composing", "paused", "composing"]


@pytest.mark.valgrind
def test_typing_of_a_contact(site):
    user = site.user()
    session, _ = site.call(user)
    site.write(user, "with a state")
    site.shown("with a state")
    for state in ("composing", "composing", "paused", "paused", "active"):
        site.say(user, state)
    site.say(user, "inactive")
    site.write(user, "what she typed")
    site.shown("what she typed")
    assert [e.status for e in site.pool.events if e.name == "typing"] == ["type", "idle"]
    assert site.pool.wait("typing").session is session


def test_no_typing_before_a_dialog(site):
    """5.4, and no INVITE for it."""
    user = site.user()
    site.say(user, "composing")
    site.write(user, "hello")
    site.shown("hello")
    assert site.pool.count("typing") == 0 and site.pool.count("invite") == 1


def test_no_typing_while_it_rings(site):
    site.pool.become(ring=True)
    user = site.user()
    site.write(user, "hello")
    ringing = site.pool.wait("invite").message
    site.say(user, "composing")
    site.say(user, "paused")
    site.write(site.user(), "when this INVITE comes, the states have been looked at")
    fence = site.pool.wait("invite").message
    site.write(user, "behind it")
    with site.pool.lock:
        site.pool.answer(ringing)
        site.pool.answer(fence)
    site.shown("behind it")
    assert site.pool.count("typing") == 0


def test_gone(site):
    user = site.user()
    site.write(user, "hello")
    session = site.shown("hello").session
    site.say(user, "gone")
    assert site.pool.wait("bye").session is session
    site.write(user, "again")
    assert site.shown("again").session is not session


def test_iscomposing_where_it_is_accepted(site):
    """Understood, whatever form the user's client takes."""
    user = site.user()
    session, _ = site.call(user)
    site.write(user, "with a state")
    site.shown("with a state")
    start = len(site.juliet.stanzas())
    document = ("<?xml version='1.0'?><isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>"
                "<state>active</state><refresh>60</refresh></isComposing>")
    assert session.send(document, "application/im-iscomposing+xml").status == 200
    site.juliet.wait_stanza(rf'from="{re.escape(user)}.*<composing xmlns="{STATES}"', start=start)


# ---- receipts: there are none between two people, and none is made up (5.8)

def test_no_receipts(site):
    user = site.user()
    start = len(site.juliet.stanzas())
    site.write(user, "read this", f"<request xmlns='{RECEIPTS}'/>")
    event = site.shown("read this")
    assert event.message.content_type == "text/plain"
    site.both_ways(event.session, user)
    assert not any(RECEIPTS in x for x in site.juliet.stanzas(start))


# ---- what is seen of it

def test_sight(site):
    """The counters and the route's state know the sessions."""
    before = site.entente.metrics()
    session, _ = site.call(site.user(), "counted")
    user = site.user()
    site.write(user, "counted too")
    site.shown("counted too")
    after = site.entente.metrics()

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    assert grown('entente_sessions_opened_total{by="user"}') == 1
    assert grown('entente_sessions_opened_total{by="contact"}') == 1
    assert grown("entente_sessions") == 2
    assert site.entente.ask("route", "state", DOMAIN)["sessions"] >= 2
    session.bye()
    until(lambda: site.entente.metric("entente_sessions") == after["entente_sessions"] - 1, "one session less")
