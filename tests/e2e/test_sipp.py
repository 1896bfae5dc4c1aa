"""SIPp, a SIP stack of other people's making, on our SIP side."""

import collections
import pathlib
import re
import threading

import pytest

import refusals
import sipp_scenario
from lab.process import Process
from lab.wait import until
from scene import PARTNER

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "support" / "sipp"
COUNT, RATE = 500, 100
TRANSPORTS = {"udp": "u1", "tcp": "t1"}


def sipp(scene, scenario, port, *more, count=COUNT):
    """Runs a scenario, of ours or a file, at the address of the SIP route."""
    path = pathlib.Path(scenario)
    if not path.suffix:
        path = SCENARIOS / f"{scenario}.xml"
    argv = ["sipp", "-sf", path, "-i", scene.sip.address, "-p", port,
            "-m", count, "-nostdin", "-timeout", "60s", *more]
    return Process(f"sipp-{path.stem}", argv, scene.lab.folder, env={"TERM": "dumb"}).start()


class Reader(threading.Thread):
    """The partner's server: counts the messages it reads."""

    def __init__(self, scene):
        super().__init__(daemon=True)
        self._partner = scene.partner
        self.bodies = collections.Counter()

    def run(self):
        wire = self._partner.take()
        rest = ""
        while True:
            try:
                data = wire.recv()
            except OSError:
                return
            if not data:
                return
            *whole, rest = (rest + data.decode()).split("</message>")
            self.bodies.update(re.search("<body>([^<]*)</body>", m).group(1) for m in whole)


@pytest.fixture(scope="module")
def scene(make_scene):
    scene = make_scene(route=["--error-wait", "0"])
    scene.sip.stop()
    return scene


def test_messages_out(scene):
    reader = Reader(scene)
    reader.start()
    uac = sipp(scene, "message_uac", 5080, "-r", RATE, scene.entente.sip)
    assert uac.wait_exit(60) == 0, uac.log()
    until(lambda: len(reader.bodies) == COUNT, lambda: f"all; there are {len(reader.bodies)}")
    assert set(reader.bodies.values()) == {1}


def test_messages_in(scene):
    uas = sipp(scene, "message_uas", scene.sip.port)
    wire = scene.stream_in()
    for n in range(COUNT):
        wire.send(f"<message from='juliet@{PARTNER}' to='u{n % 50}@sip.lab' id='n{n}'>"
                  f"<body>message {n}</body></message>")
    assert uas.wait_exit(60) == 0, uas.log()
    until(lambda: scene.entente.metric('entente_delivered_total{to="sip"}') == COUNT,
          "a final answer to each")
    wire.close()


def test_options(scene):
    uac = sipp(scene, "options_uac", 5081, "-r", 500, scene.entente.sip)
    assert uac.wait_exit(60) == 0, uac.log()


REFUSALS = [(transport, case) for transport in TRANSPORTS for case in refusals.CASES
            if case.sipp and (transport == "udp" or case.stream == refusals.SAME)]


@pytest.fixture(scope="module")
def refusing(request, make_scene):
    scene = make_scene(transport=request.param)
    scene.sip.stop()
    return scene


@pytest.mark.parametrize("refusing, case", REFUSALS, indirect=["refusing"],
                         ids=[f"{case.name}-{transport}" for transport, case in REFUSALS])
def test_refused(refusing, case):
    """Each refusal, as a stack of other people's making sees it."""
    path = refusing.lab.folder / f"refusal-{refusals.CASES.index(case)}.xml"
    path.write_bytes(sipp_scenario.refusal(case))
    uac = sipp(refusing, path, 5082, "-t", TRANSPORTS[refusing.transport], refusing.entente.sip, count=1)
    assert uac.wait_exit(10) == 0, uac.log()
