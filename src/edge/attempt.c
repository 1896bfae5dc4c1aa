#include "edge/attempt.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/mem.h"

/*
 * Steps lie one behind the other in one block, for a stream that stays up keeps them as long as it
 * lives: struct step_head, then the text.
 */
struct step_head {
	uint32_t ms; /* after the begin */
	uint8_t step, result, length;
};

enum { BLOCK_STEP = 256 };

struct attempt {
	unsigned refs;
	bool inbound, over, failed, authenticated;
	uint32_t had[3]; /* bits 1 << step, by result */
	uint8_t n;
	uint16_t used, cap, last; /* bytes of steps; where the last one begins */
	uint64_t began_wall_ms, began_ms;
	char stream[16];
	char *local, *remote, *peer, *reason;
	char *steps;
};

static_assert(ATTEMPT_STEP__N <= 32, "fits attempt.had");
static_assert(ATTEMPT_TEXT_MAX <= UINT8_MAX, "fits step_head.length");
static_assert(ATTEMPT_STEPS_MAX * (sizeof(struct step_head) + ATTEMPT_TEXT_MAX) <= UINT16_MAX,
	"fits attempt.used");

static const char *const step_name[ATTEMPT_STEP__N] = {
#define X(suffix, name) [ATTEMPT_##suffix] = name,
	ATTEMPT_STEPS(X)
#undef X
};

static const char *const result_name[] = {
	[ATTEMPT_OK] = "ok",
	[ATTEMPT_WARN] = "warn",
	[ATTEMPT_FAIL] = "fail",
};

struct attempt *attempt_new(bool inbound, const char *stream, uint64_t wall_ms, uint64_t now_ms)
{
	struct attempt *a = xzalloc(sizeof *a);

	a->refs = 1;
	a->inbound = inbound;
	a->began_wall_ms = wall_ms;
	a->began_ms = now_ms;
	snprintf(a->stream, sizeof a->stream, "%s", stream);
	return a;
}

struct attempt *attempt_unref(struct attempt *a)
{
	if (!a || --a->refs > 0)
		return NULL;
	free(a->local);
	free(a->remote);
	free(a->peer);
	free(a->reason);
	free(a->steps);
	free(a);
	return NULL;
}

static void replace(char **to, const char *text)
{
	if (*to && text && strcmp(*to, text) == 0)
		return;
	free(*to);
	*to = text ? xstrdup(text) : NULL;
}

void attempt_pair(struct attempt *a, const char *local, const char *remote)
{
	replace(&a->local, local);
	replace(&a->remote, remote);
}

void attempt_peer(struct attempt *a, const char *address)
{
	replace(&a->peer, address);
}

void attempt_authenticated(struct attempt *a)
{
	a->authenticated = true;
}

void attempt_over(struct attempt *a, bool failed, const char *reason)
{
	a->over = true;
	a->failed = failed;
	replace(&a->reason, reason);
}

bool attempt_has(const struct attempt *a, enum attempt_step step, enum attempt_result result)
{
	return a->had[result] & 1u << step;
}

static void append(struct attempt *a, const struct step_head *head, const char *text)
{
	size_t need = a->used + sizeof *head + head->length;

	if (need > a->cap) {
		a->cap = (uint16_t)((need + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP);
		a->steps = xrealloc(a->steps, a->cap);
	}
	a->last = a->used;
	memcpy(a->steps + a->used, head, sizeof *head);
	memcpy(a->steps + a->used + sizeof *head, text, head->length);
	a->used = (uint16_t)need;
	a->n++;
}

void attempt_note(struct attempt *a, enum attempt_step step, enum attempt_result result,
	uint64_t now_ms, const char *format, ...)
{
	/* More than is kept: cleaning replaces characters of several bytes by one. */
	char raw[4 * ATTEMPT_TEXT_MAX + 1], text[ATTEMPT_TEXT_MAX + 1];
	struct step_head head = {.step = (uint8_t)step, .result = (uint8_t)result};
	uint64_t after;
	va_list ap;

	if (!a)
		return;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	after = now_ms > a->began_ms ? now_ms - a->began_ms : 0;
	head.ms = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX;
	head.length = (uint8_t)clean_text(text, sizeof text, slice_of(raw));
	if (a->n == ATTEMPT_STEPS_MAX) {
		a->used = a->last;
		a->n--;
	}
	append(a, &head, text);
	a->had[result] |= 1u << step;
}

/* ---- those of a partner ---- */

struct attempts {
	size_t n;
	struct attempt *v[ATTEMPTS_KEPT]; /* oldest first */
};

static bool anybodys(const struct attempt *a)
{
	return a->inbound && !a->authenticated;
}

static size_t to_forget(const struct attempts *l)
{
	size_t n = 0, first = 0;

	for (size_t i = l->n; i-- > 0;) {
		if (!anybodys(l->v[i]))
			continue;
		n++;
		first = i;
	}
	return n > ATTEMPTS_KEPT / 2 ? first : 0;
}

void attempts_keep(struct attempts **list, struct attempt *a)
{
	struct attempts *l = *list ? *list : (*list = xzalloc(sizeof **list));

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == a)
			return;
	if (l->n == ATTEMPTS_KEPT) {
		size_t i = to_forget(l);

		attempt_unref(l->v[i]);
		l->n--;
		memmove(&l->v[i], &l->v[i + 1], (l->n - i) * sizeof l->v[0]);
	}
	a->refs++;
	l->v[l->n++] = a;
}

void attempts_free(struct attempts *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		attempt_unref(list->v[i]);
	free(list);
}

static struct slice copied(struct view_attempts *l, const char *s)
{
	return s ? arena_slice(&l->arena, slice_of(s)) : SL_NONE;
}

static void view_steps(const struct attempt *a, struct view_attempts *l, struct view_attempt *v)
{
	const char *at = a->steps;
	struct step_head head;

	v->steps = arena_alloc(&l->arena, a->n * sizeof *v->steps);
	for (; v->n_steps < a->n; v->n_steps++, at += head.length) {
		memcpy(&head, at, sizeof head);
		at += sizeof head;
		v->steps[v->n_steps] = (struct view_step){
			.step = step_name[head.step],
			.result = result_name[head.result],
			.ms = head.ms,
			.text = arena_slice(&l->arena, slice_make(at, head.length)),
		};
	}
}

static const char *outcome(const struct attempt *a)
{
	if (a->authenticated)
		return "authenticated";
	if (!a->over)
		return "under-way";
	return a->failed ? "failed" : "ended";
}

void attempt_view(const struct attempt *a, struct view_attempts *l)
{
	struct view_attempt *v = view_attempts_add(l);

	v->stream = copied(l, a->stream);
	v->dir = a->inbound ? VIEW_IN : VIEW_OUT;
	v->local = copied(l, a->local);
	v->remote = copied(l, a->remote);
	v->peer = copied(l, a->peer);
	v->began_ms = a->began_wall_ms;
	v->outcome = outcome(a);
	v->reason = copied(l, a->reason);
	view_steps(a, l, v);
}

void attempts_view(const struct attempts *list, struct view_attempts *l)
{
	for (size_t i = list ? list->n : 0; i-- > 0;)
		attempt_view(list->v[i], l);
}
