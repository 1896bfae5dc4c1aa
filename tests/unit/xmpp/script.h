#pragma once

#include "base/buf.h"
#include "xmpp/stream.h"

/*
 * A stream engine played through a script, with every byte it says and every event it tells.
 *
 *	IN "bytes"      the peer says this
 *	OUT "bytes"     exactly this has been said since the last OUT
 *	EV "event"      the next event, as printed by event_print()
 *	DO "action"     the driver: accept CERT | refuse CONDITION [TEXT] | tls CERT | tls-fail |
 *	                close [CONDITION [TEXT]] | tick MS | eof | valid REMOTE LOCAL |
 *	                pair REMOTE LOCAL | unpair REMOTE LOCAL | db-error CONDITION
 *
 * At every IN, at every DO and at the end, nothing may be left unsaid by the script. $0, $1 ... in
 *OUT are the engine's stream ids.
 */
enum op { OP_END, OP_IN, OP_OUT, OP_EV, OP_DO };
struct step {
	enum op op;
	const char *text;
};
#define IN  OP_IN,
#define OUT OP_OUT,
#define EV  OP_EV,
#define DO  OP_DO,

struct script {
	const char *name; /* the rule it shows, with its section */
	enum xstream_role role;
	struct xstream_policy policy;
	struct step steps[40];
};

/* Also byte by byte. Fails the test where it differs. */
void script_run(const struct script *s);

/*
 * Plays s and leaves the engine where it then is; what it says and tells from now on is the
 * caller's. The caller frees it.
 */
struct xstream *script_play(const struct script *s);

/* The configuration scripts play under: sip.lab here, xmpp.lab there, seed 0. */
struct xstream_cfg script_cfg(enum xstream_role role, struct xstream_policy policy);

/* One line without its end; takes what belongs to the event. */
void event_print(struct buf *out, struct xstream_event *ev);

/* Policies. */
#define EXTERNAL_ONLY                                                                              \
	{                                                                                          \
		.tls = XTLS_REQUIRED, .external = true                                             \
	}
#define EXTERNAL_OR_DIALBACK                                                                       \
	{                                                                                          \
		.tls = XTLS_REQUIRED, .external = true, .dialback_tls = true                       \
	}
#define ANYTHING                                                                                   \
	{                                                                                          \
		.tls = XTLS_OPTIONAL, .external = true, .dialback_tls = true,                      \
		.dialback_clear = true                                                             \
	}
#define CLEAR_DIALBACK                                                                             \
	{                                                                                          \
		.tls = XTLS_OFF, .dialback_clear = true                                            \
	}

/* What is said again and again. */
#define DECL "<?xml version='1.0'?>"
#define NSES                                                                                       \
	" xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "                  \
	"xmlns:db='jabber:server:dialback'"
#define THEIR_HEAD                                                                                 \
	DECL "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' version='1.0' xml:lang='de'>"
#define THEIR_ANSWER                                                                               \
	DECL "<stream:stream" NSES " from='xmpp.lab' to='sip.lab' id='theirs' version='1.0'>"
#define OUR_HEAD                                                                                   \
	DECL "<stream:stream" NSES " from='sip.lab' to='xmpp.lab' version='1.0' xml:lang='en'>"
#define OUR_ANSWER(id)                                                                             \
	DECL "<stream:stream" NSES " from='sip.lab' to='xmpp.lab' id='$" #id                       \
	     "' version='1.0' xml:lang='en'>"
#define TLS_NS   "urn:ietf:params:xml:ns:xmpp-tls"
#define SASL_NS  "urn:ietf:params:xml:ns:xmpp-sasl"
#define STARTTLS "<starttls xmlns='" TLS_NS "'/>"
#define STARTTLS_REQUIRED                                                                          \
	"<stream:features><starttls xmlns='" TLS_NS "'><required/></starttls></stream:features>"
#define OFFER_EXTERNAL                                                                             \
	"<stream:features><mechanisms xmlns='" SASL_NS                                             \
	"'><mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"
#define OFFER_DIALBACK                                                                             \
	"<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"       \
	"</stream:features>"
#define PROCEED     "<proceed xmlns='" TLS_NS "'/>"
#define TLS_FAILURE "<failure xmlns='" TLS_NS "'/>"
/* base64 of xmpp.lab and of sip.lab */
#define AUTH_THEIRS  "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'>eG1wcC5sYWI=</auth>"
#define AUTH_OURS    "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'>c2lwLmxhYg==</auth>"
#define SUCCESS      "<success xmlns='" SASL_NS "'/>"
#define SASL_FAIL(c) "<failure xmlns='" SASL_NS "'><" c "/></failure>"
#define ERROR(c)     "<stream:error><" c " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
#define ERROR_TEXT(c, text)                                                                        \
	"<stream:error><" c " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text "                 \
	"xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>" text "</text></stream:error>"
#define BYE "</stream:stream>"

/* A recipient up to the offer of EXTERNAL, and to where stanzas may come. */
#define INBOUND_TO_TLS                                                                             \
	{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},                \
		{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN STARTTLS}, {EV "need-tls"},             \
		{OUT PROCEED}, {DO "tls none"}, {IN THEIR_HEAD},                                   \
	{                                                                                          \
		EV "header xmpp.lab sip.lab de 1.0"                                                \
	}
#define INBOUND_TO_AUTH                                                                            \
	INBOUND_TO_TLS, {DO "accept good"},                                                        \
	{                                                                                          \
		OUT OUR_ANSWER(1) OFFER_EXTERNAL                                                   \
	}
#define INBOUND_OPEN                                                                               \
	INBOUND_TO_AUTH, {IN AUTH_THEIRS}, {OUT SUCCESS}, {IN THEIR_HEAD},                         \
		{EV "authenticated xmpp.lab sip.lab external"},                                    \
	{                                                                                          \
		OUT OUR_ANSWER(2) "<stream:features/>"                                             \
	}

#define OUTBOUND_TO_TLS                                                                            \
	{OUT OUR_HEAD}, {IN THEIR_ANSWER STARTTLS_REQUIRED}, {OUT STARTTLS}, {IN PROCEED},         \
	{                                                                                          \
		EV "need-tls"                                                                      \
	}
#define OUTBOUND_TO_FEATURES                                                                       \
	OUTBOUND_TO_TLS, {DO "tls good"}, {OUT OUR_HEAD},                                          \
	{                                                                                          \
		IN THEIR_ANSWER                                                                    \
	}
#define OUTBOUND_TO_AUTH                                                                           \
	OUTBOUND_TO_FEATURES, {IN OFFER_EXTERNAL},                                                 \
	{                                                                                          \
		OUT AUTH_OURS                                                                      \
	}
#define OUTBOUND_OPEN                                                                              \
	OUTBOUND_TO_AUTH, {IN SUCCESS}, {OUT OUR_HEAD}, {IN THEIR_ANSWER "<stream:features/>"},    \
	{                                                                                          \
		EV "authenticated sip.lab xmpp.lab external"                                       \
	}
