#pragma once

#include "classes.h"

/* The head, up to its empty line; without empty lines before it (7.5). */
struct slice head_of(const struct difference *d);
struct slice start_line_of(const struct difference *d); /* without LF, with CR */

/* What a difference is about, one for each class of classes.c. */
bool is_version(const struct difference *d);
bool is_request_line(const struct difference *d);
bool is_status_line(const struct difference *d);
bool is_ruri_space(const struct difference *d);
bool is_ruri(const struct difference *d);
bool is_ruri_headers(const struct difference *d);
bool is_no_end(const struct difference *d);
bool is_line_break(const struct difference *d);
bool is_header_field(const struct difference *d);
bool is_via_params(const struct difference *d);
bool is_via(const struct difference *d);
bool is_start_fold(const struct difference *d);
bool is_via_behind(const struct difference *d);
bool is_via_cut(const struct difference *d);
bool is_address_params(const struct difference *d);
bool is_address(const struct difference *d);
bool is_call_id(const struct difference *d);
bool is_cseq(const struct difference *d);
bool is_cseq_method(const struct difference *d);
bool is_max_forwards(const struct difference *d);
bool is_content_length(const struct difference *d);
bool is_multiple(const struct difference *d);
bool is_other_via(const struct difference *d);
bool is_other_field(const struct difference *d);
bool is_content_type(const struct difference *d);
bool is_scheme(const struct difference *d);
bool is_method(const struct difference *d);
bool is_two_types(const struct difference *d);
bool is_display(const struct difference *d);
bool is_empty_password(const struct difference *d);
bool is_version_case(const struct difference *d);
bool is_multipart(const struct difference *d);
bool is_reason_space(const struct difference *d);
bool is_short_uri(const struct difference *d);
bool is_tab(const struct difference *d);
bool is_blank_fold(const struct difference *d);
bool is_line_feed(const struct difference *d);
bool is_nul(const struct difference *d);
bool is_nul_escape(const struct difference *d);
bool is_line_end(const struct difference *d);
bool is_folded_type(const struct difference *d);
bool is_display_value(const struct difference *d);
bool is_body_untyped(const struct difference *d);
