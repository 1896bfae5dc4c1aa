"""Sessions that go wrong: refused, unanswered, forgotten, crashed, ended. Each text is delivered once, or its
sender is told. Numbers in brackets are sections of the interoperability profile."""

import threading
import time

import pytest

from lab.wait import until
from pool_stage import JULIET, PARTNER, Stage
from sip_peer import SipPeer

USUAL, MUTE, RINGING, PAGERS, BRIEF = "sip.lab", "mute.lab", "ringing.lab", "auto.lab", "brief.lab"


@pytest.fixture(scope="module")
def stage(build, valgrind):
    """sites: the usual one; two that keep their senders waiting from the first moment on, a pool that never
    answers a MESSAGE and one that is ended while it rings; one whose SIP side has no sessions; and one
    with an Entente of its own, where sessions end after a second and Entente may be ended."""
    stage = Stage(build, valgrind)
    try:
        main = stage.make_entente((USUAL, MUTE, RINGING, PAGERS))
        brief = stage.make_entente((BRIEF,), name="brief", settings={"sip": {"session-idle": "1"}})
        stage.start()
        stage.usual = stage.add_site(main, USUAL)
        stage.mute, stage.ringing = stage.add_site(main, MUTE, silent=True), stage.add_site(main, RINGING, ring=True)
        stage.brief = stage.add_site(brief, BRIEF)
        stage.since = time.monotonic()
        for site in (stage.mute, stage.ringing):
            site.waiting = site.write(site.user(), "is anybody there?")
        stage.ringing.pool.wait("invite", 20)
        stage.ringing.pool.crash()
        stage.ringing.pool.become()
        stage.ringing.pool.start()
        yield stage
    except BaseException:
        stage.lab.close()
        raise
    stage.close()


@pytest.fixture
def site(stage):
    """The usual one, of which every test makes what it needs."""
    stage.usual.pool.become()
    yield stage.usual
    stage.usual.no_faults()


# ---- refusals: each text ends in delivery once or an error to its sender

REFUSED = {403: "forbidden", 404: "item-not-found", 480: "recipient-unavailable", 486: "recipient-unavailable",
           488: "not-acceptable", 500: "internal-server-error", 603: "recipient-unavailable",
           606: "not-acceptable"}


@pytest.mark.parametrize("status", REFUSED)
def test_an_invite_that_is_refused(site, status):
    """5.6: every text that waited comes back."""
    site.pool.become(invite_status=status)
    user = site.user()
    errors = [site.refused(number) for number in [site.write(user, f"text {i}") for i in range(3)]]
    assert {e.condition for e in errors} == {REFUSED[status]}
    assert site.pool.texts() == []
    site.pool.become()
    site.write(user, "now")
    site.shown("now")


IN_DIALOG = [(606, '309 lync "blocked"', "policy-violation"), (486, "", "recipient-unavailable"),
             (403, "", "forbidden"), (415, "", "not-acceptable"), (488, "", "not-acceptable"),
             (500, "", "internal-server-error"), (603, "", "recipient-unavailable")]


@pytest.mark.parametrize("status, warning, condition", IN_DIALOG, ids=[str(row[0]) for row in IN_DIALOG])
def test_a_message_that_is_refused(site, status, warning, condition):
    """5.3: its sender is told, and the session stays."""
    site.pool.become(message_status=(200, status), message_warning=warning)
    user = site.user()
    site.write(user, "first")
    session = site.shown("first").session
    assert site.refused(site.write(user, "second")).condition == condition
    site.write(user, "third")
    assert site.shown("third").session is session
    assert site.pool.texts() == ["first", "third"] and site.pool.count("invite") == 1


@pytest.mark.parametrize("status", [404, 410, 480, 481])
def test_a_dialog_that_is_dead(site, status):
    """5.3: once more, in a new dialog, where the peer cannot have it; what waited follows it."""
    site.pool.become(message_status=(200, status))
    user = site.user()
    texts = [f"{user} {i}" for i in range(4)]
    for text in texts:
        site.write(user, text)
    site.shown(texts[-1])
    assert site.pool.texts() == texts and site.pool.count("invite") == 2
    first, second = (site.pool.wait("invite").message for _ in range(2))
    assert first.get("Call-ID") != second.get("Call-ID")
    assert first.get("Ms-Conversation-ID") != second.get("Ms-Conversation-ID")


def test_a_dialog_that_is_dead_twice(site):
    """Once more, and no further."""
    site.pool.become(message_status=(200, 481, 481))
    user = site.user()
    site.write(user, "first")
    site.shown("first")
    assert site.refused(site.write(user, "second")).condition == "item-not-found"
    site.write(user, "third")
    site.shown("third")
    assert site.pool.texts() == ["first", "third"]


