#include "unit.h"

#include "base/mem.h"
#include "script.h"

#define RECIPIENT XSTREAM_RECIPIENT
#define INITIATOR XSTREAM_INITIATOR

#define FROM_TO " from='romeo@xmpp.lab/x' to='juliet@sip.lab'"
#define PASSED  "stanza xmpp.lab sip.lab "
#define LANG    " xml:lang='de'"

/* clang-format off */
static const struct script recipient[] = {
	{"all the way with EXTERNAL, then a stanza (4.2, 5.4, 6.4, XEP-0178 3)", RECIPIENT,
		EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message" FROM_TO "><body>hi</body></message>"},
			{EV PASSED "<message" FROM_TO LANG "><body>hi</body></message>"}}},

	/* ---- headers ---- */
	{"an id of the initiator's is ignored (4.7.3)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' id='x' version='1.0'>"},
			{EV "header xmpp.lab sip.lab - 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}}},
	{"any prefix for the stream namespace (4.8.5)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server' "
		     "from='xmpp.lab' to='sip.lab' version='1.0'>"},
			{EV "header xmpp.lab sip.lab - 1.0"}}},
	{"the lower version, as numbers (4.7.5)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' version='01.11'>"},
			{EV "header xmpp.lab sip.lab - 1.11"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}}},
	{"a version to come (4.7.5)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' version='2.0'>"},
			{EV "header xmpp.lab sip.lab - 2.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}}},
	{"no version: answered without, no features; only dialback could follow (4.7.5)", RECIPIENT,
		ANYTHING,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab'>"},
			{EV "header xmpp.lab sip.lab - 0.9"}, {DO "accept none"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' to='xmpp.lab' id='$0' xml:lang='en'>"},
			{IN "<db:result from='xmpp.lab' to='sip.lab'>k</db:result>"},
			{EV "db-result xmpp.lab sip.lab - - k"}}},
	{"no version where dialback is not accepted", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab'>"},
			{EV "header xmpp.lab sip.lab - 0.9"}, {DO "accept none"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' to='xmpp.lab' id='$0' xml:lang='en'>" ERROR_TEXT(
					  "unsupported-version",
					  "this needs stream features, so version 1.0") BYE},
			{EV "closing local-error unsupported-version 'this needs stream features, so "
			    "version 1.0'"},
			{EV "closed"}}},
	{"a version that is none", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' version='one'>"},
			{OUT DECL "<stream:stream" NSES " from='sip.lab' id='$0' xml:lang='en'>"
				ERROR_TEXT("unsupported-version", "the version is not MAJOR.MINOR") BYE},
			{EV "closing local-error unsupported-version 'the version is not MAJOR.MINOR'"},
			{EV "closed"}}},
	{"wrong stream namespace; a header of ours comes first (4.8.1, 4.9.1.2)", RECIPIENT,
		EXTERNAL_ONLY,
		{{IN "<stream:stream xmlns='jabber:server' xmlns:stream='urn:wrong' "
		     "from='xmpp.lab' to='sip.lab' version='1.0'>"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' id='$0' version='1.0' xml:lang='en'>" ERROR_TEXT(
					  "invalid-namespace",
					  "the root element is not in the stream namespace") BYE},
			{EV "closing local-error invalid-namespace 'the root element is not in the "
			    "stream namespace'"},
			{EV "closed"}}},
	{"wrong content namespace (4.8.3)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream xmlns='jabber:client' "
		     "xmlns:stream='http://etherx.jabber.org/streams' to='sip.lab' version='1.0'>"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' id='$0' version='1.0' xml:lang='en'>" ERROR_TEXT(
					  "invalid-namespace",
					  "the content namespace is not jabber:server") BYE},
			{EV "closing local-error invalid-namespace 'the content namespace is not "
			    "jabber:server'"},
			{EV "closed"}}},
	{"a root that is no stream", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:flow" NSES ">"},
			{OUT DECL "<stream:stream" NSES " from='sip.lab' id='$0' xml:lang='en'>"
				ERROR_TEXT("bad-format", "the root element is not a stream") BYE},
			{EV "closing local-error bad-format 'the root element is not a stream'"},
			{EV "closed"}}},
	{"no `to` (4.9.1.3)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' version='1.0'>"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' to='xmpp.lab' id='$0' version='1.0' xml:lang='en'>"
				ERROR_TEXT("host-unknown", "to is not a domain") BYE},
			{EV "closing local-error host-unknown 'to is not a domain'"}, {EV "closed"}}},
	{"`to` not ours: the header is from what we call ourselves (4.9.3.6)", RECIPIENT,
		EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='other.lab' version='1.0'>"},
			{EV "header xmpp.lab other.lab - 1.0"}, {DO "refuse host-unknown"},
			{OUT OUR_ANSWER(0) ERROR("host-unknown") BYE},
			{EV "closing local-error host-unknown"}, {EV "closed"}}},
	{"`to` no longer ours (4.9.3.5)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='old.lab' version='1.0'>"},
			{EV "header xmpp.lab old.lab - 1.0"}, {DO "refuse host-gone it moved"},
			{OUT OUR_ANSWER(0) ERROR_TEXT("host-gone", "it moved") BYE},
			{EV "closing local-error host-gone 'it moved'"}, {EV "closed"}}},
	{"an unlisted domain (4.9.3.14)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='evil.lab' to='also-ours.lab' version='1.0'>"},
			{EV "header evil.lab also-ours.lab - 1.0"}, {DO "refuse policy-violation"},
			{OUT DECL "<stream:stream" NSES " from='also-ours.lab' to='evil.lab' id='$0' "
				  "version='1.0' xml:lang='en'>" ERROR("policy-violation") BYE},
			{EV "closing local-error policy-violation"}, {EV "closed"}}},
	{"`from` is no domain", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='a@xmpp.lab' to='sip.lab' version='1.0'>"},
			{OUT DECL "<stream:stream" NSES " from='sip.lab' id='$0' version='1.0' "
				  "xml:lang='en'>" ERROR_TEXT("improper-addressing",
					  "from is not a domain") BYE},
			{EV "closing local-error improper-addressing 'from is not a domain'"},
			{EV "closed"}}},
	{"`from` is absent: the driver decides (4.7.1)", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " to='sip.lab' version='1.0'>"},
			{EV "header - sip.lab - 1.0"}, {DO "accept none"},
			{OUT DECL "<stream:stream" NSES " from='sip.lab' id='$0' version='1.0' "
				  "xml:lang='en'>" STARTTLS_REQUIRED}}},
	{"domains are canonical in events, as they stand on the wire", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='XMPP.Lab.' to='SIP.lab' version='1.0'>"},
			{EV "header xmpp.lab sip.lab - 1.0"}, {DO "accept none"},
			{OUT DECL "<stream:stream" NSES " from='SIP.lab' to='XMPP.Lab.' id='$0' "
				  "version='1.0' xml:lang='en'>" STARTTLS_REQUIRED}}},

	/* ---- STARTTLS ---- */
	{"clear bytes behind <starttls/> are discarded (5.4.3.3)", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED},
			{IN STARTTLS "<iq/><message" FROM_TO "/>" THEIR_HEAD AUTH_THEIRS},
			{EV "need-tls"}, {OUT PROCEED}, {DO "tls none"}, {IN THEIR_HEAD},
			{EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept good"},
			{OUT OUR_ANSWER(1) OFFER_EXTERNAL}}},
	{"half an element in clear is not completed inside TLS (5.4.3.3)", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN STARTTLS "<auth mech"},
			{EV "need-tls"}, {OUT PROCEED}, {DO "tls none"}, {IN "anism='EXTERNAL'>"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' id='$1' version='1.0' xml:lang='en'>" ERROR_TEXT(
					  "not-well-formed", "not well-formed (invalid token)") BYE},
			{EV "closing local-error not-well-formed 'not well-formed (invalid token)'"}, {EV "closed"}}},
	{"not offered: failure, and the end (5.4.2.2)", RECIPIENT, CLEAR_DIALBACK,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) OFFER_DIALBACK}, {IN STARTTLS}, {OUT TLS_FAILURE BYE},
			{EV "closing tls-refused"}, {EV "closed"}}},
	{"not twice (5.4.3.3)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN STARTTLS}, {OUT TLS_FAILURE BYE}, {EV "closing tls-refused"},
			{EV "closed"}}},
	{"the handshake fails: not another byte (5.4.3.2)", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN STARTTLS}, {EV "need-tls"},
			{OUT PROCEED}, {DO "tls-fail"}, {EV "closing tls-failed"},
			{EV "closed abrupt"}}},
	{"TLS optional and dialback in clear: both are offered", RECIPIENT, ANYTHING,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) "<stream:features>" STARTTLS
					   "<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
					   "</dialback></stream:features>"}}},

	/* ---- SASL ---- */
	{"certificate not good, nothing else: policy-violation at once (6.4.5)", RECIPIENT,
		EXTERNAL_ONLY,
		{INBOUND_TO_TLS, {DO "accept bad"},
			{OUT OUR_ANSWER(1) ERROR_TEXT("policy-violation",
				"the certificate is not accepted") BYE},
			{EV "closing local-error policy-violation 'the certificate is not accepted'"},
			{EV "closed"}}},
	{"no certificate, nothing else", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_TLS, {DO "accept none"},
			{OUT OUR_ANSWER(1) ERROR_TEXT("policy-violation", "a certificate is required") BYE},
			{EV "closing local-error policy-violation 'a certificate is required'"},
			{EV "closed"}}},
	{"certificate not good, dialback allowed", RECIPIENT, EXTERNAL_OR_DIALBACK,
		{INBOUND_TO_TLS, {DO "accept bad"}, {OUT OUR_ANSWER(1) OFFER_DIALBACK},
			{IN AUTH_THEIRS}, {EV "auth-failed not-authorized"},
			{OUT SASL_FAIL("not-authorized")}}},
	{"empty initial response (6.4.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'>=</auth>"},
			{OUT SUCCESS}}},
	{"no initial response: a challenge, answered by name (6.4.3)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'/>"},
			{OUT "<challenge xmlns='" SASL_NS "'/>"},
			{IN "<response xmlns='" SASL_NS "'>eG1wcC5sYWI=</response>"}, {OUT SUCCESS}}},
	{"the challenge answered by nothing", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'/>"},
			{OUT "<challenge xmlns='" SASL_NS "'/>"}, {IN "<response xmlns='" SASL_NS "'/>"},
			{OUT SUCCESS}}},
	{"another <auth/> replaces the one under way (6.4.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'/>"},
			{OUT "<challenge xmlns='" SASL_NS "'/>"}, {IN AUTH_THEIRS}, {OUT SUCCESS}}},
	{"abort (6.4.4)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'/>"},
			{OUT "<challenge xmlns='" SASL_NS "'/>"}, {IN "<abort xmlns='" SASL_NS "'/>"},
			{EV "auth-failed aborted"}, {OUT SASL_FAIL("aborted")}, {IN AUTH_THEIRS},
			{OUT SUCCESS}}},
	{"a response nobody asked for (6.5.8)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<response xmlns='" SASL_NS "'>=</response>"},
			{EV "auth-failed malformed-request"}, {OUT SASL_FAIL("malformed-request")}}},
	{"three failures, then no more (6.4.5)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='PLAIN'>AGE=</auth>"},
			{EV "auth-failed invalid-mechanism"}, {OUT SASL_FAIL("invalid-mechanism")},
			{IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'>!</auth>"},
			{EV "auth-failed incorrect-encoding"}, {OUT SASL_FAIL("incorrect-encoding")},
			{IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'>ZXZpbC5sYWI=</auth>"},
			{EV "auth-failed invalid-authzid"}, {OUT SASL_FAIL("invalid-authzid")},
			{IN AUTH_THEIRS},
			{OUT ERROR_TEXT("policy-violation", "too many authentication attempts") BYE},
			{EV "closing local-error policy-violation 'too many authentication attempts'"},
			{EV "closed"}}},
	{"SASL before TLS (6.5.4)", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN AUTH_THEIRS},
			{EV "auth-failed encryption-required"}, {OUT SASL_FAIL("encryption-required")}}},
	{"after success another name (6.4.6)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN AUTH_THEIRS}, {OUT SUCCESS},
			{IN "<stream:stream" NSES " from='evil.lab' to='sip.lab' version='1.0'>"},
			{OUT DECL "<stream:stream" NSES " from='sip.lab' to='evil.lab' id='$2' "
				  "version='1.0' xml:lang='en'>" ERROR_TEXT("invalid-from",
					  "not the domain that was authenticated") BYE},
			{EV "closing local-error invalid-from 'not the domain that was authenticated'"},
			{EV "closed"}}},
	{"after success another of our domains", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN AUTH_THEIRS}, {OUT SUCCESS},
			{IN "<stream:stream" NSES " from='xmpp.lab' to='b.lab' version='1.0'>"},
			{OUT OUR_ANSWER(2) ERROR_TEXT("host-unknown",
				"not the domain that was asked for before") BYE},
			{EV "closing local-error host-unknown 'not the domain that was asked for "
			    "before'"},
			{EV "closed"}}},
	{"the new header may follow <auth/> at once", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN AUTH_THEIRS THEIR_HEAD "<iq" FROM_TO "/>"},
			{EV "authenticated xmpp.lab sip.lab external"},
			{EV PASSED "<iq" FROM_TO LANG "/>"},
			{OUT SUCCESS OUR_ANSWER(2) "<stream:features/>"}}},

	/* ---- before authentication ---- */
	{"a stanza in clear (4.3.5)", RECIPIENT, ANYTHING,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) "<stream:features>" STARTTLS
					   "<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
					   "</dialback></stream:features>"},
			{IN "<message" FROM_TO "/>"}, {OUT ERROR("not-authorized") BYE},
			{EV "closing local-error not-authorized"}, {EV "closed"}}},
	{"a stanza before SASL (4.9.3.12)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<presence" FROM_TO "/>"}, {OUT ERROR("not-authorized") BYE},
			{EV "closing local-error not-authorized"}, {EV "closed"}}},
	{"what we do not know is passed over (XEP-0288 without being offered)", RECIPIENT,
		EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN "<bidi xmlns='urn:xmpp:bidi'/>" AUTH_THEIRS}, {OUT SUCCESS}}},
	{"white space between elements (11.7)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN " \n" AUTH_THEIRS}, {OUT SUCCESS}}},
	{"too long (XEP-0205 4)", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "tick 61000"},
			{OUT DECL "<stream:stream" NSES " from='sip.lab' to='xmpp.lab' id='$0' "
				  "version='1.0' xml:lang='en'>" ERROR_TEXT("connection-timeout",
					  "not authenticated in time") BYE},
			{EV "closing timeout 'not authenticated in time'"}, {EV "closed"},
			{DO "accept none"}}},
	{"silence from the beginning", RECIPIENT, EXTERNAL_ONLY,
		{{DO "tick 60999"}, {DO "tick 61000"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' id='$0' version='1.0' xml:lang='en'>" ERROR_TEXT(
					  "connection-timeout", "not authenticated in time") BYE},
			{EV "closing timeout 'not authenticated in time'"}, {EV "closed"}}},
	{"too long in the TLS handshake: not another byte", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN STARTTLS}, {EV "need-tls"},
			{OUT PROCEED}, {DO "tick 61000"}, {EV "closing timeout"}, {EV "closed abrupt"},
			{DO "tls none"}, {DO "tls-fail"}}},

	/* ---- stanzas ---- */
	{"no `to` (8.1.1.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message from='a@xmpp.lab'/>"},
			{OUT ERROR("improper-addressing") BYE},
			{EV "closing local-error improper-addressing"}, {EV "closed"}}},
	{"no `from` (8.1.2.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message to='a@sip.lab'/>"},
			{OUT ERROR("improper-addressing") BYE},
			{EV "closing local-error improper-addressing"}, {EV "closed"}}},
	{"a forged `from` (8.1.2.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message from='a@other.lab' to='b@sip.lab'/>"},
			{OUT ERROR("invalid-from") BYE}, {EV "closing local-error invalid-from"},
			{EV "closed"}}},
	{"a `to` that is not ours is never relayed (8.1.1.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message from='a@xmpp.lab' to='b@other.lab'/>"},
			{OUT ERROR("host-unknown") BYE}, {EV "closing local-error host-unknown"},
			{EV "closed"}}},
	{"a pair the driver added, and took away", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "pair conf.xmpp.lab sip.lab"},
			{IN "<iq from='r@conf.xmpp.lab/n' to='b@SIP.lab'/>"},
			{EV "stanza conf.xmpp.lab sip.lab <iq from='r@conf.xmpp.lab/n' to='b@SIP.lab'" LANG
			    "/>"},
			{DO "unpair conf.xmpp.lab sip.lab"},
			{IN "<iq from='r@conf.xmpp.lab/n' to='b@sip.lab'/>"},
			{OUT ERROR("invalid-from") BYE}, {EV "closing local-error invalid-from"},
			{EV "closed"}}},
	{"in order, in one go (10.1)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<iq id='1'" FROM_TO "/> <iq id='2'" FROM_TO "/><presence" FROM_TO "/>"},
			{EV PASSED "<iq id='1'" FROM_TO LANG "/>"},
			{EV PASSED "<iq id='2'" FROM_TO LANG "/>"},
			{EV PASSED "<presence" FROM_TO LANG "/>"}}},
	{"a language of its own stays (4.7.4)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message xml:lang='fr'" FROM_TO "/>"},
			{EV PASSED "<message xml:lang='fr'" FROM_TO "/>"}}},
	{"any prefix for the content namespace", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<s:iq xmlns:s='jabber:server'" FROM_TO "/>"},
			{EV PASSED "<iq" FROM_TO LANG "/>"}}},
	{"not a stanza, not negotiated (4.9.3.24)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<bidi xmlns='urn:xmpp:bidi'/>"},
			{OUT ERROR("unsupported-stanza-type") BYE},
			{EV "closing local-error unsupported-stanza-type"}, {EV "closed"}}},
	{"no such stanza in jabber:server (4.9.3.24)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<pubsub" FROM_TO "/>"}, {OUT ERROR("unsupported-stanza-type") BYE},
			{EV "closing local-error unsupported-stanza-type"}, {EV "closed"}}},
	{"a stanza in jabber:client (4.8.3)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<message xmlns='jabber:client'" FROM_TO "/>"},
			{OUT ERROR("invalid-namespace") BYE}, {EV "closing local-error invalid-namespace"},
			{EV "closed"}}},

	/* ---- XML ---- */
	{"not XML at all", RECIPIENT, EXTERNAL_ONLY,
		{{IN "GET / HTTP/1.1\r\n\r\n"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' id='$0' version='1.0' xml:lang='en'>" ERROR_TEXT(
					  "not-well-formed", "syntax error") BYE},
			{EV "closing local-error not-well-formed 'syntax error'"}, {EV "closed"}}},
	{"a comment (11.1)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<iq" FROM_TO "><!-- x --></iq>"},
			{OUT ERROR_TEXT("restricted-xml", "a comment") BYE},
			{EV "closing local-error restricted-xml 'a comment'"}, {EV "closed"}}},
	{"not well-formed: the stanza before it counts, it does not (11.3)", RECIPIENT,
		EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<iq" FROM_TO "/><message" FROM_TO "><body></message>"},
			{EV PASSED "<iq" FROM_TO LANG "/>"},
			{OUT ERROR_TEXT("not-well-formed", "mismatched tag") BYE},
			{EV "closing local-error not-well-formed 'mismatched tag'"}, {EV "closed"}}},
	{"not UTF-8 (11.6)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "<iq" FROM_TO ">\xe4</iq>"},
			{OUT ERROR_TEXT("unsupported-encoding", "not UTF-8") BYE},
			{EV "closing local-error unsupported-encoding 'not UTF-8'"}, {EV "closed"}}},
	{"text between stanzas", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN "hello"},
			{OUT ERROR_TEXT("bad-format", "text outside of any stanza") BYE},
			{EV "closing local-error bad-format 'text outside of any stanza'"},
			{EV "closed"}}},

	/* ---- dialback ---- */
	{"dialback elements are told as they are", RECIPIENT, EXTERNAL_OR_DIALBACK,
		{INBOUND_TO_TLS, {DO "accept bad"}, {OUT OUR_ANSWER(1) OFFER_DIALBACK},
			{IN "<db:result from='xmpp.lab' to='sip.lab'>key</db:result>"
			    "<d:verify xmlns:d='jabber:server:dialback' from='a' to='b' id='c'>k</d:verify>"},
			{EV "db-result xmpp.lab sip.lab - - key"}, {EV "db-verify a b c - k"},
			{DO "db-error policy-violation"},
			{OUT "<db:result from='sip.lab' to='xmpp.lab' type='error'><error type='modify'>"
			     "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
			     "</db:result>"}}},
	{"a pair made valid by dialback", RECIPIENT, EXTERNAL_OR_DIALBACK,
		{INBOUND_TO_TLS, {DO "accept bad"}, {OUT OUR_ANSWER(1) OFFER_DIALBACK},
			{DO "valid xmpp.lab sip.lab"}, {EV "authenticated xmpp.lab sip.lab dialback"},
			{IN "<iq" FROM_TO "/>"}, {EV PASSED "<iq" FROM_TO LANG "/>"},
			{DO "valid conf.xmpp.lab sip.lab"},
			{IN "<iq from='a@conf.xmpp.lab' to='b@sip.lab'/>"},
			{EV "stanza conf.xmpp.lab sip.lab <iq from='a@conf.xmpp.lab' to='b@sip.lab'" LANG
			    "/>"}}},
	{"dialback that answers for a stream id of before", RECIPIENT, ANYTHING,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) "<stream:features>" STARTTLS
					   "<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
					   "</dialback></stream:features>"},
			{IN STARTTLS}, {EV "need-tls"}, {OUT PROCEED}, {DO "valid xmpp.lab sip.lab"},
			{EV "too late"}, {DO "db-error forbidden"}, {DO "tls none"}, {DO "valid xmpp.lab sip.lab"},
			{EV "too late"}}},
	{"a dialback error of the peer's", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN,
			{IN "<db:result from='a' to='b' type='error'><error type='cancel'><item-not-found "
			    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>"},
			{EV "db-result a b - error - item-not-found"}}},

	/* ---- the end ---- */
	{"the peer closes (4.4)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN BYE}, {OUT BYE}, {EV "closing peer"}, {EV "closed"}}},
	{"we close: what still comes is taken until its end (4.4)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "close"}, {OUT BYE}, {EV "closing local"}, {IN "<iq" FROM_TO "/>"},
			{EV PASSED "<iq" FROM_TO LANG "/>"}, {IN "<x xmlns='urn:x'/>" BYE},
			{EV "closed"}}},
	{"we close, and the peer does not", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "close"}, {OUT BYE}, {EV "closing local"}, {DO "tick 10999"},
			{DO "tick 11000"}, {EV "closed"}}},
	{"we close, and the connection ends", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "close"}, {OUT BYE}, {EV "closing local"}, {DO "eof"},
			{EV "closed"}}},
	{"we close, and the peer sends what may not pass", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "close"}, {OUT BYE}, {EV "closing local"},
			{IN "<iq from='a@evil.lab' to='b@sip.lab'/>"}, {EV "closed"}}},
	{"system-shutdown (4.9.3.20)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "close system-shutdown"}, {OUT ERROR("system-shutdown") BYE},
			{EV "closing local-error system-shutdown"}, {EV "closed"},
			{IN "<iq" FROM_TO "/>" BYE}, {DO "close"}, {DO "tick 99999"}}},
	{"a stream error of the peer's (4.9.1.1)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN ERROR_TEXT("reset", "new certificate") BYE}, {OUT BYE},
			{EV "closing peer-error reset 'new certificate'"}, {EV "closed"}}},
	{"an unknown stream error is undefined-condition (4.9.2)", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {IN ERROR("coffee-break")}, {OUT BYE},
			{EV "closing peer-error undefined-condition"}, {EV "closed"}}},
	{"the connection ends without a word", RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_OPEN, {DO "eof"}, {EV "closing lost"}, {EV "closed abrupt"}}},
	{"nothing was ever said", RECIPIENT, EXTERNAL_ONLY,
		{{DO "eof"}, {EV "closing lost"}, {EV "closed abrupt"}}},
	{"closing before a word", RECIPIENT, EXTERNAL_ONLY,
		{{DO "close"}, {EV "closing local"}, {EV "closed"}}},
	{"closing with a reason before a word (4.9.1.2)", RECIPIENT, EXTERNAL_ONLY,
		{{DO "close resource-constraint"},
			{OUT DECL "<stream:stream" NSES
				  " from='sip.lab' id='$0' version='1.0' xml:lang='en'>" ERROR(
					  "resource-constraint") BYE},
			{EV "closing local-error resource-constraint"}, {EV "closed"}}},
	{"closing during the TLS handshake", RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN STARTTLS}, {EV "need-tls"},
			{OUT PROCEED}, {DO "close system-shutdown"},
			{EV "closing local-error system-shutdown"}, {EV "closed abrupt"}}},
	{"an empty stream", RECIPIENT, EXTERNAL_ONLY,
		{{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' version='1.0'/>"},
			{EV "header xmpp.lab sip.lab - 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED BYE}, {EV "closing peer"}, {EV "closed"}}},
};
/* clang-format on */

/* clang-format off */
static const struct script initiator[] = {
	{"all the way with EXTERNAL (4.2, 5.4, 6.4, XEP-0178 3)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_OPEN}},
	{"in one go as the bytes come", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_TLS, {DO "tls good"}, {OUT OUR_HEAD}, {IN THEIR_ANSWER OFFER_EXTERNAL},
			{OUT AUTH_OURS}, {IN SUCCESS THEIR_ANSWER "<stream:features/>"}, {OUT OUR_HEAD},
			{EV "authenticated sip.lab xmpp.lab external"}}},
	{"other prefixes, other features, other mechanisms", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_TLS, {DO "tls good"}, {OUT OUR_HEAD},
			{IN "<a:stream xmlns:a='http://etherx.jabber.org/streams' version='1.0' id='x'>"
			    "<a:features><s:mechanisms xmlns:s='" SASL_NS
			    "'><s:mechanism>PLAIN</s:mechanism><s:mechanism> EXTERNAL\n</s:mechanism>"
			    "</s:mechanisms><compression xmlns='http://jabber.org/features/compress'/>"
			    "</a:features>"},
			{OUT AUTH_OURS}}},

	/* ---- TLS ---- */
	{"TLS is taken whenever it is offered (13.14)", INITIATOR, ANYTHING,
		{{OUT OUR_HEAD},
			{IN THEIR_ANSWER "<stream:features>" STARTTLS
					 "<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"},
			{OUT STARTTLS}}},
	{"TLS is asked for where we need it and nobody offers it (RFC 7590 3.1)", INITIATOR,
		EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {IN THEIR_ANSWER "<stream:features/>"}, {OUT STARTTLS},
			{IN TLS_FAILURE BYE}, {OUT BYE}, {EV "closing tls-refused"}, {EV "closed"}}},
	{"clear bytes behind <proceed/> are discarded (5.4.3.3)", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {IN THEIR_ANSWER STARTTLS_REQUIRED}, {OUT STARTTLS},
			{IN PROCEED THEIR_ANSWER OFFER_EXTERNAL}, {EV "need-tls"}, {DO "tls good"},
			{OUT OUR_HEAD}, {IN THEIR_ANSWER OFFER_EXTERNAL}, {OUT AUTH_OURS}}},
	{"white space before <proceed/> does no harm", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {IN THEIR_ANSWER STARTTLS_REQUIRED}, {OUT STARTTLS},
			{IN "\n" PROCEED}, {EV "need-tls"}}},
	{"the peer's certificate is not good: said so, and the end", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_TLS, {DO "tls bad"},
			{OUT OUR_HEAD ERROR_TEXT("policy-violation",
				"the peer's certificate is not accepted") BYE},
			{EV "closing bad-certificate policy-violation 'the peer's certificate is not "
			    "accepted'"},
			{EV "closed"}}},
	{"the peer's certificate is not good: encryption only, where dialback is allowed", INITIATOR,
		EXTERNAL_OR_DIALBACK,
		{OUTBOUND_TO_TLS, {DO "tls bad"}, {OUT OUR_HEAD}, {IN THEIR_ANSWER OFFER_EXTERNAL},
			{EV "need-dialback"}}},
	{"the handshake fails (5.4.3.2)", INITIATOR, ANYTHING,
		{OUTBOUND_TO_TLS, {DO "tls-fail"}, {EV "closing tls-failed"}, {EV "closed abrupt"}}},
	{"the peer requires TLS, we may not", INITIATOR, CLEAR_DIALBACK,
		{{OUT OUR_HEAD}, {IN THEIR_ANSWER STARTTLS_REQUIRED}, {OUT BYE},
			{EV "closing no-method 'one side requires TLS and the other does not offer it'"},
			{IN BYE}, {EV "closed"}}},
	{"dialback in clear, where allowed and nothing better is there", INITIATOR, ANYTHING,
		{{OUT OUR_HEAD}, {IN THEIR_ANSWER OFFER_DIALBACK}, {EV "need-dialback"},
			{DO "valid xmpp.lab sip.lab"},
			{EV "authenticated sip.lab xmpp.lab dialback"}}},

	/* ---- SASL ---- */
	{"EXTERNAL is not offered: close, do not hang (6.4.5)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_FEATURES, {IN OFFER_DIALBACK}, {OUT BYE},
			{EV "closing no-method 'the peer does not offer SASL EXTERNAL'"}, {IN BYE},
			{EV "closed"}}},
	{"EXTERNAL is not offered: dialback on the same stream", INITIATOR, EXTERNAL_OR_DIALBACK,
		{OUTBOUND_TO_FEATURES, {IN OFFER_DIALBACK}, {EV "need-dialback"},
			{DO "close"}, {OUT BYE}, {EV "closing local"}}},
	{"EXTERNAL is refused: closed (6.4.5)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_AUTH,
			{IN "<failure xmlns='" SASL_NS "'><not-authorized/><text xml:lang='en'>who?"
			    "</text></failure>"},
			{EV "auth-failed not-authorized 'who?'"}, {OUT BYE},
			{EV "closing sasl not-authorized 'the peer refused SASL EXTERNAL'"}, {IN BYE},
			{EV "closed"}}},
	{"EXTERNAL is refused: dialback on the same stream (ejabberd)", INITIATOR,
		EXTERNAL_OR_DIALBACK,
		{OUTBOUND_TO_AUTH, {IN SASL_FAIL("not-authorized")}, {EV "auth-failed not-authorized"},
			{EV "need-dialback"}}},
	{"an unknown SASL condition is not-authorized (6.5)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_AUTH, {IN SASL_FAIL("bad-mood")}, {EV "auth-failed not-authorized"},
			{OUT BYE}, {EV "closing sasl not-authorized 'the peer refused SASL EXTERNAL'"}}},
	{"a challenge (6.4.3)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_AUTH, {IN "<challenge xmlns='" SASL_NS "'/>"},
			{OUT "<response xmlns='" SASL_NS "'>c2lwLmxhYg==</response>"}, {IN SUCCESS},
			{OUT OUR_HEAD}}},

	/* ---- others ---- */
	{"version 0.9 and we need TLS (4.7.5)", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD},
			{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' id='x'>"},
			{OUT ERROR_TEXT("unsupported-version",
				"one side requires TLS and the other does not offer it") BYE},
			{EV "closing no-method unsupported-version 'one side requires TLS and the other "
			    "does not offer it'"},
			{EV "closed"}}},
	{"version 0.9 and dialback in clear is allowed", INITIATOR, ANYTHING,
		{{OUT OUR_HEAD},
			{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' id='x'>"},
			{EV "need-dialback"}}},
	{"wrong namespace in the answer", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {IN "<stream:stream xmlns:stream='urn:wrong'>"},
			{OUT ERROR_TEXT("invalid-namespace",
				"the root element is not in the stream namespace") BYE},
			{EV "closing local-error invalid-namespace 'the root element is not in the stream "
			    "namespace'"},
			{EV "closed"}}},
	{"host-unknown of the peer's", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {IN THEIR_ANSWER ERROR("host-unknown") BYE}, {OUT BYE},
			{EV "closing peer-error host-unknown"}, {EV "closed"}}},
	{"a stanza from the receiving side (4.9.3.12)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_OPEN, {IN "<message" FROM_TO "/>"}, {OUT ERROR("not-authorized") BYE},
			{EV "closing local-error not-authorized"}, {EV "closed"}}},
	{"empty features may come once more (4.3.5)", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_OPEN, {IN "<stream:features/> "}}},
	{"the peer goes away during negotiation", INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_AUTH, {IN BYE}, {OUT BYE}, {EV "closing peer"}, {EV "closed"}}},
	{"no answer", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {DO "tick 61000"},
			{OUT ERROR_TEXT("connection-timeout", "not authenticated in time") BYE},
			{EV "closing timeout 'not authenticated in time'"}, {EV "closed"}}},
	{"we close before the answer", INITIATOR, EXTERNAL_ONLY,
		{{OUT OUR_HEAD}, {DO "close"}, {OUT BYE}, {EV "closing local"},
			{IN THEIR_ANSWER STARTTLS_REQUIRED BYE}, {EV "closed"}}},
};
/* clang-format on */

