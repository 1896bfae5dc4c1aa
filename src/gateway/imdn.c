#include "gateway/imdn.h"

#include <assert.h>

#include "base/mem.h"
#include "sip/sip.h"
#include "xml/document.h"
#include "xml/writer.h"

static const struct {
	const char *name, *element;
	unsigned states; /* 1 << enum imdn_status */
} kinds[IMDN_KIND__N] = {
	[IMDN_DELIVERY] = {"delivery", "delivery-notification",
		1 << IMDN_DELIVERED | 1 << IMDN_FAILED | 1 << IMDN_FORBIDDEN | 1 << IMDN_ERROR},
	[IMDN_PROCESSING] = {"processing", "processing-notification",
		1 << IMDN_PROCESSED | 1 << IMDN_STORED | 1 << IMDN_FORBIDDEN | 1 << IMDN_ERROR},
	[IMDN_DISPLAY] = {"display", "display-notification",
		1 << IMDN_DISPLAYED | 1 << IMDN_FORBIDDEN | 1 << IMDN_ERROR},
};

static const char *const states[IMDN_STATUS__N] = {
	[IMDN_DELIVERED] = "delivered",
	[IMDN_FAILED] = "failed",
	[IMDN_PROCESSED] = "processed",
	[IMDN_STORED] = "stored",
	[IMDN_DISPLAYED] = "displayed",
	[IMDN_FORBIDDEN] = "forbidden",
	[IMDN_ERROR] = "error",
};

const char *imdn_kind_name(enum imdn_kind k)
{
	assert(k < IMDN_KIND__N);
	return kinds[k].name;
}

const char *imdn_status_name(enum imdn_status s)
{
	assert(s < IMDN_STATUS__N);
	return states[s];
}

bool imdn_kind_has(enum imdn_kind k, enum imdn_status s)
{
	return kinds[k].states & 1u << s;
}

bool imdn_id_ok(struct slice id)
{
	return id.n <= IMDN_ID_MAX && sip_is_token(id);
}

/* ---- reading ---- */

/* Exactly one of the three notifications; NULL: none, or more. */
static const struct xml_elem *only_notification(const struct xml_elem *root, enum imdn_kind *ret)
{
	const struct xml_elem *found = NULL;

	for (enum imdn_kind k = 0; k < IMDN_KIND__N; k++) {
		const struct xml_elem *e = xml_child(root, SL(NS_IMDN), slice_of(kinds[k].element));

		if (!e)
			continue;
		if (found || xml_same(e))
			return NULL;
		found = e;
		*ret = k;
	}
	return found;
}

/* The first that the kind has; what else stands there is an extension (11.1.7). */
static bool read_status(struct imdn *i, const struct xml_elem *status)
{
	for (enum imdn_status s = 0; s < IMDN_STATUS__N; s++)
		if (imdn_kind_has(i->kind, s) &&
			xml_child(status, SL(NS_IMDN), slice_of(states[s]))) {
			i->status = s;
			return true;
		}
	return false;
}

static struct slice child(const struct xml_elem *root, struct slice name, struct arena *a)
{
	return slice_trim(xml_child_text(root, SL(NS_IMDN), name, a));
}

bool imdn_read(struct imdn *ret, struct arena *a, struct slice body)
{
	const struct xml_elem *root = xml_document_read(a, body), *notification;
	struct imdn i = {0};

	if (!xml_is(root, SL(NS_IMDN), SL("imdn")))
		return false;
	notification = only_notification(root, &i.kind);
	if (!read_status(&i, xml_child(notification, SL(NS_IMDN), SL("status"))))
		return false;
	i.message_id = child(root, SL("message-id"), a);
	i.datetime = child(root, SL("datetime"), a);
	i.recipient = child(root, SL("recipient-uri"), a);
	i.original_recipient = child(root, SL("original-recipient-uri"), a);
	if (!imdn_id_ok(i.message_id))
		return false;
	*ret = i;
	return true;
}

unsigned imdn_wish_read(struct slice value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} wishes[] = {
		{"positive-delivery", IMDN_WISH_POSITIVE},
		{"negative-delivery", IMDN_WISH_NEGATIVE},
		{"processing", IMDN_WISH_PROCESSING},
		{"display", IMDN_WISH_DISPLAY},
	};
	struct slice one;
	unsigned bits = 0;

	while (slice_split(&value, ',', &one)) {
		one = slice_trim(slice_cut(one, slice_find(one, ';')));
		for (size_t i = 0; i < ARRAY_LEN(wishes); i++)
			if (slice_ieq(one, slice_of(wishes[i].name)))
				bits |= wishes[i].bit;
	}
	return bits;
}

/* ---- writing ---- */

static void put(struct buf *out, const char *name, struct slice text)
{
	buf_printf(out, "<%s>", name);
	xml_put_text(out, text, XML_BAD_REPLACE);
	buf_printf(out, "</%s>", name);
}

void imdn_write(struct buf *out, const struct imdn *i)
{
	assert(imdn_kind_has(i->kind, i->status));
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><imdn xmlns=\"" NS_IMDN "\">");
	put(out, "message-id", i->message_id);
	put(out, "datetime", i->datetime);
	if (i->recipient.p) {
		put(out, "recipient-uri", i->recipient);
		put(out, "original-recipient-uri",
			i->original_recipient.p ? i->original_recipient : i->recipient);
	}
	buf_printf(out, "<%s><status><%s/></status></%s></imdn>", kinds[i->kind].element,
		states[i->status], kinds[i->kind].element);
}
