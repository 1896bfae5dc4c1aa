#include <string.h>

#include "daemon/conf.h"

enum { WIDTH = 78 };

/* Fills lines of at most WIDTH characters, each with `front` before it. */
static void wrap(struct buf *out, const char *front, const char *text)
{
	size_t at = 0;

	for (struct slice rest = slice_of(text), word; slice_split(&rest, ' ', &word);) {
		if (at && at + 1 + word.n > WIDTH) {
			buf_chr(out, '\n');
			at = 0;
		}
		if (at) {
			buf_chr(out, ' ');
			at++;
		} else {
			buf_str(out, front);
			at = strlen(front);
		}
		buf_slice_add(out, word);
		at += word.n;
	}
	buf_chr(out, '\n');
}

static bool new_section(size_t i)
{
	return i == 0 || strcmp(conf_keys[i].section, conf_keys[i - 1].section) != 0;
}

static bool is_cert(const struct conf_key *k)
{
	return strcmp(k->section, CONF_CERT_SECTION) == 0;
}

static void type_text(const struct conf_key *k, struct buf *out)
{
	buf_str(out, conf_type_name(k->type));
	if (k->choices)
		buf_printf(out, " %s", k->choices);
	if (k->type == CT_NUMBER)
		buf_printf(out, " from %u to %u", k->min, k->max);
	if ((k->type == CT_ADDRS || k->type == CT_NAMES || k->type == CT_PATHS ||
		    k->type == CT_NETS) &&
		k->max)
		buf_printf(out, ", at most %u", k->max);
}

void conf_doc_help(struct buf *out)
{
	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (new_section(i))
			buf_printf(out, "%s[%s%s]\n", i ? "\n" : "", k->section,
				is_cert(k) ? " NAME" : "");
		buf_printf(out, "%s  (", k->name);
		type_text(k, out);
		if (k->def)
			buf_printf(out, "; default: %s", *k->def ? k->def : "empty");
		else
			buf_str(out, "; must be given");
		buf_printf(out, "; %s)\n", k->reload ? "SIGHUP reloads it" : "needs a restart");
		wrap(out, "    ", k->help);
	}
}

/* The settings of the packaged file: every key, commented out, with its default. */
void conf_doc_example(struct buf *out)
{
	wrap(out, "# ",
		"entente.conf: what entented needs to start. Every setting is shown with its "
		"default; remove the # to change it. A list may go on in lines that begin with a "
		"blank. 'entented --check' says whether the file is right. Partners, domains, SIP "
		"routes and all else that changes at run time are not here: see entente(1).");
	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (new_section(i) && is_cert(k))
			buf_str(out, "\n# One section for each certificate; NAME is any word.\n"
				     "#[certificate NAME]\n");
		else if (new_section(i))
			buf_printf(out, "\n[%s]\n", k->section);
		wrap(out, "# ", k->help);
		if (k->choices) {
			buf_str(out, "# (");
			type_text(k, out);
			buf_str(out, ")\n");
		}
		buf_printf(out, "#%s =%s%s\n", k->name, k->def && !*k->def ? "" : " ",
			k->def               ? k->def
			: k->type == CT_PATH ? "/etc/entente/FILE.pem"
					     : "");
	}
}

/* mdoc: a backslash and a line's first dot or apostrophe have a meaning. */
static void man_text(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_str(out, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			buf_str(out, "\\e");
		else if (*s == '-')
			buf_str(out, "\\-");
		else
			buf_chr(out, *s);
	}
}

static void man_key(const struct conf_key *k, struct buf *out)
{
	buf_str(out, ".It Cm ");
	man_text(out, k->name);
	buf_str(out, "\n(");
	type_text(k, out);
	buf_str(out, k->def ? "; default: " : "; must be given");
	if (k->def)
		man_text(out, *k->def ? k->def : "empty");
	buf_printf(out, "; %s)\n.br\n", k->reload ? "reloaded by SIGHUP" : "needs a restart");
	man_text(out, k->help);
	buf_chr(out, '\n');
}

void conf_doc_man(struct buf *out)
{
	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (new_section(i)) {
			if (i)
				buf_str(out, ".El\n");
			buf_printf(out, ".Ss [%s%s]\n.Bl -tag -width Ds\n", k->section,
				is_cert(k) ? " NAME" : "");
		}
		man_key(k, out);
	}
	buf_str(out, ".El\n");
}
