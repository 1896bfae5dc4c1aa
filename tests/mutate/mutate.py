#!/usr/bin/python3
"""Switches rules of the code off, one at a time, and expects a named test to fail.

rules.toml names them: the text that is the rule, what it becomes, the test that has to notice. Each
is tried in a private copy of the source. Ends with the line that ./check counts.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
SECONDS = 60    # for one test program
FIELDS = {"rule", "file", "off", "on", "test", "case"}

Outcome = collections.namedtuple("Outcome", "rule ok text")


class Broken(Exception):
    """The table or the tree is not as it has to be."""


def read_rules(only):
    """The rows of the table, each checked against the source."""
    rows = tomllib.loads((HERE / "rules.toml").read_text())["rules"]
    seen, wrong = set(), []
    for row in rows:
        if set(row) != FIELDS:
            raise Broken(f"{row.get('rule')}: needs exactly the keys {sorted(FIELDS)}")
        if row["rule"] in seen:
            wrong.append(f"{row['rule']}: is there twice")
        seen.add(row["rule"])
        found = (TOP / row["file"]).read_text().count(row["on"])
        if found != 1:
            wrong.append(f"{row['rule']}: its text is in {row['file']} {found} times, not once")
    if wrong:
        raise Broken("\n        ".join(wrong))
    return [row for row in rows if not only or any(word in row["rule"] for word in only)]


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def failed_cases(output, code):
    """Names of the cmocka tests that failed; of one that ended the program, too."""
    failed = set(re.findall(r"^\[  FAILED  \] (\w+)$", output, re.M))
    started = re.findall(r"^\[ RUN      \] (\w+)$", output, re.M)
    ended = set(re.findall(r"^\[ +(?:OK|FAILED|SKIPPED|ERROR) +\] (\w+)$", output, re.M))
    if code < 0 and started and started[-1] not in ended:
        failed.add(started[-1])
    return failed


class Tree:
    """A private copy of the source with a build of its own."""

    def __init__(self, folder, tests):
        self.source, self.build = folder / "source", folder / "build"
        self._copy()
        made = run(["meson", "setup", "-Dbuildtype=plain", "-Doptimization=0", "-Dwerror=false",
                    str(self.build), str(self.source)])
        if made.returncode:
            raise Broken(f"meson setup:\n{made.stdout}")
        known = json.loads(run(["meson", "introspect", "--tests", str(self.build)]).stdout)
        self.programs = {t["name"]: t["cmd"][0] for t in known}
        missing = sorted(tests - set(self.programs))
        if missing:
            raise Broken(f"no such tests: {', '.join(missing)}")
        made = self._ninja(tests)
        if made.returncode:
            raise Broken(f"the unchanged source does not build:\n{made.stdout[-4000:]}")

    def _copy(self):
        listed = run(["git", "-C", str(TOP), "ls-files", "-co", "--exclude-standard", "-z"]).stdout
        for name in filter(None, listed.split("\0")):
            if (TOP / name).is_file():
                (self.source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TOP / name, self.source / name)

    def _ninja(self, tests):
        targets = [os.path.relpath(self.programs[t], self.build) for t in tests]
        return run(["ninja", "-C", str(self.build), "-j1", *targets])

    def run_test(self, test):
        """Which of its cases fail, or None: it did not end in time."""
        try:
            done = run([self.programs[test]], timeout=SECONDS, cwd=self.build)
        except subprocess.TimeoutExpired:
            return None
        return failed_cases(done.stdout, done.returncode)

    def try_rule(self, row):
        path = self.source / row["file"]
        whole = path.read_text()
        path.write_text(whole.replace(row["on"], row["off"]))
        try:
            made = self._ninja({row["test"]})
            if made.returncode:
                return Outcome(row, False, f"does not build without it:\n{made.stdout[-2000:]}")
            failed = self.run_test(row["test"])
        finally:
            path.write_text(whole)
        if failed is None:
            return Outcome(row, False, "its test does not end without it")
        if row["case"] in failed:
            return Outcome(row, True, "")
        noticed = ", ".join(sorted(failed)) or "nobody"
        return Outcome(row, False, f"{row['case']} does not notice ({noticed} does)")


def worker(folder, rows):
    """Tries rows in a tree of its own; sorted by file, so that little is built twice."""
    tests = {row["test"] for row in rows}
    tree = Tree(folder, tests)
    for test in sorted(tests):
        failed = tree.run_test(test)
        if failed is None or failed:
            raise Broken(f"{test} fails on the unchanged source: {failed}")
    return [tree.try_rule(row) for row in rows]


def share(rows, n):
    """Rows for n workers: a file is one worker's, the heaviest first."""
    files = collections.defaultdict(list)
    for row in rows:
        files[row["file"]].append(row)
    shares = [[] for _ in range(n)]
    for own in sorted(files.values(), key=len, reverse=True):
        min(shares, key=len).extend(own)
    return [s for s in shares if s]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for the copies")
    parser.add_argument("only", nargs="*", help="only rules whose name holds one of these words")
    args = parser.parse_args()
    shutil.rmtree(args.work, ignore_errors=True)
    try:
        rows = read_rules(args.only)
        shares = share(rows, len(os.sched_getaffinity(0)))
        with concurrent.futures.ThreadPoolExecutor(len(shares)) as pool:
            done = [o for part in pool.map(
                worker, [args.work / str(i) for i in range(len(shares))], shares) for o in part]
    except Broken as e:
        print(f"mutate: {e}")
        print("0 passed, 1 failed")
        return 1
    shutil.rmtree(args.work, ignore_errors=True)
    for o in done:
        if not o.ok:
            print(f"FAILED {o.rule['rule']} ({o.rule['file']}): {o.text}")
    bad = sum(not o.ok for o in done)
    print(f"{len(done) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
