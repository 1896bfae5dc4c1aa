#include "unit.h"

#include "base/mem.h"
#include "sip/sip.h"

#define DOC(inside)                                                                                \
	"<watcherinfo xmlns='" NS_WINFO "' version='0' state='full'>" inside "</watcherinfo>"
#define LIST(inside)                                                                               \
	DOC("<watcher-list resource='sip:p@x' package='presence'>" inside "</watcher-list>")

/* What was read, written again; NULL: refused. */
#define OUT(rest)                                                                                  \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><watcherinfo xmlns=\"" NS_WINFO "\" " rest      \
	"</watcherinfo>"

/* clang-format off */
static const struct {
	const char *rule, *body, *want;
} docs[] = {
	{"RFC 3858 5", "<?xml version=\"1.0\"?>\n<watcherinfo xmlns=\"urn:ietf:params:xml:ns:watcherinfo\"\n version=\"0\" state=\"full\">\n <watcher-list resource=\"sip:professor@example.net\" package=\"presence\">\n <watcher status=\"active\"\n id=\"8ajksjda7s\"\n duration-subscribed=\"509\"\n event=\"approved\" >sip:userA@example.net</watcher>\n <watcher status=\"pending\"\n id=\"hh8juja87s997-ass7\"\n display-name=\"Mr. Subscriber\"\n event=\"subscribe\">sip:userB@example.org</watcher>\n </watcher-list>\n</watcherinfo>",
		OUT("version=\"0\" state=\"full\"><watcher-list resource='sip:professor@example.net' package='presence'><watcher status=\"active\" event=\"approved\" id='8ajksjda7s' duration-subscribed=\"509\">sip:userA@example.net</watcher><watcher status=\"pending\" event=\"subscribe\" id='hh8juja87s997-ass7' display-name='Mr. Subscriber'>sip:userB@example.org</watcher></watcher-list>")},
	{"3: partial, none", "<watcherinfo xmlns='" NS_WINFO "' version='4294967295' state='partial'/>", OUT("version=\"4294967295\" state=\"partial\">")},
	{"3: expiration", LIST("<watcher status='waiting' event='timeout' id='a' expiration='60'> sip:u@x </watcher>"), OUT("version=\"0\" state=\"full\"><watcher-list resource='sip:p@x' package='presence'><watcher status=\"waiting\" event=\"timeout\" id='a' expiration=\"60\">sip:u@x</watcher></watcher-list>")},
	{"3: unknown elements and attributes", LIST("<x xmlns='urn:x'/><watcher y='z' status='terminated' event='giveup' id='a' expiration='soon'>sip:u@x</watcher>"), OUT("version=\"0\" state=\"full\"><watcher-list resource='sip:p@x' package='presence'><watcher status=\"terminated\" event=\"giveup\" id='a'>sip:u@x</watcher></watcher-list>")},
	{"3: version", "<watcherinfo xmlns='" NS_WINFO "' state='full'/>", NULL},
	{"3: version: 32 bits", "<watcherinfo xmlns='" NS_WINFO "' version='4294967296' state='full'/>", NULL},
	{"3: state", "<watcherinfo xmlns='" NS_WINFO "' version='0'/>", NULL},
	{"3: state", "<watcherinfo xmlns='" NS_WINFO "' version='0' state='some'/>", NULL},
	{"3: resource", DOC("<watcher-list package='presence'/>"), NULL},
	{"3: package", DOC("<watcher-list resource='sip:p@x'/>"), NULL},
	{"3: id", LIST("<watcher status='active' event='approved'>sip:u@x</watcher>"), NULL},
	{"3: id: a token", LIST("<watcher status='active' event='approved' id='a b'>sip:u@x</watcher>"), NULL},
	{"3: status", LIST("<watcher status='asleep' event='approved' id='a'>sip:u@x</watcher>"), NULL},
	{"3: event", LIST("<watcher status='active' id='a'>sip:u@x</watcher>"), NULL},
	{"3: whom", LIST("<watcher status='active' event='approved' id='a'/>"), NULL},
	{"another root", "<watcher-list xmlns='" NS_WINFO "'/>", NULL},
	{"another namespace", "<watcherinfo version='0' state='full'/>", NULL},
	{"not well-formed", "<watcherinfo xmlns='" NS_WINFO "' version='0' state='full'>", NULL},
	{"nothing", "", NULL},
};
/* clang-format on */

static void reading(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		struct arena a = {0};
		struct buf b = {0};
		struct winfo w;
		bool good = winfo_read(&w, &a, slice_of(docs[i].body));

		if (good)
			winfo_write(&b, &w);
		if (good != (docs[i].want != NULL) ||
			(good && !slice_eqz(buf_slice(&b), docs[i].want)))
			fail_msg("%s: %s\n%.*s", docs[i].rule, docs[i].body, SLARG(buf_slice(&b)));
		buf_done(&b);
		arena_done(&a);
	}
}

static bool read_many(unsigned n)
{
	struct arena a = {0};
	struct buf b = {0};
	struct winfo w;
	bool good;

	buf_str(&b, "<watcherinfo xmlns='" NS_WINFO "' version='0' state='full'>"
		    "<watcher-list resource='r' package='p'>");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "<watcher status='active' event='approved' id='%u'>u</watcher>", i);
	buf_str(&b, "</watcher-list></watcherinfo>");
	good = winfo_read(&w, &a, buf_slice(&b));
	buf_done(&b);
	arena_done(&a);
	return good;
}

static void limits(void **state)
{
	assert_true(read_many(WINFO_MAX));
	assert_false(read_many(WINFO_MAX + 1));
}

/* RFC 3858 4 */
static void order(void **state)
{
	struct winfo w = {.version = 5};

	assert_int_equal(winfo_order(4, &w), WINFO_TAKE);
	assert_int_equal(winfo_order(3, &w), WINFO_TAKE_AND_RENEW);
	assert_int_equal(winfo_order(5, &w), WINFO_DROP);
	assert_int_equal(winfo_order(6, &w), WINFO_DROP);
	w.full = true;
	assert_int_equal(winfo_order(3, &w), WINFO_TAKE);
	assert_int_equal(winfo_order(6, &w), WINFO_DROP);
	w.version = UINT32_MAX;
	assert_int_equal(winfo_order(UINT32_MAX - 1, &w), WINFO_TAKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(limits),
		cmocka_unit_test(order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
