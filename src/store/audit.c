#include "store/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"
#include "store/store_priv.h"

/* Columns of the table, in its order. */
enum {
	COL_ID,
	COL_GENERATION,
	COL_AT,
	COL_WHO,
	COL_FROM,
	COL_WAY,
	COL_VERB,
	COL_KIND,
	COL_KEY,
	COL_BEFORE,
	COL_AFTER,
	COL_RESULT,
	COL_CODE,
	COL_TIMES,
	COL_SEQ,  /* the id that the MAC was made over */
	COL_PREV, /* the MAC of the line before that one; "" before the first */
	COL_MAC,
	COL__N
};

/* A row of `meta`, sealed: "id count mac". */
static const char head_name[] = "audit_head";

struct number {
	char text[24];
};

static struct number number(uint64_t n)
{
	struct number r;

	snprintf(r.text, sizeof r.text, "%llu", (unsigned long long)n);
	return r;
}

/* ---- the head ---- */

static int head_damaged(struct err *e)
{
	return err_code(e, ERR_INVALID, "audit_head", "store",
		"the head of the audit log is not as it was written; restore the store from a "
		"backup");
}

/* *ret_there false: the store has none yet. */
static int read_head(struct store *s, struct store_audit_head *ret, bool *ret_there, struct err *e)
{
	unsigned long long id, count;
	struct buf plain = {0};
	char *sealed, *text;
	int got;

	*ret = (struct store_audit_head){0};
	if (store_meta_get(s, head_name, &sealed, e) < 0)
		return -1;
	*ret_there = sealed != NULL;
	if (!sealed)
		return 0;
	if (seal_break(s->seal, head_name, slice_of(sealed), &plain, e) < 0) {
		xfree(sealed);
		return -1;
	}
	text = buf_dup(&plain);
	got = sscanf(text, "%llu %llu %64s", &id, &count, ret->mac);
	if (got >= 2) {
		ret->id = id;
		ret->count = count;
	}
	xfree(text);
	xfree(sealed);
	buf_done(&plain);
	return got >= 2 ? 0 : head_damaged(e);
}

static int write_head(struct store *s, const struct store_audit_head *h, struct err *e)
{
	struct buf sealed = {0};
	char plain[128], *text;
	int rc;

	snprintf(plain, sizeof plain, "%llu %llu %s", (unsigned long long)h->id,
		(unsigned long long)h->count, h->mac);
	seal_close(s->seal, head_name, slice_of(plain), &sealed);
	text = buf_dup(&sealed);
	rc = store_meta_put(s, head_name, text, e);
	xfree(text);
	buf_done(&sealed);
	return rc;
}

int store_audit_head(struct store *s, struct store_audit_head *ret, struct err *e)
{
	bool there;

	return read_head(s, ret, &there, e);
}

/* ---- the chain ---- */

/* A field is told from none and from two: its length goes in front. */
static void mac_field(struct buf *out, const char *text)
{
	uint64_t n = text ? strlen(text) : UINT64_MAX;

	for (int i = 0; i < 8; i++)
		buf_chr(out, (char)(n >> 8 * i & 0xff));
	if (text)
		buf_str(out, text);
}

/* Over the predecessor's MAC, the place and every field. */
static void line_mac(struct store *s, const char *const *column, char ret[SEAL_MAC_CHARS + 1])
{
	struct buf all = {0};

	mac_field(&all, "entente-audit 1");
	mac_field(&all, column[COL_PREV]);
	mac_field(&all, column[COL_SEQ]);
	for (size_t i = COL_GENERATION; i < COL_SEQ; i++)
		mac_field(&all, column[i]);
	seal_mac(s->seal, buf_slice(&all), ret);
	buf_done(&all);
}

/* Puts a line behind the head, which becomes this line. */
static int chain_line(
	struct store *s, const char **column, struct store_audit_head *head, struct err *e)
{
	char mac[SEAL_MAC_CHARS + 1], prev[sizeof head->mac];

	memcpy(prev, head->mac, sizeof prev);
	column[COL_SEQ] = column[COL_ID];
	column[COL_PREV] = prev;
	line_mac(s, column, mac);
	column[COL_MAC] = mac;
	head->id = strtoull(column[COL_ID], NULL, 10);
	head->count++;
	memcpy(head->mac, mac, sizeof mac);
	return store_run(s, STMT_AUDIT_PUT, column, COL__N, e);
}

