#include "xmpp/header.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "xml/writer.h"
#include "xmpp/ns.h"

/* Major and minor are numbers, not digits; leading zeros do not count (4.7.5). */
static bool read_version(struct slice s, struct xstream_header *ret)
{
	struct slice major, minor = s;
	uint64_t a, b;

	if (!slice_split(&minor, '.', &major) || slice_u64(major, 9999, &a) < 0 ||
		slice_u64(minor, 9999, &b) < 0)
		return false;
	ret->major = (unsigned)a;
	ret->minor = (unsigned)b;
	return true;
}

static void read_attrs(const struct xml_elem *root, struct xstream_header *ret)
{
	*ret = (struct xstream_header){
		.from = xml_attr(root, SL("from")),
		.to = xml_attr(root, SL("to")),
		.id = xml_attr(root, SL("id")),
		.lang = xml_attr_ns(root, SL(XML_NS_XML), SL("lang")),
		.major = 0,
		.minor = 9,
	};
}

/* The content namespace may also be declared on every stanza instead (4.8.2). */
static bool content_ns_fits(struct slice default_ns)
{
	return !default_ns.n || slice_eq(default_ns, SL(NS_SERVER)) ||
	       slice_eq(default_ns, SL(NS_STREAM));
}

enum stream_cond header_read(const struct xml_elem *root, struct slice default_ns,
	struct xstream_header *ret, const char **ret_why)
{
	struct slice version = xml_attr(root, SL("version"));

	read_attrs(root, ret);
	/* Whatever else is wrong, the answer is of the version that the peer speaks. */
	ret->has_version = version.p && read_version(version, ret);
	if (!slice_eq(root->ns, SL(NS_STREAM))) {
		*ret_why = "the root element is not in the stream namespace";
		return STREAM_INVALID_NAMESPACE;
	}
	if (!slice_eq(root->name, SL("stream"))) {
		*ret_why = "the root element is not a stream";
		return STREAM_BAD_FORMAT;
	}
	if (!content_ns_fits(default_ns)) {
		*ret_why = "the content namespace is not jabber:server";
		return STREAM_INVALID_NAMESPACE;
	}
	if (version.p && !ret->has_version) {
		*ret_why = "the version is not MAJOR.MINOR";
		return STREAM_UNSUPPORTED_VERSION;
	}
	return STREAM_OK;
}

bool header_is_1_0(const struct xstream_header *h)
{
	return h->has_version && h->major >= 1;
}

void header_put(struct buf *b, const struct xstream_header *h)
{
	buf_str(b, "<?xml version='1.0'?><stream:stream xmlns='" NS_SERVER
		   "' xmlns:stream='" NS_STREAM "' xmlns:db='" NS_DIALBACK "'");
	xml_put_attr(b, "from", h->from);
	xml_put_attr(b, "to", h->to);
	xml_put_attr(b, "id", h->id);
	if (h->has_version)
		buf_printf(b, " version='%u.%u'", h->major, h->minor);
	buf_str(b, " xml:lang='en'>");
}

void header_make_id(const uint8_t seed[32], unsigned n, char ret[STREAM_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t count[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = sizeof mac;
	const void *ok = HMAC(EVP_sha256(), seed, 32, count, sizeof count, mac, &len);

	assert(ok && len >= STREAM_ID_LEN / 2);
	for (unsigned i = 0; i < STREAM_ID_LEN / 2; i++) {
		ret[2 * i] = hex[mac[i] >> 4];
		ret[2 * i + 1] = hex[mac[i] & 15];
	}
	ret[STREAM_ID_LEN] = '\0';
}
