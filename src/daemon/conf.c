#include "daemon/conf.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* inih cuts longer names silently, so they are refused before it sees them. */
enum { LINE_BYTES = 4096, NAME_BYTES = 49 };

struct reader {
	FILE *file;
	struct conf *c;
	struct conf_notes *notes;
	unsigned line;
	bool continued; /* the line in hand begins with a blank: more of the value before it */
	const struct conf_key *last; /* what a continuation line continues */
	struct conf_text *cert_text; /* conf_keys_n for each certificate, row by row */
};

void conf_note(struct conf_notes *n, enum conf_severity s, unsigned line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	n->v = xrealloc(n->v, (n->n + 1) * sizeof *n->v);
	n->v[n->n++] = (struct conf_note){s, line, xstrdup(text)};
	n->errors += s == CONF_ERROR;
}

void conf_notes_done(struct conf_notes *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i].text);
	free(n->v);
	*n = (struct conf_notes){0};
}

static int by_line(const void *a, const void *b)
{
	const struct conf_note *const *x = a, *const *y = b;

	if ((*x)->line != (*y)->line)
		return (*x)->line < (*y)->line ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

void conf_notes_write(const struct conf_notes *n, const char *path, struct buf *out)
{
	const struct conf_note **order = xcalloc(n->n + 1, sizeof *order);

	for (size_t i = 0; i < n->n; i++)
		order[i] = &n->v[i];
	qsort(order, n->n, sizeof *order, by_line);
	for (size_t i = 0; i < n->n; i++) {
		buf_str(out, path);
		if (order[i]->line)
			buf_printf(out, ":%u", order[i]->line);
		buf_printf(out, ": %s: %s\n",
			order[i]->severity == CONF_ERROR ? "error" : "warning", order[i]->text);
	}
	free(order);
}

/* ---- names ---- */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to change, add or drop to get from a to b; both are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES + 2], n = strlen(b);

	if (n > NAME_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t up = row[j];

			row[j] = min3(up + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[n];
}

static bool cert_section(const char *section)
{
	return slice_starts(slice_of(section), SL(CONF_CERT_SECTION " "));
}

static bool in_section(const struct conf_key *k, const char *section)
{
	if (strcmp(k->section, CONF_CERT_SECTION) == 0)
		return cert_section(section);
	return strcmp(k->section, section) == 0;
}

static const struct conf_key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (in_section(&conf_keys[i], section) && strcmp(conf_keys[i].name, name) == 0)
			return &conf_keys[i];
	return NULL;
}

static bool section_known(const char *section)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (in_section(&conf_keys[i], section))
			return true;
	return false;
}

static void note_unknown_section(struct reader *r, const char *section)
{
	struct buf all = {0};

	for (size_t i = 0; i < conf_keys_n; i++)
		if (i == 0 || strcmp(conf_keys[i].section, conf_keys[i - 1].section) != 0)
			buf_printf(&all, " [%s%s]", conf_keys[i].section,
				strcmp(conf_keys[i].section, CONF_CERT_SECTION) == 0 ? " NAME"
										     : "");
	buf_chr(&all, '\0');
	if (*section)
		conf_note(r->notes, CONF_ERROR, r->line, "there is no section [%s]; there are%s",
			section, buf_slice(&all).p);
	else
		conf_note(r->notes, CONF_ERROR, r->line,
			"a setting stands before the first section; begin with one of%s",
			buf_slice(&all).p);
	buf_done(&all);
}

static void note_unknown_key(struct reader *r, const char *section, const char *name)
{
	const struct conf_key *best = NULL;
	size_t best_d = SIZE_MAX;

	for (size_t i = 0; i < conf_keys_n; i++) {
		size_t d = distance(name, conf_keys[i].name);

		d += in_section(&conf_keys[i], section) ? 0 : 1;
		if (d < best_d) {
			best_d = d;
			best = &conf_keys[i];
		}
	}
	if (best_d <= 3)
		conf_note(r->notes, CONF_ERROR, r->line,
			"there is no setting '%s' in [%s]; did you mean '%s' in [%s]?", name,
			section, best->name, best->section);
	else
		conf_note(r->notes, CONF_ERROR, r->line, "there is no setting '%s' in [%s]", name,
			section);
}

