"""Loopback addresses and ports that nobody else uses."""

import random
import socket

from . import wait
from .errors import LabError

CLAIM_PORT = 5353


class Subnet:
    """A 127.x.y.0/24 of this lab alone, claimed for as long as the object lives."""

    def __init__(self):
        self._claim = None
        for _ in range(200):
            self.prefix = f"127.{random.randint(64, 250)}.{random.randint(0, 250)}"
            claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                claim.bind((f"{self.prefix}.254", CLAIM_PORT))
            except OSError:
                claim.close()
                continue
            self._claim = claim
            return
        raise LabError("no free loopback network was found")

    def address(self, host):
        return f"{self.prefix}.{host}"

    def close(self):
        if self._claim:
            self._claim.close()
            self._claim = None


def _free(address, port, kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        try:
            s.bind((address, port))
        except OSError:
            return 0
        return s.getsockname()[1]


def free_port(address, preferred=0):
    """A port free for both UDP and TCP: the preferred one if it can be had."""
    candidates = [preferred] if preferred else []
    for port in candidates + [0] * 50:
        port = _free(address, port, socket.SOCK_STREAM)
        if port and _free(address, port, socket.SOCK_DGRAM):
            return port
    raise LabError(f"no free port on {address}")


def is_free(address, port):
    """Whether a TCP listener could stand there now."""
    return _free(address, port, socket.SOCK_STREAM) == port


def accepts_tcp(address, port):
    """Whether somebody takes TCP connections there now."""
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


def wait_tcp(address, port, seconds=10.0, alive=None):
    wait.until(
        lambda: accepts_tcp(address, port),
        f"a listener on {address}:{port}",
        seconds,
        alive,
    )


def answers_sip(address, port):
    """Whether a SIP server answers an OPTIONS request over UDP there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect((address, port))
            host, own = s.getsockname()
            s.send((
                f"OPTIONS sip:{address}:{port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {host}:{own};branch=z9hG4bK{random.getrandbits(64):x};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:lab@{host}>;tag=1\r\nTo: <sip:{address}>\r\n"
                f"Call-ID: {random.getrandbits(64):x}\r\nCSeq: 1 OPTIONS\r\n"
                "Content-Length: 0\r\n\r\n"
            ).encode())
            return s.recv(4096).startswith(b"SIP/2.0 ")
        except OSError:
            return False


def wait_sip(address, port, seconds=10.0, alive=None):
    wait.until(
        lambda: answers_sip(address, port),
        f"an answer to OPTIONS from {address}:{port}",
        seconds,
        alive,
    )
