#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sip/sip.h"
#include "xml/document.h"

/* ---- a document as one line ---- */

static void spell_notes(struct buf *b, const struct pidf_note *notes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, " %.*s:'%.*s'", SLARG(notes[i].lang), SLARG(notes[i].text));
}

static void spell_tuple(struct buf *b, const struct pidf_tuple *t)
{
	static const char *const basics[] = {"?", "open", "closed"};

	buf_printf(b, "%.*s=%s", SLARG(t->id), basics[t->basic]);
	if (t->show.p)
		buf_printf(b, " <%.*s>", SLARG(t->show));
	for (unsigned i = 0; i < PIDF_ACTIVITY__N; i++)
		if (t->activities & 1u << i)
			buf_printf(b, " %s", pidf_activity_name(i));
	if (t->idle)
		buf_str(b, " idle");
	if (t->contact.p)
		buf_printf(b, " %.*s", SLARG(t->contact));
	if (t->priority >= 0)
		buf_printf(b, " q%d", t->priority);
	spell_notes(b, t->notes, t->n_notes);
	if (t->timestamp.p)
		buf_printf(b, " @%.*s", SLARG(t->timestamp));
}

static void spell(struct buf *b, enum pidf_verdict v, const struct pidf *p)
{
	if (v != PIDF_GOOD) {
		buf_str(b, v == PIDF_BROKEN ? "broken" : "nothing");
		return;
	}
	buf_printf(b, "%.*s", SLARG(p->entity));
	if (p->display_name.p)
		buf_printf(b, " \"%.*s\"", SLARG(p->display_name));
	for (unsigned i = 0; i < p->n_tuples; i++) {
		buf_str(b, " | ");
		spell_tuple(b, &p->tuples[i]);
	}
	if (p->has_person) {
		buf_str(b, " | person ");
		spell_tuple(b, &p->person);
	}
	if (p->n_notes)
		buf_str(b, " |");
	spell_notes(b, p->notes, p->n_notes);
}

static void expect(const char *what, const char *type, const char *body, const char *want)
{
	struct arena a = {0};
	struct buf b = {0};
	struct pidf p;

	spell(&b, pidf_read_as(&p, &a, slice_of(type), slice_of(body)), &p);
	if (!slice_eqz(buf_slice(&b), want))
		fail_msg("%s:\n%.*s, not\n%s", what, SLARG(buf_slice(&b)), want);
	buf_done(&b);
	arena_done(&a);
}

/* ---- PIDF ---- */

#define P(inside)                                                                                  \
	"<presence xmlns='" NS_PIDF "' xmlns:dm='" NS_PIDF ":data-model' xmlns:rpid='" NS_PIDF     \
	":rpid' entity='pres:a@b'>" inside "</presence>"
#define T(inside) P("<tuple id='t'>" inside "</tuple>")
#define OPEN      "<status><basic>open</basic></status>"

