#include "directory/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/dn.h"
#include "base/clean.h"
#include "base/clock.h"
#include "base/mem.h"

enum { INCOMING_MAX = 8 * 1024 * 1024 };

/* The system's trust, where Debian and others have it in one file. */
static const char system_trust[] = "/etc/ssl/certs/ca-certificates.crt";

/* TLS 1.2 at least; GnuTLS takes versions as part of its priorities. */
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* ---- what the library says of TLS ---- */

/*
 * Why a certificate is refused it tells nowhere but in its log. The first line about TLS is kept,
 * for each thread; no other is, and none is written anywhere.
 */
static _Thread_local char tls_said[256];

static void keep_line(const char *line)
{
	if (!*tls_said && strncmp(line, "TLS: ", 5) == 0)
		clean_text(tls_said, sizeof tls_said, slice_trim(slice_of(line + 5)));
}

/* The bits of gnutls_certificate_status_t that come in "peer cert untrusted or revoked (0x42)". */
static const char *untrusted_why(void)
{
	static const struct {
		unsigned long bit;
		const char *why;
	} table[] = {
		{0x400, "its certificate has expired"},
		{0x200, "its certificate is not valid yet"},
		{0x20, "its certificate is revoked"},
		{0x40, "its certificate is not issued by an authority that we trust"},
		{0x800, "its certificate is not signed by the authority that it names"},
		{0x80, "its certificate is issued by what is no authority"},
		{0x100, "its certificate is signed with an algorithm that is not safe"},
	};
	const char *bits = strstr(tls_said, "(0x");

	for (size_t i = 0; bits && i < ARRAY_LEN(table); i++)
		if (strtoul(bits + 1, NULL, 16) & table[i].bit)
			return table[i].why;
	return strstr(tls_said, "hostname") ? "its certificate is not for this name" : NULL;
}

int conn_library(void)
{
	int trace = 1; /* the level of what is said about certificates */

	/* Settings of this machine's LDAP clients, and of the environment, are not for us. */
	setenv("LDAPNOINIT", "1", 1);
	if (ber_set_option(NULL, LBER_OPT_LOG_PRINT_FN, keep_line) != LBER_OPT_SUCCESS ||
		ldap_set_option(NULL, LDAP_OPT_DEBUG_LEVEL, &trace) != LDAP_OPT_SUCCESS)
		return -1;
	return guard_start();
}

static bool is_ldaps(const char *server)
{
	return strncmp(server, "ldaps://", 8) == 0;
}

/* ---- time ---- */

static uint64_t time_left(const struct request *r)
{
	uint64_t now = clock_mono_ms(), left = now < r->deadline_ms ? r->deadline_ms - now : 0;

	return left < r->timeout_ms ? left : r->timeout_ms;
}

static struct timeval timeval_of(uint64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (ms % 1000) * 1000};
}

static int too_late(const char *server, struct err *e)
{
	return err_code(e, ERR_TIMEOUT, "directory_timeout", "servers", "%s took too long", server);
}

/* Around every call that talks to the server. */
static struct timeval begin(struct conn *c)
{
	uint64_t left = time_left(c->request);

	guard_arm(&c->guard, clock_mono_ms() + left);
	return timeval_of(left ? left : 1);
}

static int end(struct conn *c, int rc)
{
	guard_disarm(&c->guard);
	return rc;
}

/* ---- errors ---- */

bool conn_elsewhere(const struct err *e)
{
	return strcmp(e->code, "directory_tls") == 0 || strcmp(e->code, "directory_connect") == 0 ||
	       strcmp(e->code, "directory_timeout") == 0;
}

/* What the server or the library said besides the result; "" when nothing. */
static void said(LDAP *ld, char ret[256])
{
	char *text = NULL;

	ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	clean_text(ret, 256, slice_of(text ? text : ""));
	ldap_memfree(text);
}

static int failed(struct conn *c, int rc, const char *doing, struct err *e)
{
	char why[256];

	said(c->ld, why);
	switch (rc) {
	case LDAP_TIMEOUT:
	case LDAP_TIMELIMIT_EXCEEDED:
		return too_late(c->server, e);
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return err_code(e, ERR_TIMEOUT, "directory_timeout", "servers",
			"%s has no time now: %s", c->server, ldap_err2string(rc));
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_LOCAL_ERROR:
	case LDAP_DECODING_ERROR:
		return err_code(e, ERR_UNAVAILABLE, "directory_connect", "servers",
			"the connection to %s broke while %s: %s", c->server, doing,
			ldap_err2string(rc));
	case LDAP_REFERRAL:
		return err_code(e, ERR_UNAVAILABLE, "directory_referral", "servers",
			"%s sends us to another server, where we do not go; list a server that "
			"holds the entries itself",
			c->server);
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INVALID_DN_SYNTAX:
		return err_code(e, ERR_NOT_FOUND, "directory_base", NULL,
			"%s has no such entry, or does not show it to us (%s)", c->server, doing);
	}
	return err_code(e, ERR_UNAVAILABLE, "directory_refused", NULL, "%s refused while %s: %s%s%s",
		c->server, doing, ldap_err2string(rc), *why ? "; " : "", why);
}

