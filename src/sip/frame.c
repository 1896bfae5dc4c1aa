#include "sip/frame.h"

#include "base/slice.h"
#include "sip/grammar.h"
#include "sip/message.h"

const char *sip_frame_fault_text(enum sip_frame_fault f)
{
	static const char *const text[] = {
		"", "Missing Content-Length", "Bad Content-Length", "Message Too Long"};

	return text[f];
}

static bool is_blank(char c)
{
	return g_space(c) || c == '\r' || c == '\n';
}

/* The value may have been folded (7.3.1), before or behind the number. */
static void take_length(struct sip_frame *f, struct slice value)
{
	uint64_t length;

	while (value.n && is_blank(*value.p))
		value.p++, value.n--;
	while (value.n && is_blank(value.p[value.n - 1]))
		value.n--;
	if (f->has_length || slice_u64(value, UINT32_MAX, &length) < 0) {
		f->fault = SIP_FRAME_BAD_LENGTH;
		return;
	}
	f->has_length = true;
	f->length = (size_t)length;
}

static bool is_folded(const struct sip_frame *f, const char *p)
{
	return g_space(p[f->line]);
}

/* p[f->line..end) is a line of the head. */
static void look_at_line(struct sip_frame *f, const char *p, size_t end)
{
	struct slice line = slice_make(p + f->line, end - f->line);
	size_t colon = slice_find(line, ':');
	struct slice name = g_trim(slice_cut(line, colon));

	if (f->value && is_folded(f, p))
		return; /* more of it */
	if (f->value)
		take_length(f, slice_make(p + f->value, f->line - f->value));
	f->value = 0;
	if (colon < line.n && !g_space(*line.p) && sip_header_find(name) == SIP_H_CONTENT_LENGTH)
		f->value = f->line + colon + 1;
}

static bool is_end_of_head(const struct sip_frame *f, const char *p, size_t lf)
{
	return lf == f->line || (lf == f->line + 1 && p[f->line] == '\r');
}

/* True when the head is whole. */
static bool look_at_head(struct sip_frame *f, const char *p, size_t n)
{
	while (f->at < n) {
		const char *found = memchr(p + f->at, '\n', n - f->at);
		size_t lf = found ? (size_t)(found - p) : n;

		f->at = found ? lf + 1 : n;
		if (!found)
			return false;
		look_at_line(f, p, lf);
		if (is_end_of_head(f, p, lf)) {
			f->head = lf + 1;
			return true;
		}
		f->line = lf + 1;
	}
	return false;
}

static void judge_head(struct sip_frame *f)
{
	if (f->fault != SIP_FRAME_FINE)
		return;
	if (!f->has_length)
		f->fault = SIP_FRAME_NO_LENGTH;
	else if (f->head > SIP_MAX_MESSAGE || f->length > SIP_MAX_MESSAGE - f->head)
		f->fault = SIP_FRAME_TOO_LONG;
}

/* What comes next begins anew; an empty line before it is remembered. */
static enum sip_frame_event done(
	struct sip_frame *f, enum sip_frame_event event, size_t used, size_t *ret_used)
{
	*f = (struct sip_frame){.empty = event == SIP_FRAME_PONG};
	*ret_used = used;
	return event;
}

static enum sip_frame_event broken(
	struct sip_frame *f, enum sip_frame_fault fault, size_t used, size_t *ret_used)
{
	f->fault = fault;
	*ret_used = used;
	return SIP_FRAME_BROKEN;
}

/* Between messages: empty lines; a lone line feed is taken for one. */
static enum sip_frame_event look_between(
	struct sip_frame *f, const char *p, size_t n, size_t *ret_used)
{
	size_t used = *p == '\n' ? 1 : n > 1 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;

	if (!used)
		return SIP_FRAME_MORE;
	return done(f, f->empty ? SIP_FRAME_PING : SIP_FRAME_PONG, used, ret_used);
}

enum sip_frame_event sip_frame_look(struct sip_frame *f, const char *p, size_t n, size_t *ret_used)
{
	*ret_used = 0;
	if (!n)
		return SIP_FRAME_MORE;
	if (f->at == 0 && look_between(f, p, n, ret_used) != SIP_FRAME_MORE)
		return f->empty ? SIP_FRAME_PONG : SIP_FRAME_PING;
	if (f->at == 0 && n == 1 && *p == '\r')
		return SIP_FRAME_MORE;
	if (!f->head && !look_at_head(f, p, n))
		return n > SIP_MAX_MESSAGE ? broken(f, SIP_FRAME_TOO_LONG, n, ret_used)
					   : SIP_FRAME_MORE;
	judge_head(f);
	if (f->fault != SIP_FRAME_FINE)
		return broken(f, f->fault, f->head, ret_used);
	if (n - f->head < f->length)
		return SIP_FRAME_MORE;
	return done(f, SIP_FRAME_MESSAGE, f->head + f->length, ret_used);
}
