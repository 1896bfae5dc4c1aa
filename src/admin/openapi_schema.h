#pragma once

/*
 * Private to openapi*.c: the schemas of what the API takes and gives, but for the managed objects,
 * which are written from their settings. An object is whole: it has these members and no other, and
 * all of them but those whose name ends in '?'.
 */
struct openapi_member {
	const char *name;   /* NULL: the end */
	const char *schema; /* YAML, the inside of braces */
};

struct openapi_schema {
	const char *name;                     /* NULL: the end */
	const char *about;                    /* in a sentence; NULL: the name says it */
	const struct openapi_member *members; /* of an object; NULL: it is none */
	const char *schema;                   /* then: the inside of braces */
};

extern const struct openapi_schema openapi_common[];   /* openapi_common.c */
extern const struct openapi_schema openapi_live[];     /* openapi_live.c */
extern const struct openapi_schema openapi_routes[];   /* openapi_routes.c */
extern const struct openapi_schema openapi_accounts[]; /* openapi_accounts.c */
extern const struct openapi_schema openapi_history[];  /* openapi_history.c */

/* ---- the managed objects (openapi_objects.c) ---- */

struct buf;
struct object_class;

/* As it is shown, as it is made, as it is changed. */
enum openapi_form { OPENAPI_SHOWN, OPENAPI_NEW, OPENAPI_SETTINGS };

void openapi_object_name(int kind, enum openapi_form form, struct buf *out);
void openapi_object_schemas(const struct object_class *class, struct buf *out);

/* ---- words of the tables ---- */

#define OBJECT(...)                                                                                \
	(const struct openapi_member[])                                                            \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define TEXT         "type: string"
#define TEXT_OR_NULL "type: [string, 'null']"
#define WHETHER      "type: boolean"
#define COUNT        "type: integer, minimum: 0"
#define WORDS(words) "type: string, enum: [" words "]"
#define REF(name)    "$ref: '#/components/schemas/" name "'"
#define LIST(of)     "type: array, items: {" of "}"
#define ABOUT(text)  ", description: '" text "'"
#define TIME         REF("Time") /* or null */
#define MOMENT       REF("Moment")
