"""The Lync-like peer against itself: every switch of it does what its name says, before a gateway is
measured by it. Sections are those of the interoperability profile."""

import pytest

from lab.ca import Authority
from lyncpeer import LyncPeer, Message
from lyncpeer.wire import Malformed, cut, param

ROMEO, JULIET = "romeo@a.example", "juliet@b.example"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    ca = Authority(tmp_path_factory.mktemp("ca"))
    return {name: (ca.issue(name, dns=[name]), ca.file) for name in ("a.example", "b.example", "c.example")}


@pytest.fixture
def pair(certificates):
    """make(a={options}, b={options}): two peers who know each other; none may see a fault."""
    peers = []

    def make(a=None, b=None):
        for name, options in (("a.example", a or {}), ("b.example", b or {})):
            peers.append(LyncPeer(name, "127.0.0.1", 0, certificates[name], **options).start())
        one, two = peers
        one.server = (two.address, two.port, two.host)
        two.server = (one.address, one.port, one.host)
        return one, two

    yield make
    for peer in peers:
        peer.stop()
    assert [peer.faults for peer in peers] == [[]] * len(peers)


def call(pair, a=None, b=None, text=None):
    one, two = pair(a, b)
    session, answer = one.invite(ROMEO, JULIET, text)
    assert answer.status == 200
    ack = two.wait("ack")
    return one, two, session, ack.session


# ---- 5.1 to 5.3: conversations

def test_a_conversation_both_ways(pair):
    one, two, ours, theirs = call(pair, text="hello")
    assert ours.send("and again").status == 200
    assert theirs.send("good evening").status == 200
    assert (two.texts(), one.texts()) == (["hello", "and again"], ["good evening"])
    assert theirs.bye().status == 200
    assert one.wait("bye").session is ours
    assert ours.send("too late").status == 481


def test_what_an_invite_says(pair):
    one, two, *_ = call(pair)
    m = two.wait("invite").message
    assert m.body.split(b"\r\n")[5] == b"m=message 5060 sip null"
    assert m.has("Supported", "ms-embedded-first-message") and m.get("Ms-Conversation-ID")
    assert ";opaque=user:epid:" in m.get("Contact") and m.get("Contact").endswith(";gruu>")
    assert param(m.get("From"), "epid") and m.get("ms-keep-alive") == "UAC;hop-hop=yes"
    assert one.links and len(two.links) == 1


@pytest.mark.parametrize("repeat, taken, shown, seen", [
    ("if-not-taken", True, ["hi"], 0),      # the 200 says ms-text-format: not again
    ("if-not-taken", False, ["hi"], 0),     # it does not: as MESSAGE
    ("always", True, ["hi"], 1),            # the client repeats it all the same: shown once
    ("never", False, [], 0),
])
def test_an_embedded_first_message_is_shown_once(pair, repeat, taken, shown, seen):
    one, two = pair({"embed": True, "repeat": repeat})
    two.take_embedded = taken
    session, answer = one.invite(ROMEO, JULIET, "hi")
    assert answer.has("Supported", "ms-text-format") == taken
    assert session.send("next").status == 200
    assert two.texts() == [*shown, "next"]
    assert two.count("repeated") == seen
    assert two.wait("invite").text == "hi"


@pytest.mark.parametrize("options, status", [
    ({"media": "audio 5062 RTP/SAVP 0"}, 488),
    ({"media": "x-ms-message 5060 sip null"}, 200),
    ({"media": ""}, 501),
])
def test_which_media_is_taken(pair, options, status):
    one, two = pair(options)
    _, answer = one.invite(ROMEO, JULIET)
    assert answer.status == status
    assert two.count("ack") == 0 if status != 200 else two.wait("ack")


@pytest.mark.parametrize("status", [403, 480, 486, 488, 603])
def test_refusals_of_an_invite(pair, status):
    one, two = pair(b={"invite_status": status})
    session, answer = one.invite(ROMEO, JULIET, "hello")
    assert (answer.status, session.state, two.texts()) == (status, "ended", [])
    assert f'source="{two.host}"' in answer.get("ms-diagnostics")