static int last_id_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	*(uint64_t *)arg = strtoull(column[COL_ID], NULL, 10);
	return 0;
}

/*
 * The line after the last one that is there or was: where lines were taken away a gap stays, and
 * one that was put in by somebody else is not written over.
 */
static int next_id(
	struct store *s, const struct store_audit_head *head, uint64_t *ret, struct err *e)
{
	struct number all = number(INT64_MAX);
	uint64_t last = 0;

	if (s->backend->ops->run(s->backend, STMT_AUDIT_BEFORE,
		    (const char *const[]){all.text, "1"}, 2, last_id_row, &last, e) < 0)
		return -1;
	*ret = (last > head->id ? last : head->id) + 1;
	return 0;
}

/* 0: the store is being opened. */
static uint64_t in_force(const struct store *s)
{
	return s->snapshot ? snapshot_generation(s->snapshot) : 0;
}

static bool has_lines(struct store *s)
{
	const struct store_audit_head none = {0};
	uint64_t next;

	return next_id(s, &none, &next, NULL) < 0 || next > 1;
}

static int append(struct store *s, const struct store_audit_entry *a, struct err *e)
{
	struct number generation = number(a->generation ? a->generation : in_force(s));
	struct number at = number(clock_wall_ms()), times = number(a->times ? a->times : 1), id;
	struct store_audit_head head;
	uint64_t next;
	bool there;

	if (read_head(s, &head, &there, e) < 0 || next_id(s, &head, &next, e) < 0)
		return -1;
	id = number(next);
	/* clang-format off */
	const char *column[COL__N] = {
		id.text, generation.text, at.text, a->actor.who, a->actor.from, a->actor.way,
		a->verb, a->kind, a->key, a->before, a->after, a->refused ? "refused" : "done",
		a->refused, times.text,
	};
	/* clang-format on */
	return chain_line(s, column, &head, e) < 0 ? -1 : write_head(s, &head, e);
}

int store_audit_append(struct store *s, const struct store_audit_entry *a, struct err *e)
{
	if (s->in_transaction)
		return append(s, a, e);
	if (store_begin(s, e) < 0)
		return -1;
	if (append(s, a, e) == 0)
		return store_commit(s, e);
	store_rollback(s);
	return -1;
}

/* ---- a store of before ---- */

struct old_lines {
	char *(*v)[COL__N];
	size_t n;
};

static int keep_line(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct old_lines *l = arg;

	l->v = xrealloc(l->v, (l->n + 1) * sizeof *l->v);
	for (size_t i = 0; i < COL__N; i++)
		l->v[l->n][i] = i < n && column[i] ? xstrdup(column[i]) : NULL;
	l->n++;
	return 0;
}

static void old_lines_done(struct old_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t c = 0; c < COL__N; c++)
			xfree(l->v[i][c]);
	xfree(l->v);
}

static int chain_batch(
	struct store *s, const struct old_lines *l, struct store_audit_head *head, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *column[COL__N];

		memcpy(column, l->v[i], sizeof column);
		if (chain_line(s, column, head, e) < 0)
			return -1;
	}
	return 0;
}

/* What was written before there were MACs is believed once, and it is said how much that was. */
static int mark_beginning(struct store *s, uint64_t lines, struct err *e)
{
	char after[48];
	struct store_audit_entry line = {
		.actor = {"entented", "", "start"},
		.verb = "begin",
		.kind = "audit",
		.key = "",
		.after = after,
	};

	snprintf(after, sizeof after, "{\"lines_before\": %llu}", (unsigned long long)lines);
	return append(s, &line, e);
}

/* *ret_n: how many; lines that have a MAC are none of these, and end it. */
static int chain_some(struct store *s, struct store_audit_head *head, size_t *ret_n, struct err *e)
{
	struct number after = number(head->id);
	struct old_lines l = {0};
	int rc = s->backend->ops->run(s->backend, STMT_AUDIT_LIST,
		(const char *const[]){after.text, "1000"}, 2, keep_line, &l, e);

	*ret_n = rc == 0 && l.n && !l.v[0][COL_MAC] ? l.n : 0;
	if (*ret_n)
		rc = chain_batch(s, &l, head, e);
	old_lines_done(&l);
	return rc;
}

