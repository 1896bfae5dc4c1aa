#include "edge/queue.h"

static void note_deadline(struct queue *q, const struct link_down *d)
{
	if (!q->n) {
		q->disordered = false;
		q->earliest = d->deadline_ms;
		return;
	}
	if (d->deadline_ms < q->last->deadline_ms)
		q->disordered = true;
	if (d->deadline_ms < q->earliest)
		q->earliest = d->deadline_ms;
}

void queue_append(struct queue *q, struct link_down *d)
{
	note_deadline(q, d);
	d->next = NULL;
	if (q->last)
		q->last->next = d;
	else
		q->first = d;
	q->last = d;
	q->n++;
	q->bytes += d->block;
}

bool queue_push(struct queue *q, struct link_down *d, size_t max_n, size_t max_bytes)
{
	if (q->n >= max_n || q->bytes + d->block > max_bytes)
		return false;
	queue_append(q, d);
	return true;
}

struct link_down *queue_pop(struct queue *q)
{
	struct link_down *d = q->first;

	if (!d)
		return NULL;
	q->first = d->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	q->bytes -= d->block;
	d->next = NULL;
	return d;
}

uint64_t queue_earliest(const struct queue *q)
{
	if (!q->first)
		return UINT64_MAX;
	return q->disordered ? q->earliest : q->first->deadline_ms;
}

void queue_prepend(struct queue *q, struct queue *front)
{
	uint64_t earliest = queue_earliest(front);

	if (!front->first)
		return;
	if (queue_earliest(q) < earliest)
		earliest = queue_earliest(q);
	q->disordered = front->disordered || (q->n && q->disordered) ||
			(q->n && q->first->deadline_ms < front->last->deadline_ms);
	q->earliest = earliest;
	front->last->next = q->first;
	q->first = front->first;
	if (!q->last)
		q->last = front->last;
	q->n += front->n;
	q->bytes += front->bytes;
	*front = (struct queue){0};
}

static void take_from_front(struct queue *q, uint64_t time, struct queue *ret)
{
	while (q->first && q->first->deadline_ms < time)
		queue_append(ret, queue_pop(q));
}

void queue_take_expired(struct queue *q, uint64_t time, struct queue *ret)
{
	struct queue kept = {0};
	struct link_down *d;

	if (!q->disordered) {
		take_from_front(q, time, ret);
		return;
	}
	if (q->earliest >= time)
		return;
	while ((d = queue_pop(q)))
		queue_append(d->deadline_ms < time ? ret : &kept, d);
	*q = kept;
}
