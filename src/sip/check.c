#include "sip/check.h"

#include "sip/grammar.h"
#include "sip/write.h"

bool sip_caps_allow(const struct sip_caps *caps, enum sip_method method)
{
	for (size_t i = 0; caps->allow[i] != SIP_M_OTHER; i++)
		if (caps->allow[i] == method)
			return true;
	return false;
}

static void write_list(struct buf *out, const char *name, const char *const *items)
{
	buf_str(out, name);
	buf_str(out, ": ");
	for (size_t i = 0; items[i]; i++) {
		buf_str(out, i ? ", " : "");
		buf_str(out, items[i]);
	}
	buf_str(out, "\r\n");
}

static void write_allow(struct buf *out, const struct sip_caps *caps)
{
	const char *names[SIP_M__N + 1] = {NULL};

	for (size_t i = 0; i < SIP_M__N && caps->allow[i] != SIP_M_OTHER; i++)
		names[i] = sip_method_name(caps->allow[i]);
	write_list(out, "Allow", names);
}

void sip_caps_write(struct buf *out, const struct sip_caps *caps)
{
	write_allow(out, caps);
	sip_write_field(out, "Accept", slice_of(caps->accept));
	write_list(out, "Supported", caps->supported);
}

/* What a check has to go on, and what it answers with. */
struct checking {
	const struct sip_msg *m;
	const struct sip_caps *caps;
	struct buf *extra;
	const char *reason;
};

static unsigned refuse(struct checking *c, unsigned status, const char *reason)
{
	c->reason = reason ? reason : sip_reason(status);
	return status;
}

/* 8.2.1: a known method that is not served is 405, one nobody knows 501 (21.5.2); both say what is.
 */
static unsigned check_method(struct checking *c)
{
	if (c->m->method == SIP_CANCEL)
		return refuse(c, 481, NULL);
	if (sip_caps_allow(c->caps, c->m->method))
		return 0;
	write_allow(c->extra, c->caps);
	return refuse(c, c->m->method == SIP_M_OTHER ? 501 : 405, NULL);
}

/* 8.2.2.1. RFC 3428 5 lets im stand there; pres is its sister. */
static unsigned check_uri(struct checking *c)
{
	switch (c->m->ruri.scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_IM:
	case SIP_SCHEME_PRES:
		break;
	case SIP_SCHEME_SIPS:
		return refuse(c, 403, "SIPS Is Not Translated");
	default:
		return refuse(c, 416, NULL);
	}
	if (c->m->to.uri.scheme == SIP_SCHEME_SIPS) /* RFC 7247 8 */
		return refuse(c, 403, "SIPS Is Not Translated");
	return 0;
}

/* 16.3; OPTIONS end here whatever the count says (11.1). */
static unsigned check_hops(struct checking *c)
{
	if (c->m->max_forwards != 0 || c->m->method == SIP_OPTIONS)
		return 0;
	return refuse(c, 483, NULL);
}

static bool supports(const struct sip_caps *caps, struct slice tag)
{
	for (size_t i = 0; caps->supported[i]; i++)
		if (slice_ieq(tag, slice_of(caps->supported[i])))
			return true;
	return false;
}

static bool is_borne(const struct sip_caps *caps, struct slice tag)
{
	static const char *const named[] = {"gruu-10", "com.microsoft.rtc-multiparty"};
	static const char *const meant[] = {"ms-benotify", "ms-piggyback-first-notify"};

	if (!caps->microsoft)
		return false;
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (slice_ieq(tag, slice_of(named[i])))
			return true;
	for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
		if (slice_ieq(tag, slice_of(meant[i])))
			return false;
	return slice_istarts(tag, SL("ms-"));
}

/* 8.2.2.3. Proxy-Require is for proxies, which we are not (20.29). */
static unsigned check_require(struct checking *c)
{
	struct sip_items it = sip_msg_items(c->m, SIP_H_REQUIRE);
	struct slice tag;
	bool missing = false;
	int more;

	while ((more = sip_items_next(&it, &tag)) > 0) {
		if (!sip_is_token(tag))
			break;
		if (supports(c->caps, tag) || is_borne(c->caps, tag))
			continue;
		buf_str(c->extra, missing ? ", " : "Unsupported: ");
		buf_slice_add(c->extra, tag);
		missing = true;
	}
	if (missing)
		buf_str(c->extra, "\r\n");
	if (more)
		return refuse(c, 400, "Bad Require");
	return missing ? refuse(c, 420, NULL) : 0;
}

/* 12.2.2: a To tag names a dialog, and we have none where nobody keeps them. */
static unsigned check_dialog(struct checking *c)
{
	return c->m->to.tag.p && !c->caps->dialogs ? refuse(c, 481, NULL) : 0;
}

/* 8.2.3, 20.15. Which media types are taken is the owner's to say. */
static unsigned check_body(struct checking *c)
{
	struct sip_items it = sip_msg_items(c->m, SIP_H_CONTENT_ENCODING);
	struct slice type = sip_msg_get(c->m, SIP_H_CONTENT_TYPE), coding;
	struct sip_media media;

	if (type.p && sip_media_parse(type, &media) < 0)
		return refuse(c, 400, "Bad Content-Type");
	if (!c->m->body.n)
		return 0;
	if (!type.p)
		return refuse(c, 400, "Missing Content-Type");
	while (sip_items_next(&it, &coding) > 0)
		if (!slice_ieq(coding, SL("identity"))) {
			buf_str(c->extra, "Accept-Encoding: identity\r\n");
			return refuse(c, 415, NULL);
		}
	return 0;
}

unsigned sip_check_request(const struct sip_msg *m, const struct sip_caps *caps,
	const char **ret_reason, struct buf *extra)
{
	static unsigned (*const checks[])(struct checking * c) = {
		check_method,
		check_uri,
		check_hops,
		check_require,
		check_dialog,
		check_body,
	};
	struct checking c = {.m = m, .caps = caps, .extra = extra};
	unsigned status = 0;

	for (size_t i = 0; !status && i < sizeof checks / sizeof *checks; i++)
		status = checks[i](&c);
	if (status)
		*ret_reason = c.reason;
	return status;
}