/* ---- is it there ---- */

/* "ldaps://[::1]:636" in its parts. */
static bool parts(const char *server, char host[256], char port[8])
{
	LDAPURLDesc *url = NULL;
	bool good = ldap_url_parse(server, &url) == LDAP_SUCCESS && url->lud_host &&
		    *url->lud_host && strlen(url->lud_host) < 256;

	if (good) {
		snprintf(host, 256, "%s", url->lud_host);
		snprintf(port, 8, "%d", url->lud_port ? url->lud_port & 0xffff
						      : is_ldaps(server) ? 636 : 389);
	}
	ldap_free_urldesc(url);
	return good;
}

static bool connects(const struct addrinfo *a, uint64_t ms)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), bad = -1;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	socklen_t n = sizeof bad;

	if (fd < 0)
		return false;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		bad = 0;
	else if (errno == EINPROGRESS && poll(&ready, 1, (int)ms) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &bad, &n);
	if (bad > 0)
		errno = bad;
	close(fd);
	return bad == 0;
}

static int reach(const struct addrinfo *found, const char *server, const struct request *r,
	struct err *e)
{
	int why = ETIMEDOUT;

	for (const struct addrinfo *a = found; a && time_left(r); a = a->ai_next) {
		errno = ETIMEDOUT;
		if (connects(a, time_left(r)))
			return 0;
		why = errno;
	}
	return err_code(e, ERR_UNAVAILABLE, "directory_connect", "servers",
		"%s is not reached: %s", server, strerror(why));
}

int conn_reach(const char *server, const struct request *r, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char host[256], port[8];
	int bad, result;

	if (!parts(server, host, port))
		return err_code(e, ERR_INVALID, "directory_connect", "servers",
			"%.200s is no server", server);
	bad = getaddrinfo(host, port, &hints, &found);
	if (bad)
		return err_code(e, ERR_UNAVAILABLE, "directory_connect", "servers",
			"there is no address of %s: %s", host, gai_strerror(bad));
	result = reach(found, server, r, e);
	freeaddrinfo(found);
	return result;
}

/* ---- opening ---- */

static bool set(LDAP *ld, int option, const void *value)
{
	return ldap_set_option(ld, option, value) == LDAP_OPT_SUCCESS;
}

static bool is_gnutls(void)
{
	char *package = NULL;
	bool yes;

	ldap_get_option(NULL, LDAP_OPT_X_TLS_PACKAGE, &package);
	yes = package && strcmp(package, "GnuTLS") == 0;
	ldap_memfree(package);
	return yes;
}

/* A server that sends without end fills no memory. */
static bool limit_incoming(LDAP *ld)
{
	ber_len_t most = INCOMING_MAX;
	Sockbuf *sb = NULL;

	return ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS && sb &&
	       ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1;
}

static bool set_times(struct conn *c)
{
	uint64_t left = time_left(c->request);
	struct timeval t = timeval_of(left ? left : 1);

	return set(c->ld, LDAP_OPT_NETWORK_TIMEOUT, &t) && set(c->ld, LDAP_OPT_TIMEOUT, &t);
}

/* What is refused here is a bug or a library that is not the one we know: no connection. */
static bool set_all(struct conn *c)
{
	int three = LDAP_VERSION3, never = LDAP_DEREF_NEVER, demand = LDAP_OPT_X_TLS_DEMAND;
	int san = LDAP_OPT_X_TLS_TRY, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
	const char *ca = *c->request->ca_file ? c->request->ca_file : system_trust;
	LDAP *ld = c->ld;

	return set(ld, LDAP_OPT_PROTOCOL_VERSION, &three) &&
	       set(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) && set(ld, LDAP_OPT_DEREF, &never) &&
	       set(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) &&
	       set(ld, LDAP_OPT_X_TLS_REQUIRE_SAN, &san) &&
	       set(ld, LDAP_OPT_X_TLS_CACERTFILE, ca) &&
	       (is_gnutls() ? set(ld, LDAP_OPT_X_TLS_CIPHER_SUITE, priorities)
			    : set(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least)) &&
	       set(ld, LDAP_OPT_CONNECT_CB, &c->connected) && set_times(c) &&
	       limit_incoming(ld) && set(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
}

/* The socket is there, and TLS not yet. */
static int on_connected(LDAP *ld, Sockbuf *sb, LDAPURLDesc *url, struct sockaddr *address,
	struct ldap_conncb *cb)
{
	struct conn *c = cb->lc_arg;
	int fd = -1;

	if (ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd) == 1 && fd >= 0)
		guard_socket(&c->guard, fd);
	return 0;
}

