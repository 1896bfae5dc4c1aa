#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/presence_set.h"
#include "xml/document.h"

static struct jid jid(struct arena *a, const char *text)
{
	struct jid j;

	assert_int_equal(jid_parse(&j, a, slice_of(text), NULL), 0);
	return j;
}

/* ---- stanzas ---- */

#define S(attrs, inside) "<presence xmlns='jabber:server' " attrs ">" inside "</presence>"

/* clang-format off */
static const struct {
	const char *rule, *stanza, *want; /* as presence_write() has it; NULL: not known */
} stanzas[] = {
	{"RFC 6121 4.2: available", S("", ""), "<presence></presence>"},
	{"4.7.2: all there is", S("xml:lang='en'", "<show>away</show><status>be right back</status><priority>0</priority>"),
		"<presence xml:lang='en'><show>away</show><status>be right back</status><priority>0</priority></presence>"},
	{"4.7.2.1: an unknown show is none", S("", "<show>busy</show>"), "<presence></presence>"},
	{"4.7.2.1: white space", S("", "<show> dnd\n</show>"), "<presence><show>dnd</show></presence>"},
	{"4.7.2.2: several languages", S("xml:lang='en'", "<status>Wooing</status><status xml:lang='cs'>Dvor&#237;m se</status>"),
		"<presence xml:lang='en'><status>Wooing</status><status xml:lang='cs'>Dvor\xc3\xadm se</status></presence>"},
	{"an empty status is none", S("", "<status> </status>"), "<presence></presence>"},
	{"4.7.2.3", S("", "<priority>-128</priority>"), "<presence><priority>-128</priority></presence>"},
	{"4.7.2.3", S("", "<priority>+127</priority>"), "<presence><priority>127</priority></presence>"},
	{"4.7.2.3: too large is none", S("", "<priority>128</priority>"), "<presence></presence>"},
	{"4.7.2.3: no number", S("", "<priority>-</priority>"), "<presence></presence>"},
	{"a tag that is none", S("xml:lang='!'", "<status>x</status>"), "<presence><status>x</status></presence>"},
	{"4.5", S("type='unavailable'", "<status>gone home</status>"), "<presence type='unavailable'><status>gone home</status></presence>"},
	{"4.7.1", S("type='subscribe'", ""), "<presence type='subscribe'></presence>"},
	{"4.7.1", S("type='subscribed'", ""), "<presence type='subscribed'></presence>"},
	{"4.7.1", S("type='unsubscribe'", ""), "<presence type='unsubscribe'></presence>"},
	{"4.7.1", S("type='unsubscribed'", ""), "<presence type='unsubscribed'></presence>"},
	{"4.7.1", S("type='probe'", ""), "<presence type='probe'></presence>"},
	{"4.7.1", S("type='error'", ""), "<presence type='error'></presence>"},
	{"4.7.1: no other", S("type='available'", ""), NULL},
	{"4.7.1: no other", S("type=''", ""), NULL},
	{"a show of another namespace", S("", "<show xmlns='urn:x'>dnd</show>"), "<presence></presence>"},
};
/* clang-format on */

static void reading_stanzas(void **state)
{
	struct arena a = {0};
	struct buf b = {0};

	for (size_t i = 0; i < ARRAY_LEN(stanzas); i++) {
		const struct xml_elem *e = xml_document_read(&a, slice_of(stanzas[i].stanza));
		struct presence p;

		assert_non_null(e);
		buf_reset(&b);
		if (presence_read(&p, &a, e))
			presence_write(&b, SL_NONE, SL_NONE, &p);
		if (!slice_eqz(buf_slice(&b), stanzas[i].want ? stanzas[i].want : ""))
			fail_msg("%s: %s\n%.*s", stanzas[i].rule, stanzas[i].stanza,
				SLARG(buf_slice(&b)));
	}
	buf_reset(&b);
	presence_write_type(&b, SL("a@b"), SL("c@d"), PRESENCE_PROBE);
	assert_slice(buf_slice(&b), "<presence from='a@b' to='c@d' type='probe'/>");
	buf_done(&b);
	arena_done(&a);
}

