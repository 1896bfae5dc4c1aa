#include "unit.h"

#include "base/mem.h"
#include "gateway/composing.h"
#include "xml/document.h"

/* ---- documents: one row a rule ---- */

#define DOC(inside) "<isComposing xmlns='" NS_ISCOMPOSING "'>" inside "</isComposing>"

enum { BAD, IDLE, ACTIVE };

/* clang-format off */
static const struct {
	const char *body;
	int want;
	unsigned refresh;
} docs[] = {
	/* RFC 3994 6 */
	{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n" DOC("<state>active</state><contenttype>text/plain</contenttype><refresh>90</refresh>"), ACTIVE, 90},
	{DOC("<state>idle</state><lastactive>2003-01-27T10:43:00Z</lastactive>"), IDLE, 120},
	{DOC("\n  <state> active </state>\n"), ACTIVE, 120},
	/* 3.5: an unknown state is idle, unknown elements are ignored */
	{DOC("<state>thinking</state>"), IDLE, 120},
	{DOC("<state/>"), IDLE, 120},
	{DOC("<x xmlns='urn:y'><state>active</state></x><state>idle</state><mood/>"), IDLE, 120},
	/* 3.3: refresh is what it says; what it cannot say, it does not */
	{DOC("<state>active</state><refresh>1</refresh>"), ACTIVE, 1},
	{DOC("<state>active</state><refresh>0</refresh>"), ACTIVE, 120},
	{DOC("<state>active</state><refresh>-5</refresh>"), ACTIVE, 120},
	{DOC("<state>active</state><refresh>soon</refresh>"), ACTIVE, 120},
	{DOC("<state>active</state><refresh>99999999999999999999</refresh>"), ACTIVE, 120},
	{DOC("<state>active</state><refresh>4000000000</refresh>"), ACTIVE, 3600},
	/* no state, another namespace, no XML */
	{DOC(""), BAD, 0},
	{DOC("<state xmlns='urn:y'>active</state>"), BAD, 0},
	{"<isComposing><state>active</state></isComposing>", BAD, 0},
	{"<typing xmlns='" NS_ISCOMPOSING "'><state>active</state></typing>", BAD, 0},
	{DOC("<state>active"), BAD, 0},
	{"", BAD, 0},
};

static const struct {
	const char *body;
	enum keyboard want;
} keyboards[] = {
	/* lync-sip-profile 5.4 */
	{"<?xml version=\"1.0\"?><KeyboardActivity><status status=\"type\"/></KeyboardActivity>", KEYBOARD_TYPE_KEYS},
	{"<?xml version=\"1.0\"?><KeyboardActivity><status status=\"idle\"/></KeyboardActivity>", KEYBOARD_IDLE},
	{"<KeyboardActivity>\r\n  <status status=\"type\" />\r\n</KeyboardActivity>\r\n", KEYBOARD_TYPE_KEYS},
	{"<KeyboardActivity><status status=\"dance\"/></KeyboardActivity>", KEYBOARD_OTHER},
	{"<KeyboardActivity><status/></KeyboardActivity>", KEYBOARD_OTHER},
	{"<KeyboardActivity/>", KEYBOARD_OTHER},
	{"<ConversationInfo><From>x</From><Subject>type</Subject></ConversationInfo>", KEYBOARD_OTHER},
	{"<KeyboardActivity><status status=\"type\">", KEYBOARD_OTHER},
	{"", KEYBOARD_OTHER},
};

static const struct {
	const char *message;
	enum chatstate want;
} states[] = {
	{"<m><active xmlns='" NS_CHATSTATES "'/></m>", CHATSTATE_ACTIVE},
	{"<m><body>x</body><composing xmlns='" NS_CHATSTATES "'/></m>", CHATSTATE_COMPOSING},
	{"<m><paused xmlns='" NS_CHATSTATES "'/><thread>t</thread></m>", CHATSTATE_PAUSED},
	{"<m><inactive xmlns='" NS_CHATSTATES "'/></m>", CHATSTATE_INACTIVE},
	{"<m><gone xmlns='" NS_CHATSTATES "'/></m>", CHATSTATE_GONE},
	/* XEP-0085 5.3: one a stanza */
	{"<m><gone xmlns='" NS_CHATSTATES "'/><active xmlns='" NS_CHATSTATES "'/></m>", CHATSTATE_NONE},
	{"<m><dancing xmlns='" NS_CHATSTATES "'/></m>", CHATSTATE_NONE},
	{"<m><active xmlns='urn:x'/></m>", CHATSTATE_NONE},
	{"<m/>", CHATSTATE_NONE},
};

static const struct {
	const char *types;
	bool want;
} accepted[] = {
	{"text/plain application/im-iscomposing+xml", true},
	{"APPLICATION/IM-ISCOMPOSING+XML", true},
	{"application/im-iscomposing+xml;x=y text/plain", true},
	{"text/plain *", true},
	{"application/*", true},
	{"text/plain", false},
	{"text/plain multipart/alternative image/gif text/rtf application/x-ms-ink application/ms-imdn+xml", false},
	{"x-application/im-iscomposing+xml", false},
	{"", false},
};
/* clang-format on */

static void reading(void **state)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		struct composing_doc d = {0};
		bool good = composing_read(&d, &a, slice_of(docs[i].body));

		if (good != (docs[i].want != BAD) ||
			(good && (d.active != (docs[i].want == ACTIVE) ||
					 d.refresh_s != docs[i].refresh)))
			fail_msg("isComposing %zu: %d %d %u", i, good, d.active, d.refresh_s);
		if (i == 0)
			assert_slice(d.media_type, "text/plain");
	}
	for (size_t i = 0; i < ARRAY_LEN(keyboards); i++)
		if (keyboard_read(&a, slice_of(keyboards[i].body)) != keyboards[i].want)
			fail_msg("keyboard %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (chatstate_read(xml_document_read(&a, slice_of(states[i].message))) !=
			states[i].want)
			fail_msg("state %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++)
		if (composing_accepted(slice_of(accepted[i].types)) != accepted[i].want)
			fail_msg("types %zu", i);
	arena_done(&a);
}