/*
 * A head that is missing while lines have MACs is not made again: somebody took it away, which
 * store_audit_verify() is to say.
 */
int audit_begin_chain(struct store *s, struct err *e)
{
	struct store_audit_head head;
	bool there;
	size_t n = 1;

	if (read_head(s, &head, &there, e) < 0)
		return -1;
	while (!there && n)
		if (chain_some(s, &head, &n, e) < 0)
			return -1;
	if (there || (!head.count && has_lines(s)))
		return 0;
	if (write_head(s, &head, e) < 0)
		return -1;
	return head.count ? mark_beginning(s, head.count, e) : 0;
}

/* ---- looking ---- */

static uint64_t column_u64(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static struct store_audit line_of(const char *const *column)
{
	return (struct store_audit){
		.id = column_u64(column[COL_ID]),
		.generation = column_u64(column[COL_GENERATION]),
		.at_ms = column_u64(column[COL_AT]),
		.who = column[COL_WHO],
		.from = column[COL_FROM],
		.way = column[COL_WAY],
		.verb = column[COL_VERB],
		.kind = column[COL_KIND],
		.key = column[COL_KEY],
		.before = or_empty(column[COL_BEFORE]),
		.after = or_empty(column[COL_AFTER]),
		.result = column[COL_RESULT],
		.code = or_empty(column[COL_CODE]),
		.times = column_u64(column[COL_TIMES]),
	};
}

struct finding {
	const struct store_audit_query *q;
	store_audit_fn *fn;
	void *arg;
	size_t left;
};

static bool is_or_any(const char *wanted, const char *is)
{
	return !wanted || strcmp(wanted, is) == 0;
}

static bool fits(const struct store_audit_query *q, const struct store_audit *a)
{
	return a->at_ms >= q->since_ms && is_or_any(q->who, a->who) &&
	       is_or_any(q->kind, a->kind) && is_or_any(q->key, a->key) &&
	       is_or_any(q->verb, a->verb);
}

/* -1 without a word: there is no need to look further. */
static int find_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct finding *f = arg;
	struct store_audit a = line_of(column);

	if (a.id <= f->q->after_id)
		return -1;
	if (!fits(f->q, &a))
		return 0;
	f->fn(f->arg, &a);
	return --f->left ? 0 : -1;
}

int store_audit_find(struct store *s, const struct store_audit_query *q, store_audit_fn *fn,
	void *arg, struct err *e)
{
	struct number before = number(q->before_id ? q->before_id : INT64_MAX);
	struct number all = number(INT64_MAX);
	struct finding f = {q, fn, arg, q->limit};
	struct err why = {0};

	if (!q->limit)
		return 0;
	if (s->backend->ops->run(s->backend, STMT_AUDIT_BEFORE,
		    (const char *const[]){before.text, all.text}, 2, find_row, &f, &why) < 0 &&
		why.kind != ERR_NONE) {
		*e = why;
		return -1;
	}
	return 0;
}

struct audit_reader {
	store_audit_fn *fn;
	void *arg;
};

static int audit_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	const struct audit_reader *reader = arg;
	struct store_audit a = line_of(column);

	reader->fn(reader->arg, &a);
	return 0;
}

int store_audit_list(struct store *s, uint64_t after_id, size_t limit, store_audit_fn *fn,
	void *arg, struct err *e)
{
	struct audit_reader reader = {fn, arg};
	struct number after = number(after_id), most = number(limit);

	return s->backend->ops->run(s->backend, STMT_AUDIT_LIST,
		(const char *const[]){after.text, most.text}, 2, audit_row, &reader, e);
}

/* ---- verifying ---- */

enum { PROBLEMS_MAX = 1000 };

const char *store_audit_fault_code(enum store_audit_fault f)
{
	static const char *const codes[] = {
#define X(suffix, code) code,
		STORE_AUDIT_FAULTS(X)
#undef X
	};

	return codes[f];
}

struct verifying {
	struct store *s;
	const struct store_audit_head *logged;
	bool logged_seen;
	uint64_t lines, last_id;
	char last_mac[SEAL_MAC_CHARS + 1];
	unsigned problems;
	store_audit_problem_fn *fn;
	void *arg;
};