def test_no_diagnostics_where_they_are_off(pair):
    one, _ = pair(b={"invite_status": 480, "diagnostics": False})
    _, answer = one.invite(ROMEO, JULIET)
    assert answer.status == 480 and not answer.get("ms-diagnostics")


def test_a_dialog_that_is_dead(pair):
    """5.3: 481 to a MESSAGE; a new INVITE, and the message once more."""
    one, two, session, _ = call(pair, b={"message_status": (200, 481)})
    assert session.send("first").status == 200
    assert session.send("second").status == 481
    assert two.wait("refused").status == 481
    again, answer = one.invite(ROMEO, JULIET, "second")
    assert answer.status == 200 and again.call_id != session.call_id
    assert two.texts() == ["first", "second"]


def test_refused_by_policy(pair):
    _, two, session, _ = call(pair, b={"message_status": (606,), "message_warning": '309 lync "blocked"'})
    answer = session.send("http://bad.example")
    assert (answer.status, answer.get("Warning"), two.texts()) == (606, '309 lync "blocked"', [])
    assert session.send("good").status == 200     # the dialog lives


def test_types(pair):
    _, two, session, _ = call(pair)
    assert session.send("x", "text/x-msmsgsinvite").status == 415
    assert session.send("<p>x</p>", "text/html").status == 200
    assert session.send("i", "image/gif").status == 415
    assert two.texts() == ["<p>x</p>"]


def test_silence(pair):
    _, two, session, _ = call(pair, a={"message_timeout": 0.1}, b={"silent": True})
    assert session.send("hello") is None
    assert two.wait("silence") and two.texts() == []


def test_a_second_message_while_one_waits_is_a_fault(pair):
    _, two, session, _ = call(pair, a={"message_timeout": 0.1}, b={"silent": True})
    session.send("one")
    session.send("two")
    assert len(two.faults) == 1 and "before the one before it" in two.faults.pop()


# ---- 5.4, 5.5

def test_typing(pair):
    one, two, ours, theirs = call(pair)
    assert [ours.type("type").status, ours.type("idle").status, theirs.type().status] == [200] * 3
    assert [two.wait("typing").status, two.wait("typing").status] == ["type", "idle"]
    assert one.wait("typing").status == "type"


def test_session_timers(pair):
    one, two, ours, theirs = call(pair, {"session_expires": 90})
    assert "refresher=uac" in theirs.last_200[0][-1][1]
    answer = ours.update()
    assert (answer.status, answer.get("Session-Expires")) == (200, "90;refresher=uac")
    assert two.wait("update").expires == "90;refresher=uac"


def test_reinvite(pair):
    one, two, ours, theirs = call(pair)
    assert ours.reinvite().status == 200
    two.wait("ack", acks=2)
    assert ours.reinvite("audio 5062 RTP/SAVP 0").status == 488
    assert theirs.send("the session stays").status == 200
    assert one.texts() == ["the session stays"]


def test_options_by_hand_and_by_itself(pair):
    one, two = pair({"options_every": 0.02})
    assert "MESSAGE" in one.probe().get("Allow")
    for _ in range(3):
        two.wait("options")


def test_keep_alive(pair):
    one, two, *_ = call(pair)
    link = one.ping()
    assert one.probe().status == 200    # the answer to the ping came before
    assert (link.pongs, two.links[0].pings) == (1, 1)


# ---- forks and races (5.6, RFC 3261 9.1, 13.2.2.4)

def test_forked(pair):
    one, two = pair(b={"fork": 3})
    session, call = one.begin(ROMEO, JULIET)
    answers = [call.answers.get(timeout=10) for _ in range(4)]
    assert [a.status for a in answers] == [180, 180, 180, 200]
    assert len({param(a.get("To"), "tag") for a in answers}) == 3
    assert session.send("hello").status == 200 and two.texts() == ["hello"]


def test_a_late_200_is_acknowledged_and_ended(pair):
    one, two = pair(b={"fork": 2, "late_200": True})
    session, _ = one.invite(ROMEO, JULIET, "hello")
    late = two.wait("late-200").session
    assert one.wait("late-ended").session.remote_tag == late.local_tag
    assert two.wait("bye").session is late and late.acks == 1
    assert session.send("and on").status == 200 and two.texts() == ["hello", "and on"]