/* What we write we read, too. */
static void writing(void **state)
{
	struct composing_doc d;
	struct arena a = {0};
	struct buf b = {0};

	for (unsigned active = 0; active < 2; active++) {
		buf_reset(&b);
		composing_write(&b, active, 120);
		assert_true(composing_read(&d, &a, buf_slice(&b)));
		assert_int_equal(d.active, active);
		buf_reset(&b);
		keyboard_write(&b, active);
		assert_int_equal(keyboard_read(&a, buf_slice(&b)),
			active ? KEYBOARD_TYPE_KEYS : KEYBOARD_IDLE);
	}
	assert_slice(buf_slice(&b),
		"<?xml version=\"1.0\"?><KeyboardActivity><status status=\"type\"/>"
		"</KeyboardActivity>");
	for (enum chatstate s = CHATSTATE_ACTIVE; s < CHATSTATE__N; s++) {
		buf_reset(&b);
		buf_str(&b, "<m>");
		chatstate_write(&b, s);
		buf_str(&b, "</m>");
		assert_int_equal(chatstate_read(xml_document_read(&a, buf_slice(&b))), s);
	}
	buf_done(&b);
	arena_done(&a);
}

/* ---- every cell ---- */

enum {
	TT = COMPOSING_TELL_TYPING | COMPOSING_WAIT,
	TS = COMPOSING_TELL_STOPPED | COMPOSING_STOP,
	TG = COMPOSING_TELL_GONE | COMPOSING_STOP,
	SA = COMPOSING_SAY_ACTIVE | COMPOSING_WAIT,
	SI = COMPOSING_SAY_IDLE | COMPOSING_STOP,
	BY = COMPOSING_END,
	WA = COMPOSING_WAIT,
	ST = COMPOSING_STOP,
};

/* {actions, next state}; Q quiet, T typing, M mute; D down, I idle, A active, O off */
enum { Q = HEARD_QUIET, T = HEARD_TYPING, M = HEARD_MUTE };
enum { D = SAID_DOWN, I = SAID_IDLE, A = SAID_ACTIVE, O = SAID_OFF };

