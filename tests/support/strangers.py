"""Garbage from strangers: so many new connections a second, for a while. Prints the rate that was
kept and how many were not taken."""

import argparse
import random
import socket
import time

import loiterers

SOURCES = [f"127.66.{n}.1" for n in range(1, 41)]
HEADER = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
          b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='sip.lab' from=")


def garbage(rng):
    """What strangers say: nothing, noise, other protocols, XML without end, TLS without a start."""
    return rng.choice((
        b"",
        rng.randbytes(rng.randrange(1, 4000)),
        b"GET / HTTP/1.1\r\nHost: sip.lab\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(300),
        HEADER[:rng.randrange(1, len(HEADER))],
        HEADER + b"'nobody.lab'>",
        HEADER + b"'partner.lab'>" + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
        + rng.randbytes(200),
        HEADER + b"'partner.lab'>" + b"<a>" * 500,
        b"<a b='" + b"c" * 70000,
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'cc'>]><a>&b;</a>",
    ))


class Strangers:
    """So many new connections a second; each says its part and goes, or waits for the other's end."""

    def __init__(self, server, rate):
        self._server, self._rate = server, rate
        self._rng = random.Random(1)
        self._loiterers = loiterers.Loiterers()
        self.opened = self.refused = 0

    def _open(self):
        sock = socket.socket()
        sock.bind((SOURCES[self.opened % len(SOURCES)], 0))
        try:
            sock.connect(self._server)
            sock.setblocking(False)
            sock.send(garbage(self._rng))
        except OSError:
            self.refused += 1
        self.opened += 1
        if self._rng.random() < 0.5:
            sock.close()
            return
        self._loiterers.add(sock, self._rng.uniform(0, 2))

    def run(self, seconds):
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            while self.opened < (time.monotonic() - begin) * self._rate:
                self._open()
            self._loiterers.reap()
            time.sleep(0.01)
        self._loiterers.close()
        return self.opened / (time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    strangers = Strangers((args.address, args.port), args.rate)
    print(strangers.run(args.seconds), strangers.refused)


if __name__ == "__main__":
    main()
