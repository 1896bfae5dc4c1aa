#include "valid.h"

#include <assert.h>
#include <regex.h>
#include <stdlib.h>

#include "base/mem.h"

#define TOKEN  "[-.!%*_+`'~[:alnum:]]+"
#define WORD   "[-.!%*_+`'~()<>:\\\\\"/?{}[:alnum:]]+"
#define WS     "[ \t]*"
#define QUOTED "\"([^\"\\\\[:cntrl:]]|\\\\[[:alnum:]])*\""
#define LABEL  "[[:alnum:]]([-[:alnum:]]{0,20}[[:alnum:]])?"
#define NAME   "(" LABEL "\\.){0,5}[[:alpha:]]([-[:alnum:]]{0,20}[[:alnum:]])?\\.?"
#define OCTET  "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
#define IPV4   OCTET "\\." OCTET "\\." OCTET "\\." OCTET
#define GROUP  "[[:xdigit:]]{1,4}"
#define IPV6                                                                                       \
	"\\[(" GROUP "(:" GROUP "){7}|(" GROUP "(:" GROUP "){0,3})?::(" GROUP "(:" GROUP           \
	"){0,2})?)\\]"
#define HOST   "(" NAME "|" IPV4 "|" IPV6 ")"
#define PORT   "([1-9][0-9]{0,3}|[1-5][0-9]{4})"
#define ESCAPE "%[[:xdigit:]]{2}"
#define USER   "([-_.!~*'()&=+$,;?/[:alnum:]]|" ESCAPE ")+"
#define SECRET "([-_.!~*'()&=+$,[:alnum:]]|" ESCAPE ")*"
#define PCHAR  "([-_.!~*'()/:&+$[:alnum:]]|" ESCAPE ")+"
/* Without brackets, neither ';' nor '?' nor ',' can stand in it (20.10). */
#define BARE         "[sS][iI][pP][sS]?:(([-_.!~*'()&=+$/[:alnum:]]|" ESCAPE ")+@)?" HOST "(:" PORT ")?"
#define URI          "[sS][iI][pP][sS]?:(" USER "(:" SECRET ")?@)?" HOST "(:" PORT ")?"
#define PARAMS       "(;" PCHAR "(=" PCHAR ")?){0,20}"
#define FIELD_PARAMS "(" WS ";" WS TOKEN "(" WS "=" WS "(" TOKEN "|" QUOTED "))?){0,20}"
#define DISPLAY      "(" QUOTED WS "|(" TOKEN "[ \t]+)*(" TOKEN ")?)"

static bool matches(regex_t *re, const char *pattern, struct slice s)
{
	char *text;
	bool yes;

	if (!s.p || memchr(s.p, 0, s.n))
		return false;
	if (!re->re_nsub && !re->buffer) {
		int bad = regcomp(re, pattern, REG_EXTENDED | REG_NOSUB);

		assert(bad == 0);
	}
	text = slice_dup(s);
	yes = regexec(re, text, 0, NULL, 0) == 0;
	xfree(text);
	return yes;
}

#define MATCHES(pattern, s)                                                                        \
	({                                                                                         \
		static regex_t re;                                                                 \
		matches(&re, "^" pattern "$", s);                                                  \
	})

bool valid_start_line(struct slice s)
{
	return MATCHES("(" TOKEN " " URI PARAMS " SIP/2\\.0|SIP/2\\.0 [1-6][0-9]{2} [ -~]*)", s);
}

bool valid_field_line(struct slice s)
{
	return MATCHES(TOKEN WS ":[^\r]*", s);
}

bool valid_uri(struct slice s)
{
	return MATCHES(URI PARAMS, s);
}

/* Each parameter that we know of, once: regular expressions cannot count them. */
static bool is_once(struct slice s, const char *name)
{
	unsigned n = 0;

	while (s.n) {
		if (slice_istarts(s, slice_of(name)))
			n++;
		s = slice_from(s, 1);
	}
	return n <= 1;
}

bool valid_via(struct slice s)
{
	return is_once(s, "branch") && is_once(s, "received") && is_once(s, "rport") &&
	       is_once(s, "maddr") &&
	       MATCHES("[sS][iI][pP]" WS "/" WS "2\\.0" WS "/" WS TOKEN "[ \t]+" HOST "(" WS
		       ":" WS PORT ")?(" WS ";" WS "([bB][rR][aA][nN][cC][hH]" WS "=" WS TOKEN
		       "|[rR][pP][oO][rR][tT](=" PORT ")?|[rR][eE][cC][eE][iI][vV][eE][dD]=" IPV4
		       "|[tT][tT][lL]=[0-9]+)){0,6}(" WS ",.*)?",
		       s);
}

bool valid_address(struct slice s)
{
	return is_once(s, "tag") &&
	       MATCHES("(" DISPLAY "<" URI PARAMS ">|" BARE ")" FIELD_PARAMS, s) &&
	       !MATCHES(".*;" WS "[tT][aA][gG]" WS "(;.*|=" WS "\".*|$)", s);
}

bool valid_call_id(struct slice s)
{
	return MATCHES(WORD "(@" WORD ")?", s);
}

bool valid_number(struct slice s, uint64_t max)
{
	char *text;
	bool yes;

	if (!MATCHES("[0-9]{1,15}", s))
		return false;
	text = slice_dup(s);
	yes = strtoull(text, NULL, 10) <= max;
	xfree(text);
	return yes;
}

bool valid_cseq(struct slice s, struct slice method)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return MATCHES("[0-9]+[ \t]+" TOKEN, s) && valid_number(slice_cut(s, n), UINT32_MAX) &&
	       (!method.p || slice_eq(slice_trim(slice_from(s, n)), method));
}
