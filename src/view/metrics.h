#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The process's counters: one table, from which the counters, /metrics and their documentation come.
 * Any thread adds; adding is one relaxed atomic. Gauges may go down.
 * METRIC(id, name, labels, kind, help); rows of one name stand together.
 */
#define METRICS(METRIC)                                                                            \
	METRIC(SIP_MESSAGES_IN, "entente_messages_total", "from=\"sip\"", "counter",               \
		"Messages accepted for translation")                                               \
	METRIC(XMPP_MESSAGES_IN, "entente_messages_total", "from=\"xmpp\"", "counter",             \
		"Messages accepted for translation")                                               \
	METRIC(SIP_DELIVERED, "entente_delivered_total", "to=\"sip\"", "counter",                  \
		"Messages with a final positive answer")                                           \
	METRIC(XMPP_DELIVERED, "entente_delivered_total", "to=\"xmpp\"", "counter",                \
		"Messages with a final positive answer")                                           \
	METRIC(SIP_ERRORS, "entente_errors_total", "told=\"sip\"", "counter",                      \
		"Messages whose sender was told of an error")                                      \
	METRIC(XMPP_ERRORS, "entente_errors_total", "told=\"xmpp\"", "counter",                    \
		"Messages whose sender was told of an error")                                      \
	METRIC(LATE_ERRORS, "entente_late_errors_total", "", "counter",                            \
		"Errors known only after the 200 was sent")                                        \
	METRIC(LATE_ERRORS_TOLD, "entente_late_errors_told_total", "", "counter",                  \
		"Late-error messages sent to SIP users")                                           \
	METRIC(LATE_ERRORS_FORGOTTEN, "entente_late_errors_forgotten_total", "report=\"error\"",    \
		"counter",                                                                         \
		"Reports about messages not remembered any more, of which nobody can be told")     \
	METRIC(LATE_LOSSES_FORGOTTEN, "entente_late_errors_forgotten_total", "report=\"lost\"",     \
		"counter",                                                                         \
		"Reports about messages not remembered any more, of which nobody can be told")     \
	METRIC(ANSWERS_DROPPED, "entente_answers_dropped_total", "", "counter",                    \
		"Answers to XMPP senders for which the way to the edge had no room")               \
	METRIC(DENIED, "entente_denied_total", "", "counter",                                      \
		"Messages refused by the permission chain")                                        \
	METRIC(RECEIPTS_TO_SIP, "entente_receipts_total", "to=\"sip\"", "counter",                 \
		"Receipts and displayed markers passed on, and failures told as such")             \
	METRIC(RECEIPTS_TO_XMPP, "entente_receipts_total", "to=\"xmpp\"", "counter",               \
		"Receipts and displayed markers passed on, and failures told as such")             \
	METRIC(SESSIONS, "entente_sessions", "", "gauge",                                          \
		"Sessions of a user and a contact, those that are being opened or ended too")      \
	METRIC(SESSIONS_BY_USER, "entente_sessions_opened_total", "by=\"user\"", "counter",        \
		"Sessions that came about")                                                        \
	METRIC(SESSIONS_BY_CONTACT, "entente_sessions_opened_total", "by=\"contact\"", "counter",  \
		"Sessions that came about")                                                        \
	METRIC(SESSIONS_REFUSED_BY_USER, "entente_sessions_refused_total", "by=\"user\"",          \
		"counter", "Sessions that one side wanted and the other refused, or did not answer")  \
	METRIC(SESSIONS_REFUSED_BY_US, "entente_sessions_refused_total", "by=\"entente\"",         \
		"counter", "Sessions that one side wanted and the other refused, or did not answer")  \
	METRIC(SESSION_TEXTS_IN, "entente_session_texts_total", "from=\"sip\"", "counter",         \
		"Texts of sessions")                                                               \
	METRIC(SESSION_TEXTS_OUT, "entente_session_texts_total", "from=\"xmpp\"", "counter",       \
		"Texts of sessions")                                                               \
	METRIC(SIP_RX, "entente_sip_messages_total", "dir=\"in\"", "counter", "SIP messages")      \
	METRIC(SIP_TX, "entente_sip_messages_total", "dir=\"out\"", "counter", "SIP messages")     \
	METRIC(SIP_RETRANS_RX, "entente_sip_retransmissions_total", "dir=\"in\"", "counter",       \
		"SIP retransmissions")                                                             \
	METRIC(SIP_RETRANS_TX, "entente_sip_retransmissions_total", "dir=\"out\"", "counter",      \
		"SIP retransmissions")                                                             \
	METRIC(SIP_BAD, "entente_sip_bad_total", "", "counter", "SIP messages that could not be read") \
	METRIC(SIP_UNLISTED, "entente_sip_unlisted_total", "", "counter",                          \
		"SIP messages from an address that is no route")                                   \
	METRIC(SIP_FORGED_FROM, "entente_sip_forged_from_total", "", "counter",                    \
		"SIP requests whose From is not accepted on their route")                          \
	METRIC(SIP_KERNEL_DROPS, "entente_sip_kernel_drops_total", "", "counter",                  \
		"Datagrams the kernel dropped at our sockets")                                     \
	METRIC(SIP_CONNECTIONS, "entente_sip_connections", "", "gauge",                            \
		"SIP connections over TCP and TLS, those of strangers too")                        \
	METRIC(SIP_CONNECTS_IN, "entente_sip_connections_made_total", "dir=\"in\"", "counter",     \
		"SIP connections that belong to a route")                                          \
	METRIC(SIP_CONNECTS_OUT, "entente_sip_connections_made_total", "dir=\"out\"", "counter",   \
		"SIP connections that belong to a route")                                          \
	METRIC(SIP_CONNECTIONS_LOST_IN, "entente_sip_connections_failed_total", "dir=\"in\"",      \
		"counter", "SIP connections that failed or were refused")                          \
	METRIC(SIP_CONNECTIONS_LOST_OUT, "entente_sip_connections_failed_total", "dir=\"out\"",    \
		"counter", "SIP connections that failed or were refused")                          \
	METRIC(SIP_FAILOVERS, "entente_sip_failovers_total", "", "counter",                        \
		"SIP requests that went on to another target of their route")                      \
	METRIC(SIP_SHED_IN, "entente_sip_shed_total", "dir=\"in\"", "counter",                     \
		"New SIP requests refused for want of room, for a rate, or because we end")        \
	METRIC(SIP_SHED_OUT, "entente_sip_shed_total", "dir=\"out\"", "counter",                   \
		"New SIP requests refused for want of room, for a rate, or because we end")        \
	METRIC(SIP_TRANSACTIONS, "entente_sip_transactions", "", "gauge", "SIP transactions held") \
	METRIC(STREAMS_IN, "entente_streams", "dir=\"in\"", "gauge", "XMPP streams")               \
	METRIC(STREAMS_OUT, "entente_streams", "dir=\"out\"", "gauge", "XMPP streams")             \
	METRIC(STREAMS_IN_FAILED, "entente_stream_failures_total", "dir=\"in\"", "counter",        \
		"Streams that ended before they were authenticated")                               \
	METRIC(STREAMS_OUT_FAILED, "entente_stream_failures_total", "dir=\"out\"", "counter",      \
		"Streams that ended before they were authenticated")                               \
	METRIC(STREAMS_CERT_EXPIRED, "entente_streams_ended_by_certificate_total",                 \
		"reason=\"expired\"", "counter",                                                   \
		"Streams closed because the peer's certificate ended meanwhile")                   \
	METRIC(STREAMS_CERT_REVOKED, "entente_streams_ended_by_certificate_total",                 \
		"reason=\"revoked\"", "counter",                                                   \
		"Streams closed because the peer's certificate ended meanwhile")                   \
	METRIC(CERTS_LOADED, "entente_certificate_loads_total", "result=\"in-force\"", "counter",  \
		"Times that certificates and revocation lists were read again")                    \
	METRIC(CERTS_REFUSED, "entente_certificate_loads_total", "result=\"refused\"", "counter",  \
		"Times that certificates and revocation lists were read again")                    \
	METRIC(CERT_WARNINGS_OWN, "entente_certificate_warnings_total", "whose=\"own\"",           \
		"counter", "Warnings 30, 14, 7 and 1 days before a certificate ends")              \
	METRIC(CERT_WARNINGS_PARTNER, "entente_certificate_warnings_total",                        \
		"whose=\"partner\"", "counter",                                                    \
		"Warnings 30, 14, 7 and 1 days before a certificate ends")                         \
	METRIC(CERT_END, "entente_certificate_end_timestamp_seconds", "", "gauge",                 \
		"When the first of our own certificates ends, in seconds since 1970; 0: none")     \
	METRIC(DIALBACK_VALID, "entente_dialback_requests_total", "result=\"valid\"", "counter",    \
		"Requests of partners to be authenticated by dialback")                            \
	METRIC(DIALBACK_INVALID, "entente_dialback_requests_total", "result=\"invalid\"",          \
		"counter", "Requests of partners to be authenticated by dialback")                 \
	METRIC(DIALBACK_FAILED, "entente_dialback_requests_total", "result=\"failed\"", "counter", \
		"Requests of partners to be authenticated by dialback")                            \
	METRIC(DIALBACK_REFUSED, "entente_dialback_requests_total", "result=\"refused\"",          \
		"counter", "Requests of partners to be authenticated by dialback")                 \
	METRIC(STANZAS_IN, "entente_stanzas_total", "dir=\"in\"", "counter", "XMPP stanzas")       \
	METRIC(STANZAS_OUT, "entente_stanzas_total", "dir=\"out\"", "counter", "XMPP stanzas")     \
	METRIC(STANZAS_DROPPED, "entente_stanzas_dropped_total", "", "counter",                    \
		"XMPP stanzas that came on a connection which broke while the gateway was full")   \
	METRIC(QUEUED, "entente_queued_stanzas", "", "gauge",                                      \
		"Stanzas waiting for a stream")                                                    \
	METRIC(FATE_REFUSED, "entente_fates_total", "fate=\"refused\"", "counter", "Stanza fates") \
	METRIC(FATE_UNSENT, "entente_fates_total", "fate=\"unsent\"", "counter", "Stanza fates")   \
	METRIC(FATE_WRITTEN, "entente_fates_total", "fate=\"written\"", "counter", "Stanza fates") \
	METRIC(FATE_UNKNOWN, "entente_fates_total", "fate=\"unknown\"", "counter", "Stanza fates") \
	METRIC(SLOW_HANDLERS, "entente_slow_handlers_total", "", "counter",                        \
		"Event handlers that took over 50 ms")                                             \
	METRIC(GENERATION, "entente_generation", "", "gauge", "Generation of the settings in force")

enum metric {
#define METRIC(id, ...) M_##id,
	METRICS(METRIC)
#undef METRIC
	M__N
};

extern _Atomic int64_t metric_value[M__N];

static inline void metric_add(enum metric m, int64_t n)
{
	atomic_fetch_add_explicit(&metric_value[m], n, memory_order_relaxed);
}

static inline void metric_set(enum metric m, int64_t v)
{
	atomic_store_explicit(&metric_value[m], v, memory_order_relaxed);
}

static inline int64_t metric_get(enum metric m)
{
	return atomic_load_explicit(&metric_value[m], memory_order_relaxed);
}

/* All of them in the text format of Prometheus. */
void metrics_write(struct buf *out);
