#include <string.h>

#include "base/mem.h"
#include "edge/probe_priv.h"

enum probe_code probe_judge_bytes(struct slice first)
{
	struct slice text = slice_trim(first);

	if (first.n >= 2 && (first.p[0] == 0x15 || first.p[0] == 0x16) && first.p[1] == 3)
		return PC_HEADER_DIRECT_TLS;
	if (slice_istarts(text, SL("HTTP/")) || slice_istarts(text, SL("<html")) ||
		slice_istarts(text, SL("<!doctype")))
		return PC_HEADER_HTTP;
	if (!text.n || text.p[0] != '<')
		return PC_HEADER_NOT_XMPP;
	return slice_contains(text, SL("jabber:client")) ? PC_HEADER_CLIENT : PC_HEADER_BAD;
}

/* Words of the library's reasons (ssl_err.c), and what they mean here; the first that fits. */
static const struct {
	const char *word;
	enum probe_code code;
} tls_words[] = {
	{"alert protocol version", PC_TLS_OLD},
	{"unsupported protocol", PC_TLS_OLD},
	{"version too low", PC_TLS_OLD},
	{"wrong version number", PC_TLS_NOT_TLS},
	{"packet length too long", PC_TLS_NOT_TLS},
	{"http request", PC_TLS_NOT_TLS},
	{"alert handshake failure", PC_TLS_CIPHER},
	{"insufficient security", PC_TLS_CIPHER},
	{"no shared cipher", PC_TLS_CIPHER},
	{"dh key too small", PC_TLS_CIPHER},
	{"ee key too small", PC_TLS_CIPHER},
	{"alert bad certificate", PC_TLS_OUR_CERTIFICATE},
	{"alert unsupported certificate", PC_TLS_OUR_CERTIFICATE},
	{"alert certificate", PC_TLS_OUR_CERTIFICATE},
	{"alert unknown ca", PC_TLS_OUR_CERTIFICATE},
	{"alert access denied", PC_TLS_OUR_CERTIFICATE},
};

enum probe_code probe_judge_tls(enum conn_end end, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(tls_words); i++)
		if (strstr(text, tls_words[i].word))
			return tls_words[i].code;
	switch (end) {
	case CONN_END_TLS_ALERT:
		return PC_TLS_ALERT;
	case CONN_END_TLS_FAILED:
		return PC_TLS_FAILED;
	default:
		return PC_TLS_CLOSED;
	}
}

enum probe_code probe_judge_invalid(const struct probe_dialback *d)
{
	if (!d->asked)
		return PC_DIALBACK_ELSEWHERE;
	return d->same_key && d->valid ? PC_DIALBACK_DISBELIEVED : PC_DIALBACK_WRONG_KEY;
}

/* It says that it did not find, or reach, who answers for us. */
static bool about_reaching(enum stanza_cond cond)
{
	return cond == STANZA_OK || cond == STANZA_REMOTE_SERVER_NOT_FOUND ||
	       cond == STANZA_REMOTE_SERVER_TIMEOUT || cond == STANZA_RECIPIENT_UNAVAILABLE ||
	       cond == STANZA_INTERNAL_SERVER_ERROR;
}

enum probe_code probe_judge_no_result(const struct probe_dialback *d, enum stanza_cond cond)
{
	if (d->asked && !(d->same_key && d->valid))
		return PC_DIALBACK_WRONG_KEY;
	if (!about_reaching(cond))
		return PC_DIALBACK_REFUSED;
	return d->asked ? PC_DIALBACK_NO_ANSWER : PC_DIALBACK_UNREACHABLE;
}