static void long_status(void **state)
{
	struct arena a = {0};
	char text[PRESENCE_STATUS_MAX + 8];
	struct slice cut;

	memset(text, 'x', sizeof text);
	memcpy(text + PRESENCE_STATUS_MAX - 1, "\xc3\xa9", 2); /* across the limit */
	cut = presence_cut(slice_make(text, sizeof text));
	assert_int_equal(cut.n, PRESENCE_STATUS_MAX - 1);
	assert_int_equal(presence_cut(slice_make(text, 10)).n, 10);
	arena_done(&a);
}

/* ---- resource and tuple id ---- */

/* clang-format off */
static const struct {
	const char *rule, *resource, *id;
} ids[] = {
	{"RFC 8048 6.2 note 2", "dr4hcr0st3lup4c", "ID-dr4hcr0st3lup4c"},
	{"a digit first", "7", "ID-7"},
	{"xs:ID takes neither space nor slash", "7 up/\xc3\xa9", "ID-7_20up_2f_c3_a9"},
	{"what escapes is escaped", "my_phone", "ID-my_5fphone"},
	{"... and what looks escaped", "a_20b", "ID-a_5f20b"},
	{"a prefix of its own", "ID-x", "ID-ID-x"},
	{"colons are no part of an xs:ID", "a:b", "ID-a_3ab"},
	{"letters, digits, hyphen, dot stand", "Gajim.A-9", "ID-Gajim.A-9"},
	{"all else", "\xf0\x9f\x92\xac", "ID-_f0_9f_92_ac"},
};

/* Of somebody else's making. */
static const struct {
	const char *id, *resource;
} foreign[] = {
	{"bs35r9", "bs35r9"},
	{"ID-my_device", "my_device"},  /* no escape, for "de" is not UTF-8 */
	{"ID-t_41", "t_41"},            /* we would not have escaped an "A" */
	{"ID-t_5F", "t_5F"},            /* nor in capitals */
	{"ID-t_5", "t_5"},
	{"ID-", "ID-"},
	{"_", "_"},
	{"0", "0"},
	{"a b", "a b"},
};
/* clang-format on */

static bool is_xs_id(struct slice id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_alnum(id.p[i]) && (!i || !strchr("-._", id.p[i])))
			return false;
	return id.n && ascii_alpha(id.p[0]);
}

static void tuple_ids(void **state)
{
	struct arena a = {0};
	struct slice named, long_id = slice_make(arena_zalloc(&a, 2000), 2000);

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct slice id = presence_tuple_id(&a, slice_of(ids[i].resource));

		if (!slice_eqz(id, ids[i].id) || !is_xs_id(id) ||
			!slice_eqz(presence_resource(&a, id), ids[i].resource))
			fail_msg("%s: %.*s, %.*s", ids[i].rule, SLARG(id),
				SLARG(presence_resource(&a, id)));
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		assert_slice(presence_resource(&a, slice_of(foreign[i].id)), foreign[i].resource);
	/* what no resourcepart can be has a name, and always the same (RFC 7622 3.4) */
	memset((char *)long_id.p, 'x', long_id.n);
	named = presence_resource(&a, long_id);
	assert_int_equal(named.n, 19);
	assert_true(slice_eq(named, presence_resource(&a, long_id)));
	assert_false(slice_eq(named, presence_resource(&a, SL("ID-\x01"))));
	arena_done(&a);
}

/* RFC 8048 6.2 note 6: 0 is 0, 127 is 1, all between differ and come back. */
static void priorities(void **state)
{
	int last = -1;

	for (int n = 0; n <= 127; n++) {
		int thousandths = presence_priority_to_pidf(n);

		assert_true(thousandths > last);
		assert_int_equal(presence_priority_from_pidf(thousandths), n);
		last = thousandths;
	}
	assert_int_equal(presence_priority_to_pidf(2), 15);
	assert_int_equal(presence_priority_to_pidf(126), 992);
	assert_int_equal(last, 1000);
	assert_int_equal(presence_priority_from_pidf(800), 102);
}

/* ---- activities ---- */

