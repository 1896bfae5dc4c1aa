#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where one message ends and the next begins on a stream (RFC 3261 18.3 and 7.5, RFC 5626 4.4.1).
 * Pure; the bytes stay with the caller, who keeps those of a message until it is whole. Each byte
 * is looked at once, however they come in.
 */
enum sip_frame_fault {
	SIP_FRAME_FINE,
	SIP_FRAME_NO_LENGTH,  /* no Content-Length: on a stream it must be there (20.14) */
	SIP_FRAME_BAD_LENGTH, /* no number, more than one, or one of compact and long form each */
	SIP_FRAME_TOO_LONG,   /* head, or head and body, over SIP_MAX_MESSAGE */
};
/* "Missing Content-Length", ...: the reason of a 400. */
const char *sip_frame_fault_text(enum sip_frame_fault f);

/* What is known of the message that begins at the first byte. A zeroed one is the beginning. */
struct sip_frame {
	size_t at;    /* looked at so far */
	size_t line;  /* where the line in hand begins */
	size_t value; /* where that of a Content-Length begins, while more of it may come; else 0 */
	size_t head;  /* bytes up to the empty line, with it; 0: not there yet */
	size_t length;
	bool has_length;
	bool empty; /* an empty line came last: another one makes a ping */
	enum sip_frame_fault fault;
};

enum sip_frame_event {
	SIP_FRAME_MORE,    /* nothing is whole yet */
	SIP_FRAME_PONG,    /* an empty line: what answers a ping (RFC 5626 4.4.1), or half of one */
	SIP_FRAME_PING,    /* the second of two: to be answered with one empty line */
	SIP_FRAME_MESSAGE, /* a whole message */
	SIP_FRAME_BROKEN,  /* see fault: what is there can be answered, the next cannot be found */
};

/*
 * p[0..n): what has come since the last message and has not been used. *ret_used are the bytes that
 * the event is about; the caller takes them away before the next call, which begins anew. After
 * SIP_FRAME_BROKEN there is none.
 */
enum sip_frame_event sip_frame_look(
	struct sip_frame *f, const char *p, size_t n, size_t *ret_used);
