#include <stdio.h>
#include <string.h>

#include "admin/route.h"
#include "base/mem.h"
#include "daemon/conf.h"
#include "edge/probe_code.h"
#include "sipnet/route_code.h"
#include "federation/negotiation.h"
#include "federation/object.h"

/* Build-time: writes what would otherwise be a second list of a table. Not installed. */

/* ---- cli_settings.inc: what the shell knows of the settings ---- */

static void c_string(struct buf *out, const char *s)
{
	if (!s) {
		buf_str(out, "NULL");
		return;
	}
	buf_chr(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_chr(out, '\\');
		buf_chr(out, *s);
	}
	buf_chr(out, '"');
}

/* "tls" of tls_negotiation; else the name with '-'. */
static void option(struct buf *out, const struct setting *s)
{
	buf_chr(out, '"');
	for (const char *p = s->alias ? s->alias : s->name; *p; p++)
		buf_chr(out, *p == '_' ? '-' : *p);
	buf_chr(out, '"');
}

static void range(struct buf *out, const struct setting *s)
{
	struct buf text = {0};
	char *z;

	setting_range(s, &text);
	z = buf_dup(&text);
	c_string(out, z);
	xfree(z);
	buf_done(&text);
}

static void setting_row(struct buf *out, const struct setting *s)
{
	buf_str(out, "\t{");
	c_string(out, s->name);
	buf_str(out, ", ");
	option(out, s);
	buf_printf(out, ", %d, %d, %d, ", !!(s->flags & SETTING_KEY), setting_is_list(s),
		!!(s->flags & SETTING_WRITE_ONLY));
	c_string(out, s->deflt);
	buf_str(out, ", ");
	range(out, s);
	buf_str(out, ", ");
	c_string(out, s->help);
	buf_str(out, "},\n");
}

static void text_row(struct buf *out, const char *code, const char *text)
{
	buf_str(out, "\t{");
	c_string(out, code);
	buf_str(out, ", ");
	c_string(out, text);
	buf_str(out, "},\n");
}

/* What the codes of a verdict over TLS, SASL and dialback mean. */
static void cli_negotiation(struct buf *out)
{
	static const enum negotiation_refusal refusals[] = {
		NEGOTIATION_SASL_REQUIRES_TLS, NEGOTIATION_NO_AUTHENTICATION_METHOD};

	buf_str(out, "const struct cli_text cli_negotiation[] = {\n");
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		text_row(out, negotiation_refusal_code(refusals[i]),
			negotiation_refusal_text(refusals[i]));
	for (enum negotiation_method m = 0; m < METHOD__N; m++)
		text_row(out, negotiation_method_name(m), negotiation_method_text(m));
	for (enum negotiation_warning w = 0; w < WARNING__N; w++)
		text_row(out, negotiation_warning_code(w), negotiation_warning_text(w));
	buf_str(out, "\t{0},\n};\n");
}

static void cli_settings(struct buf *out)
{
	for (size_t i = 0; i < OBJECT__N; i++) {
		const struct object_class *class = object_classes[i];

		buf_printf(out, "static const struct cli_setting %s_settings[] = {\n", class->name);
		for (size_t k = 0; k < class->n_settings; k++)
			setting_row(out, &class->settings[k]);
		buf_str(out, "\t{0},\n};\n");
	}
	buf_str(out, "const struct cli_kind cli_kinds[] = {\n");
	for (size_t i = 0; i < OBJECT__N; i++) {
		const struct object_class *class = object_classes[i];

		buf_printf(out, "\t{\"%s\", \"%s\", \"%s\", %d, %s_settings},\n", class->name,
			class->plural, class->title, class->single, class->name);
	}
	buf_str(out, "\t{0},\n};\n");
	cli_negotiation(out);
}

static void test_man(struct buf *out)
{
	probe_code_man(out);
	buf_str(out, ".Ss Of a SIP route\n");
	route_code_man(out);
}

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} outputs[] = {
	{"cli-settings", cli_settings},
	{"conf-example", conf_doc_example},
	{"conf-man", conf_doc_man},
	{"openapi", api_openapi},
	{"test-man", test_man},
};

int main(int argc, char **argv)
{
	struct buf out = {0};

	for (size_t i = 0; i < ARRAY_LEN(outputs) && argc == 2; i++)
		if (strcmp(outputs[i].name, argv[1]) == 0)
			outputs[i].write(&out);
	if (out.n == 0 || fwrite(buf_slice(&out).p, 1, out.n, stdout) != out.n)
		return 1;
	buf_done(&out);
	return fflush(stdout) != 0;
}
