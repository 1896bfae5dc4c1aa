#!/usr/bin/env python3
"""The administration with many partners: how long a list and a change take. Prints one JSON object.

usage: admin [--entented FILE] [--entente FILE] [--partners N] [--times N]

list    all partners by HTTPS, on a connection that is there: the first byte, the last, and the size
change  one setting of one partner: from the request on the unix socket to the answer, which comes when
        edge and gateway have switched to the new settings; a transaction on the disk is in it
"""
import argparse
import http.client
import json
import os
import pathlib
import resource
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(os.path.realpath(__file__)).parents[1]
BATCH = 1000  # partners of one change; a body has at most 1 MiB


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """entented in a folder of its own, without certificates for partners: nobody connects."""

    def __init__(self, options, folder):
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "admin.sock")
        self.port = free_port(socket.SOCK_STREAM)
        conf = self.folder / "entente.conf"
        conf.write_text(
            f"[daemon]\nlog-level = warn\n[store]\ndir = {folder}/store\nkey-file = {folder}/store.key\n"
            f"[xmpp]\nlisten = 127.0.0.1:{free_port(socket.SOCK_STREAM)}\n"
            f"[sip]\nlisten-udp = 127.0.0.1:{free_port(socket.SOCK_DGRAM)}\n[resolver]\ndnssec = off\n"
            f"[admin]\nsocket = {self.socket}\nlisten = 127.0.0.1:{self.port}\n[metrics]\nlisten =\n")
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([options.entented, "--config", conf], stderr=self.log, stdout=self.log)
        self.entente = [options.entente, "--socket", self.socket]
        end = time.monotonic() + 20
        while subprocess.run(self.entente + ["status"], capture_output=True, check=False).returncode not in (0, 1):
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit("admin: entented did not come up: " + (self.folder / "log").read_text())
            time.sleep(0.05)

    def cpu(self):
        """Seconds of processor time of all its threads so far."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks) / 1e9

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.log.close()
        return code


def ask(connection, method, path, body=None, fields=None):
    fields = dict(fields or {})
    if body is not None:
        body = json.dumps(body)
        fields["content-type"] = "application/json"
    connection.request(method, path, body, fields)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 300:
        sys.exit(f"admin: {method} {path}: {answer.status} {data.decode()}")
    return data


def fill(service, n):
    connection = Unix(service.socket)
    for at in range(0, n, BATCH):
        ask(connection, "POST", "/api/v1/changes", {"changes": [
            {"verb": "add", "kind": "partner", "key": f"p{i}.example",
             "settings": {"partner_type": "Federated", "description": f"Partner number {i}"}}
            for i in range(at, min(at + BATCH, n))]}, {"if-match": "*"})


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def summary(seconds):
    return {f"p{int(q * 100)}_ms": round(quantile(seconds, q) * 1000, 2) for q in (0.5, 0.9, 0.99)} | {
        "max_ms": round(max(seconds) * 1000, 2)}


def measure_list(service, token, times):
    context = ssl.create_default_context(cafile=service.folder / "store" / "panel-certificate.pem")
    connection = http.client.HTTPSConnection("127.0.0.1", service.port, context=context)
    first, last, size = [], [], 0
    cpu = service.cpu()
    for _ in range(times + 1):
        begin = time.perf_counter()
        connection.request("GET", "/api/v1/partners", headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        data = answer.read(1)
        first.append(time.perf_counter() - begin)
        data += answer.read()
        last.append(time.perf_counter() - begin)
        size = len(data)
    return {"items": len(json.loads(data)["items"]), "bytes": size,
            "first_byte": summary(first[1:]), "last_byte": summary(last[1:]),
            "cpu_ms_each": round((service.cpu() - cpu) * 1000 / (times + 1), 2)}


def measure_change(service, times, partners):
    connection = Unix(service.socket)
    seconds = []
    cpu = service.cpu()
    for i in range(times + 1):
        begin = time.perf_counter()
        ask(connection, "PATCH", f"/api/v1/partners/p{i % partners}.example", {"description": f"changed {i}"},
            {"if-match": "*"})
        seconds.append(time.perf_counter() - begin)
    return summary(seconds[1:]) | {"cpu_ms_each": round((service.cpu() - cpu) * 1000 / (times + 1), 2)}


def commit():
    def git(*args):
        return subprocess.run(["git", "-C", TOP, *args], capture_output=True, text=True, check=False).stdout.strip()
    return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--entented", default="build/entented")
    p.add_argument("--entente", default="build/entente")
    p.add_argument("--partners", type=int, default=10000)
    p.add_argument("--times", type=int, default=50)
    o = p.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="entente-bench-") as folder:
        service = Service(o, folder)
        try:
            fill(service, o.partners)
            token = json.loads(subprocess.run(
                service.entente + ["--json", "token", "add", "bench", "--role", "viewer"],
                capture_output=True, check=True).stdout)["token"]
            out = {"bench": "admin", "partners": o.partners, "times": o.times,
                   "list": measure_list(service, token, o.times),
                   "change": measure_change(service, o.times, o.partners)}
        finally:
            code = service.stop()
    print(json.dumps(out | {"commit": commit(), "command": shlex.join(sys.argv)}))
    return code


if __name__ == "__main__":
    sys.exit(main())