/* One row an activity, in the order of RFC 4480 3.2. */
static void activities(void **state)
{
	static const char *const want[PIDF_ACTIVITY__N] = {
		[PIDF_APPOINTMENT] = "dnd",
		[PIDF_AWAY] = "away",
		[PIDF_BREAKFAST] = "away",
		[PIDF_BUSY] = "dnd",
		[PIDF_DINNER] = "away",
		[PIDF_HOLIDAY] = "xa",
		[PIDF_IN_TRANSIT] = "away",
		[PIDF_LOOKING_FOR_WORK] = "",
		[PIDF_LUNCH] = "away",
		[PIDF_MEAL] = "away",
		[PIDF_MEETING] = "dnd",
		[PIDF_ON_THE_PHONE] = "dnd",
		[PIDF_OTHER] = "",
		[PIDF_PERFORMANCE] = "dnd",
		[PIDF_PERMANENT_ABSENCE] = "xa",
		[PIDF_PLAYING] = "",
		[PIDF_PRESENTATION] = "dnd",
		[PIDF_SHOPPING] = "away",
		[PIDF_SLEEPING] = "xa",
		[PIDF_SPECTATOR] = "away",
		[PIDF_STEERING] = "dnd",
		[PIDF_TRAVEL] = "xa",
		[PIDF_TV] = "",
		[PIDF_UNKNOWN] = "",
		[PIDF_VACATION] = "xa",
		[PIDF_WORKING] = "",
		[PIDF_WORSHIP] = "dnd",
	};

	for (unsigned i = 0; i < PIDF_ACTIVITY__N; i++)
		if (strcmp(presence_show_name(presence_show_of(1u << i)), want[i]) != 0)
			fail_msg("%s", pidf_activity_name(i));
	/* several: the strongest */
	assert_int_equal(presence_show_of(1u << PIDF_AWAY | 1u << PIDF_BUSY), PRESENCE_DND);
	assert_int_equal(presence_show_of(1u << PIDF_AWAY | 1u << PIDF_VACATION), PRESENCE_XA);
	assert_int_equal(presence_show_of(0), PRESENCE_SHOW_NONE);
}

/* ---- SIP to XMPP ---- */

#define P(inside)                                                                                  \
	"<presence xmlns='" NS_PIDF "' xmlns:dm='" NS_PIDF ":data-model' xmlns:rpid='" NS_PIDF     \
	":rpid' entity='pres:a@b'>" inside "</presence>"
#define OPEN          "<status><basic>open</basic></status>"
#define T(id, inside) "<tuple id='" id "'>" inside "</tuple>"
#define DO(what)      "<dm:person id='p'><rpid:activities><rpid:" what "/></rpid:activities></dm:person>"