static void on_closed(LDAP *ld, Sockbuf *sb, struct ldap_conncb *cb)
{
}

static int no_tls(struct conn *c, int rc, struct err *e)
{
	const char *why = untrusted_why();
	char text[256];

	said(c->ld, text);
	return err_code(e, ERR_UNAVAILABLE, "directory_tls", "servers",
		"no TLS with %s that can be trusted: %s", c->server,
		why                                        ? why
		: *tls_said                                ? tls_said
		: *text && !strstr(text, "unknown error") ? text
							   : ldap_err2string(rc));
}

static int start_tls(struct conn *c)
{
	int rc;

	begin(c);
	set_times(c);
	rc = end(c, ldap_connect(c->ld));
	if (rc != LDAP_SUCCESS || is_ldaps(c->server))
		return rc;
	begin(c);
	set_times(c);
	return end(c, ldap_start_tls_s(c->ld, NULL, NULL));
}

static int secure(struct conn *c, struct err *e)
{
	uint64_t end_ms = clock_mono_ms() + time_left(c->request);
	int rc;

	*tls_said = '\0';
	rc = start_tls(c);
	if (rc == LDAP_SUCCESS && ldap_tls_inplace(c->ld))
		return 0;
	/* The library says the same of a closed port, a bad certificate and a silent server. */
	if (rc == LDAP_TIMEOUT || clock_mono_ms() >= end_ms)
		return too_late(c->server, e);
	return conn_reach(c->server, c->request, e) < 0 ? -1 : no_tls(c, rc, e);
}

static int prepare(struct conn *c, struct err *e)
{
	const char *ca = *c->request->ca_file ? c->request->ca_file : system_trust;

	if (!time_left(c->request))
		return too_late(c->server, e);
	if (access(ca, R_OK) < 0)
		return err_code(e, ERR_INVALID, "directory_ca", "ca_file",
			"the file of certification authorities, %s, cannot be read: %s", ca,
			strerror(errno));
	if (ldap_initialize(&c->ld, c->server) != LDAP_SUCCESS || !set_all(c))
		return err_code(e, ERR_INVALID, "directory_ca", "ca_file",
			"TLS cannot be prepared: is %s a PEM file with certificates?", ca);
	return 0;
}

