#include "fuzz.h"

#include "sip/sip.h"

static void check_same(const struct sip_uri *u)
{
	struct buf text = {0}, key = {0}, key2 = {0};
	struct sip_uri again;

	sip_uri_print(&text, u);
	assert(sip_uri_parse(buf_slice(&text), &again) == 0);
	assert(again.scheme == u->scheme && again.port == u->port);
	assert(slice_eq(again.user, u->user) && slice_eq(again.host, u->host));
	assert(slice_eq(again.params, u->params) && slice_eq(again.headers, u->headers));
	sip_uri_key(&key, u);
	sip_uri_key(&key2, &again);
	assert(slice_eq(buf_slice(&key), buf_slice(&key2)));
	/* 19.1.4 does not promise that a URI equals itself: a parameter may stand there twice. */
	assert(sip_uri_equal(u, &again) == sip_uri_equal(&again, u));
	buf_done(&text);
	buf_done(&key);
	buf_done(&key2);
}

/* A URI printed and read again is the same; every escape set gives back what went in. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n);
	struct sip_addr addr;
	struct sip_uri u;

	if (sip_uri_parse(in, &u) == 0)
		check_same(&u);
	if (sip_addr_parse(in, &addr) == 0)
		check_same(&addr.uri);
	for (unsigned set = 0; set < SIP_ESC__N; set++) {
		struct buf escaped = {0}, back = {0};

		sip_escape(&escaped, (enum sip_escape)set, in);
		assert(sip_unescape(&back, buf_slice(&escaped)) == 0);
		assert(slice_eq(buf_slice(&back), in));
		buf_done(&escaped);
		buf_done(&back);
	}
	return 0;
}
