/* A SIP dialog with one audio stream: the signalling half of a leg. Runs on the control loop inside sofia's nua.
 *
 * Life: made by md_dialog_invite, or by the user agent for an INVITE (then md_ua_ops.incoming gets it). The owner
 * speaks to it until it says md_dialog_hangup, md_dialog_reject or md_dialog_redirect, or hears `ended`: each of these
 * parts them for good, and the dialog finishes its transactions and frees itself. */
#ifndef MD_DIALOG_H
#define MD_DIALOG_H
#include "sip/sdp.h"
#include "sip/sofia.h"
#include <jansson.h>

struct md_ua;
struct md_dialog;

/* Of an INVITE that came in; texts are borrowed. */
struct md_incoming {
	const char *sip_call_id, *from, *from_name, *to, *contact;
	json_t *headers; /* borrowed: the X-Zj-* headers */
	void *replaces;  /* owner of the dialog that it wants to replace (RFC 3891); NULL: none */
};

/* A REFER that came in. */
struct md_refer {
	const char *to, *by;
	bool has_replaces;
	void *replaces; /* owner of the dialog named; NULL: it is none of ours */
};
#define MD_BODY_MAX 4000

struct md_ended {
	bool by_far;
	int code;  /* SIP code that ended it; 200 for a BYE */
	int cause; /* Q.850 */
	char reason[96];
	const char *body_type, *body; /* of a BYE; borrowed; NULL: none, or not printable */
};

enum md_image { MD_IMAGE_NO, MD_IMAGE_OURS, MD_IMAGE_ASK /* a fax machine at another leg */ };

/* All run on the control loop, never inside a call of the functions below. */
struct md_ua_ops {
	/* Returns 0 and sets *owner, or the SIP code to refuse with (dialog gone). */
	int (*incoming)(void *arg, struct md_dialog *d, const struct md_incoming *in, void **owner);
	void (*ringing)(void *owner, const char *contact);
	void (*early)(void *owner, const char *contact);      /* media before the answer */
	void (*answered)(void *owner, const char *contact);   /* out: 2xx; in: the ACK is here */
	void (*media)(void *owner, const struct md_media *m); /* agreed, or changed */
	enum md_image (*image)(void *owner);                  /* it offers T.38: who is there for it? */
	void (*image_asked)(void *owner, const char *lines);  /* … MD_IMAGE_ASK: md_dialog_image_answer must follow */
	void (*image_answered)(void *owner, const char *lines); /* to what was asked of it; NULL: refused */
	void (*held)(void *owner, bool on);                     /* by the far end */
	void (*refer)(void *owner, const struct md_refer *r);
	void (*edge)(void *owner, const char *header, const char *value); /* an X-Zj-* header of an answer */
	void (*relay)(void *owner, const char *relay); /* X-Zj-Relay: what carries its media now; often a repeat */
	void (*notify)(void *owner, int code, const char *phrase, bool final); /* of a REFER of ours */
	void (*key)(void *owner, char digit, unsigned ms);                     /* by INFO */
	void (*ended)(void *owner, const struct md_ended *e);                  /* the last word */
	bool (*is_full)(void *arg);                                            /* OPTIONS: 503 */
};

struct md_codec_list {
	unsigned n;
	enum md_codec_id order[MD_CODECS];
};
struct md_ua_conf {
	const char *address; /* SIP and RTP address */
	uint16_t port;
	const char *proxy; /* outbound: "sip:host:port" */
	const char *hep;   /* "host:port" of the trace collector, or "" */
	unsigned session_expires_s, session_min_s;
	struct md_codec_list codecs;
	bool choose; /* of an offer's codecs we take the first of ours, not of its own */
};
int md_ua_alloc(struct md_ua **up, su_root_t *root, const struct md_ua_conf *conf, const struct md_ua_ops *ops,
		void *arg) ZJ_MUST_CHECK;
/* Ends every dialog, then calls `done_h` (or after 2 s). */
void md_ua_shutdown(struct md_ua *ua, void (*done_h)(void *arg), void *arg);
void md_ua_free(struct md_ua *ua);

struct md_invite {
	const char *to, *from, *from_name;
	const char *tenant, *call, *call_id; /* call_id: the SIP Call-ID to use */
	const json_t *headers;               /* more of them, or NULL */
	const char *via;                     /* the edge to send it through; NULL or "": the configured one */
	uint16_t rtp_port;
	bool late;                          /* without an offer: the far end makes it */
	const struct md_codec_list *codecs; /* to offer; NULL: as configured */
};
/* EINVAL with `why`: not a SIP URI, a header that may not be set. */
int md_dialog_invite(struct md_dialog **dp, struct md_ua *ua, const struct md_invite *inv, void *owner, char *why,
		     size_t size) ZJ_MUST_CHECK;
const char *md_dialog_call_id(const struct md_dialog *d);

/* Incoming and unanswered. The port must be set before SDP is sent. */
void md_dialog_set_port(struct md_dialog *d, uint16_t port);
bool md_dialog_has_offer(const struct md_dialog *d);
void md_dialog_progress(struct md_dialog *d, int code); /* 180 plain, 183 with SDP */
void md_dialog_answer(struct md_dialog *d);
void md_dialog_reject(struct md_dialog *d, int code, int cause, const char *reason);
void md_dialog_redirect(struct md_dialog *d, const char *to);
/* Answered. EBUSY: another offer is open (told by a retry of its own). */
int md_dialog_offer(struct md_dialog *d, bool hold);
/* T.38 instead of audio; `media` tells when it is agreed, nothing when it is refused: the audio goes on. */
int md_dialog_offer_image(struct md_dialog *d);
/* The same with what another machine says of itself; `image_answered` tells. EBUSY: an offer is open. */
int md_dialog_ask_image(struct md_dialog *d, const char *lines);
/* What the other machine said to the far end's offer of T.38; NULL: no. Without an offer that waits: nothing. */
void md_dialog_image_answer(struct md_dialog *d, const char *lines);
/* What later offers have; NULL: as configured. */
void md_dialog_set_codecs(struct md_dialog *d, const struct md_codec_list *codecs);
/* CANCEL or BYE, whatever fits. A BYE may have a body (RFC 3261 15): its type, and the text. */
void md_dialog_hangup(struct md_dialog *d, int cause, const char *reason, const char *body_type, const char *body);
/* Sends REFER; `notify` tells what becomes of it. `replaces`: the dialog at `to` to take the place of. EBUSY: one is
 * open, or not answered; EINVAL: nothing to replace. */
int md_dialog_refer(struct md_dialog *d, const char *to, struct md_dialog *replaces);
/* Tells the far end what became of its REFER. EINVAL: there is none. */
int md_dialog_notify(struct md_dialog *d, int code);
/* Keys by INFO, in order. ENOSPC: too many are waiting; EINVAL: not answered. */
int md_dialog_keys(struct md_dialog *d, const char *keys, unsigned ms);
#endif
