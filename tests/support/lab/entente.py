"""Entente itself: entented with a configuration of its own, and the entente command for it."""

import dataclasses
import json
import pathlib
import signal
import subprocess
import urllib.request

from . import net, wait
from .errors import LabError
from .process import Process

VALGRIND = [
    "valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
    "--show-leak-kinds=definite,indirect,possible", "--errors-for-leak-kinds=definite,indirect",
    "--num-callers=30",
]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a run of the entente command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Entente:
    def __init__(self, folder, address, build, dns, trust, certificates, name="entented",
                 valgrind=False, settings=None):
        """certificates: name -> (Pair, [domains]); no domains: for every domain.
        settings: {section: {key: value}} over what is written by default."""
        self.address, self.build, self.name = address, pathlib.Path(build), name
        self.folder, self.home = folder, folder / name
        self.xmpp_port = net.free_port(address, 5269)
        self.sip_port = net.free_port(address, 5060)
        self.sips_port = net.free_port(address, 5061)
        self.metrics_port = net.free_port(address, 9464)
        self.panel_port = net.free_port(address, 8443)
        self.dns, self.trust = dns, trust
        self.certificates = dict(certificates)
        self.settings = settings or {}
        self.valgrind = valgrind
        self.process = None

    @property
    def config_file(self):
        return self.home / "entente.conf"

    @property
    def socket(self):
        return self.home / "admin.sock"

    @property
    def store(self):
        return self.home / "store"

    @property
    def url(self):
        """Where the panel is, unless the settings say otherwise."""
        return f"https://{self.address}:{self.panel_port}"

    @property
    def sip(self):
        return f"{self.address}:{self.sip_port}"

    @property
    def sips(self):
        return f"{self.address}:{self.sips_port}"

    def sections(self):
        sections = {
            "daemon": {"log-level": "debug"},
            "store": {"dir": self.home / "store", "key-file": self.home / "store.key"},
            "xmpp": {"listen": f"{self.address}:{self.xmpp_port}", "trust": self.trust,
                     # All peers of a lab are few addresses, and many fail on purpose.
                     "vain-connections": "100000"},
            "sip": {"listen-udp": self.sip, "listen-tcp": self.sip, "vain-connections": "100000",
                    **({"listen-tls": self.sips} if self.certificates else {})},
            "resolver": {"dnssec": "off", "forward": f"{self.dns.address}:{self.dns.port}"},
            "admin": {"socket": self.socket, "group": "", "listen": f"{self.address}:{self.panel_port}"},
            "metrics": {"listen": f"{self.address}:{self.metrics_port}"},
        }
        for name, (pair, domains) in self.certificates.items():
            sections[f"certificate {name}"] = {
                "chain": pair.cert, "key": pair.key, "domains": " ".join(domains),
            }
        for section, keys in self.settings.items():
            sections.setdefault(section, {}).update(keys)
        return sections

    def write_config(self):
        self.home.mkdir(exist_ok=True)
        text = ""
        for section, keys in self.sections().items():
            text += f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()) + "\n"
        self.config_file.write_text(text)

    def start(self):
        self.write_config()
        program = self.build / "entented"
        if not program.exists():
            raise LabError(f"{program} is not built")
        argv = (VALGRIND if self.valgrind else []) + [program, "--config", self.config_file]
        self.process = Process(self.name, argv, self.folder).start()
        self.wait_ready()
        return self

    def wait_ready(self, seconds=10.0):
        wait.until(
            lambda: self.run("status").code in (0, 1), "an answer to `entente status`",
            seconds * (5 if self.valgrind else 1), self.process.check_running,
        )

    def run(self, *args, stdin=None):
        """Runs the entente command; never fails."""
        done = subprocess.run(
            [self.build / "entente", "--socket", self.socket, *map(str, args)],
            input=stdin, capture_output=True, text=True, timeout=60 * wait.SLOWNESS, check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def do(self, *args):
        """Runs the entente command, which must succeed; returns what it printed."""
        answer = self.run(*args)
        if answer.code != 0:
            raise LabError(
                f"entente {' '.join(map(str, args))} gave {answer.code}: {answer.out}{answer.err}"
            )
        return answer.out

    def ask(self, *args):
        """Like do(), with --json: returns the object."""
        return json.loads(self.do("--json", *args))

    def streams(self):
        """What `entente stream list` knows of each stream."""
        return self.ask("stream", "list")  # a list, as every `--json ... list`

    def metrics(self):
        """The counters, as {'name{labels}': value}."""
        url = f"http://{self.address}:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=10 * wait.SLOWNESS) as answer:
            lines = answer.read().decode().splitlines()
        return {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines if line and not line.startswith("#")
        }

    def metric(self, name):
        return self.metrics().get(name, 0)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=30.0):
        return self.process.stop(seconds) if self.process else None

    def kill(self):
        self.process.kill()
