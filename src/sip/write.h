#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sip/message.h"

/*
 * Messages as bytes. Nothing given to these functions can break out of its place: CR, LF and NUL in
 * any value become spaces, a field name that is no token is a bug (asserted). Content-Length is
 * always there and right. Via, From, To, Call-ID, CSeq, Max-Forwards and Content-Length are written
 * from their own members and must not be among the extra fields (asserted).
 */
struct sip_out {
	struct slice name, value;
};

/* The standard words for a status: "Not Found"; for unknown ones that of the class. */
const char *sip_reason(unsigned status);

struct sip_dialog;

/* What a caller says of a request to be sent. Slices are copied during the call. */
struct sip_spec {
	enum sip_method method;
	struct slice ruri;
	struct slice from; /* name-addr or addr-spec in <>, without tag: "<sip:a@b;gr=x>" */
	struct slice to;
	struct slice from_tag;        /* absent: made */
	struct slice to_tag;          /* absent: none (outside a dialog) */
	struct slice call_id;         /* a legal callid (sip_is_call_id, asserted); absent: made */
	struct slice branch;          /* absent: made, as it should be */
	uint32_t cseq;                /* 0: 1 */
	unsigned max_forwards;        /* 0: 70 */
	const struct sip_out *fields; /* Subject, Date, Content-Language, ... in this order */
	size_t n_fields;
	struct slice content_type; /* absent: no body */
	struct slice body;
	unsigned max_size; /* not written: over it SIP_TOO_BIG; 0: what the transport takes */
	/* Not written: who knows the next CSeq, should it have to be sent once more with another.
	 */
	struct sip_dialog *dialog;
};

/* The parts that the transaction layer adds. */
struct sip_stamp {
	enum sip_transport transport;
	struct slice sent_by;           /* "192.0.2.1:5060" */
	struct slice branch;            /* with its z9hG4bK */
	struct slice from_tag, call_id; /* used where spec has none */
	struct slice user_agent;        /* absent: none */
};

void sip_write_request(struct buf *out, const struct sip_spec *spec, const struct sip_stamp *stamp);

/* What ends an INVITE of ours as it was sent: CANCEL (9.1), and ACK to a refusal with its To
 * (17.1.1.3). */
void sip_write_cancel(struct buf *out, const struct sip_msg *invite);
void sip_write_ack(struct buf *out, const struct sip_msg *invite, struct slice to);

/* What a caller says of a response. */
struct sip_reply {
	unsigned status;     /* 200..699 */
	struct slice reason; /* absent: the standard words */
	const struct sip_out *fields;
	size_t n_fields;
	struct slice content_type; /* absent: no body */
	struct slice body;
};

/* What the transaction layer saw of a request, for its response. */
struct sip_seen {
	struct slice
		received; /* the source address, when the first Via needs it (18.2.1, RFC 3581 4) */
	uint16_t rport;   /* the source port, when the first Via asked for it */
	struct slice to_tag; /* for a To without tag */
};

/* The lines a response repeats of its request: Via, From, To, Call-ID, CSeq (8.2.6.2). */
void sip_write_echo(struct buf *out, const struct sip_msg *m, const struct sip_seen *seen);

/* A response around them. extra: more lines, complete ("Allow: MESSAGE\r\n"). */
void sip_write_reply(
	struct buf *out, const struct sip_reply *reply, struct slice echo, struct slice extra);

/*
 * A 100 (Trying). sip_write_stamp() puts behind the echoed lines what it repeats besides: the
 * Timestamp, to which the seconds that it took are added when it is sent (8.2.6.1).
 */
void sip_write_stamp(struct buf *out, const struct sip_msg *m);
void sip_write_100(struct buf *out, struct slice lines, uint64_t took_ms, struct slice extra);

/* One header field "Name: value\r\n", safe as above. */
void sip_write_field(struct buf *out, const char *name, struct slice value);
