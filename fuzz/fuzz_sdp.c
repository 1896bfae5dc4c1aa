#include "fuzz.h"

#include "sip/sip.h"

static struct sdp d, again;

static void check_within(struct slice in, struct slice part)
{
	assert(!part.p || (part.p >= in.p && part.p + part.n <= in.p + in.n));
	assert(!part.p || (!memchr(part.p, '\n', part.n) && !memchr(part.p, '\r', part.n)));
}

static void check_parts(struct slice in)
{
	unsigned attrs = d.n_session_attrs;

	assert(d.n_media <= SDP_MAX_MEDIA && d.n_attrs <= SDP_MAX_ATTRS);
	for (unsigned i = 0; i < d.n_attrs; i++) {
		assert(d.attrs[i].name.n);
		check_within(in, d.attrs[i].name);
		check_within(in, d.attrs[i].value);
	}
	for (unsigned i = 0; i < d.n_media; i++) {
		const struct sdp_media *m = &d.media[i];

		assert(m->type.n && m->proto.n && m->formats.n);
		assert(m->conn.host.p || !m->port);
		assert(m->first_attr == attrs);
		attrs += m->n_attrs;
		check_within(in, m->formats);
		check_within(in, m->conn.host);
		sdp_accepts(sdp_attr(&d, m, "accept-types"), "text", "plain");
		sdp_direction(&d, m);
	}
	assert(attrs == d.n_attrs);
}

/* What was read, written as an answer that repeats the media, is a description with the same. */
static void check_answer(void)
{
	struct sdp_out_media media[SDP_MAX_MEDIA];
	struct buf b = {0};

	for (unsigned i = 0; i < d.n_media; i++) {
		media[i] = sdp_refused(&d.media[i]);
		media[i].port = d.media[i].port;
		media[i].attrs = d.attrs + d.media[i].first_attr;
		media[i].n_attrs = d.media[i].n_attrs;
	}
	sdp_write(&b, &(struct sdp_out){.address = SL("192.0.2.1"),
			      .name = d.name,
			      .media = media,
			      .n_media = d.n_media});
	assert(sdp_parse(&again, buf_slice(&b)) == 0);
	assert(again.n_media == d.n_media);
	for (unsigned i = 0; i < d.n_media; i++) {
		assert(slice_eq(again.media[i].type, d.media[i].type));
		assert(slice_eq(again.media[i].proto, d.media[i].proto));
		assert(slice_eq(again.media[i].formats, d.media[i].formats));
		assert(again.media[i].port == d.media[i].port);
		assert(again.media[i].n_attrs == d.media[i].n_attrs);
	}
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n);

	if (sdp_parse(&d, in) < 0) {
		assert(d.bad);
		return 0;
	}
	check_parts(in);
	check_answer();
	return 0;
}
