#pragma once

#include "gateway/leg.h"
#include "rig.h"

/*
 * A leg with an owner that writes down what he is told, and the other side of its dialog: romeo, by
 * the rig's route. Juliet is ours.
 */
struct scene {
	struct rig r;
	struct leg *leg; /* NULL: never begun, or its handle is gone */
	char told[512];  /* "up(1) ended(0)" */
	unsigned seen;   /* of r.sip: what scene_sent() has told */
	char sent[512];
	bool calling;
	unsigned invite;    /* of r.sip: our INVITE */
	struct slice ours;  /* our tag */
	const char *theirs; /* and theirs */
	unsigned cseq;      /* of their last request */
	unsigned branch;
	unsigned invite_branch;         /* of their INVITE */
	bool hold;                      /* owner: neither answers nor refuses */
	bool first;                     /* he says that he took the first message */
	struct sip_server *request;     /* within, not answered by the owner */
	struct message_refusal refusal; /* of leg_heard() */
};

#define SDP_HEAD  "v=0\r\no=- 0 0 IN IP4 10.0.0.7\r\ns=session\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
#define SDP_TEXT  SDP_HEAD "m=message 5060 sip null\r\na=accept-types:text/plain text/html\r\n"
#define SDP_AUDIO SDP_TEXT "m=audio 4000 RTP/AVP 0\r\n"
#define ROUTES    "Record-Route: <sip:p2.example.net;lr;x=a%2Cb>, <sip:p1.example.net;lr>\r\n"
#define CONTACT   "Contact: <sip:romeo@10.0.0.7:5062>\r\n"

void scene_init(struct scene *s, const struct rig_options *o);
void scene_done(struct scene *s);

/* Our INVITE; field: one more, or NULL. */
void scene_call(struct scene *s);
/* An answer to it of a user agent with this tag; body NULL: none. 2xx have routes and Contact. */
void scene_answer(
	struct scene *s, unsigned status, const char *tag, const char *headers, const char *body);
/* Their INVITE outside of dialogs. */
void scene_invited(struct scene *s, const char *headers, const char *body);
/* A request of theirs within: the next CSeq. */
void scene_within(struct scene *s, const char *method, const char *headers, const char *body);
/* The same with a CSeq of the test's own. */
void scene_within_as(
	struct scene *s, const char *method, unsigned cseq, const char *headers, const char *body);
void scene_ack(struct scene *s);
void scene_cancel(struct scene *s);

/* What left since the last time: "INVITE 200/BYE", the same one after the other once. */
const char *scene_sent(struct scene *s);
/* What the owner was told since the last time. */
const char *scene_told(struct scene *s);
/* The last message that left, with this method, or a response to it. */
const struct sip_msg *scene_last(const struct scene *s, enum sip_method method, bool request);
unsigned scene_last_index(const struct scene *s, enum sip_method method);

#define assert_sent(s, want) assert_string_equal(scene_sent(s), want)
#define assert_told(s, want) assert_string_equal(scene_told(s), want)

/* How far a leg is, as the tests have it. */
enum scene_state {
	CALLING,
	RINGING,
	CANCELLING,
	HEARD,
	UNACKED,
	UP,
	UP_CALLING,
	REASKED,
	LEAVING,
	BYE
};
/* Makes one there; what was sent and told until then is forgotten. */
void scene_bring_to(struct scene *s, enum scene_state state);
void scene_forget(struct scene *s);
/* A MESSAGE of ours within. */
void scene_text(struct scene *s, const char *text, sip_done *done, void *arg);
/* Legs that there are. */
unsigned scene_legs(struct scene *s);
