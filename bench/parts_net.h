#pragma once

#include "sip_side.h"

/*
 * What a bridged message costs at best on this machine, by the transport of its SIP side, in us of
 * processor time of the one in the middle: the system calls and TLS records that no implementation
 * can do without, batched as well as they can be, and the XML parser.
 */
struct parts_sip { /* a request, a response: in and out */
	double recv_request, send_request, recv_response, send_response;
};
struct parts_sip parts_sip(enum side_kind k);

struct parts_bridge {
	double sip_to_xmpp, xmpp_to_sip;
};
struct parts_bridge parts_bridge(enum side_kind k);
