#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * URIs of RFC 3261 19.1 (sip, sips), RFC 3966 (tel), RFC 3860 and 3859 (im, pres), and any other
 * scheme as opaque text. Reading copies nothing: all slices point into what was read and keep their
 * escapes; sip_unescape() resolves them.
 */
enum sip_scheme {
	SIP_SCHEME_OTHER,
	SIP_SCHEME_SIP,
	SIP_SCHEME_SIPS,
	SIP_SCHEME_TEL,
	SIP_SCHEME_IM,
	SIP_SCHEME_PRES
};

enum sip_host_kind { SIP_HOST_NONE, SIP_HOST_NAME, SIP_HOST_IPV4, SIP_HOST_IPV6 };

struct sip_uri {
	enum sip_scheme scheme;
	enum sip_host_kind host_kind; /* NONE: no host part (tel, other) */
	uint16_t port;                /* 0: none given */
	struct slice text;            /* the whole URI */
	struct slice scheme_name;
	struct slice user;     /* escaped; absent when there is no '@'. tel: the number */
	struct slice password; /* escaped; absent without ':' */
	struct slice host;     /* IPv6 without its brackets */
	struct slice params;   /* ";a=b;c" without the first ';'; absent when there are none */
	struct slice headers;  /* what follows '?'; absent when there is none */
	struct slice rest;     /* OTHER: all that follows the scheme's ':' */
};

/* All of s is one URI, or -1 and *ret is unchanged. An unknown scheme is fine. */
int sip_uri_parse(struct slice s, struct sip_uri *ret);

/*
 * A parameter of the URI, by name in any case. The value keeps its escapes; it is empty for a
 * parameter without '='. False: there is none.
 */
bool sip_uri_param(const struct sip_uri *u, const char *name, struct slice *ret_value);

/* From its parts, not from text. IPv6 gets its brackets. Parts are written as they are (escaped).
 */
void sip_uri_print(struct buf *out, const struct sip_uri *u);

/*
 * Equal by RFC 3261 19.1.4 (sip, sips: escapes resolved where they may be, host in any case,
 * parameters and headers in any order, an absent port is not 5060), RFC 3966 4 (tel), RFC
 * 3986 6.2.2 (im, pres: user exactly, escapes resolved, host in any case; other: scheme in any
 * case, the rest byte by byte).
 */
bool sip_uri_equal(const struct sip_uri *a, const struct sip_uri *b);

/*
 * What the URI addresses, as a key: scheme:user@host[:port], escapes in their shortest form, host
 * in lower case; without password, headers and parameters except gr. tel: the number without visual
 * separators. Other schemes: the text.
 */
void sip_uri_key(struct buf *out, const struct sip_uri *u);

/* Which bytes stand for themselves; all others are written %HH (upper case). Letters and digits
 * always do. */
enum sip_escape {
	SIP_ESC_USER,     /* RFC 3261 user: - _ . ! ~ * ' ( ) & = + $ , ; ? / */
	SIP_ESC_PASSWORD, /* - _ . ! ~ * ' ( ) & = + $ , */
	SIP_ESC_PARAM,    /* pname, pvalue: - _ . ! ~ * ' ( ) [ ] / : & + $ */
	SIP_ESC_HEADER,   /* hname, hvalue: - _ . ! ~ * ' ( ) [ ] / ? : + $ */
	SIP_ESC__N
};

void sip_escape(struct buf *out, enum sip_escape set, struct slice s);

/* Resolves %HH. -1: a '%' without two hexadecimal digits behind it; out then holds what came
 * before. */
int sip_unescape(struct buf *out, struct slice s);

/* A host as RFC 3261 25.1 has it, or an IPv6 address with or without brackets; NONE when it is
 * none. */
enum sip_host_kind sip_host_kind(struct slice s);

/* The same host: names in any case and with or without the last dot, addresses by value. */
bool sip_host_equal(struct slice a, struct slice b);

/* "host", "host:port", "[v6]:port". Port 0 when there is none. NONE: it is none of these. */
enum sip_host_kind sip_hostport_parse(struct slice s, struct slice *ret_host, uint16_t *ret_port);