static void problem(struct verifying *v, enum store_audit_fault fault, uint64_t id, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

static void problem(
	struct verifying *v, enum store_audit_fault fault, uint64_t id, const char *fmt, ...)
{
	struct store_audit_problem p = {.fault = fault, .id = id};
	va_list ap;

	if (v->problems++ >= PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(p.text, sizeof p.text, fmt, ap);
	va_end(ap);
	v->fn(v->arg, &p);
}

/* Is the line as we wrote it, wherever it is now? */
static bool is_ours(struct store *s, const char *const *column)
{
	char mac[SEAL_MAC_CHARS + 1];

	if (!column[COL_SEQ] || !column[COL_PREV] || !column[COL_MAC])
		return false;
	line_mac(s, column, mac);
	return strcmp(mac, column[COL_MAC]) == 0;
}

static void check_line(struct verifying *v, const char *const *column, uint64_t id)
{
	uint64_t seq = column_u64(column[COL_SEQ]);

	if (!is_ours(v->s, column))
		problem(v, AUDIT_CHANGED, id, "line %llu is not as it was written",
			(unsigned long long)id);
	else if (seq != id)
		problem(v, AUDIT_ORDER, id, "line %llu was written as line %llu",
			(unsigned long long)id, (unsigned long long)seq);
	else if (id != v->last_id + 1)
		problem(v, AUDIT_GAP, id, "%llu lines before line %llu are missing",
			(unsigned long long)(id - v->last_id - 1), (unsigned long long)id);
	else if (strcmp(column[COL_PREV], v->last_mac) != 0)
		problem(v, AUDIT_ORDER, id, "line %llu was written behind another line",
			(unsigned long long)id);
}

static void check_logged(struct verifying *v, const char *const *column, uint64_t id)
{
	if (!v->logged || v->logged->id != id)
		return;
	v->logged_seen = true;
	if (strcmp(or_empty(column[COL_MAC]), v->logged->mac) != 0)
		problem(v, AUDIT_CHANGED, id, "line %llu is not the one whose head was logged",
			(unsigned long long)id);
}

static int verify_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct verifying *v = arg;
	uint64_t id = column_u64(column[COL_ID]);

	check_line(v, column, id);
	check_logged(v, column, id);
	v->lines++;
	v->last_id = id;
	snprintf(v->last_mac, sizeof v->last_mac, "%s", or_empty(column[COL_MAC]));
	return 0;
}

static void verify_end(struct verifying *v, const struct store_audit_head *head)
{
	if (head->id > v->last_id)
		problem(v, AUDIT_TRUNCATED, v->last_id + 1,
			"the newest lines are missing: the last one is %llu and should be %llu",
			(unsigned long long)v->last_id, (unsigned long long)head->id);
	else if (head->id == v->last_id && strcmp(head->mac, v->last_mac) != 0)
		problem(v, AUDIT_CHANGED, head->id, "line %llu is not the one that was last",
			(unsigned long long)head->id);
	if (v->logged && v->logged->id && !v->logged_seen)
		problem(v, AUDIT_TRUNCATED, v->logged->id,
			"line %llu, whose head was logged, is missing",
			(unsigned long long)v->logged->id);
}

/* The head that cannot be opened has been changed; the lines are looked at all the same. */
static void bad_head(struct verifying *v)
{
	problem(v, AUDIT_TRUNCATED, v->last_id + 1,
		"the sealed head is missing or not ours: whether lines are missing cannot be told");
}

int store_audit_verify(struct store *s, const struct store_audit_head *logged, uint64_t *ret_lines,
	store_audit_problem_fn *fn, void *arg, struct err *e)
{
	struct verifying v = {.s = s, .logged = logged, .fn = fn, .arg = arg};
	struct number all = number(INT64_MAX);
	struct store_audit_head head;
	bool there = false;
	int rc;

	/* A change of another process shall not come in between the lines and their head. */
	if (store_begin(s, e) < 0)
		return -1;
	rc = s->backend->ops->run(s->backend, STMT_AUDIT_LIST, (const char *const[]){"0", all.text},
		2, verify_row, &v, e);
	if (rc == 0) {
		if (read_head(s, &head, &there, NULL) == 0 && there)
			verify_end(&v, &head);
		else
			bad_head(&v);
		*ret_lines = v.lines;
	}
	store_rollback(s);
	return rc;
}
