#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/cert.h"

/* Who a certificate says that a SIP peer is (RFC 5922 7.1). */

static struct slice asn1_slice(const ASN1_STRING *s)
{
	return slice_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* A host: letters, digits, '-', '.'; no wildcard (RFC 5922 7.2), no NUL, no port. */
static bool is_host(struct slice s)
{
	if (!s.n || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.' && s.p[i] != '_')
			return false;
	return true;
}

static void add(struct buf *out, struct slice host)
{
	char *p;

	if (!host.p)
		return;
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (!is_host(host))
		return;
	p = buf_room(out, host.n + 1);
	if (!p)
		return;
	memcpy(p, host.p, host.n);
	ascii_lower(p, host.n);
	p[host.n] = 0;
	buf_added(out, host.n + 1);
}

/* "sip:example.com" is a domain; with a user part it is a person, not a server. */
static void add_uri(struct buf *out, struct slice uri)
{
	struct slice rest;
	size_t end = 0;

	if (!slice_istarts(uri, SL("sip:"))) /* sips is none */
		return;
	rest = slice_from(uri, 4);
	if (slice_find(rest, '@') < rest.n)
		return;
	while (end < rest.n && !memchr(":;?", rest.p[end], 3)) /* a NUL is no end */
		end++;
	add(out, slice_cut(rest, end));
}

/* Not in RFC 5922: a next hop that is an address has no other name. */
static void add_address(struct buf *out, struct slice bytes)
{
	char text[INET6_ADDRSTRLEN];
	int family = bytes.n == 4 ? AF_INET : AF_INET6;

	if ((bytes.n == 4 || bytes.n == 16) && inet_ntop(family, bytes.p, text, sizeof text))
		buf_add(out, text, strlen(text) + 1);
}

static void add_uris(struct buf *out, const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);

		if (gn->type == GEN_URI)
			add_uri(out, asn1_slice(gn->d.uniformResourceIdentifier));
	}
}

static void add_others(struct buf *out, const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);

		if (gn->type == GEN_DNS)
			add(out, asn1_slice(gn->d.dNSName));
		else if (gn->type == GEN_IPADD)
			add_address(out, asn1_slice(gn->d.iPAddress));
	}
}

static void add_common_names(struct buf *out, X509 *leaf)
{
	X509_NAME *subject = X509_get_subject_name(leaf);

	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
		add(out, asn1_slice(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i))));
}

void cert_sip_names(X509 *leaf, struct buf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	size_t before = out->n;

	if (X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) < 0)
		add_common_names(out, leaf);
	add_uris(out, names);
	if (out->n == before) /* 7.1: others count only where no URI says it */
		add_others(out, names);
	GENERAL_NAMES_free(names);
}

bool cert_sip_has(struct slice names, struct slice host)
{
	struct slice name;

	if (host.p && host.n && host.p[host.n - 1] == '.')
		host.n--;
	while (slice_split(&names, 0, &name))
		if (name.n && slice_ieq(name, host))
			return true;
	return false;
}