/* ---- values ---- */

static struct conf_cert *cert_for(struct reader *r, const char *section)
{
	const char *name = section + strlen(CONF_CERT_SECTION) + 1;
	struct conf *c = r->c;

	for (size_t i = 0; i < c->n_cert; i++)
		if (strcmp(c->cert[i].name, name) == 0)
			return &c->cert[i];
	c->cert = xrealloc(c->cert, (c->n_cert + 1) * sizeof *c->cert);
	r->cert_text = xrealloc(r->cert_text, (c->n_cert + 1) * conf_keys_n * sizeof *r->cert_text);
	memset(&r->cert_text[c->n_cert * conf_keys_n], 0, conf_keys_n * sizeof *r->cert_text);
	c->cert[c->n_cert] = (struct conf_cert){.name = xstrdup(name), .line = r->line};
	return &c->cert[c->n_cert++];
}

/* Where the text of a key is kept, and (ret_out) its typed field. */
static struct conf_text *text_of(
	struct reader *r, const struct conf_key *k, const char *section, char **ret_out)
{
	size_t i = (size_t)(k - conf_keys);
	struct conf_cert *cert;

	if (strcmp(k->section, CONF_CERT_SECTION) != 0) {
		*ret_out = (char *)r->c + k->offset;
		return &r->c->text[i];
	}
	cert = cert_for(r, section);
	*ret_out = (char *)cert + k->offset;
	return &r->cert_text[(size_t)(cert - r->c->cert) * conf_keys_n + i];
}

static bool is_list(const struct conf_key *k)
{
	return k->type == CT_SET || k->type == CT_ADDRS || k->type == CT_NAMES ||
	       k->type == CT_PATHS || k->type == CT_NETS;
}

static bool may_be_set(struct reader *r, const struct conf_key *k, const struct conf_text *t)
{
	if (!t->s)
		return true;
	if (r->continued && r->last == k) {
		if (is_list(k))
			return true;
		conf_note(r->notes, CONF_ERROR, r->line,
			"%s takes one line; a line that begins with a blank continues the one "
			"before",
			k->name);
	} else {
		conf_note(r->notes, CONF_ERROR, r->line, "%s is set on line %u already; remove one",
			k->name, t->line);
	}
	return false;
}

static void set_value(
	struct reader *r, const char *section, const struct conf_key *k, const char *value)
{
	char *out;
	struct conf_text *t = text_of(r, k, section, &out);
	struct err e;

	if (!may_be_set(r, k, t))
		return;
	if (t->s) {
		char *longer = xasprintf("%s %s", t->s, value);

		free(t->s);
		t->s = longer;
	} else {
		*t = (struct conf_text){xstrdup(value), r->line};
	}
	r->last = k;
	conf_clear(k, out);
	if (conf_parse(k, slice_of(t->s), out, &e) < 0)
		conf_note(r->notes, CONF_ERROR, r->line, "%s: %s", k->name, e.text);
}

static int on_value(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;
	const struct conf_key *k = find_key(section, name);

	if (!section_known(section))
		note_unknown_section(r, section);
	else if (!k)
		note_unknown_key(r, section, name);
	else
		set_value(r, section, k, value);
	return 1;
}

/* ---- lines ---- */

static bool too_long(struct reader *r, const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || s[n - 1] == '\n' || feof(r->file))
		return false;
	conf_note(r->notes, CONF_ERROR, r->line,
		"the line is longer than %d bytes; continue a list on a line that begins with a "
		"blank",
		LINE_BYTES - 4);
	return true;
}