/* clang-format off */
static const struct {
	const char *rule, *pidf, *want; /* resource: stanza, each */
	bool no_notes;
} heards[] = {
	{"RFC 8048 table 2", P(T("ID-x", OPEN)), "x:<presence></presence>"},
	{"table 2: closed", P(T("ID-x", "<status><basic>closed</basic></status>")), "x:<presence type='unavailable'></presence>"},
	{"table 2: show, note, priority", P(T("ID-x", "<status><basic>open</basic><show xmlns='jabber:client'>xa</show></status><contact priority='1'>sip:a@b</contact><note xml:lang='en'>Hi</note>")),
		"x:<presence><show>xa</show><status xml:lang='en'>Hi</status><priority>127</priority></presence>"},
	{"6.2: several resources", P(T("ID-x", OPEN) T("ID-y", OPEN)), "x:<presence></presence> y:<presence></presence>"},
	{"RFC 3863 4.1.4: without basic nothing is said", P(T("ID-x", "<status><x xmlns='urn:x'/></status>")), "x:?"},
	{"two tuples of one resource: the first", P(T("ID-x", OPEN) T("x", "<status><basic>closed</basic></status>")), "x:<presence></presence>"},
	{"RPID: of the person", P(T("ID-x", OPEN) DO("busy")), "x:<presence><show>dnd</show></presence>"},
	{"RPID: ... not of who is not there", P(T("ID-x", "<status><basic>closed</basic></status>") DO("busy")), "x:<presence type='unavailable'></presence>"},
	{"RPID: the tuple's before the person's", P(T("ID-x", OPEN "<rpid:activities><rpid:away/></rpid:activities>") DO("busy")), "x:<presence><show>away</show></presence>"},
	{"RFC 8048 6.3: an explicit show before both", P(T("ID-x", "<status><basic>open</basic><show xmlns='jabber:client'>xa</show></status>") DO("busy")), "x:<presence><show>xa</show></presence>"},
	{"RPID: idle is away", P(T("ID-x", OPEN "<rpid:user-input>idle</rpid:user-input>")), "x:<presence><show>away</show></presence>"},
	{"RPID: ... but less than busy", P(T("ID-x", OPEN "<rpid:user-input>idle</rpid:user-input>") DO("busy")), "x:<presence><show>dnd</show></presence>"},
	{"notes: of the tuple", P(T("ID-x", OPEN "<note>t</note>") "<note>d</note><dm:person id='p'><dm:note>p</dm:note></dm:person>"), "x:<presence><status>t</status></presence>"},
	{"notes: else of the person", P(T("ID-x", OPEN) "<note>d</note><dm:person id='p'><dm:note>p</dm:note></dm:person>"), "x:<presence><status>p</status></presence>"},
	{"notes: else of the document", P(T("ID-x", OPEN) "<note>d</note>"), "x:<presence><status>d</status></presence>"},
	{"notes: one a language (RFC 6121 4.7.2.2)", P(T("ID-x", OPEN "<note>a</note><note>b</note><note xml:lang='de'>c</note><note xml:lang='DE'>d</note>")), "x:<presence><status>a</status><status xml:lang='de'>c</status></presence>"},
	{"facts 2: to Federated partners only", P(T("ID-x", OPEN "<note>t</note>") "<note>d</note>"), "x:<presence></presence>", true},
	{"no tuples", P(""), ""},
};
/* clang-format on */

static void hearing(void **state)
{
	struct buf b = {0};

	for (size_t i = 0; i < ARRAY_LEN(heards); i++) {
		struct arena a = {0};
		const struct presence_heard *h;
		struct pidf p;
		unsigned n;

		assert_int_equal(pidf_read(&p, &a, slice_of(heards[i].pidf)), PIDF_GOOD);
		n = presence_hear(&h, &a, &p, !heards[i].no_notes, SL_NONE);
		buf_reset(&b);
		for (unsigned j = 0; j < n; j++) {
			buf_printf(&b, "%s%.*s:", j ? " " : "", SLARG(h[j].resource));
			if (h[j].unsaid)
				buf_chr(&b, '?');
			else
				presence_write(&b, SL_NONE, SL_NONE, &h[j].presence);
		}
		if (!slice_eqz(buf_slice(&b), heards[i].want))
			fail_msg("%s:\n%.*s, not\n%s", heards[i].rule, SLARG(buf_slice(&b)),
				heards[i].want);
		arena_done(&a);
	}
	buf_done(&b);
}

/* A document is always whole: what it does not have is gone (RFC 3863). */
static void vanishing(void **state)
{
	static const struct presence_heard heard[] = {{SL("a")}, {SL("b")}};

	assert_false(presence_vanished(heard, 2, SL("b")));
	assert_true(presence_vanished(heard, 2, SL("c")));
	assert_true(presence_vanished(heard, 0, SL("a")));
}

static void language(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	const struct presence_heard *h;
	struct pidf p;

	assert_int_equal(pidf_read(&p, &a, SL(P(T("x", OPEN "<note>Hi</note>")))), PIDF_GOOD);
	assert_int_equal(presence_hear(&h, &a, &p, true, SL("en")), 1);
	presence_write(&b, SL("r@n/x"), SL("j@e"), &h->presence);
	assert_slice(buf_slice(&b), "<presence from='r@n/x' to='j@e' xml:lang='en'>"
				    "<status>Hi</status></presence>");
	buf_done(&b);
	arena_done(&a);
}

/* ---- XMPP to SIP ---- */

