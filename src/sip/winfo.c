#include "sip/winfo.h"

#include <assert.h>

#include "sip/value.h"
#include "xml/document.h"
#include "xml/writer.h"

static const char *const statuses[WINFO_STATUS__N] = {
	[WINFO_PENDING] = "pending",
	[WINFO_ACTIVE] = "active",
	[WINFO_WAITING] = "waiting",
	[WINFO_TERMINATED] = "terminated",
};

static const char *const events[WINFO_EVENT__N] = {
	[WINFO_SUBSCRIBE] = "subscribe",
	[WINFO_APPROVED] = "approved",
	[WINFO_DEACTIVATED] = "deactivated",
	[WINFO_PROBATION] = "probation",
	[WINFO_REJECTED] = "rejected",
	[WINFO_TIMEOUT] = "timeout",
	[WINFO_GIVEUP] = "giveup",
	[WINFO_NORESOURCE] = "noresource",
};

const char *winfo_status_name(enum winfo_status s)
{
	assert(s < WINFO_STATUS__N);
	return statuses[s];
}

const char *winfo_event_name(enum winfo_event e)
{
	assert(e < WINFO_EVENT__N);
	return events[e];
}

/* ---- reading ---- */

/* n: it is none of them. */
static unsigned find(const char *const *names, unsigned n, struct slice name)
{
	unsigned i = 0;

	while (i < n && !slice_eqz(name, names[i]))
		i++;
	return i;
}

static bool read_number(uint64_t *ret, const struct xml_elem *e, struct slice name)
{
	return slice_u64(slice_trim(xml_attr(e, name)), UINT64_MAX, ret) == 0;
}

static bool read_watcher(struct winfo_watcher *w, const struct xml_elem *e, struct arena *a)
{
	unsigned status = find(statuses, WINFO_STATUS__N, xml_attr(e, SL("status")));
	unsigned event = find(events, WINFO_EVENT__N, xml_attr(e, SL("event")));

	*w = (struct winfo_watcher){.id = xml_attr(e, SL("id")), .status = status, .event = event};
	w->uri = slice_trim(xml_text(e, a));
	w->display_name = xml_attr(e, SL("display-name"));
	w->has_expiration = read_number(&w->expiration, e, SL("expiration"));
	w->has_duration = read_number(&w->duration, e, SL("duration-subscribed"));
	return status < WINFO_STATUS__N && event < WINFO_EVENT__N && w->uri.n &&
	       sip_is_token(w->id);
}

static unsigned count(const struct xml_elem *parent, struct slice name)
{
	unsigned n = 0;

	xml_each(parent, e)
		n += xml_is(e, SL(NS_WINFO), name);
	return n;
}

static bool read_list(struct winfo_list *list, const struct xml_elem *e, struct arena *a)
{
	unsigned n = count(e, SL("watcher"));
	struct winfo_watcher *watchers;

	*list = (struct winfo_list){
		.resource = xml_attr(e, SL("resource")), .package = xml_attr(e, SL("package"))};
	if (!list->resource.n || !list->package.n || n > WINFO_MAX)
		return false;
	list->watchers = watchers = arena_alloc(a, n * sizeof *watchers);
	xml_each(e, child) {
		if (!xml_is(child, SL(NS_WINFO), SL("watcher")))
			continue;
		if (!read_watcher(&watchers[list->n_watchers++], child, a))
			return false;
	}
	return true;
}

static bool read_lists(struct winfo *w, const struct xml_elem *root, struct arena *a)
{
	unsigned n = count(root, SL("watcher-list"));
	struct winfo_list *lists;

	if (n > WINFO_MAX)
		return false;
	w->lists = lists = arena_alloc(a, n * sizeof *lists);
	xml_each(root, e) {
		if (!xml_is(e, SL(NS_WINFO), SL("watcher-list")))
			continue;
		if (!read_list(&lists[w->n_lists++], e, a))
			return false;
	}
	return true;
}

bool winfo_read(struct winfo *ret, struct arena *a, struct slice body)
{
	const struct xml_elem *root = xml_document_read(a, body);
	struct slice state = xml_attr(root, SL("state"));
	struct winfo w = {0};
	uint64_t version;

	if (!xml_is(root, SL(NS_WINFO), SL("watcherinfo")) ||
		slice_u64(slice_trim(xml_attr(root, SL("version"))), UINT32_MAX, &version) < 0)
		return false;
	w.version = (uint32_t)version;
	w.full = slice_eqz(state, "full");
	if ((!w.full && !slice_eqz(state, "partial")) || !read_lists(&w, root, a))
		return false;
	*ret = w;
	return true;
}

/* ---- writing ---- */

static void put_watcher(struct buf *out, const struct winfo_watcher *w)
{
	assert(sip_is_token(w->id));
	buf_printf(out, "<watcher status=\"%s\" event=\"%s\"", winfo_status_name(w->status),
		winfo_event_name(w->event));
	xml_put_attr(out, "id", w->id);
	if (w->display_name.n)
		xml_put_attr(out, "display-name", w->display_name);
	if (w->has_expiration)
		buf_printf(out, " expiration=\"%llu\"", (unsigned long long)w->expiration);
	if (w->has_duration)
		buf_printf(out, " duration-subscribed=\"%llu\"", (unsigned long long)w->duration);
	buf_chr(out, '>');
	xml_put_text(out, w->uri, XML_BAD_REPLACE);
	buf_str(out, "</watcher>");
}

void winfo_write(struct buf *out, const struct winfo *w)
{
	buf_printf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><watcherinfo xmlns=\"" NS_WINFO
		"\" version=\"%u\" state=\"%s\">",
		w->version, w->full ? "full" : "partial");
	for (unsigned i = 0; i < w->n_lists; i++) {
		const struct winfo_list *list = &w->lists[i];

		buf_str(out, "<watcher-list");
		xml_put_attr(out, "resource", list->resource);
		xml_put_attr(out, "package", list->package);
		buf_chr(out, '>');
		for (unsigned j = 0; j < list->n_watchers; j++)
			put_watcher(out, &list->watchers[j]);
		buf_str(out, "</watcher-list>");
	}
	buf_str(out, "</watcherinfo>");
}

/* ---- order ---- */

enum winfo_order winfo_order(uint32_t before, const struct winfo *w)
{
	if (w->version <= before)
		return WINFO_DROP;
	/* what is whole misses nothing, however many were lost before it */
	return w->version - before == 1 || w->full ? WINFO_TAKE : WINFO_TAKE_AND_RENEW;
}