def test_a_200_that_comes_twice(pair):
    _, two, session, theirs = call(pair, b={"repeat_200": True})
    two.wait("ack", acks=2)
    assert session.send("hello").status == 200


def test_ringing_and_answer(pair):
    one, two = pair(b={"ring": True})
    session, call = one.begin(ROMEO, JULIET)
    assert call.answers.get(timeout=10).status == 180
    with two.lock:
        two.answer(two.wait("invite").message)
    assert one.final(call).status == 200 and session.state == "up"


def test_cancel(pair):
    one, two = pair(b={"ring": True})
    session, call = one.begin(ROMEO, JULIET)
    assert call.answers.get(timeout=10).status == 180
    assert one.cancel(call).status == 200
    assert one.final(call).status == 487 and session.state == "ended"


def test_cancel_that_comes_too_late(pair):
    one, two = pair(b={"ring": True, "cancel_race": True})
    session, call = one.begin(ROMEO, JULIET)
    assert call.answers.get(timeout=10).status == 180
    assert one.cancel(call).status == 200
    assert one.final(call).status == 200
    assert two.wait("bye") and session.state == "ended" and two.count("ack") == 1


# ---- routes, identity, looks (A1 to A6, T3, T6)

def test_route_sets_come_back_as_they_are(pair):
    _, two, ours, theirs = call(pair, {"record_route": 2}, {"record_route": 2})
    assert ours.send("x").status == 200 and theirs.send("y").status == 200
    assert len(ours.routes) == len(theirs.routes) == 2
    assert "ms-route-sig=" in theirs.routes[0] and theirs.routes == ours.given_routes


def test_a_route_set_that_was_altered(pair):
    one, _, _, theirs = call(pair, {"record_route": 1})
    theirs.routes = [theirs.routes[0].replace(";ms-route-sig", ";Ms-Route-Sig")]
    answer = theirs.send("x")
    assert (answer.status, answer.get("ms-diagnostics")[:5]) == (500, "1004;")
    assert one.wait("route-altered") and len(one.faults) == 1
    one.faults.clear()


def test_a_new_route_set_in_the_dialog(pair):
    _, two, ours, theirs = call(pair, {"record_route": 1, "new_route_in_dialog": True})
    before = list(theirs.routes)
    assert ours.send("x").status == 200
    two.wait("new-routes")
    assert theirs.routes == ours.given_routes != before
    assert theirs.send("y").status == 200


def test_epid_changes(pair):
    _, two, ours, _ = call(pair, {"epid_changes": True})
    ours.send("x")
    first, second = (param(two.wait(name).message.get("From"), "epid") for name in ("invite", "message"))
    assert first and second and first != second


@pytest.mark.parametrize("gruu", [True, False])
def test_contact(pair, gruu):
    *_, theirs = call(pair, {"gruu": gruu})
    assert (";gruu" in theirs.target, theirs.target.endswith(";transport=tls")) == (gruu, not gruu)
    assert theirs.send("x").status == 200


def test_several_connections(pair):
    _, two, ours, _ = call(pair, {"connections": 4})
    for i in range(8):
        assert ours.send(str(i)).status == 200
    assert two.texts() == [str(i) for i in range(8)]
    assert len(two.links) == 4


@pytest.mark.parametrize("look", [
    {"folded": True}, {"compact": True}, {"lower_case": True}, {"big_headers": 8192}, {"split": 7},
    {"folded": True, "compact": True, "lower_case": True, "big_headers": 8192, "split": 1000, "record_route": 3},
], ids=lambda look: "-".join(look))
def test_looks(pair, look):
    one, two, ours, theirs = call(pair, look, look, "hello")
    assert ours.send("größer").status == 200 and theirs.send("y").status == 200
    assert (two.texts(), one.texts()) == (["hello", "größer"], ["y"])
    m = two.wait("invite").message
    assert sum(len(v) for n, v in m.fields if n.startswith("ms-opaque")) == look.get("big_headers", 0)


def test_crash(pair):
    """What was is forgotten; the other side learns it by 481."""
    one, two, ours, _ = call(pair, text="hello")
    two.crash()
    two.start()
    one.wait("disconnected")
    assert ours.send("are you there?").status == 481
    assert one.invite(ROMEO, JULIET, "again")[1].status == 200
    assert two.texts() == ["hello", "again"]