/* What a set tells, short: ids, states, activities; the person's. */
static void expect_told(const struct presence_set *s, unsigned at_most, const char *want)
{
	struct arena a = {0};
	struct jid bare = jid(&a, "juliet@example.com");
	struct buf b = {0};
	struct pidf p;

	if (!presence_set_tell(s, &p, &a, &bare, at_most)) {
		buf_str(&b, "nothing");
	} else {
		assert_slice(p.entity, "pres:juliet@example.com");
		for (unsigned i = 0; i < p.n_tuples; i++) {
			const struct pidf_tuple *t = &p.tuples[i];

			buf_printf(&b, "%s%.*s%s%.*s", i ? " " : "", SLARG(t->id),
				t->basic == PIDF_OPEN ? "+" : "-", SLARG(t->show));
			if (t->priority >= 0)
				buf_printf(&b, ",%d,%.*s", t->priority, SLARG(t->contact));
			for (unsigned j = 0; j < t->n_notes; j++)
				buf_printf(&b, ",'%.*s'", SLARG(t->notes[j].text));
		}
		for (unsigned i = 0; i < PIDF_ACTIVITY__N; i++)
			if (p.person.activities & 1u << i)
				buf_printf(&b, " %s", pidf_activity_name(i));
	}
	if (!slice_eqz(buf_slice(&b), want))
		fail_msg("%.*s, not\n%s", SLARG(buf_slice(&b)), want);
	buf_done(&b);
	arena_done(&a);
}

static bool hear(struct presence_set *s, const char *resource, const char *inside, bool available)
{
	struct arena a = {0};
	struct presence p;
	bool changed;
	char *stanza = arena_printf(&a, "<presence xmlns='jabber:server'%s>%s</presence>",
		available ? "" : " type='unavailable'", inside);

	assert_true(presence_read(&p, &a, xml_document_read(&a, slice_of(stanza))));
	changed = presence_set_hear(s, slice_of(resource), &p);
	memset(stanza, '#', strlen(stanza)); /* nothing of it is kept by reference */
	arena_done(&a);
	return changed;
}

static void one_resource(void **state)
{
	struct presence_set s = {0};

	expect_told(&s, 0, "nothing"); /* RFC 8048 5.3.2 */
	assert_true(hear(&s, "x", "<show>dnd</show><status>Wooing</status>", true));
	expect_told(&s, 0, "ID-x+dnd,'Wooing' busy");
	assert_false(hear(&s, "x", "<show>dnd</show><status>Wooing</status>", true));
	assert_true(hear(&s, "x", "<show>dnd</show><status>Woeing</status>", true));
	assert_true(hear(&s, "x", "<show>xa</show>", true));
	expect_told(&s, 0, "ID-x+xa away"); /* profile 6.4 */
	assert_true(hear(&s, "x", "<priority>2</priority>", true));
	expect_told(&s, 0, "ID-x+,15,sip:juliet@example.com;gr=x");
	assert_true(hear(&s, "x", "<priority>-1</priority>", true));
	expect_told(&s, 0, "ID-x+"); /* note 6: MUST NOT */
	assert_true(hear(&s, "x", "", false));
	expect_told(&s, 0, "ID-x-"); /* note 5 */
	assert_false(hear(&s, "x", "", false));
	presence_set_forget(&s);
	expect_told(&s, 0, "nothing");
	assert_true(hear(&s, "y", "", false)); /* the first that is heard of him */
	expect_told(&s, 0, "ID-y-");
	presence_set_done(&s);
}

