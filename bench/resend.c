#include "resend.h"

#include <stdlib.h>
#include <string.h>

/* Milliseconds from one sending to the next; the last is what is left of 64*T1. */
static const uint64_t step_ms[] = {500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000, 500};

enum { STEPS = sizeof step_ms / sizeof *step_ms };

struct item {
	uint64_t due_ns;
	uint32_t number;
};

struct queue {
	struct item *v;
	size_t head, n, size; /* a ring; size is a power of two */
};

struct resend {
	struct queue step[STEPS];
};

struct resend *resend_new(void)
{
	return calloc(1, sizeof(struct resend));
}

void resend_free(struct resend *r)
{
	for (int i = 0; r && i < STEPS; i++)
		free(r->step[i].v);
	free(r);
}

static void grow(struct queue *q)
{
	size_t size = q->size ? 2 * q->size : 1024;
	struct item *v = malloc(size * sizeof *v);

	for (size_t i = 0; i < q->n; i++)
		v[i] = q->v[(q->head + i) & (q->size - 1)];
	free(q->v);
	*q = (struct queue){v, 0, q->n, size};
}

static void push(struct resend *r, int step, uint32_t number, uint64_t now_ns)
{
	struct queue *q = &r->step[step];

	if (q->n == q->size)
		grow(q);
	q->v[(q->head + q->n++) & (q->size - 1)] =
		(struct item){now_ns + step_ms[step] * 1000000, number};
}

void resend_sent(struct resend *r, uint32_t number, uint64_t now_ns)
{
	push(r, 0, number, now_ns);
}

bool resend_next(struct resend *r, uint64_t now_ns, bool (*answered)(void *arg, uint32_t number),
	void *arg, uint32_t *ret_number, bool *ret_over)
{
	for (int step = 0; step < STEPS; step++) {
		struct queue *q = &r->step[step];

		while (q->n && q->v[q->head].due_ns <= now_ns) {
			uint32_t number = q->v[q->head].number;

			q->head = (q->head + 1) & (q->size - 1);
			q->n--;
			if (answered(arg, number))
				continue;
			*ret_number = number;
			*ret_over = step == STEPS - 1;
			if (!*ret_over)
				push(r, step + 1, number, now_ns);
			return true;
		}
	}
	return false;
}
