#pragma once

#include "rig.h"
#include "vector.h"

/* Vectors played on a gateway between doubles (tests/unit/gateway/rig.h). */

/* A stanza of the vector's making comes from a partner. */
void play_stanza(struct vector *v, struct rig *r, const char *name, json_t *stanza);
/* A SIP request comes from a route. */
void play_request(struct vector *v, struct rig *r, json_t *request);
/* All that went down is written, and no error comes. */
void play_written(struct rig *r);

/* The one thing of its kind that left; NULL, and a failure, when there was not exactly one. */
const struct xml_elem *only_stanza(struct vector *v, struct rig *r);
const struct sip_msg *only_request(struct vector *v, struct rig *r);
const struct sip_msg *only_response(struct vector *v, struct rig *r);

/* Holds what left against an expectation; takes all keys it understands. */
void compare_stanza(struct vector *v, struct rig *r, json_t *expected); /* the only one */
void compare_one_stanza(struct vector *v, const struct xml_elem *e, json_t *expected);
void compare_request(struct vector *v, const struct sip_msg *m, json_t *expected);
void compare_response(struct vector *v, const struct sip_msg *m, json_t *expected);
