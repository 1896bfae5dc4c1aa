#pragma once

#include "edge/edge_priv.h"
#include "edge/probe_code.h"

/*
 * What the files of a test share:
 *
 *	probe.c		life, limits, time; the way from one part to the next
 *	probe_report.c	steps as they are said, and which are skipped because of which
 *	probe_find.c	srv, address, dnssec		(both kinds)
 *	probe_reach.c	tcp				(partner)
 *	probe_talk.c	header to ping			(partner), by probe_judge.c; with
 *			probe_words.c, probe_auth.c, probe_end.c
 *	probe_cert.c	chain, name, expiry, purpose	(both)
 *	probe_own.c	here, listener, served, record	(domain)
 *	probe_place.c	which addresses are ours, or nobody's to connect to
 *
 * Each part is begun by probe.c with ..._new(p), calls probe_next() once when it has said all it
 * can, and is freed by ..._free() (NULL is fine).
 */

/* An address that the records lead to. */
struct probe_place {
	struct netaddr addr;
	size_t host; /* index into hosts */
	bool works;  /* a connection was made */
};

struct probe_host {
	char name[SRV_TARGET_MAX + 1];
	uint16_t port;
};

enum { PROBE_HOSTS_MAX = 16, PROBE_PLACES_MAX = 32 };

struct probe {
	struct edge *edge;
	struct list node; /* probes->list */
	enum probe_kind kind;
	probe_on_step *on_step;
	probe_on_done *on_done;
	void *arg;
	uint64_t begun_ms;
	struct loop_timer whole_timer;
	struct loop_task next_task;
	unsigned part;              /* which is under way */
	enum probe_code unfinished; /* why the rest was not tried; PC_OK: it was */
	bool over;

	/* ---- what it is about; strings are the probe's ---- */
	char *typed, *typed_local;
	char fault[400]; /* what is wrong with what was typed; "" */
	struct arena arena;
	struct slice domain, local;             /* canonical, as in streams */
	const char *domain_ascii, *local_ascii; /* A-labels; NULL: not known */
	struct negotiation negotiation;
	char *proxy;
	uint16_t proxy_port;
	char *partner; /* primary domain */
	struct tls_set *tls;
	struct dns *dns;

	/* ---- what has been found ---- */
	unsigned char said[PROBE_STEP__N];    /* 0: nothing yet; else how bad, of probe_report.c */
	enum probe_step cause[PROBE_STEP__N]; /* ... why it was skipped */
	struct probe_host hosts[PROBE_HOSTS_MAX];
	size_t n_hosts;
	struct probe_place places[PROBE_PLACES_MAX];
	size_t n_places;

	struct probe_find *find;
	struct probe_reach *reach;
	struct probe_talk *talk;
	struct probe_own *own;
};

static inline uint64_t probe_now(const struct probe *p)
{
	return loop_now(p->edge->loop);
}

/* ---- probe.c ---- */

struct probes;
const struct probe_config *probe_config(const struct edge *e);

/* The part under way is through; the next begins at the end of the turn. */
void probe_next(struct probe *p);

/* ---- probe_report.c ---- */

/*
 * Says a step with the table's result for the code. Steps before it in the table that were not said
 * are skipped because of what they need, or of this one.
 */
void probe_say(struct probe *p, enum probe_step step, enum probe_code code, const char *evidence,
	...) __attribute__((format(printf, 4, 5)));
/* The same; a failure is a warning when mild. */
void probe_say_mild(struct probe *p, bool mild, enum probe_step step, enum probe_code code,
	const char *evidence, ...) __attribute__((format(printf, 5, 6)));

/* Was it said, and did it not fail? */
bool probe_went_well(const struct probe *p, enum probe_step step);
bool probe_was_said(const struct probe *p, enum probe_step step);

/* The last step that failed; PROBE_STEP_NONE: none has. */
enum probe_step probe_last_fault(const struct probe *p);

/* Skips a step because of another one. */
void probe_block(struct probe *p, enum probe_step step, enum probe_step cause);

/* All that was not said is skipped; why: PC_BLOCKED, or what ended the test. */
void probe_say_rest(struct probe *p, enum probe_code why);

/* ---- probe_place.c ---- */

/* Why an address is none to connect to; NULL: it is one. Pure. */
const char *probe_address_fault(const struct netaddr *a);
/* One of this machine's addresses. */
bool probe_is_this_machine(const struct netaddr *a);
/* One of our listeners' (port included). */
bool probe_is_listener(const struct edge *e, const struct netaddr *a);
/* This machine's addresses that others may reach, at most max. */
size_t probe_public_addresses(struct netaddr *ret, size_t max);

/* ---- the parts ---- */
void probe_find_new(struct probe *p);
void probe_find_free(struct probe_find *f);
void probe_reach_new(struct probe *p);
void probe_reach_free(struct probe_reach *r);
void probe_talk_new(struct probe *p);
void probe_talk_free(struct probe_talk *t);
void probe_own_new(struct probe *p);
void probe_own_free(struct probe_own *o);

/* ---- probe_auth.c: something came in from the partner on another stream ---- */
void probe_talk_verified(struct probe_talk *t, struct slice id, struct slice key, bool valid);
bool probe_talk_stanza(struct probe_talk *t, const struct xstream_event *ev);

/* ---- probe_judge.c: what was seen as a code. Pure. ---- */

/* What a server said that was no good stream header. */
enum probe_code probe_judge_bytes(struct slice first);
/* Why a handshake failed; text: as net/conn has it. */
enum probe_code probe_judge_tls(enum conn_end end, const char *text);

/* How our key fared. */
struct probe_dialback {
	bool asked;    /* our listener was asked about it */
	bool same_key; /* ... and the key was the one that we gave */
	bool valid;    /* ... and our listener said so */
};
/* The answer was that it is not valid. */
enum probe_code probe_judge_invalid(const struct probe_dialback *d);
/* There was an error, or no answer: STANZA_OK. */
enum probe_code probe_judge_no_result(const struct probe_dialback *d, enum stanza_cond cond);

/* ---- probe_cert.c ---- */

struct probe_cert {
	X509 *leaf;
	STACK_OF(X509) * shown;    /* what came, leaf included; may be NULL */
	enum cert_verdict verdict; /* of the chain */
	int code;                  /* X509_V_* */
	X509_STORE *trust;         /* by which it was judged */
	X509_STORE *also;          /* a second opinion where that fails; NULL: none */
	bool mild;                 /* the stream can do without */
};
/* Says chain, name, expiry and purpose. */
void probe_say_cert(struct probe *p, const struct probe_cert *c, int64_t now);