/* clang-format off */
static const struct {
	const char *rule, *body, *want;
} docs[] = {
	{"RFC 3863 4.3.1", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<impp:presence xmlns:impp=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:someone@example.com\">\n <impp:tuple id=\"sg89ae\">\n <impp:status>\n <impp:basic>open</impp:basic>\n </impp:status>\n <impp:contact impp:x='1' priority=\"0.8\">tel:+09012345678</impp:contact>\n </impp:tuple>\n</impp:presence>\n",
		"pres:someone@example.com | sg89ae=open tel:+09012345678 q800"},
	{"RFC 8048 ex. 19", "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:juliet@example.com'><tuple id='ID-yn0cl4bnw0yr3vym'><status><basic>open</basic><show xmlns='jabber:client'>away</show></status></tuple></presence>",
		"pres:juliet@example.com | ID-yn0cl4bnw0yr3vym=open <away>"},
	{"RFC 3863 4.1.2: several tuples, notes in several languages", P("<tuple id='a'>" OPEN "<note xml:lang='en'>Hi</note><note xml:lang='fr'>Salut</note><timestamp>2005-10-27T16:49:29Z</timestamp></tuple><tuple id='b'><status><basic>closed</basic></status></tuple><note>Tokyo</note>"),
		"pres:a@b | a=open en:'Hi' fr:'Salut' @2005-10-27T16:49:29Z | b=closed | :'Tokyo'"},
	{"4.1.1: none is a document, too", P(""), "pres:a@b"},
	{"4.1.4: basic is optional", T("<status><x xmlns='urn:x'/></status>"), "pres:a@b | t=?"},
	{"4.1.4: what is neither is not there", T("<status><basic>ajar</basic></status>"), "pres:a@b | t=?"},
	{"4.1.4: white space, as people indent", T("<status>\n <basic>\n open\n </basic>\n</status>"), "pres:a@b | t=open"},
	{"xml:lang of the whole", "<presence xmlns='urn:ietf:params:xml:ns:pidf' xml:lang='de' entity='e'><tuple id='t'>" OPEN "<note>Guten Tag</note></tuple></presence>", "e | t=open de:'Guten Tag'"},
	{"empty notes are none", T(OPEN "<note/><note> </note>"), "pres:a@b | t=open"},
	{"4.2.3: what must be understood and is not, is passed over", T("<status><basic>open</basic><e:sealed xmlns:e='urn:e' xmlns:p='" NS_PIDF "' p:mustUnderstand='1'><basic xmlns='" NS_PIDF "'>closed</basic></e:sealed></status>"), "pres:a@b | t=open"},
	{"4.2.1: unknown elements", T(OPEN "<mood xmlns='urn:x'><rpid:activities><rpid:busy/></rpid:activities></mood>"), "pres:a@b | t=open"},

	{"RFC 4480 3.2: of a person", P("<tuple id='t'>" OPEN "</tuple><dm:person id='p1'><rpid:activities from='2005-05-30T12:00:00+05:00'><rpid:note>Far away</rpid:note><rpid:away/><rpid:on-the-phone/></rpid:activities><dm:note xml:lang='en'>Scoring 120</dm:note><dm:timestamp>2005-05-30T16:09:44+05:00</dm:timestamp></dm:person>"),
		"pres:a@b | t=open | person p1=? away on-the-phone en:'Scoring 120' @2005-05-30T16:09:44+05:00"},
	{"RFC 4479 3.2: of two persons all", P("<dm:person id='p'><rpid:activities><rpid:busy/></rpid:activities><dm:note>x</dm:note></dm:person><dm:person id='q'><rpid:activities><rpid:vacation/></rpid:activities><dm:note>y</dm:note></dm:person>"),
		"pres:a@b | person p=? busy vacation :'x' :'y'"},
	{"RFC 4480 7: what is not in the list", P("<dm:person id='p'><rpid:activities><rpid:other>reading</rpid:other><x:hop xmlns:x='urn:x'/></rpid:activities></dm:person>"), "pres:a@b | person p=? other"},
	{"3.19: idle, of a person", P("<dm:person id='p'><rpid:user-input idle-threshold='600'>idle</rpid:user-input></dm:person>"), "pres:a@b | person p=? idle"},
	{"3.19: of the device of a tuple", P("<tuple id='t'>" OPEN "<dm:deviceID>urn:d:1</dm:deviceID></tuple><tuple id='u'>" OPEN "<dm:deviceID>urn:d:2</dm:deviceID></tuple><dm:device id='d'><rpid:user-input>idle</rpid:user-input><dm:deviceID>urn:d:1</dm:deviceID></dm:device>"), "pres:a@b | t=open idle | u=open"},
	{"3.19: active", T(OPEN "<rpid:user-input>active</rpid:user-input>"), "pres:a@b | t=open"},
	{"RFC 4480 drafts: of a tuple", T(OPEN "<rpid:activities><rpid:meeting/></rpid:activities>"), "pres:a@b | t=open meeting"},
	{"profile 6.2: inside the status, as Lync", T("<status><basic>open</basic><activities xmlns='" NS_PIDF ":rpid'><activity>busy</activity></activities></status>"), "pres:a@b | t=open busy"},
	{"profile 6.2: of the drafts' namespace", T("<status><basic>open</basic><ep:activities xmlns:ep='" NS_PIDF ":status:rpid-status'><ep:activity>Away</ep:activity></ep:activities></status>"), "pres:a@b | t=open away"},
	{"profile 6.2: entity without a scheme, a name", "<presence xmlns='" NS_PIDF "' entity='u@lync.example'><tuple id='0'>" OPEN "</tuple><ci:display-name xmlns:ci='" NS_PIDF ":cipid'>Ulla Test</ci:display-name></presence>", "u@lync.example \"Ulla Test\" | 0=open"},
	{"RFC 4482: a name in the tuple", T(OPEN "<display-name xmlns='" NS_PIDF ":cipid'>U</display-name>"), "pres:a@b \"U\" | t=open"},
	{"a charset that it is not in", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><presence xmlns='" NS_PIDF "' entity='e'><note>\xe9</note></presence>", "broken"},
	{"as Asterisk writes it", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \nxmlns:pp=\"urn:ietf:params:xml:ns:pidf:person\"\nxmlns:es=\"urn:ietf:params:xml:ns:pidf:rpid:status:rpid-status\"\nxmlns:ep=\"urn:ietf:params:xml:ns:pidf:rpid:rpid-person\"\nentity=\"sip:100@pbx.example\">\n<pp:person><status>\n<ep:activities><ep:busy/></ep:activities>\n</status></pp:person>\n<note>On the phone</note>\n<tuple id=\"100\">\n<contact priority=\"1\">sip:100@pbx.example</contact>\n<status><basic>open</basic></status>\n</tuple>\n</presence>\n",
		"sip:100@pbx.example | 100=open sip:100@pbx.example q1000 | person =? busy | :'On the phone'"},

	{"4.1.1: no entity", "<presence xmlns='" NS_PIDF "'><tuple id='t'>" OPEN "</tuple></presence>", "broken"},
	{"4.1.2: no id", P("<tuple>" OPEN "</tuple>"), "broken"},
	{"4.1.2: no status", P("<tuple id='t'/>"), "broken"},
	{"another root", "<pidf xmlns='" NS_PIDF "' entity='e'/>", "broken"},
	{"another namespace", "<presence xmlns='jabber:client' entity='e'/>", "broken"},
	{"not well-formed", "<presence xmlns='" NS_PIDF "' entity='e'><tuple id='t'>", "broken"},
	{"no DTD", "<!DOCTYPE presence [<!ENTITY a 'b'>]><presence xmlns='" NS_PIDF "' entity='e'/>", "broken"},
	{"nothing at all", "", "broken"},
};

static const struct {
	const char *rule, *type, *body, *want;
} others[] = {
	{"parameters, any case", "Application/PIDF+XML; charset=utf-8", P(""), "pres:a@b"},
	{"profile 6.2: a type we do not know is no fault", "application/cpim-pidf+xml", P(""), "nothing"},
	{"profile 6.2: rlmi", "multipart/related;type=\"application/rlmi+xml\";boundary=x", "--x--", "nothing"},
	{"no type", "", P(""), "nothing"},

	{"profile 6.4: the aggregate state", PIDF_TYPE_CATEGORIES, "<categories xmlns='http://schemas.microsoft.com/2006/09/sip/categories' uri='sip:u@lync.example'><category name='note' instance='0'/><category name='state' instance='1'><state xmlns='http://schemas.microsoft.com/2006/09/sip/state' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='userState'><availability>3500</availability></state></category><category name='state' instance='2'><state xmlns='http://schemas.microsoft.com/2006/09/sip/state' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='aggregateState'><availability>15500</availability></state></category></categories>", "sip:u@lync.example | 0=open away"},
	{"profile 6.4: a state alone", PIDF_TYPE_CATEGORIES, "<categories uri='sip:u@x'><category name='state'><state><availability> 18500 </availability></state></category></categories>", "sip:u@x | 0=closed"},
	{"profile 6.4: unknown below 3000", PIDF_TYPE_CATEGORIES, "<categories uri='sip:u@x'><category name='state'><state><availability>0</availability></state></category></categories>", "nothing"},
	{"profile 6.2: categories without a state", PIDF_TYPE_CATEGORIES, "<categories uri='sip:u@x'><category name='contactCard'/></categories>", "nothing"},
	{"profile 6.2: no number", PIDF_TYPE_CATEGORIES, "<categories uri='sip:u@x'><category name='state'><state><availability>much</availability></state></category></categories>", "nothing"},
	{"profile 6.2: another root", PIDF_TYPE_CATEGORIES, "<presence/>", "broken"},

	{"profile 6.4: msrtc.pidf", PIDF_TYPE_MSRTC, "<presentity uri='u@x'><availability aggregate='300' description='online'/><activity aggregate='600' description='busy'/><displayName displayName='Ulla'/></presentity>", "u@x \"Ulla\" | 0=open busy"},
	{"profile 6.4: cannot be reached", PIDF_TYPE_MSRTC, "<presentity uri='u@x'><availability aggregate='0'/><activity aggregate='400'/></presentity>", "u@x | 0=closed"},
	{"profile 6.4: lunch", PIDF_TYPE_MSRTC, "<presentity uri='u@x'><availability aggregate='200'/><activity aggregate='150'/></presentity>", "u@x | 0=open lunch"},
	{"profile 6.4: active", PIDF_TYPE_MSRTC, "<presentity uri='u@x'><availability aggregate='300'/><activity aggregate='400'/></presentity>", "u@x | 0=open"},
	{"profile 6.4: in a session", PIDF_TYPE_MSRTC, "<presentity uri='u@x'><availability aggregate='300'/><activity aggregate='500'/></presentity>", "u@x | 0=open on-the-phone"},
	{"profile 6.4: no availability", PIDF_TYPE_MSRTC, "<presentity uri='u@x'/>", "nothing"},

	{"profile 6.4: xpidf, its DTD by name", PIDF_TYPE_XPIDF, "<?xml version=\"1.0\"?>\r\n<!DOCTYPE presence PUBLIC \"-//IETF//DTD RFCxxxx XPIDF 1.0//EN\" \"xpidf.dtd\">\r\n<presence><presentity uri=\"sip:u@x;method=SUBSCRIBE\"/><atom id=\"1000\"><address uri=\"sip:u@192.0.2.1;user=ip\" priority=\"0.8\"><status status=\"open\"/><msnsubstatus substatus=\"berightback\"/></address></atom></presence>", "sip:u@x;method=SUBSCRIBE | 1000=open away"},
	{"profile 6.4: on the phone, in use", PIDF_TYPE_XPIDF, "<presence><presentity uri='sip:u@x'/><atom atomid='7'><address uri='sip:u@x'><status status='inuse'/><msnsubstatus substatus='onthephone'/></address></atom><display name='U'/></presence>", "sip:u@x \"U\" | 7=open on-the-phone"},
	{"profile 6.4: closed", PIDF_TYPE_XPIDF, "<presence><presentity uri='sip:u@x'/><atom id='1'><address uri='sip:u@x'><status status='closed'/><msnsubstatus substatus='online'/></address></atom></presence>", "sip:u@x | 1=closed"},
	{"profile 6.4: nobody's status", PIDF_TYPE_XPIDF, "<presence><presentity uri='sip:u@x'/></presence>", "nothing"},
	{"a DTD with declarations is none of ours", PIDF_TYPE_XPIDF, "<!DOCTYPE presence [<!ENTITY a 'b'>]><presence/>", "broken"},
};

/* profile 6.4; the edges of each row */
static const struct {
	unsigned from, to;
	enum pidf_basic basic;
	uint32_t activities;
} rows[] = {
	{0, 2999, PIDF_UNSAID, 0},
	{3000, 4499, PIDF_OPEN, 0},
	{4500, 5999, PIDF_OPEN, 1u << PIDF_AWAY},
	{6000, 7499, PIDF_OPEN, 1u << PIDF_BUSY},
	{7500, 8999, PIDF_OPEN, 1u << PIDF_BUSY},
	{9000, 11999, PIDF_OPEN, 1u << PIDF_BUSY},
	{12000, 14999, PIDF_OPEN, 1u << PIDF_AWAY},
	{15000, 17999, PIDF_OPEN, 1u << PIDF_AWAY},
	{18000, 99999, PIDF_CLOSED, 0},
};

static const struct {
	const char *text;
	int want;
} priorities[] = {
	{"0", 0}, {"1", 1000}, {"0.8", 800}, {"0.021", 21}, {"0.5", 500}, {"1.00", 1000}, {"1.0", 1000},
	{"0.", 0}, {" 0.3 ", 300}, {"0.800000", 800},
	{"", -1}, {"1.1", -1}, {"2", -1}, {"-0.5", -1}, {".5", -1}, {"0,5", -1}, {"0.x", -1}, {"00", -1}, {"0.5.5", -1},
};
/* clang-format on */

static void reading(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		expect(docs[i].rule, PIDF_TYPE, docs[i].body, docs[i].want);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		expect(others[i].rule, others[i].type, others[i].body, others[i].want);
}

static void availabilities(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned edge = 0; edge < 2; edge++) {
			unsigned n = edge ? rows[i].to : rows[i].from;
			uint32_t activities;

			if (pidf_of_availability(n, &activities) != rows[i].basic ||
				activities != rows[i].activities)
				fail_msg("availability %u: %#x", n, activities);
		}
}

