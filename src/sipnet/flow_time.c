#include "sipnet/flow_time.h"

#include "base/mem.h"

static uint64_t after(uint64_t since, uint64_t ms)
{
	return since ? since + ms : UINT64_MAX;
}

static uint64_t due_connect(const struct flow *f)
{
	return f->state == FLOW_CONNECTING ? f->state_ms + FLOW_CONNECT_MS : UINT64_MAX;
}

static uint64_t due_secure(const struct flow *f)
{
	if (f->state != FLOW_SECURING)
		return UINT64_MAX;
	return f->state_ms + (f->ours ? FLOW_SECURE_OURS_MS : FLOW_SECURE_MS);
}

static uint64_t due_first(const struct flow *f)
{
	return f->proven || f->ours ? UINT64_MAX : f->since_ms + FLOW_FIRST_MS;
}

static uint64_t due_message(const struct flow *f)
{
	return after(f->partial_ms, FLOW_MESSAGE_MS);
}

static uint64_t due_read(const struct flow *f)
{
	return f->state < FLOW_OPEN ? UINT64_MAX : after(f->taken_ms, FLOW_READ_MS);
}

static uint64_t due_half(const struct flow *f)
{
	return f->state == FLOW_HALF ? f->state_ms + FLOW_HALF_MS : UINT64_MAX;
}

static uint64_t due_pong(const struct flow *f)
{
	bool silent = f->ping_ms >= f->last_in_ms;

	return f->knows_pong && silent ? after(f->ping_ms, FLOW_PONG_MS) : UINT64_MAX;
}

static uint64_t due_certificate(const struct flow *f)
{
	return f->state < FLOW_CLOSING && f->expires_ms ? f->expires_ms : UINT64_MAX;
}

static uint64_t due_idle(const struct flow *f)
{
	if (f->state != FLOW_OPEN)
		return UINT64_MAX;
	return f->ours ? f->last_message_ms + FLOW_IDLE_OURS_MS : f->last_in_ms + FLOW_IDLE_MS;
}

static const struct flow_limit limits[] = {
	{"connect-timeout", "it did not take the connection in time", due_connect, false},
	{"tls-timeout", "the TLS handshake was not over in time", due_secure, false},
	{"first-message-timeout", "no message came in time", due_first, false},
	{"message-timeout", "a message that was begun did not end in time", due_message, false},
	{"slow-reader", "it does not read what is sent to it", due_read, false},
	{"half-closed", "it had ended its direction long ago", due_half, false},
	{"pong-timeout", "it did not answer a ping", due_pong, false},
	{"certificate-expired", "", due_certificate, true},
	{"idle", "", due_idle, true},
};

/* RFC 5626 4.4.1: who has connected pings where nothing else goes. */
uint64_t flow_due_ping(const struct flow *f)
{
	uint64_t last = f->last_in_ms > f->last_out_ms ? f->last_in_ms : f->last_out_ms;

	if (!f->ours || f->state != FLOW_OPEN)
		return UINT64_MAX;
	return (f->ping_ms > last ? f->ping_ms : last) + FLOW_PING_MS + f->ping_spread;
}

uint64_t flow_due(const struct flow *f)
{
	uint64_t due = flow_due_ping(f);

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].due(f) < due)
			due = limits[i].due(f);
	return due;
}

const struct flow_limit *flow_overdue(const struct flow *f, uint64_t now_ms)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].due(f) <= now_ms)
			return &limits[i];
	return NULL;
}
