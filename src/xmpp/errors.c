#include "xmpp/errors.h"

#include "base/mem.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

static const char *const stanza_names[STANZA_COND__N] = {[STANZA_OK] = "",
#define X(suffix, name, type) [STANZA_##suffix] = name,
	STANZA_CONDITIONS(X)
#undef X
};

static const enum stanza_error_type stanza_types[STANZA_COND__N] = {
#define X(suffix, name, type) [STANZA_##suffix] = STANZA_TYPE_##type,
	STANZA_CONDITIONS(X)
#undef X
};

static const char *const type_names[STANZA_TYPE__N] = {
	[STANZA_TYPE_AUTH] = "auth",
	[STANZA_TYPE_CANCEL] = "cancel",
	[STANZA_TYPE_CONTINUE] = "continue",
	[STANZA_TYPE_MODIFY] = "modify",
	[STANZA_TYPE_WAIT] = "wait",
};

static const char *const stream_names[STREAM_COND__N] = {[STREAM_OK] = "",
#define X(suffix, name) [STREAM_##suffix] = name,
	STREAM_CONDITIONS(X)
#undef X
};

static const char *const sasl_names[SASL_COND__N] = {[SASL_OK] = "",
#define X(suffix, name) [SASL_##suffix] = name,
	SASL_CONDITIONS(X)
#undef X
};

/* The first is the name of no condition and is not looked at. */
static unsigned find_cond(
	const char *const *names, unsigned n, struct slice name, unsigned otherwise)
{
	for (unsigned i = 1; i < n; i++)
		if (slice_eqz(name, names[i]))
			return i;
	return otherwise;
}

const char *stanza_cond_name(enum stanza_cond c)
{
	return stanza_names[c];
}

enum stanza_cond stanza_cond_parse(struct slice name)
{
	return (enum stanza_cond)find_cond(
		stanza_names, STANZA_COND__N, name, STANZA_UNDEFINED_CONDITION);
}

enum stanza_error_type stanza_cond_type(enum stanza_cond c)
{
	return stanza_types[c];
}

const char *stanza_error_type_name(enum stanza_error_type t)
{
	return type_names[t];
}

bool stanza_error_type_parse(struct slice name, enum stanza_error_type *ret)
{
	for (unsigned i = 0; i < STANZA_TYPE__N; i++) {
		if (slice_eqz(name, type_names[i])) {
			*ret = (enum stanza_error_type)i;
			return true;
		}
	}
	return false;
}

const char *stream_cond_name(enum stream_cond c)
{
	return stream_names[c];
}

enum stream_cond stream_cond_parse(struct slice name)
{
	return (enum stream_cond)find_cond(
		stream_names, STREAM_COND__N, name, STREAM_UNDEFINED_CONDITION);
}

const char *sasl_cond_name(enum sasl_cond c)
{
	return sasl_names[c];
}

enum sasl_cond sasl_cond_parse(struct slice name)
{
	return (enum sasl_cond)find_cond(sasl_names, SASL_COND__N, name, SASL_NOT_AUTHORIZED);
}

void stream_error_put(struct buf *b, enum stream_cond c, struct slice text)
{
	buf_str(b, "<stream:error><");
	buf_str(b, stream_names[c]);
	buf_str(b, " xmlns='" NS_STREAM_ERRORS "'/>");
	if (text.n) {
		buf_str(b, "<text xmlns='" NS_STREAM_ERRORS "' xml:lang='en'>");
		xml_put_text(b, text, XML_BAD_REPLACE);
		buf_str(b, "</text>");
	}
	buf_str(b, "</stream:error>");
}
