"""A Lync-like SIP peer over mutual TLS, scripted by tests.

Written from the interoperability profile (its sections are named in the code) and from RFC 3261, with
a reader and a writer of SIP of its own: nothing of Entente's code is in it, so that both cannot be
wrong in the same way. It plays what the profile says Lync Server and Skype for Business do; nothing
here was tried against Microsoft's own servers.

    options.py   every oddity as a named switch
    wire.py      messages and connections
    session.py   one dialog: INVITE with m=message, MESSAGE, INFO, UPDATE, BYE
    called.py    the side that is called, and what it answers
    presence.py  SUBSCRIBE, NOTIFY, BENOTIFY
    peer.py      the peer: transactions, events that a test can wait for, faults it has seen
"""

from .options import Options
from .peer import LyncPeer
from .wire import Message

__all__ = ["LyncPeer", "Message", "Options"]
