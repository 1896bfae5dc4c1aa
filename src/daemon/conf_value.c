#include "daemon/conf.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "text/idna.h"

static bool is_sep(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* The next item of a list separated by commas or blanks; false at the end. */
static bool next_item(struct slice *rest, struct slice *ret)
{
	size_t n = 0;

	while (rest->n && is_sep(*rest->p))
		*rest = slice_from(*rest, 1);
	while (n < rest->n && !is_sep(rest->p[n]))
		n++;
	*ret = slice_cut(*rest, n);
	*rest = slice_from(*rest, n);
	return n > 0;
}

static bool choice_index(const char *choices, struct slice name, unsigned *ret)
{
	struct slice rest = slice_of(choices), word;
	unsigned i = 0;

	for (; next_item(&rest, &word); i++) {
		if (slice_ieq(word, name)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int parse_bool(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	unsigned i;

	if (!choice_index("no yes off on false true 0 1", s, &i))
		return err_set(e, ERR_INVALID, "'%.*s' is neither yes nor no", SLARG(s));
	*(bool *)out = i & 1;
	return 0;
}

static int parse_choice(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	if (!choice_index(k->choices, s, out))
		return err_set(e, ERR_INVALID, "'%.*s' is not one of: %s", SLARG(s), k->choices);
	return 0;
}

static int parse_set(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	unsigned bits = 0, i;
	struct slice word;

	while (next_item(&s, &word)) {
		if (!choice_index(k->choices, word, &i))
			return err_set(e, ERR_INVALID, "'%.*s' is not one of: %s", SLARG(word),
				k->choices);
		bits |= 1u << i;
	}
	if (!bits)
		return err_set(e, ERR_INVALID, "is empty; write one or more of: %s", k->choices);
	*(unsigned *)out = bits;
	return 0;
}

static int parse_text(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	if (s.n < k->min || s.n > k->max)
		return err_set(e, ERR_INVALID, "'%.*s' has %zu characters; %u to %u are right",
			SLARG(s), s.n, k->min, k->max);
	*(char **)out = slice_dup(s);
	return 0;
}

static int parse_path(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	if (s.n ? s.p[0] != '/' : k->min > 0)
		return err_set(
			e, ERR_INVALID, "'%.*s' is no absolute path; it begins with /", SLARG(s));
	return parse_text(k, s, out, e);
}

static int parse_number(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	uint64_t n;

	if (slice_u64(s, UINT32_MAX, &n) < 0 || n < k->min || n > k->max)
		return err_set(e, ERR_INVALID, "'%.*s' is no number from %u to %u", SLARG(s),
			k->min, k->max);
	*(unsigned *)out = (unsigned)n;
	return 0;
}

static int parse_addr(struct slice s, struct netaddr *ret, struct err *e)
{
	if (netaddr_parse(ret, s, 0, NULL) == 0 && netaddr_port(ret) != 0)
		return 0;
	return err_set(e, ERR_INVALID,
		"'%.*s' is no address with a port; write 192.0.2.1:5269 or [2001:db8::1]:5269",
		SLARG(s));
}

static int count_check(const struct conf_key *k, size_t n, struct err *e)
{
	if (n < k->min)
		return err_set(e, ERR_INVALID, "is empty; give at least one");
	if (n > k->max)
		return err_set(e, ERR_INVALID, "has %zu entries; %u are the most", n, k->max);
	return 0;
}

static int parse_addrs(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	struct conf_addrs l = {0}, *ret = out;
	struct netaddr a;
	struct slice item;

	while (next_item(&s, &item)) {
		if (parse_addr(item, &a, e) < 0) {
			free(l.v);
			return -1;
		}
		l.v = xrealloc(l.v, (l.n + 1) * sizeof *l.v);
		l.v[l.n++] = a;
	}
	if (count_check(k, l.n, e) < 0) {
		free(l.v);
		return -1;
	}
	*ret = l;
	return 0;
}

static void names_clear(struct conf_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct conf_names){0};
}

/* Kept as A-labels, in which names are compared. */
static int add_name(struct conf_names *l, struct slice typed, struct err *e)
{
	struct arena a = {0};
	struct slice name;
	struct err why;
	int r = idna_admin(&name, &a, typed, &why);

	if (r == 0) {
		l->v = xrealloc(l->v, (l->n + 1) * sizeof *l->v);
		l->v[l->n++] = slice_dup(name);
	} else {
		err_set(e, ERR_INVALID, "'%.*s' is no domain name (%s); write it like example.com",
			SLARG(typed), why.text);
	}
	arena_done(&a);
	return r;
}

static int add_path(struct conf_names *l, struct slice path, struct err *e)
{
	if (path.p[0] != '/')
		return err_set(e, ERR_INVALID, "'%.*s' is no absolute path; it begins with /",
			SLARG(path));
	l->v = xrealloc(l->v, (l->n + 1) * sizeof *l->v);
	l->v[l->n++] = slice_dup(path);
	return 0;
}

static int parse_list(const struct conf_key *k, struct slice s, struct conf_names *ret,
	int (*add)(struct conf_names *l, struct slice item, struct err *e), struct err *e)
{
	struct conf_names l = {0};
	struct slice item;
	int r = 0;

	while (r == 0 && next_item(&s, &item))
		r = add(&l, item, e);
	if (r == 0)
		r = count_check(k, l.n, e);
	if (r < 0)
		names_clear(&l);
	else
		*ret = l;
	return r;
}

static int parse_names(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	return parse_list(k, s, out, add_name, e);
}

static int parse_paths(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	return parse_list(k, s, out, add_path, e);
}

static int parse_nets(const struct conf_key *k, struct slice s, void *out, struct err *e)
{
	struct proxy_networks l = {0}, *ret = out;
	struct proxy_network n;
	struct slice item;
	int r = 0;

	while (next_item(&s, &item)) {
		r = proxy_network_parse(&n, item, e);
		if (r < 0)
			break;
		l.v = xrealloc(l.v, (l.n + 1) * sizeof *l.v);
		l.v[l.n++] = n;
	}
	if (r < 0 || count_check(k, l.n, e) < 0) {
		free(l.v);
		return -1;
	}
	*ret = l;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(const struct conf_key *k, struct slice s, void *out, struct err *e);
} type_def[CT__N] = {
	[CT_BOOL] = {"yes or no", parse_bool},
	[CT_CHOICE] = {"one of", parse_choice},
	[CT_SET] = {"some of", parse_set},
	[CT_TEXT] = {"text", parse_text},
	[CT_PATH] = {"absolute path", parse_path},
	[CT_PATHS] = {"list of absolute paths", parse_paths},
	[CT_NUMBER] = {"number", parse_number},
	[CT_ADDRS] = {"list of address:port", parse_addrs},
	[CT_NAMES] = {"list of domains", parse_names},
	[CT_NETS] = {"list of addresses and networks", parse_nets},
};

const char *conf_type_name(enum conf_type t)
{
	return type_def[t].name;
}

int conf_parse(const struct conf_key *k, struct slice text, void *out, struct err *e)
{
	return type_def[k->type].parse(k, text, out, e);
}

void conf_clear(const struct conf_key *k, void *out)
{
	if (k->type == CT_TEXT || k->type == CT_PATH) {
		free(*(char **)out);
		*(char **)out = NULL;
	} else if (k->type == CT_ADDRS) {
		free(((struct conf_addrs *)out)->v);
		*(struct conf_addrs *)out = (struct conf_addrs){0};
	} else if (k->type == CT_NETS) {
		free(((struct proxy_networks *)out)->v);
		*(struct proxy_networks *)out = (struct proxy_networks){0};
	} else if (k->type == CT_NAMES || k->type == CT_PATHS) {
		names_clear(out);
	}
}
