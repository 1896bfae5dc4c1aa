#include <assert.h>

#include "gateway/composing.h"
#include "xml/document.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

/* ---- XEP-0085 ---- */

static const char *const state_names[CHATSTATE__N] = {
	[CHATSTATE_ACTIVE] = "active",
	[CHATSTATE_COMPOSING] = "composing",
	[CHATSTATE_PAUSED] = "paused",
	[CHATSTATE_INACTIVE] = "inactive",
	[CHATSTATE_GONE] = "gone",
};

static enum chatstate state_of(struct slice name)
{
	for (enum chatstate s = CHATSTATE_NONE + 1; s < CHATSTATE__N; s++)
		if (slice_eqz(name, state_names[s]))
			return s;
	return CHATSTATE_NONE;
}

enum chatstate chatstate_read(const struct xml_elem *message)
{
	enum chatstate found = CHATSTATE_NONE;

	xml_each(message, child) {
		enum chatstate s;

		if (!slice_eqz(child->ns, NS_CHATSTATES))
			continue;
		s = state_of(child->name);
		if (s != CHATSTATE_NONE && found != CHATSTATE_NONE)
			return CHATSTATE_NONE;
		if (s != CHATSTATE_NONE)
			found = s;
	}
	return found;
}

const char *chatstate_name(enum chatstate s)
{
	assert(s > CHATSTATE_NONE && s < CHATSTATE__N);
	return state_names[s];
}

void chatstate_write(struct buf *out, enum chatstate s)
{
	buf_printf(out, "<%s xmlns='" NS_CHATSTATES "'/>", chatstate_name(s));
}

/* ---- RFC 3994 ---- */

static unsigned refresh_of(struct slice text)
{
	uint64_t s;

	/* xs:positiveInteger; what is none is as if it were not there */
	if (slice_u64(slice_trim(text), UINT32_MAX, &s) < 0 || s == 0)
		return COMPOSING_REFRESH_S;
	return s > COMPOSING_REFRESH_MAX_S ? COMPOSING_REFRESH_MAX_S : (unsigned)s;
}

bool composing_read(struct composing_doc *ret, struct arena *a, struct slice body)
{
	const struct xml_elem *root = xml_document_read(a, body), *state;

	state = xml_child(root, SL(NS_ISCOMPOSING), SL("state"));
	if (!xml_is(root, SL(NS_ISCOMPOSING), SL("isComposing")) || !state)
		return false;
	ret->active = slice_eqz(slice_trim(xml_text(state, a)), "active");
	ret->refresh_s = refresh_of(xml_child_text(root, SL(NS_ISCOMPOSING), SL("refresh"), a));
	ret->media_type =
		slice_trim(xml_child_text(root, SL(NS_ISCOMPOSING), SL("contenttype"), a));
	return true;
}

void composing_write(struct buf *out, bool active, unsigned refresh_s)
{
	buf_printf(out, DECLARATION "<isComposing xmlns=\"" NS_ISCOMPOSING "\"><state>%s</state>",
		active ? "active" : "idle");
	if (active && refresh_s)
		buf_printf(out, "<refresh>%u</refresh>", refresh_s);
	buf_str(out, "</isComposing>");
}

bool composing_accepted(struct slice accept_types)
{
	struct slice rest = accept_types, one;

	while (slice_split(&rest, ' ', &one)) {
		one = slice_trim(slice_cut(one, slice_find(one, ';')));
		if (slice_ieq(one, SL(COMPOSING_TYPE)) || slice_eqz(one, "*") ||
			slice_ieq(one, SL("application/*")))
			return true;
	}
	return false;
}

/* ---- lync-sip-profile 5.4 ---- */

/* COMPAT: names in no namespace, whatever default a client declares: only the local name counts. */
static const struct xml_elem *child_named(const struct xml_elem *e, struct slice name)
{
	xml_each(e, child)
		if (slice_eq(child->name, name))
			return child;
	return NULL;
}

enum keyboard keyboard_read(struct arena *a, struct slice body)
{
	const struct xml_elem *root = xml_document_read(a, body);
	struct slice status;

	if (!root || !slice_eqz(root->name, "KeyboardActivity"))
		return KEYBOARD_OTHER;
	status = xml_attr(child_named(root, SL("status")), SL("status"));
	if (slice_eqz(status, "type"))
		return KEYBOARD_TYPE_KEYS;
	return slice_eqz(status, "idle") ? KEYBOARD_IDLE : KEYBOARD_OTHER;
}

void keyboard_write(struct buf *out, bool typing)
{
	buf_printf(out,
		"<?xml version=\"1.0\"?><KeyboardActivity><status status=\"%s\"/>"
		"</KeyboardActivity>",
		typing ? "type" : "idle");
}