/* RFC 8048 6.2: the most available first (profile 6.3: Lync sees no other). */
static void several_resources(void **state)
{
	struct presence_set s = {0};

	hear(&s, "away", "<show>away</show><priority>9</priority>", true);
	hear(&s, "none", "", true);
	hear(&s, "dnd", "<show>dnd</show>", true);
	hear(&s, "mute", "<show>chat</show><priority>-1</priority>", true);
	hear(&s, "chat", "<show>chat</show>", true);
	hear(&s, "xa", "<show>xa</show>", true);
	hear(&s, "high", "<priority>5</priority>", true);
	expect_told(&s, 0,
		"ID-chat+chat ID-high+,39,sip:juliet@example.com;gr=high ID-none+ ID-dnd+dnd "
		"ID-away+away,70,sip:juliet@example.com;gr=away ID-xa+xa ID-mute+chat");
	expect_told(&s, 2, "ID-chat+chat ID-high+,39,sip:juliet@example.com;gr=high");
	/* of the whole he is what he is where he is most */
	hear(&s, "chat", "", false);
	hear(&s, "high", "", false);
	hear(&s, "none", "", false);
	expect_told(&s, 1, "ID-dnd+dnd busy");
	/* of equals, who spoke last */
	hear(&s, "new", "<show>dnd</show>", true);
	expect_told(&s, 2, "ID-new+dnd ID-dnd+dnd busy");
	/* RFC 6121 4.5: of the bare address, all */
	assert_true(hear(&s, NULL, "", false));
	expect_told(&s, 0, "ID-new-");
	assert_false(hear(&s, NULL, "", false));
	presence_set_done(&s);
}

static void too_many(void **state)
{
	struct presence_set s = {0};
	char name[8];

	for (unsigned i = 0; i < PRESENCE_RESOURCES_MAX; i++) {
		snprintf(name, sizeof name, "r%u", i);
		assert_true(hear(&s, name, "<show>away</show>", true));
	}
	assert_false(hear(&s, "more", "<show>xa</show>", true)); /* less than any that is kept */
	assert_true(hear(&s, "most", "", true));
	assert_int_equal(s.n, PRESENCE_RESOURCES_MAX);
	expect_told(&s, 1, "ID-most+");
	presence_set_done(&s);
}

/* RFC 8048 5.3.3: that he is not there, whatever is known */
static void closing(void **state)
{
	struct presence_set s = {0};
	struct arena a = {0};
	struct jid bare = jid(&a, "juliet@example.com");
	struct pidf p;

	hear(&s, "x", "<show>dnd</show>", true);
	presence_set_tell_closed(&s, &p, &a, &bare);
	assert_int_equal(p.n_tuples, 1);
	assert_int_equal(p.tuples->basic, PIDF_CLOSED);
	assert_slice(p.tuples->id, "ID-x");
	assert_false(p.has_person);
	presence_set_done(&s);
	presence_set_tell_closed(&s, &p, &a, &bare);
	assert_slice(p.tuples->id, "ID-");
	arena_done(&a);
}

/* There and back: what a user agent of ours would show of it is what it was. */
static void there_and_back(void **state)
{
	struct presence_set s = {0};
	struct arena a = {0};
	struct jid bare = jid(&a, "o\\27hara@ex\xc3\xa4mple.com");
	const struct presence_heard *h;
	struct buf b = {0};
	struct pidf p, q;

	hear(&s, "7 up/\xc3\xa9",
		"<show>xa</show><status xml:lang='en'>a &lt; b</status><priority>3</priority>",
		true);
	assert_true(presence_set_tell(&s, &p, &a, &bare, 0));
	assert_slice(p.entity, "pres:o'hara@xn--exmple-cua.com");
	pidf_write(&b, &p);
	assert_int_equal(pidf_read(&q, &a, buf_slice(&b)), PIDF_GOOD);
	assert_int_equal(presence_hear(&h, &a, &q, true, SL_NONE), 1);
	assert_slice(h->resource, "7 up/\xc3\xa9");
	buf_reset(&b);
	presence_write(&b, SL_NONE, SL_NONE, &h->presence);
	assert_slice(buf_slice(&b),
		"<presence><show>xa</show><status xml:lang='en'>a &lt; b</status>"
		"<priority>3</priority></presence>");
	presence_set_done(&s);
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_stanzas),
		cmocka_unit_test(long_status),
		cmocka_unit_test(tuple_ids),
		cmocka_unit_test(priorities),
		cmocka_unit_test(activities),
		cmocka_unit_test(hearing),
		cmocka_unit_test(vanishing),
		cmocka_unit_test(language),
		cmocka_unit_test(one_resource),
		cmocka_unit_test(several_resources),
		cmocka_unit_test(too_many),
		cmocka_unit_test(closing),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
