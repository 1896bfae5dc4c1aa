#include "edge/queue.h"

void queue_append(struct queue *q, struct link_down *d)
{
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

void queue_prepend(struct queue *q, struct queue *front)
{
	if (!front->first)
		return;
	front->last->next = q->first;
	q->first = front->first;
	if (!q->last)
		q->last = front->last;
	q->n += front->n;
	q->bytes += front->bytes;
	*front = (struct queue){0};
}

void queue_take_expired(struct queue *q, uint64_t time, struct queue *ret)
{
	struct queue kept = {0};
	struct link_down *d;

	while ((d = queue_pop(q)))
		queue_append(d->deadline_ms < time ? ret : &kept, d);
	*q = kept;
}