/* clang-format off */
static const uint8_t heard_cells[HEARD_STATE__N][HEARD_EVENT__N][2] = {
	/*  typing   idle     content  timeout  understood unknown-to end */
	{ {TT, T}, {0, Q},  {0, Q},  {0, Q},  {0, Q},    {0, M},    {TG, Q} }, /* quiet */
	{ {WA, T}, {TS, Q}, {ST, Q}, {TS, Q}, {0, T},    {ST, M},   {TG, Q} }, /* typing */
	{ {0, M},  {0, M},  {0, M},  {0, M},  {0, Q},    {0, M},    {0, M}  }, /* mute */
};

static const uint8_t said_cells[SAID_STATE__N][SAID_EVENT__N][2] = {
	/*  up      down     composing soon     stopped  gone          content  timeout  refused */
	{ {0, I}, {0, D},  {0, D},   {0, D},  {0, D},  {BY, D},      {0, D},  {0, D},  {0, O}  }, /* down */
	{ {0, I}, {0, D},  {SA, A},  {SA, A}, {0, I},  {BY, I},      {0, I},  {0, I},  {0, O}  }, /* idle */
	{ {0, A}, {ST, D}, {SA, A},  {WA, A}, {SI, I}, {BY | ST, I}, {ST, I}, {SI, I}, {ST, O} }, /* active */
	{ {0, O}, {0, D},  {0, O},   {0, O},  {0, O},  {BY, O},      {0, O},  {0, O},  {0, O}  }, /* off */
};
/* clang-format on */

static void every_cell(void **state)
{
	for (unsigned s = 0; s < HEARD_STATE__N; s++)
		for (unsigned e = 0; e < HEARD_EVENT__N; e++) {
			const struct composing_step *step = &composing_heard_steps[s][e];

			if (step->actions != heard_cells[s][e][0] ||
				step->next != heard_cells[s][e][1])
				fail_msg("heard, state %u, event %u", s, e);
		}
	for (unsigned s = 0; s < SAID_STATE__N; s++)
		for (unsigned e = 0; e < SAID_EVENT__N; e++) {
			const struct composing_step *step = &composing_said_steps[s][e];

			if (step->actions != said_cells[s][e][0] ||
				step->next != said_cells[s][e][1])
				fail_msg("said, state %u, event %u", s, e);
		}
}

/* ---- stories, on a fake clock ---- */

/* One thing that happens at a time, and all that has to follow. */
struct beat {
	uint64_t at_s;
	char side; /* 's' SIP: heard_event; 'x' XMPP: chatstate; 't' text of the contact with it;
		      'd': said_event; ' ': only time passes */
	int what;
	unsigned want;
};

static void play(const char *name, enum composing_carriage carriage, unsigned refresh_s,
	const struct beat *beats, size_t n)
{
	struct composing c;

	composing_init(&c, carriage);
	assert_int_equal(composing_said(&c, SAID_EV_UP, 0), 0);
	for (size_t i = 0; i < n; i++) {
		const struct beat *b = &beats[i];
		uint64_t now = b->at_s * 1000;
		unsigned got = 0;

		if (b->side == 's')
			got = composing_heard(&c, b->what, refresh_s, now);
		else if (b->side == 'd')
			got = composing_said(&c, b->what, now);
		else if (b->side == ' ')
			got = composing_tick(&c, now);
		else
			got = composing_stanza(&c, b->what, b->side == 't', now);
		if (got != b->want)
			fail_msg("%s, beat %zu: %#x, not %#x", name, i, got, b->want);
		/* Nothing is due that was not done. */
		assert_true(composing_deadline(&c) > now);
	}
}

#define TYPING  COMPOSING_TELL_TYPING
#define STOPPED COMPOSING_TELL_STOPPED
#define PLAY(name, carriage, refresh, ...)                                                         \
	play(name, carriage, refresh, (const struct beat[]){__VA_ARGS__},                          \
		sizeof((const struct beat[]){__VA_ARGS__}) / sizeof(struct beat))