static void priority(void **state)
{
	struct buf b = {0};

	for (size_t i = 0; i < ARRAY_LEN(priorities); i++)
		if (pidf_priority_read(slice_of(priorities[i].text)) != priorities[i].want)
			fail_msg("'%s': %d", priorities[i].text,
				pidf_priority_read(slice_of(priorities[i].text)));
	for (int i = 0; i <= 1000; i++) {
		buf_reset(&b);
		pidf_priority_write(&b, i);
		assert_int_equal(pidf_priority_read(buf_slice(&b)), i);
		assert_true(b.n <= 5); /* RFC 3863 4.1.5: three digits at most */
	}
	buf_done(&b);
}

/* ---- limits ---- */

static enum pidf_verdict read_many(unsigned n_tuples, size_t note)
{
	struct arena a = {0};
	struct buf b = {0};
	enum pidf_verdict v;
	struct pidf p;

	buf_str(&b, "<presence xmlns='" NS_PIDF "' entity='e'>");
	for (unsigned i = 0; i < n_tuples; i++)
		buf_printf(&b, "<tuple id='t%u'><status/></tuple>", i);
	buf_str(&b, "<note>");
	memset(buf_room(&b, note), 'x', note);
	buf_added(&b, note);
	buf_str(&b, "</note></presence>");
	v = pidf_read(&p, &a, buf_slice(&b));
	if (v == PIDF_GOOD)
		assert_int_equal(p.n_tuples, n_tuples);
	buf_done(&b);
	arena_done(&a);
	return v;
}

