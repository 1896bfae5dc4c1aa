#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sip/message.h"
#include "sip/write.h"

/*
 * Session timers (RFC 4028): a session ends when it is not refreshed, so that neither side keeps
 * one whose other side has gone without a word. Pure: whoever has the dialog asks what to write,
 * tells what was heard, and does what is due. An INVITE or UPDATE refreshes; each of them agrees
 * anew.
 */
enum {
	SIP_TIMER_LEAST =
		90, /* seconds: nobody may ask for less (4, 5), and is refused if he does */
	SIP_TIMER_OURS = 1800,
};

enum sip_refresher { SIP_REFRESH_NOBODY, SIP_REFRESH_WE, SIP_REFRESH_THEY };

/* What is agreed. Zeroed: the session does not expire. */
struct sip_session_timer {
	uint32_t seconds; /* 0: it does not expire */
	enum sip_refresher refresher;
	uint32_t min_se;   /* the highest Min-SE heard; 0: none */
	uint8_t too_brief; /* times we were told so */
	uint64_t refresh;  /* when we do it; UINT64_MAX: not we, or it does not expire */
	uint64_t dead;     /* when to say BYE; UINT64_MAX */
};
void sip_session_timer_init(struct sip_session_timer *t);

/* Session-Expires (x): seconds, and who refreshes. 0; -1: it is broken. */
enum sip_refresher_param { SIP_REFRESHER_UNSAID, SIP_REFRESHER_UAC, SIP_REFRESHER_UAS };
struct sip_session_expires {
	uint32_t seconds;
	enum sip_refresher_param refresher;
};
int sip_session_expires_parse(struct slice s, struct sip_session_expires *ret);

enum sip_timer_event {
	SIP_TIMER_NOTHING,
	SIP_TIMER_REFRESH, /* send an UPDATE, or a re-INVITE to who does not allow that */
	SIP_TIMER_DEAD,    /* say BYE (10) */
};
/* When sip_session_timer_tick() has something to say; UINT64_MAX. */
uint64_t sip_session_timer_deadline(const struct sip_session_timer *t);
/* REFRESH is said once, until the next answer; a refresh that failed is tried again at half of what
 * is left, see sip_session_timer_failed(). */
enum sip_timer_event sip_session_timer_tick(struct sip_session_timer *t, uint64_t now_ms);

/*
 * The fields of these messages, complete lines' names and values in at most three of ret; texts in
 * the buffer beside them, which lives as long. "Supported: timer" is the caller's.
 */
struct sip_timer_fields {
	struct sip_out v[3]; /* Session-Expires, Min-SE, Require */
	size_t n;
	char expires[32], min_se[16];
};

/* ---- who asks (7.1, 7.2) ---- */

/* For an INVITE or UPDATE of ours: seconds proposed in a new session (0: SIP_TIMER_OURS), what is
 * agreed in one that there is. */
void sip_session_timer_ask(const struct sip_session_timer *t, uint32_t seconds, bool is_new,
	struct sip_timer_fields *ret);
/* A 422 to it. True: ask again, its Min-SE is remembered. False: it has none that is news, or says
 * so for the third time: the refusal stays one. */
bool sip_session_timer_too_brief(struct sip_session_timer *t, const struct sip_msg *response);
/* A 2xx to it. Of one without a Session-Expires the session does not expire. -1: it is broken and
 * changes nothing. */
int sip_session_timer_heard(
	struct sip_session_timer *t, const struct sip_msg *response, uint64_t now_ms);
/* A refresh of ours failed, but the dialog lives (491, 500 ...). */
void sip_session_timer_failed(struct sip_session_timer *t, uint64_t now_ms);

/* ---- who is asked (8.2, 9) ---- */

/*
 * An INVITE or UPDATE of theirs. 0: it may be answered with a 2xx; else the status to refuse it
 * with: 422 (with Min-SE, in *ret), 400. Nothing is agreed before sip_session_timer_said().
 */
unsigned sip_session_timer_judge(
	const struct sip_msg *m, struct sip_timer_fields *ret, const char **ret_reason);
/* The 2xx to it is said now; *ret are the fields it says it with. */
void sip_session_timer_said(struct sip_session_timer *t, const struct sip_msg *m, uint64_t now_ms,
	struct sip_timer_fields *ret);
