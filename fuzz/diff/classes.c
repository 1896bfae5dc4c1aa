#include "classes.h"

#include "base/mem.h"
#include "predicates.h"

enum { S = 1 << SOFIA, O = 1 << OSIP };

/* clang-format off */
const struct diff_class diff_classes[] = {
	{"version", S | O, WE_REFUSE, is_version, RIGHT_OURS,
		"7.1, 21.5.6: what says another version is answered 505; they leave it to their users"},
	{"request-line", S | O, WE_REFUSE, is_request_line, RIGHT_OURS,
		"7.1, 25.1: a token, one space, a URI, one space, the version and no more (RFC 4475 3.1.2.10)"},
	{"status-line", S | O, WE_REFUSE, is_status_line, RIGHT_OURS,
		"7.2, 25.1: our version and three digits, the first of them 1 to 6 (RFC 4475 3.1.2.19)"},
	{"ruri-space", S | O, WE_REFUSE, is_ruri_space, RIGHT_BOTH,
		"7.1 has no space there; RFC 4475 3.1.2.9 allows to refuse it and to overlook it"},
	{"ruri", S | O, WE_REFUSE, is_ruri, RIGHT_OURS,
		"19.1.1, 25.1: a host that is none, a port that is none, or a byte that cannot stand in a URI"},
	{"ruri-headers", S | O, WE_REFUSE, is_ruri_headers, RIGHT_BOTH,
		"19.1.1 table 1: not in a Request-URI; RFC 4475 3.1.2.11 allows to refuse it and to overlook it"},
	{"no-empty-line", S | O, WE_REFUSE, is_no_end, RIGHT_OURS,
		"7: the empty line must be there even without a body; without it the message may have been cut"},
	{"line-break", S | O, WE_REFUSE, is_line_break, RIGHT_OURS,
		"25.1: a CR that no LF follows can stand nowhere; what one reader takes for a line end another does not"},
	{"header-field", S | O, WE_REFUSE, is_header_field, RIGHT_BOTH,
		"7.3.1: a line without name and colon is no header field; 8.2.2 says of malformed ones that are not needed that they should be ignored, but this one might have been needed"},
	{"via-params", S | O, WE_REFUSE, is_via_params, RIGHT_OURS,
		"20.42, 25.1: a parameter without a name, a branch that is no token, a received that is no address (RFC 4475 3.1.2.1)"},
	{"via", S | O, WE_REFUSE, is_via, RIGHT_OURS,
		"20.42, 25.1, 18.2.2: a protocol that is none, or a sent-by to which no answer can go"},
	{"start-fold", S, WE_REFUSE, is_start_fold, RIGHT_OURS,
		"7.3.1: header fields are folded, the start line is not"},
	{"via-behind", O, WE_REFUSE, is_via_behind, RIGHT_OURS,
		"7: an empty line ends the header fields; osip goes on behind it where it misses the rest of a line"},
	{"via-cut", S | O, WE_REFUSE, is_via_cut, RIGHT_OURS,
		"7: the line of the Via does not end; what is there may be half of it"},
	{"address-params", S | O, WE_REFUSE, is_address_params, RIGHT_OURS,
		"20.20, 20.39, 25.1: a parameter that is none, or a tag that is no token or there twice"},
	{"address", S | O, WE_REFUSE, is_address, RIGHT_OURS,
		"20.10, 25.1: From or To without an address that can be read (RFC 4475 3.1.2.6, 3.1.2.14)"},
	{"call-id", S | O, WE_REFUSE, is_call_id, RIGHT_OURS,
		"20.8, 25.1: one word, or two with one @ between them"},
	{"cseq", S | O, WE_REFUSE, is_cseq, RIGHT_OURS,
		"20.16: a number of 32 bits and a method (RFC 4475 3.1.2.4, 3.1.2.5)"},
	{"cseq-method", O, WE_REFUSE, is_cseq_method, RIGHT_OURS,
		"8.1.1.5: the method of CSeq is that of the request (RFC 4475 3.1.2.17)"},
	{"max-forwards", S | O, WE_REFUSE, is_max_forwards, RIGHT_OURS, "20.22: 0 to 255"},
	{"content-length", S | O, WE_REFUSE, is_content_length, RIGHT_OURS,
		"18.3, 20.14: no number, or more than the datagram holds (RFC 4475 3.1.2.2, 3.1.2.3)"},
	{"multiple", S | O, WE_REFUSE, is_multiple, RIGHT_OURS,
		"7.3.1: a field that is no list is there twice, and its readers need not look at the same one (RFC 4475 3.3.8)"},

	{"other-via", S | O, WE_TAKE, is_other_via, RIGHT_BOTH,
		"18.2.2, 8.2.6.2: a server goes by the first Via and repeats the others as they are"},
	{"other-field", S | O, WE_TAKE, is_other_field, RIGHT_OURS,
		"8.2.2: malformed fields that are not needed should be ignored (Contact, Route, Record-Route)"},
	{"content-type", O, WE_TAKE, is_content_type, RIGHT_BOTH,
		"8.2.3: our reader leaves it to the check of the body, which answers 400"},
	{"scheme", S | O, WE_TAKE, is_scheme, RIGHT_OURS,
		"8.2.2.1, 19.1: the rest of a URI of an unknown scheme is opaque, and what refuses it is 416 (RFC 4475 3.3.3, 3.3.4)"},
	{"method", S, WE_TAKE, is_method, RIGHT_OURS,
		"7.1, 25.1: any token is a method, also one that begins like a known one (RFC 4475 3.1.1.2)"},
	{"two-types", O, WE_TAKE, is_two_types, RIGHT_THEIRS,
		"7.3.1: of a response we overlook it, for we never read its body"},
	{"display", S | O, WE_TAKE, is_display, RIGHT_BOTH,
		"25.1 has tokens only where there are no quotes; RFC 4475 3.1.2.15 allows to infer the quotes, which telephones leave out"},
	{"empty-password", O, WE_TAKE, is_empty_password, RIGHT_OURS,
		"25.1: a password may be empty (user:@host)"},
	{"version-case", O, WE_TAKE, is_version_case, RIGHT_OURS, "7.1: SIP-Version in any case"},
	{"multipart", O, WE_TAKE, is_multipart, RIGHT_BOTH,
		"7.4: what is in a body is for who takes it; osip takes it apart at once"},
	{"reason-space", O, WE_TAKE, is_reason_space, RIGHT_THEIRS,
		"7.2 wants the space before an empty reason; we let it go, for stacks forget it"},
	{"short-uri", O, WE_TAKE, is_short_uri, RIGHT_OURS, "25.1: sip:e is a URI"},
	{"tab", O, WE_TAKE, is_tab, RIGHT_OURS, "25.1: a tab is white space"},
	{"blank-fold", S | O, WE_TAKE, is_blank_fold, RIGHT_OURS,
		"7.3.1, 25.1: a line of white space goes on with the field before it"},
	{"line-feed", O, WE_TAKE, is_line_feed, RIGHT_BOTH,
		"25.1 has no LF alone; all three take it for a line end, but not everywhere"},
	{"nul", S | O, WE_TAKE, is_nul, RIGHT_BOTH,
		"25.1: NUL stands only in bodies and behind a backslash (RFC 4475 3.1.1.2); for us it is a byte, for them the end"},

	{"nul-escape", O, VALUES, is_nul_escape, RIGHT_OURS,
		"19.1.2: %00 is a byte of the user like others (RFC 4475 3.1.1.4); osip ends there"},
	{"fold", S, VALUES, is_line_end, RIGHT_OURS,
		"7.3.1: a folded line end is white space; sofia keeps it at the end of the host"},
	{"fold-type", S, VALUES, is_folded_type, RIGHT_OURS,
		"7.3.1: as fold; sofia cannot read a Content-Type that is folded before a parameter"},
	{"reason-space-value", O, VALUES, is_reason_space, RIGHT_OURS,
		"7.1: as reason-space; osip takes the next line for the reason"},
	{"display-value", S, VALUES, is_display_value, RIGHT_BOTH,
		"25.1: as display; sofia takes the name for part of a URI"},
	{"body-untyped", O, VALUES, is_body_untyped, RIGHT_BOTH,
		"20.15: a body has a Content-Type; without one osip drops it, and our check of the body answers 400"},
};
/* clang-format on */
const unsigned n_diff_classes = ARRAY_LEN(diff_classes);

static bool fits(const struct diff_class *c, const struct difference *d)
{
	enum diff_kind kind = !d->verdict ? VALUES : d->ours->taken ? WE_TAKE : WE_REFUSE;

	return (c->with & (1u << d->with)) && c->kind == kind && c->is(d);
}

const struct diff_class *diff_class_find(const struct difference *d)
{
	for (unsigned i = 0; i < n_diff_classes; i++)
		if (fits(&diff_classes[i], d))
			return &diff_classes[i];
	return NULL;
}

void diff_class_row(struct buf *out, const struct diff_class *c)
{
	static const char *const with[] = {[S] = "sofia", [O] = "osip", [S | O] = "sofia, osip"};
	static const char *const kinds[] = {
		[WE_REFUSE] = "we refuse", [WE_TAKE] = "we take", [VALUES] = "other value"};
	static const char *const rights[] = {
		[RIGHT_OURS] = "we", [RIGHT_THEIRS] = "they", [RIGHT_BOTH] = "both may"};

	buf_printf(out, "| `%s` | %s | %s | %s | %s |", c->name, with[c->with], kinds[c->kind],
		rights[c->right], c->why);
}