static void transcripts_of_the_recipient(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(recipient); i++)
		script_run(&recipient[i]);
	(void)state;
}

static void transcripts_of_the_initiator(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(initiator); i++)
		script_run(&initiator[i]);
	(void)state;
}

/* What a peer sends before it is authenticated is bounded, also when none of it is an element. */
static void bytes_before_authentication(void **state)
{
	struct xstream_cfg cfg = script_cfg(RECIPIENT, (struct xstream_policy)ANYTHING);
	struct xstream_event ev;
	size_t fed = sizeof THEIR_HEAD - 1;
	struct xstream *x;

	cfg.preauth_bytes = 1000;
	x = xstream_new(&cfg, 0);
	xstream_feed(x, SL(THEIR_HEAD), 0);
	assert_true(xstream_event(x, &ev));
	xstream_accept(x, &cfg.policy, XCERT_NONE);
	while (!xstream_event(x, &ev)) {
		xstream_feed(x, SL(" "), 0);
		fed++;
	}
	assert_int_equal(fed, 1001);
	assert_int_equal(ev.type, XSTREAM_CLOSING);
	assert_int_equal(ev.cond, STREAM_POLICY_VIOLATION);
	assert_slice(ev.text, "too many bytes before authentication");
	xstream_free(x);
	(void)state;
}

/* So are the elements, small as they may be; what dialback asks is counted by those who answer. */
static void elements_before_authentication(void **state)
{
	struct xstream_cfg cfg = script_cfg(RECIPIENT, (struct xstream_policy)ANYTHING);
	struct xstream_event ev;
	struct xstream *x;
	int fed = 0;

	cfg.preauth_elements = 5;
	x = xstream_new(&cfg, 0);
	xstream_feed(x, SL(THEIR_HEAD), 0);
	assert_true(xstream_event(x, &ev));
	xstream_accept(x, &cfg.policy, XCERT_NONE);
	while (!xstream_event(x, &ev)) {
		xstream_feed(x, SL("<a xmlns='urn:b'/>"), 0);
		fed++;
	}
	assert_int_equal(fed, 6);
	assert_int_equal(ev.type, XSTREAM_CLOSING);
	assert_int_equal(ev.cond, STREAM_POLICY_VIOLATION);
	assert_slice(ev.text, "too many elements before authentication");
	xstream_free(x);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transcripts_of_the_recipient),
		cmocka_unit_test(transcripts_of_the_initiator),
		cmocka_unit_test(bytes_before_authentication),
		cmocka_unit_test(elements_before_authentication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
