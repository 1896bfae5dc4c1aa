"""SIP that is wrong, forged or not for us: the exact answer, and nothing on the XMPP side."""

import itertools

import pytest

from lab import wait
from refusals import CASES, JULIET
from scene import PARTNER


@pytest.fixture(scope="module")
def number():
    return itertools.count()


@pytest.fixture
def quiet(scene):
    """Nothing reached the partner, and a good message still passes: the process goes on."""
    stanzas = scene.entente.metric('entente_stanzas_total{dir="out"}')
    yield
    assert scene.entente.metric('entente_stanzas_total{dir="out"}') == stanzas
    scene.message_in()


@pytest.mark.valgrind
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_refused(scene, quiet, number, case):
    scene.sip.refused(case, next(number))


def test_in_dialog(scene, quiet):
    """A To tag names a dialog that does not exist (RFC 3261 12.2.2)."""
    request = scene.sip.compose(JULIET).replace(
        f"To: <{JULIET}>".encode(), f"To: <{JULIET}>;tag=dialog".encode())
    response = scene.sip.ask(request)
    assert response.start == "SIP/2.0 481 Call/Transaction Does Not Exist"
    assert response.get("To") == f"<{JULIET}>;tag=dialog"


@pytest.mark.valgrind
@pytest.mark.parametrize("data", [
    b"\r\n\r\n", b"\0" * 100, b"hello\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n",
    b"MESSAGE sip:x@y SIP/2.0\r\n\r\n", b"MESSAGE sip:x@y SIP/2.0\r\nVia: what\r\n\r\n",
    b"A" * 60000, b"\xff\xfe" * 500,
], ids=["keep-alive", "zeros", "no start line", "stray response", "no Via", "bad Via", "long line",
        "no text"])
def test_unanswerable(scene, quiet, data):
    """What names nobody to answer is dropped."""
    mark = scene.sip.mark()
    scene.sip.send(data)
    assert scene.sip.ask(scene.sip.compose("sip:ping@sip.lab", b"", method="OPTIONS",
                                           uri=f"sip:{scene.entente.sip}")).status == 200
    assert [m.start for m in scene.sip.heard(mark)] == ["SIP/2.0 200 OK"]


def test_unlisted_source(scene, quiet):
    """A source that is no route gets 403, at most 10 a second all together, then silence."""
    before = scene.entente.metric("entente_sip_unlisted_total")
    response = scene.stranger.ask(scene.stranger.compose(JULIET))
    assert response.status == 403
    for _ in range(200):
        scene.stranger.send(scene.stranger.compose(JULIET))
    wait.until(lambda: scene.entente.metric("entente_sip_unlisted_total") >= before + 201,
               "201 refused requests")
    # Two seconds' worth at the very most, should a second begin meanwhile.
    assert len(scene.stranger.heard()) <= 20


def test_retransmission_is_absorbed(scene):
    """The same request again gets the same answer again, and is no second message."""
    request = scene.sip.compose(f"sip:x@{PARTNER}", b"x", extra="Require: nothing\r\n")
    first = scene.sip.ask(request)
    mark = scene.sip.mark()
    scene.sip.send(request)
    assert scene.sip.wait_response(request, start=mark).data == first.data
