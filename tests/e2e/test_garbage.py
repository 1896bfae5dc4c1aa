"""Many idle streams and garbage from strangers: memory stays flat and no descriptor is lost (Must hold
of the streams). GARBAGE_SECONDS=60 plays it at full length and with all streams."""

import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

import strangers
from lab.wait import SLOWNESS, until
from scene import PARTNER

SECONDS = float(os.environ.get("GARBAGE_SECONDS", "15"))
WHOLE = SECONDS >= 60
SETTLE = 10 if WHOLE else 8     # seconds until memory is looked at first
STREAMS, RATE = 2000 if WHOLE else 500, 500


def memory(pid):
    """KiB of its own: of what is shared, such as libraries, a process has the more the fewer use it."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss_Anon:\s+(\d+)", text, re.M).group(1))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.fixture(scope="module")
def scene(make_scene):
    scene = make_scene(settings={"xmpp": {
        "connection-rate": "20000", "address-connections": "4000",
        "unauthenticated-connections": "4000"}})
    scene.entente.do("gateway", "set", "--connection-limit", "10000",
                     "--partner-connection-limit", "10000")
    scene.entente.do("partner", "set", PARTNER, "--enable-keep-alive", "no")
    return scene


def test_memory_is_flat_and_no_descriptor_is_lost(scene):
    pid = scene.entente.process.pid
    wires = [scene.stream_in() for _ in range(STREAMS)]
    own = subprocess.Popen(
        [sys.executable, strangers.__file__, "--address", scene.entente.address, "--port",
         str(scene.entente.xmpp_port), "--rate", str(RATE), "--seconds", str(SECONDS)],
        stdout=subprocess.PIPE, text=True)
    time.sleep(SETTLE)
    before, samples = memory(pid), []
    while True:
        time.sleep(1)
        now = memory(pid)
        if own.poll() is not None:
            break  # all its connections ended at once: that is another measurement
        samples.append(now)
    rate, refused = map(float, own.communicate()[0].split())
    after = samples[-1]
    print(f"\n{STREAMS} streams; {rate:.0f} connections/s ({refused:.0f} not taken) for {SECONDS:g} s: "
          f"{before} KiB after {SETTLE} s, {after} KiB at the end ({after / before - 1:+.2%}), "
          f"most {max(samples)} KiB; {before / STREAMS:.1f} KiB a stream")
    assert own.returncode == 0
    assert after <= before * (1.01 if WHOLE else 1.02), " ".join(map(str, samples))
    until(lambda: descriptors(pid) <= STREAMS + 60, lambda: f"{descriptors(pid)} descriptors", 30)
    left = descriptors(pid) - STREAMS
    scene.message_in(wires[0])
    scene.message_in(wires[-1])
    for wire in wires:
        wire.reset()
    until(lambda: descriptors(pid) <= left, lambda: f"{descriptors(pid)} descriptors, not {left}", 30)
    scene.message_in()


def test_it_was_offered_what_it_should_have_been(scene):
    """The strangers were let in and refused by what they said, not by their number."""
    seen = scene.entente.metric('entente_stream_failures_total{dir="in"}')
    assert seen > RATE * SECONDS / 2 / SLOWNESS
