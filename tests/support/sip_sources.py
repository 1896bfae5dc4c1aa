"""SIP from many strangers, each at an address of its own: datagrams and connections, some a second, for
a while. Prints how many came about and how many were not taken."""

import argparse
import random
import socket
import time

import loiterers
from sip_peer import token

REQUEST = (
    "{method} sip:juliet@partner.lab SIP/2.0\r\n"
    "Via: SIP/2.0/{transport} {address}:5060;branch=z9hG4bK{branch};rport\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:romeo@sip.lab>;tag={branch}\r\nTo: <sip:juliet@partner.lab>\r\n"
    "Call-ID: {branch}\r\nCSeq: 1 {method}\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")


def source(n):
    """One of 10,000 addresses, then again from the first."""
    return f"127.{60 + n // 2500 % 4}.{n // 50 % 50}.{n % 50 + 1}"


def words(rng, transport, address):
    """What a stranger says."""
    request = REQUEST.format(
        method=rng.choice(("MESSAGE", "OPTIONS", "INVITE", "REGISTER")), transport=transport,
        address=address, branch=token()).encode()
    return rng.choice((
        request, request * 20, request[:rng.randrange(1, len(request))],
        b"\r\n\r\n", rng.randbytes(rng.randrange(1, 3000)), b"a: b\r\n" * 3000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(300),
    ))


class Sources:
    def __init__(self, udp, tcp, tls):
        self._servers = [("UDP", udp), ("TCP", tcp), ("TLS", tls)]
        self._rng = random.Random(1)
        self._loiterers = loiterers.Loiterers()
        self.done = self.refused = 0

    def _one(self):
        transport, server = self._servers[self.done % 3]
        address = source(self.done)
        self.done += 1
        kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
        sock = socket.socket(socket.AF_INET, kind)
        try:
            sock.bind((address, 0))
            sock.setblocking(False)
            sock.connect_ex(server)
            sock.send(words(self._rng, transport, address)[:60000])
        except OSError:
            self.refused += 1
        if transport == "UDP" or self._rng.random() < 0.5:
            sock.close()
        else:
            self._loiterers.add(sock, self._rng.uniform(0, 2))

    def run(self, count, rate):
        begin = time.monotonic()
        while self.done < count:
            while self.done < min(count, (time.monotonic() - begin) * rate):
                self._one()
            self._loiterers.reap()
            time.sleep(0.005)
        self._loiterers.close()


def where(text):
    host, _, port = text.partition(":")
    return host, int(port)


def main():
    parser = argparse.ArgumentParser()
    for name in ("udp", "tcp", "tls"):
        parser.add_argument(f"--{name}", required=True, type=where, help="ADDRESS:PORT")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    args = parser.parse_args()
    sources = Sources(args.udp, args.tcp, args.tls)
    print("begins", flush=True)
    sources.run(args.count, args.rate)
    print("ended", sources.done, sources.refused, flush=True)


if __name__ == "__main__":
    main()
