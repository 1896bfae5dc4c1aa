#pragma once

#include "classes.h"

/*
 * What is certainly well-formed, by the grammar of RFC 3261 25.1 as regular expressions, written
 * apart from our reader. They take less than the grammar: what they take we must take, too; so a
 * refusal of ours has a class only where they do not.
 */
bool valid_start_line(struct slice s); /* of a request with a sip or sips URI, or a response */
bool valid_field_line(struct slice s); /* unfolded */
bool valid_uri(struct slice s);        /* sip, sips; without headers */
bool valid_via(struct slice s);        /* the first of a list */
bool valid_address(struct slice s);    /* From, To */
bool valid_call_id(struct slice s);
bool valid_cseq(struct slice s, struct slice method);
bool valid_number(struct slice s, uint64_t max);