/* clang-format off */
static void stories(void **state)
{
	PLAY("RFC 3994 3.3: no refresh, 120 s", COMPOSING_SESSION, 120,
		{0, 's', HEARD_EV_TYPING, TYPING}, {119, ' ', 0, 0}, {120, ' ', 0, STOPPED}, {300, ' ', 0, 0});
	PLAY("RFC 3994 3.3: repeated, the time begins anew, nothing is told twice", COMPOSING_SESSION, 90,
		{0, 's', HEARD_EV_TYPING, TYPING}, {80, 's', HEARD_EV_TYPING, 0}, {91, ' ', 0, 0}, {170, ' ', 0, STOPPED});
	PLAY("RFC 3994 3.3: content ends it, silently", COMPOSING_SESSION, 120,
		{0, 's', HEARD_EV_TYPING, TYPING}, {5, 's', HEARD_EV_CONTENT, 0}, {6, 's', HEARD_EV_IDLE, 0}, {200, ' ', 0, 0});
	PLAY("XEP-0085 5.1: a contact who does not know it is spared, until he does", COMPOSING_KEYBOARD, 120,
		{0, 't', CHATSTATE_NONE, 0}, {1, 's', HEARD_EV_TYPING, 0}, {2, 's', HEARD_EV_END, 0},
		{3, 't', CHATSTATE_ACTIVE, 0}, {4, 's', HEARD_EV_TYPING, TYPING});
	PLAY("profile 5.4: at most every 10 s, and only what somebody said", COMPOSING_KEYBOARD, 120,
		{0, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {9, 'x', CHATSTATE_COMPOSING, 0},
		{10, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {40, ' ', 0, 0},
		{41, 'x', CHATSTATE_PAUSED, COMPOSING_SAY_IDLE}, {42, 'x', CHATSTATE_ACTIVE, 0});
	PLAY("profile 5.4: idle only if the last was type", COMPOSING_KEYBOARD, 120,
		{0, 'x', CHATSTATE_PAUSED, 0}, {1, 'x', CHATSTATE_INACTIVE, 0}, {2, 'x', CHATSTATE_ACTIVE, 0});
	PLAY("a contact whose client fell silent stops typing", COMPOSING_KEYBOARD, 120,
		{0, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {5, 'x', CHATSTATE_COMPOSING, 0},
		{124, ' ', 0, 0}, {125, ' ', 0, COMPOSING_SAY_IDLE}, {300, ' ', 0, 0});
	PLAY("a text ends typing without a word, and may end the conversation", COMPOSING_KEYBOARD, 120,
		{0, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {1, 't', CHATSTATE_ACTIVE, 0},
		{2, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {3, 't', CHATSTATE_GONE, COMPOSING_END});
	PLAY("RFC 3994 4: 415, and no more of it in this session", COMPOSING_SESSION, 120,
		{0, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {1, 'd', SAID_EV_REFUSED, 0}, {20, 'x', CHATSTATE_COMPOSING, 0},
		{21, 'x', CHATSTATE_GONE, COMPOSING_END}, {22, 'd', SAID_EV_DOWN, 0}, {23, 'd', SAID_EV_UP, 0},
		{24, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE});
	PLAY("profile 5.4: never before the dialog stands, nor is it made up for", COMPOSING_KEYBOARD, 120,
		{0, 'd', SAID_EV_DOWN, 0}, {1, 'x', CHATSTATE_COMPOSING, 0}, {2, 'd', SAID_EV_UP, 0}, {3, ' ', 0, 0},
		{4, 'x', CHATSTATE_PAUSED, 0});
	PLAY("RFC 4975 8.6: a peer who takes neither form; the session still ends", COMPOSING_NOT, 120,
		{0, 'x', CHATSTATE_COMPOSING, 0}, {1, 'x', CHATSTATE_PAUSED, 0}, {2, 'x', CHATSTATE_GONE, COMPOSING_END});
	PLAY("pages have no session to end", COMPOSING_PAGER, 120,
		{0, 'x', CHATSTATE_COMPOSING, COMPOSING_SAY_ACTIVE}, {1, 'x', CHATSTATE_GONE, 0});
	PLAY("RFC 7573 6.1: BYE is gone", COMPOSING_KEYBOARD, 120,
		{0, 's', HEARD_EV_TYPING, TYPING}, {1, 's', HEARD_EV_END, COMPOSING_TELL_GONE}, {200, ' ', 0, 0});
}
/* clang-format on */

/* Both timers at once. */
static void two_timers(void **state)
{
	struct composing c;

	composing_init(&c, COMPOSING_KEYBOARD);
	assert_true(composing_deadline(&c) == UINT64_MAX);
	composing_said(&c, SAID_EV_UP, 0);
	composing_heard(&c, HEARD_EV_TYPING, 60, 1000);
	composing_stanza(&c, CHATSTATE_COMPOSING, false, 2000);
	assert_int_equal(composing_deadline(&c), 61000);
	assert_int_equal(composing_tick(&c, 122000), STOPPED | COMPOSING_SAY_IDLE);
	assert_true(composing_deadline(&c) == UINT64_MAX);
}

/* He who begins and stops a hundred times in ten seconds is told of ten of them, in pairs. */
static void to_and_fro(void **state)
{
	struct composing c;
	unsigned told[2] = {0}, said[2] = {0}, actions;

	composing_init(&c, COMPOSING_KEYBOARD);
	composing_said(&c, SAID_EV_UP, 0);
	for (unsigned i = 0; i < 200; i++) {
		actions =
			composing_heard(&c, i % 2 ? HEARD_EV_IDLE : HEARD_EV_TYPING, 60, 1000 + i);
		told[0] += actions == COMPOSING_TELL_TYPING;
		told[1] += actions == COMPOSING_TELL_STOPPED;
		actions = composing_stanza(
			&c, i % 2 ? CHATSTATE_PAUSED : CHATSTATE_COMPOSING, false, 1000 + i);
		said[0] += actions == COMPOSING_SAY_ACTIVE;
		said[1] += actions == COMPOSING_SAY_IDLE;
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(told[i], 10);
		assert_int_equal(said[i], 10);
	}
	assert_int_equal(composing_heard(&c, HEARD_EV_TYPING, 60, 12000), COMPOSING_TELL_TYPING);
	assert_int_equal(composing_heard(&c, HEARD_EV_IDLE, 60, 12001), STOPPED);
}

static void forms(void **state)
{
	struct composing c;

	composing_init(&c, COMPOSING_KEYBOARD);
	assert_int_equal(composing_stopped(&c), CHATSTATE_PAUSED);     /* profile 5.4 */
	assert_int_equal(composing_beside_text(&c), CHATSTATE_ACTIVE); /* XEP-0085 5.1 */
	composing_stanza(&c, CHATSTATE_NONE, true, 0);
	assert_int_equal(composing_beside_text(&c), CHATSTATE_NONE);
	composing_init(&c, COMPOSING_SESSION);
	assert_int_equal(composing_stopped(&c), CHATSTATE_ACTIVE); /* RFC 7573 table 3 */
}

static void expect_form(
	enum composing_carriage carriage, const char *method, const char *type, const char *root)
{
	struct composing_form f;
	struct composing c;
	struct buf b = {0};

	composing_init(&c, carriage);
	f = composing_form(&c, true, &b);
	assert_string_equal(sip_method_name(f.method), method);
	assert_string_equal(f.type, type);
	assert_true(slice_contains(buf_slice(&b), slice_of(root)));
	buf_done(&b);
}

static void messages(void **state)
{
	expect_form(COMPOSING_KEYBOARD, "INFO", "application/xml", "<KeyboardActivity>");
	expect_form(
		COMPOSING_SESSION, "MESSAGE", "application/im-iscomposing+xml", "<refresh>120<");
	expect_form(COMPOSING_PAGER, "MESSAGE", "application/im-iscomposing+xml", "<state>active<");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(writing),
		cmocka_unit_test(every_cell),
		cmocka_unit_test(stories),
		cmocka_unit_test(two_timers),
		cmocka_unit_test(to_and_fro),
		cmocka_unit_test(forms),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
