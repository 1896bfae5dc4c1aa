#pragma once

#include "play.h"

/*
 * A session of the user romeo with the contact juliet, on the gateway between doubles: what his
 * user agent would send, and where what leaves is.
 */
struct dialog {
	struct vector *v;
	struct rig *r;
	const char *call_id, *types; /* types: of a=accept-types; NULL: a usual list */
	char *tag, *target;          /* ours: of To, of Contact */
	unsigned cseq;
	bool calling; /* the INVITE was ours */
};

/* His INVITE; headers: complete lines, or NULL; media: of the m= line. */
void dialog_invite(struct dialog *d, const char *media, const char *headers);
/* The same, answered 200, with its ACK; what left so far is forgotten. */
void dialog_establish(struct dialog *d);
/* The last INVITE that left is ours: answered 200. False: there is none. */
bool dialog_accept(struct dialog *d);
/* A request of his within. */
void dialog_request(struct dialog *d, const char *method, const char *type, const char *body);
/* The request that left last with this method; NULL: there is none. */
const struct sip_msg *dialog_sent(const struct dialog *d, enum sip_method method);
/* The last request of the method that is expected, held against it. */
void dialog_compare(struct dialog *d, json_t *expected);
/* It is answered. */
void dialog_respond(struct dialog *d, enum sip_method method, unsigned status);