static void limits(void **state)
{
	assert_int_equal(read_many(PIDF_TUPLES_MAX, 1), PIDF_GOOD);
	assert_int_equal(read_many(PIDF_TUPLES_MAX + 1, 1), PIDF_BROKEN);
	assert_int_equal(read_many(1, XML_DOCUMENT_MAX - 200), PIDF_GOOD);
	assert_int_equal(read_many(1, XML_DOCUMENT_MAX), PIDF_BROKEN);
}

/* ---- writing ---- */

static const struct pidf_note notes[] = {{SL("a < b & c"), SL("en")}, {SL("\x01"), SL_NONE}};
static const struct pidf_tuple written[] = {
	{.id = SL("ID-a"),
		.basic = PIDF_OPEN,
		.show = SL("dnd"),
		.activities = 1u << PIDF_BUSY,
		.contact = SL("sip:a@b;gr=x"),
		.priority = 15,
		.notes = notes,
		.n_notes = 2,
		.timestamp = SL("2005-10-27T16:49:29Z")},
	{.id = SL("ID-b"), .basic = PIDF_CLOSED, .priority = -1},
	{.id = SL("ID-c"), .basic = PIDF_UNSAID, .priority = -1},
};

static void writing(void **state)
{
	struct pidf p = {.entity = SL("pres:o'hara@b"),
		.display_name = SL("O'Hara"),
		.tuples = written,
		.n_tuples = ARRAY_LEN(written),
		.notes = notes,
		.n_notes = 1,
		.has_person = true,
		.person = {.id = SL("p"), .activities = 1u << PIDF_BUSY, .idle = true}};
	struct buf b = {0};
	char *body;

	pidf_write(&b, &p);
	body = buf_dup(&b);
	expect("what was written", PIDF_TYPE, body,
		"pres:o'hara@b \"O'Hara\" | ID-a=open <dnd> busy sip:a@b;gr=x q15 en:'a < b & c' "
		":'\xef\xbf\xbd' @2005-10-27T16:49:29Z | ID-b=closed | ID-c=? | person p=? busy "
		"idle "
		"| en:'a < b & c'");
	free(body);

	/* what RFC 8048 ex. 19 has, to the byte */
	buf_reset(&b);
	p = (struct pidf){.entity = SL("pres:juliet@example.com"),
		.tuples = &(struct pidf_tuple){.id = SL("ID-x"),
			.basic = PIDF_OPEN,
			.show = SL("away"),
			.priority = -1},
		.n_tuples = 1};
	pidf_write(&b, &p);
	assert_slice(buf_slice(&b),
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><presence "
		"xmlns=\"urn:ietf:params:xml:ns:pidf\" entity='pres:juliet@example.com'>"
		"<tuple id='ID-x'><status><basic>open</basic><show xmlns=\"jabber:client\">away"
		"</show></status></tuple></presence>");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(availabilities),
		cmocka_unit_test(priority),
		cmocka_unit_test(limits),
		cmocka_unit_test(writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