int conn_open(struct conn **ret, const char *server, const struct request *r, struct err *e)
{
	struct conn *c = xzalloc(sizeof *c);

	c->server = server;
	c->request = r;
	c->connected = (struct ldap_conncb){on_connected, on_closed, c};
	guard_init(&c->guard);
	if (prepare(c, e) < 0 || secure(c, e) < 0) {
		conn_close(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void conn_close(struct conn *c)
{
	if (!c)
		return;
	if (c->ld) {
		guard_arm(&c->guard, clock_mono_ms() + 1000);
		ldap_unbind_ext(c->ld, NULL, NULL);
	}
	guard_done(&c->guard);
	xfree(c);
}

/* ---- binds ---- */

static const char ppolicy_oid[] = "1.3.6.1.4.1.42.2.27.8.5.1";

/* A password that has to be changed first: the server may take it all the same. */
static bool to_be_changed(struct conn *c, LDAPControl **controls)
{
	LDAPControl *policy = ldap_control_find(ppolicy_oid, controls, NULL);
	LDAPPasswordPolicyError error;
	ber_int_t expire, grace;

	return policy &&
	       ldap_parse_passwordpolicy_control(c->ld, policy, &expire, &grace, &error) ==
		       LDAP_SUCCESS &&
	       (error == PP_changeAfterReset || error == PP_passwordExpired);
}

/* The result code of a simple bind. ret_change may be NULL. */
static int simple_bind(struct conn *c, const char *dn, const char *password, bool *ret_change)
{
	struct berval credentials = {strlen(password), (char *)password};
	LDAPControl policy = {(char *)ppolicy_oid, {0, NULL}, 0}, *ask[] = {&policy, NULL};
	LDAPControl **controls = NULL;
	LDAPMessage *answer = NULL;
	struct timeval t = begin(c);
	int id, rc, result;

	rc = ldap_sasl_bind(c->ld, dn, LDAP_SASL_SIMPLE, &credentials, ask, NULL, &id);
	if (rc != LDAP_SUCCESS)
		return end(c, rc);
	rc = end(c, ldap_result(c->ld, id, LDAP_MSG_ALL, &t, &answer));
	if (rc == 0)
		ldap_abandon_ext(c->ld, id, NULL, NULL);
	if (rc <= 0)
		return rc == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
	rc = ldap_parse_result(c->ld, answer, &result, NULL, NULL, NULL, &controls, 1);
	if (rc == LDAP_SUCCESS && ret_change)
		*ret_change = controls && to_be_changed(c, controls);
	ldap_controls_free(controls);
	return rc == LDAP_SUCCESS ? result : rc;
}

static void read_root_dse(struct conn *c)
{
	static const char *const wanted[] = {"supportedCapabilities", NULL};
	LDAPMessage *found = NULL;
	struct berval **v = NULL;

	c->active_directory = false;
	if (conn_search(c, "", LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &found, NULL) < 0)
		return; /* it does not say so */
	if (ldap_first_entry(c->ld, found))
		v = ldap_get_values_len(c->ld, ldap_first_entry(c->ld, found), wanted[0]);
	for (size_t i = 0; v && v[i]; i++)
		if (capability_is_active_directory(slice_make(v[i]->bv_val, v[i]->bv_len)))
			c->active_directory = true;
	ldap_value_free_len(v);
	ldap_msgfree(found);
}

int conn_bind_own(struct conn *c, struct err *e)
{
	const struct request *r = c->request;
	char why[256];
	int rc;

	if (*r->bind_dn && !*r->bind_password)
		return err_code(e, ERR_INVALID, "directory_bind", "bind_password",
			"there is no password for %.200s; set bind_password", r->bind_dn);
	rc = simple_bind(c, r->bind_dn, *r->bind_dn ? r->bind_password : "", NULL);
	if (rc == LDAP_SUCCESS) {
		read_root_dse(c);
		return 0;
	}
	if (rc != LDAP_INVALID_CREDENTIALS && rc != LDAP_INAPPROPRIATE_AUTH &&
		rc != LDAP_INVALID_DN_SYNTAX && rc != LDAP_NO_SUCH_OBJECT)
		return failed(c, rc, "binding as our own account", e);
	said(c->ld, why);
	return err_code(e, ERR_DENIED, "directory_bind", "bind_password",
		"%s refuses %.200s: %s%s%s", c->server, *r->bind_dn ? r->bind_dn : "to be asked by nobody",
		ldap_err2string(rc), *why ? "; " : "", why);
}

static bool says_no(int rc)
{
	return rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_INAPPROPRIATE_AUTH ||
	       rc == LDAP_NO_SUCH_OBJECT || rc == LDAP_CONSTRAINT_VIOLATION ||
	       rc == LDAP_INSUFFICIENT_ACCESS || rc == LDAP_UNWILLING_TO_PERFORM ||
	       rc == LDAP_INVALID_DN_SYNTAX || rc == LDAP_STRONG_AUTH_REQUIRED;
}

int conn_bind_as(struct conn *c, const char *dn, const char *password, bool *ret_refused,
	char ret_why[256], struct err *e)
{
	bool change = false;
	int rc;

	*ret_refused = false;
	/* The last of several looks: a bind without a name or a password is granted to anybody. */
	if (!*dn || !*password) {
		*ret_refused = true;
		snprintf(ret_why, 256, "the password is empty");
		return -1;
	}
	rc = simple_bind(c, dn, password, &change);
	if (rc == LDAP_SUCCESS && !change)
		return 0;
	if (rc != LDAP_SUCCESS && !says_no(rc))
		return failed(c, rc, "checking a password", e);
	*ret_refused = true;
	if (change)
		snprintf(ret_why, 256, ", data 773,"); /* as Active Directory says it */
	else
		said(c->ld, ret_why);
	return -1;
}

/* ---- searches ---- */

int conn_search(struct conn *c, const char *base, int scope, const char *filter,
	const char *const *attributes, int most, LDAPMessage **ret, struct err *e)
{
	LDAPMessage *found = NULL;
	struct timeval t;
	int rc;

	if (!time_left(c->request))
		return too_late(c->server, e);
	t = begin(c);
	rc = end(c, ldap_search_ext_s(c->ld, base, scope, filter, (char **)(uintptr_t)attributes, 0,
			    NULL, NULL, &t, most, &found));
	c->more = rc == LDAP_SIZELIMIT_EXCEEDED;
	if (rc == LDAP_SUCCESS || rc == LDAP_SIZELIMIT_EXCEEDED) {
		*ret = found;
		return 0;
	}
	ldap_msgfree(found);
	return failed(c, rc, *base ? base : "reading the root DSE", e);
}

char *conn_dn(struct conn *c, LDAPMessage *entry)
{
	char *dn = ldap_get_dn(c->ld, entry);
	struct buf canonical = {0};
	bool good = dn && dn_canonical(&canonical, slice_of(dn), NULL) == 0;

	buf_done(&canonical);
	if (good)
		return dn;
	ldap_memfree(dn);
	return NULL;
}
