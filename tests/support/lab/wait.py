"""Waiting for events, with an end."""

import os
import time

from .errors import Timeout

# Under valgrind, or on a machine that others use, everything takes longer.
SLOWNESS = float(os.environ.get("LAB_SLOWNESS", "1"))
POLL = 0.01


def until(condition, what, seconds=10.0, alive=None):
    """Calls condition() until it returns something true, and returns that.

    what: for the report, text or a function that returns it. alive() is asked between two tries; it
    raises when waiting has become pointless.
    """
    end = time.monotonic() + seconds * SLOWNESS
    while True:
        value = condition()
        if value:
            return value
        if alive is not None:
            try:
                alive()
            except Exception:
                # What ended it may have come between the two.
                value = condition()
                if value:
                    return value
                raise
        if time.monotonic() >= end:
            what = what() if callable(what) else what
            raise Timeout(f"waited {seconds * SLOWNESS:g} s for {what}")
        time.sleep(POLL)