JUDGED = {
    "audio": ({"media": "audio 5062 RTP/SAVP 0"}, 488),
    "video": ({"media": "video 5064 RTP/AVP 31"}, 488),
    "application": ({"media": "application 5066 RTP/AVP 127"}, 488),
    "no SDP": ({"media": ""}, 488),
}


@pytest.mark.parametrize("options, status", JUDGED.values(), ids=JUDGED)
def test_media(site, options, status):
    """5.2."""
    site.pool.become(**options)
    user = site.user()
    session, answer = site.call(user, "not heard")
    assert (answer.status, session.state) == (status, "ended")
    assert site.times(user, "not heard") == 0


def with_field(name, value):
    return lambda m: m.fields.append((name, value))


def with_uri(uri):
    return lambda m: setattr(m, "start", f"INVITE {uri} SIP/2.0")


@pytest.mark.parametrize("change, status", [
    (with_field("Require", "com.microsoft.rtc-multiparty"), 488),   # 5.2, 8
    (with_uri(f"sips:{JULIET}"), 403),                              # RFC 7247 8
    (with_uri("sip:juliet@nowhere.lab"), 404),
], ids=["multiparty", "sips", "unknown domain"])
def test_invites_that_nobody_gets(site, change, status):
    session, call = site.pool.begin(site.user(), JULIET, change=change)
    assert site.pool.final(call).status == status and session.state == "ended"


def test_a_user_without_federation(site):
    """403 for his INVITE, and no INVITE for what is written to him."""
    user, do = site.user(), site.entente.do
    do("policy", "add", "tag:inside", "--enable-federation-access", "no", "--enable-xmpp-access", "no")
    do("grant", "add", user, "--policy", "tag:inside")
    _, answer = site.call(user, "not heard")
    assert answer.status == 403
    assert site.refused(site.write(user, "not shown")).condition == "forbidden"
    assert site.pool.count("invite") == 0


def test_nobody_there(site):
    """5.6: a 200 to INVITE says nothing of the contact; the answer to the text does."""
    site.entente.do("route", "set", USUAL, "--error-wait", "2000")
    try:
        session, answer = site.pool.invite(site.user(), f"nobody@{PARTNER}")
        assert answer.status == 200
        refusal = session.send("anybody?")
        assert refusal.status >= 400
        session.bye()
    finally:
        site.entente.do("route", "set", USUAL, "--error-wait", "20")


# ---- a SIP side without sessions (mode auto)

@pytest.fixture(scope="module")
def pagers(stage):
    """A SIP peer over UDP that takes MESSAGE and refuses INVITE; its route has mode auto."""
    lab, entente = stage.lab, stage.usual.entente
    peer = lab.start(SipPeer(lab.next_address(), 5060, (entente.address, entente.sip_port)))
    entente.do("route", "add", PAGERS, "--next-hop", f"sip:{peer.endpoint}", "--mode", "auto")
    entente.do("domain", "add", PAGERS, "--route", PAGERS)
    return peer


@pytest.mark.parametrize("status", [405, 488, 501])
def test_pager_after_a_refusal(stage, pagers, status):
    """Design 9: session first; then, for a while, without asking again."""
    pagers.answer_with(lambda m: (status, "No", "") if m.method == "INVITE" else (200, "OK", ""))
    user, mark = f"pager{status}@{PAGERS}", pagers.mark()
    for text in ("one", "two", "three"):
        stage.usual.write(user, text)
    pagers.wait(lambda m: m.body == b"three", "the last text", start=mark)
    assert [m.body for m in pagers.requests(mark)] == [b"one", b"two", b"three"]
    assert [m.start.split()[1] for m in pagers.requests(mark, "INVITE")] == [f"sip:{user}"]
    assert all(";tag=" not in m.get("To") for m in pagers.requests(mark))
    assert len(pagers.requests(mark, "ACK")) == 1


def test_no_pager_after_another_refusal(stage, pagers):
    pagers.answer_with(lambda m: (486, "Busy", "") if m.method == "INVITE" else (200, "OK", ""))
    mark = pagers.mark()
    number = stage.usual.write(f"busy@{PAGERS}", "hello")
    assert stage.usual.refused(number).condition == "recipient-unavailable"
    assert pagers.requests(mark) == []


# ---- crashes: nothing is lost in silence, nothing arrives twice

def fate(site, user, number, text):
    """Of a text that was under way when the pool was ended: (times shown, times told)."""
    def look():
        told = sum(m.id == number for m in site.juliet.messages() if m.type == "error")
        return site.pool.texts().count(text), told

    until(lambda: look() != (0, 0), f"the fate of '{text}'", 45)
    site.write(user, f"behind {text}")
    site.shown(f"behind {text}")
    return look()


def test_pool_crashes_in_a_session(site):
    """The dialog is dead, as 481 says; the text arrives in a new one."""
    user = site.user()
    site.write(user, "before")
    site.shown("before")
    site.pool.crash()
    site.pool.start()
    number = site.write(user, "after")
    site.shown("after")
    assert fate(site, user, number, "after") == (1, 0)
    assert site.pool.texts().count("before") == 1


