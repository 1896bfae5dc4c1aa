#include "federation/object.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "federation/domain.h"
#include "federation/gateway.h"
#include "federation/partner.h"
#include "federation/policy.h"
#include "federation/route.h"
#include "federation/setting_ops.h"

const struct object_class *const object_classes[OBJECT__N] = {
	[OBJECT_GATEWAY] = &gateway_class,
	[OBJECT_ACCESS] = &access_class,
	[OBJECT_ROUTE] = &route_class,
	[OBJECT_DOMAIN] = &local_domain_class,
	[OBJECT_PARTNER] = &partner_class,
	[OBJECT_POLICY] = &policy_class,
	[OBJECT_GRANT] = &grant_class,
};

/* The words of SETTING_WORD are read and written as 32-bit numbers. */
static_assert(sizeof(enum partner_type) == sizeof(uint32_t), "enums are 32 bits");

const struct object_class *object_class_find(struct slice name)
{
	for (size_t i = 0; i < OBJECT__N; i++)
		if (slice_eqz(name, object_classes[i]->name) ||
			slice_eqz(name, object_classes[i]->plural))
			return object_classes[i];
	return NULL;
}

struct object *object_new(const struct object_class *class)
{
	struct object *o = xzalloc(class->size);

	o->class = class;
	atomic_init(&o->refs, 1);
	for (size_t i = 0; i < class->n_settings; i++) {
		const struct setting *s = &class->settings[i];
		int rc = s->deflt ? setting_parse(s, o, slice_of(s->deflt), NULL) : 0;

		assert(rc == 0); /* a default that its own rule refuses */
	}
	return o;
}

/* Every value has a text form that reads back as itself (a test holds each type to it). */
struct object *object_copy(const struct object *o)
{
	struct object *copy = object_new(o->class);

	for (size_t i = 0; i < o->class->n_settings; i++) {
		const struct setting *s = &o->class->settings[i];
		struct buf text = {0};

		setting_clear(s, copy);
		setting_format(s, o, &text);
		if (text.n) {
			int rc = setting_parse(s, copy, buf_slice(&text), NULL);

			assert(rc == 0);
		}
		if (s->flags & SETTING_WRITE_ONLY && text.n)
			mem_wipe(text.p, text.n);
		buf_done(&text);
	}
	return copy;
}

const struct object *object_ref(const struct object *o)
{
	atomic_fetch_add_explicit(&((struct object *)o)->refs, 1, memory_order_relaxed);
	return o;
}

void object_unref(const struct object *shared)
{
	struct object *o = (struct object *)shared;

	if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < o->class->n_settings; i++)
		setting_clear(&o->class->settings[i], o);
	xfree(o);
}

/* The key's field begins with the string itself (char *, struct domain_name). */
const char *object_key(const struct object *o)
{
	const char *key;

	if (o->class->single)
		return "global";
	memcpy(&key, (const char *)o + o->class->settings[0].offset, sizeof key);
	return key ? key : "";
}

int object_set(struct object *o, struct slice name, struct slice text, struct err *e)
{
	const struct setting *s = setting_find(o->class->settings, o->class->n_settings, name);

	if (!s)
		return object_no_setting(o->class, name, e);
	return setting_parse(s, o, text, e);
}

int object_no_setting(const struct object_class *class, struct slice name, struct err *e)
{
	struct buf names = {0};
	char field[48];

	for (size_t i = 0; i < class->n_settings; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", class->settings[i].name);
	snprintf(field, sizeof field, "%.*s", SLARG(setting_shown(name)));
	err_code(e, ERR_INVALID, "unknown_setting", field,
		"a %s has no setting '%.*s'; it has %.*s", class->title, SLARG(setting_shown(name)),
		SLARG(buf_slice(&names)));
	buf_done(&names);
	return -1;
}

int object_check(const struct object *o, struct notes *warnings, struct err *e)
{
	for (size_t i = 0; i < o->class->n_settings; i++) {
		const struct setting *s = &o->class->settings[i];

		if (s->flags & (SETTING_REQUIRED | SETTING_KEY) && !setting_is_set(s, o)) {
			struct buf right = {0};

			setting_range(s, &right);
			setting_bad(s, e, "required", "has to be given: %.*s",
				SLARG(buf_slice(&right)));
			buf_done(&right);
			return -1;
		}
	}
	return o->class->check ? o->class->check(o, warnings, e) : 0;
}

void object_text(const struct object *o, const struct setting *s, struct buf *ret)
{
	if (!(s->flags & SETTING_WRITE_ONLY))
		setting_format(s, o, ret);
	else if (setting_is_set(s, o))
		buf_str(ret, "(secret)");
}

static void name_json(const char *between, const char *name, const char *more, struct buf *ret)
{
	buf_str(ret, between);
	buf_chr(ret, '"');
	buf_str(ret, name);
	buf_str(ret, more);
	buf_str(ret, "\": ");
}

void object_json(const struct object *o, bool unicode, struct buf *ret)
{
	const char *between = "{";

	for (size_t i = 0; i < o->class->n_settings; i++) {
		const struct setting *s = &o->class->settings[i];

		if (s->flags & SETTING_WRITE_ONLY) {
			buf_printf(ret, "%s\"%s_set\": %s", between, s->name,
				setting_is_set(s, o) ? "true" : "false");
		} else {
			name_json(between, s->name, "", ret);
			setting_json(s, o, false, ret);
		}
		between = ", ";
		if (unicode && (s->type == SETTING_DOMAIN || s->type == SETTING_DOMAINS)) {
			name_json(", ", s->name, "_unicode", ret);
			setting_json(s, o, true, ret);
		}
	}
	buf_chr(ret, '}');
}

static bool setting_equal(const struct setting *s, const struct object *a, const struct object *b)
{
	struct buf x = {0}, y = {0};
	bool same;

	setting_format(s, a, &x);
	setting_format(s, b, &y);
	same = slice_eq(buf_slice(&x), buf_slice(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

bool object_equal(const struct object *a, const struct object *b)
{
	if (a == b)
		return true;
	if (a->class != b->class)
		return false;
	for (size_t i = 0; i < a->class->n_settings; i++)
		if (!setting_equal(&a->class->settings[i], a, b))
			return false;
	return true;
}
