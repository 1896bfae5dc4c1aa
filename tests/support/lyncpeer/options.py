"""The switches of a peer: how it deviates from the plain course (profile section 10)."""

import dataclasses


@dataclasses.dataclass
class Options:
    # ---- calling (5.1, 5.6)
    embed: bool = False             # the first message stands in the INVITE (ms-text-format)
    repeat: str = "if-not-taken"    # ... and comes again as MESSAGE: if-not-taken | always | never
    connections: int = 1            # requests go over so many TLS connections in turn (T3: 1 to 4)
    gruu: bool = True               # Contact is a draft GRUU (A2)
    epid_changes: bool = False      # another epid in every request that may carry one (A1)
    stale_conversation: bool = False    # a new INVITE has the Ms-Conversation-ID of the last one (A6)
    session_expires: int = 0        # seconds of the session timer that is asked for; 0: none (RFC 4028)
    ms_keep_alive: bool = True      # ms-keep-alive in INVITE, answered in 200 (T5)
    media: str = "message 5060 sip null"    # the m= line; x-ms-message, audio ...; "": no SDP at all
    accept_types: str = (
        "text/plain multipart/alternative image/gif text/rtf application/x-ms-ink "
        "application/ms-imdn+xml text/x-msmsgsinvite")
    message_timeout: float = 60.0   # how long a MESSAGE waits for its final answer (5.3)

    # ---- the pool between (A4, A5)
    record_route: int = 0           # so many Record-Routes with opaque parameters; they must come back
    new_route_in_dialog: bool = False   # a request in the dialog brings another Record-Route

    # ---- what messages look like (T6)
    folded: bool = False            # header fields are folded
    big_headers: int = 0            # bytes of unknown ms-* fields in every message
    compact: bool = False           # compact names
    lower_case: bool = False        # names in lower case: call-id, subscription-state ...
    split: int = 0                  # what is sent goes out in pieces of so many bytes

    # ---- being called (5.2, 5.3)
    invite_status: int = 200        # the final answer to an INVITE that could be taken
    ring: bool = False              # 180, and no final answer before answer() or CANCEL
    fork: int = 1                   # so many endpoints ring: a 180 of each, a 200 of the last
    late_200: bool = False          # ... and one of the first after the ACK: ACK and BYE are wanted
    cancel_race: bool = False       # the 200 to the INVITE leaves before the one to the CANCEL
    repeat_200: bool = False        # the 200 comes twice: each wants its ACK (RFC 3261 13.2.2.4)
    message_status: tuple = ()      # of the next MESSAGEs, one after the other; then 200
    message_warning: str = ""       # Warning in refusals of MESSAGE, as '309 lync "..."'
    silent: bool = False            # a MESSAGE gets no answer at all
    diagnostics: bool = True        # ms-diagnostics in refusals (9)
    conversation_known: int = 482   # the answer to an INVITE with a known Ms-Conversation-ID (a guess)

    # ---- between (5.5)
    options_every: float = 0.0      # OPTIONS so often (Lync: 30 s); 0: never by itself

    # ---- presence (6)
    benotify: bool = False          # BENOTIFY instead of NOTIFY
    piggyback: bool = False         # the 200 to SUBSCRIBE is the first NOTIFY, too
    refuse_benotify: bool = False   # 420 to Proxy-Require: ms-benotify
    omit_event: bool = False        # no Event in 200 and NOTIFY
    terminated_200: bool = False    # subscription-state: terminated in the 200