def test_pool_crashes_with_a_message(site):
    """It has it, and nobody knows whether the user was shown it: told, and not sent again."""
    user = site.user()
    site.write(user, "answered")
    site.shown("answered")
    site.pool.become(silent=True)
    number = site.write(user, "not answered")
    site.pool.wait("silence")
    site.pool.crash()
    site.pool.become()
    site.pool.start()
    assert fate(site, user, number, "not answered") == (0, 1)


def test_pool_forgets_and_says_the_same_conversation_again(site):
    """A6: a stale Ms-Conversation-ID is the peer's business; we take the new dialog."""
    site.pool.become(stale_conversation=True)
    user = site.user()
    first, _ = site.call(user, "one")
    site.heard(user, "one")
    site.pool.crash()
    site.pool.start()
    second, answer = site.call(user, "two")
    assert answer.status == 200 and second.conversation == first.conversation
    site.heard(user, "two")
    site.both_ways(second, user)
    assert site.times(user, "one") == site.times(user, "two") == 1


def test_connections_break(site):
    """Not the dialog: it goes on over new ones."""
    def drop():
        site.pool.drop()    # what is sent before Entente sees it may have arrived, and is told
        until(lambda: not site.entente.ask("route", "state", USUAL)["connections"], "the end of them")

    user = site.user()
    session, _ = site.call(user)
    drop()
    site.both_ways(session, user)
    drop()
    site.write(user, "and again")
    assert site.shown("and again").session is session


# ---- Entente ends, or sessions do

@pytest.fixture
def brief(stage):
    stage.brief.pool.become()
    yield stage.brief
    stage.brief.no_faults()


def test_idle(brief):
    """5.7: BYE; the next text begins anew. (A second here, ten minutes by default.)"""
    user = brief.user()
    brief.write(user, "first")
    session = brief.shown("first").session
    assert brief.pool.wait("bye").session is session
    brief.write(user, "second")
    assert brief.shown("second").session is not session
    own, _ = brief.call(brief.user())
    assert brief.pool.wait("bye", session=own)


def test_entente_is_ended(brief):
    """Every session gets its BYE."""
    sessions = [brief.call(brief.user())[0] for _ in range(5)]
    assert brief.entente.stop() == 0
    for session in sessions:
        brief.pool.wait("bye", session=session)
    brief.entente.start()


def test_entente_crashes(brief):
    """It has forgotten: 481 to the user's side, which begins anew; to the contact's side, a new INVITE with
    a conversation that nobody knows."""
    user, other = brief.user(), brief.user()
    session, _ = brief.call(user, "one")
    brief.write(other, "two")
    old = brief.shown("two").session
    brief.heard(user, "one")
    brief.entente.kill()
    brief.entente.start()
    assert session.send("three").status == 481
    again, answer = brief.call(user, "three")
    assert answer.status == 200
    brief.heard(user, "three")
    brief.write(other, "four")
    assert brief.shown("four").session is not old
    assert [brief.times(user, text) for text in ("one", "three")] == [1, 1] and again.call_id != session.call_id


def test_entente_crashes_with_a_message(brief):
    """No answer, no more: whoever sent it knows that he does not know."""
    brief.entente.do("route", "set", BRIEF, "--error-wait", "2000")
    user, answers = brief.user(), []
    session, _ = brief.call(user)
    sender = threading.Thread(target=lambda: answers.append(session.request("MESSAGE", [
        ("Content-Type", "text/plain")], b"under way", seconds=3)))
    sender.start()
    brief.heard(user, "under way")
    brief.entente.kill()
    sender.join()
    brief.entente.start()
    brief.entente.do("route", "set", BRIEF, "--error-wait", "20")
    assert answers == [None] and brief.times(user, "under way") == 1



# ---- and those that were asked at the beginning

def patience(stage):
    return 50 - min(45, time.monotonic() - stage.since)


def test_silence(stage):
    """5.3: the pool has it and never answers. Its sender is told, it is not sent again, and neither is the
    dialog used any more."""
    error = stage.mute.refused(stage.mute.waiting, patience(stage))
    assert error.condition == "remote-server-timeout"
    assert stage.mute.pool.count("silence") == stage.mute.pool.count("invite") == 1


def test_pool_crashes_while_it_rings(stage):
    """Another INVITE or an error, and never both."""
    site = stage.ringing
    until(lambda: site.pool.texts() or any(m.id == site.waiting for m in site.juliet.messages()),
          "the fate of the text", patience(stage))
    told = sum(m.id == site.waiting for m in site.juliet.messages())
    assert (site.pool.texts(), told) in ((["is anybody there?"], 0), ([], 1))
