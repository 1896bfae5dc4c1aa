#pragma once

#include "sip/message.h"

/*
 * Who sends a request, as his network says (RFC 3325), and what of it he wants to be kept from
 * others (RFC 3323). Whether the network is believed is not decided here.
 */
enum sip_asserted {
	SIP_ASSERTED_NOT, /* nobody, or only by telephone number */
	SIP_ASSERTED,
	SIP_ASSERTED_BAD, /* more than one sip or sips URI, or not an address (RFC 3325 9.1) */
};

/* The sip or sips URI of P-Asserted-Identity. ret is untouched unless SIP_ASSERTED. */
enum sip_asserted sip_asserted(const struct sip_msg *m, struct sip_addr *ret);

/* Do the two name the same user at the same host? Device, port and the rest do not count. */
bool sip_same_user(const struct sip_uri *a, const struct sip_uri *b);

/* What Privacy asks for, of all its fields. */
enum {
	SIP_PRIVACY_HEADER = 1,
	SIP_PRIVACY_SESSION = 2,
	SIP_PRIVACY_USER = 4,
	SIP_PRIVACY_NONE = 8,
	SIP_PRIVACY_CRITICAL = 16, /* fail rather than do without */
	SIP_PRIVACY_ID = 32,       /* RFC 3325 9.3: the asserted identity stays inside */
	SIP_PRIVACY_OTHER = 64,    /* a value of a later specification */
};
unsigned sip_privacy(const struct sip_msg *m);