def test_a_stale_conversation_after_a_crash(pair):
    one, two, *_ = call(pair, {"stale_conversation": True})
    one.crash()
    one.start()
    two.wait("disconnected")
    _, answer = one.invite(ROMEO, JULIET)
    assert answer.status == 482 and two.count("invite") == 2


# ---- who is let in (T1, T2)

def test_a_stranger(pair, certificates):
    _, two = pair(b={"names": ["a.example"]})
    stranger = LyncPeer("c.example", "127.0.0.1", 0, certificates["c.example"],
                        server=(two.address, two.port, two.host))
    try:
        stranger.ping()
    except OSError:
        pass
    assert two.wait("stranger").names == ["c.example"]
    stranger.stop()


# ---- 6: presence

def test_subscribe_and_notify(pair):
    one, two = pair()
    assert one.subscribe(ROMEO, JULIET).status == 200
    assert "open" in one.wait("notified", how="NOTIFY").body
    assert two.notify(two.wait("subscribe").session, "closed").status == 200
    assert "closed" in one.wait("notified").body


def test_benotify_is_never_answered(pair):
    one, two = pair(b={"benotify": True})
    assert one.subscribe(ROMEO, JULIET, benotify=True).status == 200
    assert "open" in one.wait("notified", how="BENOTIFY").body
    two.notify(two.wait("subscribe").session, "closed")
    assert "closed" in one.wait("notified", how="BENOTIFY").body
    assert one.probe().status == 200 and two.count("stray") == 0


def test_benotify_that_is_answered_is_a_fault(pair):
    one, two = pair(b={"benotify": True})
    assert one.subscribe(ROMEO, JULIET).status == 200
    one.wait("notified")
    m = two.subscriptions[next(iter(two.subscriptions))].session.message("BENOTIFY")
    m.link = one.links[0]
    one.reply(m, 200)
    two.wait("stray")
    assert two.faults.pop() == "BENOTIFY was answered" and not two.faults


def test_piggyback(pair):
    one, two = pair(b={"piggyback": True, "lower_case": True})
    answer = one.subscribe(ROMEO, JULIET)
    assert ("subscription-state", "active;expires=29087") in answer.fields
    assert one.wait("notified").how == "200" and one.count("notified") == 1


def test_420_for_benotify(pair):
    one, two = pair(b={"refuse_benotify": True})
    assert one.subscribe(ROMEO, JULIET, benotify=True).status == 200
    assert one.wait("benotify-refused").message.get("Unsupported") == "ms-benotify"
    assert two.count("subscribe") == 1


def test_terminated_in_the_200(pair):
    one, _ = pair(b={"terminated_200": True})
    assert one.subscribe(ROMEO, JULIET).status == 200
    assert one.wait("terminated") and one.count("notified") == 0


@pytest.mark.parametrize("omit", [True, False])
def test_event_missing(pair, omit):
    one, _ = pair(b={"omit_event": omit})
    assert bool(one.subscribe(ROMEO, JULIET).get("Event")) != omit
    one.wait("notified")


# ---- the reader

@pytest.mark.parametrize("head", [
    b"MESSAGE sip:x SIP/2.0\r\nVia: x\r\n\r\n",                                     # no length
    b"MESSAGE sip:x SIP/2.0\r\nl: 0\r\nContent-Length: 0\r\n\r\n",                  # two
    b"MESSAGE sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n",
    b"MESSAGE sip:x SIP/2.0\r\nnonsense\r\nContent-Length: 0\r\n\r\n",
    b"x" * 70000,
])
def test_what_is_no_message(head):
    with pytest.raises(Malformed):
        cut(head)


def test_reading():
    data = b"MESSAGE sip:x SIP/2.0\r\nv : a\r\nVIA:\r\n\tb ,\r\n  c\r\nL: 2\r\n\r\nhiMORE"
    head, body, rest = cut(data)
    m = Message.parse(head, body)
    assert (m.method, m.all("Via"), m.body, rest) == ("MESSAGE", ["a", "b , c"], b"hi", b"MORE")
    assert all(cut(data[:i]) is None for i in range(len(data) - 5))
