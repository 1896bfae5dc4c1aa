#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * The error conditions of RFC 6120, each list once. An unknown condition is read as the one its
 * section says (8.3.2, 4.9.2, 6.5). Texts that come with them are for people and are never looked
 * into.
 */

/*
 * 8.3.3: X(SUFFIX, name, type) with the type the section gives first. XEP-0220 2.5 adds
 * remote-connection-failed.
 */
#define STANZA_CONDITIONS(X)                                                                       \
	X(BAD_REQUEST, "bad-request", MODIFY)                                                      \
	X(CONFLICT, "conflict", CANCEL)                                                            \
	X(FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", CANCEL)                              \
	X(FORBIDDEN, "forbidden", AUTH)                                                            \
	X(GONE, "gone", CANCEL)                                                                    \
	X(INTERNAL_SERVER_ERROR, "internal-server-error", CANCEL)                                  \
	X(ITEM_NOT_FOUND, "item-not-found", CANCEL)                                                \
	X(JID_MALFORMED, "jid-malformed", MODIFY)                                                  \
	X(NOT_ACCEPTABLE, "not-acceptable", MODIFY)                                                \
	X(NOT_ALLOWED, "not-allowed", CANCEL)                                                      \
	X(NOT_AUTHORIZED, "not-authorized", AUTH)                                                  \
	X(POLICY_VIOLATION, "policy-violation", MODIFY)                                            \
	X(RECIPIENT_UNAVAILABLE, "recipient-unavailable", WAIT)                                    \
	X(REDIRECT, "redirect", MODIFY)                                                            \
	X(REGISTRATION_REQUIRED, "registration-required", AUTH)                                    \
	X(REMOTE_CONNECTION_FAILED, "remote-connection-failed", CANCEL)                            \
	X(REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", CANCEL)                              \
	X(REMOTE_SERVER_TIMEOUT, "remote-server-timeout", WAIT)                                    \
	X(RESOURCE_CONSTRAINT, "resource-constraint", WAIT)                                        \
	X(SERVICE_UNAVAILABLE, "service-unavailable", CANCEL)                                      \
	X(SUBSCRIPTION_REQUIRED, "subscription-required", AUTH)                                    \
	X(UNDEFINED_CONDITION, "undefined-condition", CANCEL)                                      \
	X(UNEXPECTED_REQUEST, "unexpected-request", WAIT)

enum stanza_cond {
	STANZA_OK, /* no error */
#define X(suffix, name, type) STANZA_##suffix,
	STANZA_CONDITIONS(X)
#undef X
		STANZA_COND__N
};

enum stanza_error_type {
	STANZA_TYPE_AUTH,
	STANZA_TYPE_CANCEL,
	STANZA_TYPE_CONTINUE,
	STANZA_TYPE_MODIFY,
	STANZA_TYPE_WAIT,
	STANZA_TYPE__N
};

const char *stanza_cond_name(enum stanza_cond c);      /* "item-not-found"; "" for STANZA_OK */
enum stanza_cond stanza_cond_parse(struct slice name); /* unknown: STANZA_UNDEFINED_CONDITION */
enum stanza_error_type stanza_cond_type(enum stanza_cond c);
const char *stanza_error_type_name(enum stanza_error_type t); /* "cancel" */
bool stanza_error_type_parse(struct slice name, enum stanza_error_type *ret);

/* 4.9.3: X(SUFFIX, name) */
#define STREAM_CONDITIONS(X)                                                                       \
	X(BAD_FORMAT, "bad-format")                                                                \
	X(BAD_NAMESPACE_PREFIX, "bad-namespace-prefix")                                            \
	X(CONFLICT, "conflict")                                                                    \
	X(CONNECTION_TIMEOUT, "connection-timeout")                                                \
	X(HOST_GONE, "host-gone")                                                                  \
	X(HOST_UNKNOWN, "host-unknown")                                                            \
	X(IMPROPER_ADDRESSING, "improper-addressing")                                              \
	X(INTERNAL_SERVER_ERROR, "internal-server-error")                                          \
	X(INVALID_FROM, "invalid-from")                                                            \
	X(INVALID_NAMESPACE, "invalid-namespace")                                                  \
	X(INVALID_XML, "invalid-xml")                                                              \
	X(NOT_AUTHORIZED, "not-authorized")                                                        \
	X(NOT_WELL_FORMED, "not-well-formed")                                                      \
	X(POLICY_VIOLATION, "policy-violation")                                                    \
	X(REMOTE_CONNECTION_FAILED, "remote-connection-failed")                                    \
	X(RESET, "reset")                                                                          \
	X(RESOURCE_CONSTRAINT, "resource-constraint")                                              \
	X(RESTRICTED_XML, "restricted-xml")                                                        \
	X(SEE_OTHER_HOST, "see-other-host")                                                        \
	X(SYSTEM_SHUTDOWN, "system-shutdown")                                                      \
	X(UNDEFINED_CONDITION, "undefined-condition")                                              \
	X(UNSUPPORTED_ENCODING, "unsupported-encoding")                                            \
	X(UNSUPPORTED_FEATURE, "unsupported-feature")                                              \
	X(UNSUPPORTED_STANZA_TYPE, "unsupported-stanza-type")                                      \
	X(UNSUPPORTED_VERSION, "unsupported-version")

enum stream_cond {
	STREAM_OK, /* no error */
#define X(suffix, name) STREAM_##suffix,
	STREAM_CONDITIONS(X)
#undef X
		STREAM_COND__N
};

const char *stream_cond_name(enum stream_cond c);      /* "" for STREAM_OK */
enum stream_cond stream_cond_parse(struct slice name); /* unknown: STREAM_UNDEFINED_CONDITION */

/* 6.5: X(SUFFIX, name) */
#define SASL_CONDITIONS(X)                                                                         \
	X(ABORTED, "aborted")                                                                      \
	X(ACCOUNT_DISABLED, "account-disabled")                                                    \
	X(CREDENTIALS_EXPIRED, "credentials-expired")                                              \
	X(ENCRYPTION_REQUIRED, "encryption-required")                                              \
	X(INCORRECT_ENCODING, "incorrect-encoding")                                                \
	X(INVALID_AUTHZID, "invalid-authzid")                                                      \
	X(INVALID_MECHANISM, "invalid-mechanism")                                                  \
	X(MALFORMED_REQUEST, "malformed-request")                                                  \
	X(MECHANISM_TOO_WEAK, "mechanism-too-weak")                                                \
	X(NOT_AUTHORIZED, "not-authorized")                                                        \
	X(TEMPORARY_AUTH_FAILURE, "temporary-auth-failure")

enum sasl_cond {
	SASL_OK, /* no error */
#define X(suffix, name) SASL_##suffix,
	SASL_CONDITIONS(X)
#undef X
		SASL_COND__N
};

const char *sasl_cond_name(enum sasl_cond c);      /* "" for SASL_OK */
enum sasl_cond sasl_cond_parse(struct slice name); /* unknown: SASL_NOT_AUTHORIZED */

/*
 * "<stream:error>...</stream:error>", without the end of the stream. text may be SL_NONE; c is not
 * STREAM_OK.
 */
void stream_error_put(struct buf *b, enum stream_cond c, struct slice text);
