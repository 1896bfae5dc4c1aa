"""Counts what a run of a suite gave: prints PASSED FAILED SKIPPED, and what failed to stderr.

count.py meson TESTLOG.json LOG    programs under meson: their own counts where they give them
count.py junit RESULTS.xml... LOG  pytest; a run may be in several parts
A run that gave no results is one failure; the end of its LOG is shown.
"""

import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

TAIL = 40
CMOCKA_RUN = re.compile(r"^\[==========\] (?:\S+: )?(\d+) test\(s\) run", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (?:\S+: )?(\d+) test\(s\)", re.M)
CMOCKA_SKIPPED = re.compile(r"^\[  SKIPPED \] (?:\S+: )?(\d+) test\(s\)", re.M)
OWN_COUNT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)

Count = collections.namedtuple("Count", "passed failed skipped")


def total(counts):
    return Count(*(sum(column) for column in zip(*counts))) if counts else Count(0, 0, 0)


def complain(name, text):
    lines = text.splitlines()[-TAIL:]
    print(f"--- {name}", *lines, sep="\n    ", file=sys.stderr)


def sums(pattern, text):
    return sum(int(n) for n in pattern.findall(text))


def count_program(test):
    """One program run by meson: as many tests as it says it made."""
    text = test.get("stdout", "") + "\n" + test.get("stderr", "")
    good, skipped = test["result"] in ("OK", "EXPECTEDFAIL"), test["result"] == "SKIP"
    ran = sums(CMOCKA_RUN, text)
    if ran:
        failed, skips = sums(CMOCKA_FAILED, text), sums(CMOCKA_SKIPPED, text)
        count = Count(ran - failed - skips, failed, skips)
    else:
        own = [Count(*(int(n or 0) for n in found)) for found in OWN_COUNT.findall(text)]
        count = total(own) if own else Count(int(good), 0, int(skipped))
    if not good and not skipped:
        # Also one that says all is well and then ends badly.
        complain(test["name"], text)
        count = count._replace(failed=max(count.failed, 1))
    return count


def count_meson(path):
    tests = [json.loads(line) for line in path.read_text().splitlines()]
    return total([count_program(t) for t in tests])


def count_junit(path):
    cases = xml.etree.ElementTree.parse(path).getroot().iter("testcase")
    counts = collections.Counter()
    for case in cases:
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        if bad is not None:
            complain(f"{case.get('classname')}.{case.get('name')}", bad.text or bad.get("message"))
            counts["failed"] += 1
        elif case.find("skipped") is not None:
            counts["skipped"] += 1
        else:
            counts["passed"] += 1
    return Count(counts["passed"], counts["failed"], counts["skipped"])


def main():
    kind, *paths = sys.argv[1:]
    *paths, log = [pathlib.Path(p) for p in paths]
    try:
        count = total([{"meson": count_meson, "junit": count_junit}[kind](p) for p in paths])
    except (OSError, ValueError, xml.etree.ElementTree.ParseError):
        count = Count(0, 0, 0)
    if not any(count):
        complain(log.name, log.read_text(errors="replace"))
        count = Count(0, 1, 0)
    print(*count)


if __name__ == "__main__":
    main()
