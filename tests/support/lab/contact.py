"""An XMPP user: slixmpp, on an event loop of its own."""

import asyncio
import dataclasses
import logging
import re
import threading

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)

import slixmpp  # noqa: E402  (it logs while it is imported)
from slixmpp.xmlstream.handler import Callback  # noqa: E402
from slixmpp.xmlstream.matcher import MatchXPath  # noqa: E402

from . import wait  # noqa: E402
from .errors import LabError  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Message:
    """A message stanza as it was received."""

    sender: str
    to: str
    type: str
    body: str
    id: str
    thread: str
    subject: str
    condition: str  # of an error, else ""
    text: str       # of an error, else ""
    xml: str


STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"


def _condition(error):
    """As it stands there: the library knows only some of them by name."""
    names = [child.tag[len(STANZAS):] for child in error.xml if child.tag.startswith(STANZAS)]
    return next((name for name in names if name != "text"), "")


def _read(stanza):
    error = stanza["error"] if stanza["type"] == "error" else None
    return Message(
        sender=str(stanza["from"]), to=str(stanza["to"]), type=stanza["type"],
        body=stanza["body"], id=stanza["id"], thread=stanza["thread"], subject=stanza["subject"],
        condition=_condition(error) if error else "", text=error["text"] if error else "",
        xml=str(stanza),
    )


class Contact:
    def __init__(self, jid, password, address, port, ca_file):
        self.jid = jid
        self._password, self._where, self._ca = password, (address, port), ca_file
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failure = None
        self._messages, self._stanzas = [], []
        self._client = None
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        if not self._ready.wait(15 * wait.SLOWNESS):
            self._failure = "no answer"
        if self._failure:
            raise LabError(f"{self.jid} could not sign in: {self._failure}")
        return self

    def _run(self):
        asyncio.set_event_loop(self._loop)
        client = slixmpp.ClientXMPP(self.jid, self._password)
        client.loop = self._loop
        client.ca_certs = str(self._ca)
        client.add_event_handler("session_start", self._on_start)
        client.add_event_handler("failed_auth", self._on_failure)
        client.add_event_handler("message", self._on_message)
        client.add_event_handler("message_error", self._on_message)
        client.register_handler(Callback(
            "every message", MatchXPath("{jabber:client}message"), self._on_stanza))
        self._client = client
        client.connect(address=self._where)
        self._loop.run_forever()
        self._loop.run_until_complete(self._cancel_tasks())
        self._loop.close()

    async def _cancel_tasks(self):
        tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_start(self, _):
        self._client.send_presence()
        self._ready.set()

    def _on_failure(self, stanza):
        self._failure = str(stanza)
        self._ready.set()

    def _on_message(self, stanza):
        self._messages.append(_read(stanza))

    def _on_stanza(self, stanza):
        self._stanzas.append(str(stanza))

    def _call(self, function):
        done = threading.Event()

        def run():
            function()
            done.set()
        self._loop.call_soon_threadsafe(run)
        if not done.wait(10 * wait.SLOWNESS):
            raise LabError(f"the client of {self.jid} hangs")

    def send(self, to, body, type="chat", id=None, subject=None):
        def run():
            stanza = self._client.make_message(mto=to, mbody=body, mtype=type, msubject=subject)
            if id:
                stanza["id"] = id
            stanza.send()
        self._call(run)

    def send_xml(self, xml):
        self._call(lambda: self._client.send_raw(xml))

    def messages(self, start=0):
        return self._messages[start:]

    def mark(self):
        """Where it stands now: a start for wait_message()."""
        return len(self._messages)

    def wait_message(self, seconds=10.0, start=0, **wanted):
        """Waits for a message whose fields are equal to those wanted; returns it."""
        def find():
            for message in self._messages[start:]:
                if all(getattr(message, k) == v for k, v in wanted.items()):
                    return message
            return None
        return wait.until(
            find,
            lambda: f"a message {wanted} at {self.jid}, who has {self._messages[start:]}",
            seconds,
        )

    def stanzas(self, start=0):
        """Every message stanza as XML, also those without a body or an error."""
        return self._stanzas[start:]

    def wait_stanza(self, pattern, seconds=10.0, start=0):
        """Waits for a message stanza in which the pattern is found; returns it."""
        return wait.until(
            lambda: next((x for x in self._stanzas[start:] if re.search(pattern, x)), None),
            lambda: f"'{pattern}' at {self.jid}, who has {self._stanzas[start:]}",
            seconds)

    def stop(self):
        if not self._thread:
            return
        self._call(self._client.abort)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._thread = None