static bool name_too_long(struct reader *r, const char *s)
{
	const char *end;

	s += strspn(s, " \t");
	if (*s == '#' || *s == ';')
		return false;
	end = strpbrk(s, *s == '[' ? "]" : "=:");
	if (!end || end - s <= NAME_BYTES)
		return false;
	conf_note(r->notes, CONF_ERROR, r->line,
		"the name of a section or a setting has at most %d characters", NAME_BYTES);
	return true;
}

/* inih asks for a line; it counts lines for itself, but does not tell its handler. */
static char *next_line(char *s, int size, void *arg)
{
	struct reader *r = arg;

	r->line++;
	if (!fgets(s, size, r->file))
		return NULL;
	r->continued = *s == ' ' || *s == '\t';
	/* A section's name that was cut still keeps its settings together. */
	if (!too_long(r, s) && (!name_too_long(r, s) || *s == '['))
		return s;
	while (s[strlen(s) - 1] != '\n' && fgets(s, size, r->file))
		;
	memcpy(s, "\n", sizeof "\n");
	return s;
}

static int read_lines(struct reader *r)
{
	ini_use_stack = false;
	ini_max_line = LINE_BYTES;
	ini_initial_alloc = LINE_BYTES;
	return ini_parse_stream(next_line, r, on_value, r);
}

/* ---- the whole ---- */

static void set_defaults(struct conf *c)
{
	struct err e;

	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];
		int bad = 0;

		if (strcmp(k->section, CONF_CERT_SECTION) != 0)
			bad = conf_parse(k, slice_of(k->def), (char *)c + k->offset, &e);
		assert(!bad);
	}
}

/* What it needs must be there; what it may have and has not is the default. */
static void complete_cert(struct reader *r, size_t n)
{
	struct conf_cert *cert = &r->c->cert[n];
	struct err e;

	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];
		int bad = 0;

		if (strcmp(k->section, CONF_CERT_SECTION) != 0 ||
			r->cert_text[n * conf_keys_n + i].s)
			continue;
		if (k->def)
			bad = conf_parse(k, slice_of(k->def), (char *)cert + k->offset, &e);
		else
			conf_note(r->notes, CONF_ERROR, cert->line,
				"[" CONF_CERT_SECTION " %s] has no '%s'; it needs one", cert->name,
				k->name);
		assert(!bad);
	}
}

static void free_cert_text(struct reader *r)
{
	for (size_t i = 0; i < r->c->n_cert * conf_keys_n; i++)
		free(r->cert_text[i].s);
	free(r->cert_text);
}

static void read_file(struct reader *r)
{
	int bad = read_lines(r);

	if (bad > 0)
		conf_note(r->notes, CONF_ERROR, (unsigned)bad,
			"this is neither '[section]' nor 'name = value' nor a comment (#)");
	for (size_t i = 0; i < r->c->n_cert; i++)
		complete_cert(r, i);
	free_cert_text(r);
	conf_rules(r->c, r->notes);
}

struct conf *conf_read(const char *path, struct conf_notes *notes)
{
	struct reader r = {.file = fopen(path, "re"), .notes = notes};

	if (!r.file) {
		conf_note(notes, CONF_ERROR, 0, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	r.c = xzalloc(sizeof *r.c);
	r.c->path = xstrdup(path);
	r.c->text = xcalloc(conf_keys_n, sizeof *r.c->text);
	set_defaults(r.c);
	read_file(&r);
	fclose(r.file);
	if (notes->errors) {
		conf_free(r.c);
		return NULL;
	}
	return r.c;
}

static void free_cert(struct conf_cert *cert)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (strcmp(conf_keys[i].section, CONF_CERT_SECTION) == 0)
			conf_clear(&conf_keys[i], (char *)cert + conf_keys[i].offset);
	free(cert->name);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < conf_keys_n; i++) {
		if (strcmp(conf_keys[i].section, CONF_CERT_SECTION) != 0)
			conf_clear(&conf_keys[i], (char *)c + conf_keys[i].offset);
		free(c->text[i].s);
	}
	for (size_t i = 0; i < c->n_cert; i++)
		free_cert(&c->cert[i]);
	free(c->cert);
	free(c->text);
	free(c->path);
	free(c);
}
