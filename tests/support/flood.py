"""Many messages from a process of its own, so that who measures beside it has the time to: prints
how many got which answer, as JSON."""

import argparse
import collections
import json

from traffic import SipTraffic


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--server", required=True, help="ADDRESS:PORT")
    parser.add_argument("--domains", nargs="+", required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    args = parser.parse_args()
    host, _, port = args.server.partition(":")
    traffic = SipTraffic(args.address, 0, (host, int(port))).start()
    targets = [f"sip:c{n}@{domain}" for n in range(500) for domain in args.domains]
    print("ready", flush=True)
    traffic.offer_steadily(targets, args.rate, args.messages / args.rate)
    print("offered", flush=True)
    traffic.wait_answers(60)
    print(json.dumps(collections.Counter(traffic.statuses.values())), flush=True)


if __name__ == "__main__":
    main()
