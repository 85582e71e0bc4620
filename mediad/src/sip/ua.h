/* Inside of sip/. */
#ifndef MD_UA_H
#define MD_UA_H
#include "sip/dialog.h"

struct md_hep;

struct md_ua {
	su_root_t *root;
	nua_t *nua;
	struct md_ua_conf conf;
	struct in_addr address;
	const struct md_ua_ops *ops;
	void *arg;
	struct md_dialog *dialogs;
	struct md_hep *hep;
	bool stopped;
	void (*done_h)(void *arg);
	void *done_arg;
};

enum md_dialog_state {
	MD_D_INCOMING,  /* INVITE here, no final answer */
	MD_D_ANSWERING, /* 2xx sent, ACK awaited */
	MD_D_CALLING,   /* INVITE sent */
	MD_D_UP,
	MD_D_PARTING /* without an owner: finishing its transactions */
};

struct md_dialog {
	struct md_ua *ua;
	struct md_dialog *prev, *next;
	nua_handle_t *nh;
	enum md_dialog_state state;
	void *owner;
	char *call_id; /* malloc */
	uint16_t port;
	uint64_t sdp_id;
	unsigned sdp_version;
	bool has_remote;             /* `remote` is what the far end last said */
	bool offer_open;             /* an offer of ours waits for its answer */
	bool offered;                /* `remote` is an answer: the far end sends by our numbers */
	struct md_codec_list codecs; /* what we offer, in this order */
	bool ack_answer;             /* … in the ACK */
	bool hold;                   /* we hold the far end */
	bool held;                   /* it holds us */
	bool early;
	bool bye_on_ack;
	bool invite_image;    /* our open offer is of T.38 … */
	bool image_pass;      /* … of another machine, or its answer is awaited */
	struct md_sdp *asked; /* malloc: the far end's offer of T.38 that the other machine has not answered yet */
	char image_lines[MD_SDP_IMAGE]; /* the other machine's; "" with image_pass: it said nothing of itself */
	bool invite_again;              /* after a glare */
	bool dead;                      /* sofia said that it is over */
	int reason_cause;               /* of a Reason header, before the end */
	struct md_sdp remote;
	bool out;          /* we made the Call-ID */
	bool late;         /* our INVITE had no offer: theirs is in its answer, ours in the ACK */
	char *refer_event; /* malloc: a REFER of the far end whose end is to be told */
	bool refer_open;   /* one of ours, and the last that was heard of it */
	int refer_code;
	bool info_open; /* an INFO of ours is on its way */
	char info_keys[40];
	unsigned info_ms;
	su_timer_t *timer; /* retry after glare; the end of PARTING */
};

void md_dialog_event(struct md_dialog *d, nua_event_t event, int status, const char *phrase, const sip_t *sip,
		     tagi_t tags[]);
int md_dialog_alloc(struct md_dialog **dp, struct md_ua *ua);
void md_dialog_free(struct md_dialog *d);
void md_dialog_part(struct md_dialog *d); /* from its owner */
void md_dialog_accept(struct md_ua *ua, nua_handle_t *nh, const sip_t *sip);
/* dialog_offer.c */
const char *md_dialog_local_sdp(struct md_dialog *d, char *buf, size_t size, bool answer);
/* ENOENT: none; else as md_sdp_parse. `answer`: to an offer of ours. */
int md_dialog_take_sdp(struct md_dialog *d, const sip_t *sip, bool answer);
void md_dialog_tell_media(struct md_dialog *d);
/* To an offer in a 2xx or a reliable 1xx: with our answer, or without. */
void md_dialog_ack(struct md_dialog *d, bool answer);
void md_dialog_prack(struct md_dialog *d, bool answer);
void md_dialog_far_offer(struct md_dialog *d, const sip_t *sip, bool update);
void md_dialog_offer_result(struct md_dialog *d, int status, const sip_t *sip);
const char *md_sip_contact(const sip_t *sip, char *buf, size_t size);
void md_dialog_timer_h(su_root_magic_t *magic, su_timer_t *t, struct md_dialog *d);
void md_dialog_set_state(struct md_dialog *d, enum md_dialog_state state);
/* refer.c */
int md_dialog_replaces(struct md_ua *ua, const sip_t *sip, void **owner);
void md_dialog_referred(struct md_dialog *d, const sip_t *sip, tagi_t tags[]);
void md_dialog_refer_result(struct md_dialog *d, int status, const char *phrase);
void md_dialog_notified(struct md_dialog *d, const sip_t *sip);
/* info.c */
char md_info_parse(const char *type, const char *body, size_t len, unsigned *ms);
void md_dialog_info_in(struct md_dialog *d, const sip_t *sip);
void md_dialog_info_result(struct md_dialog *d, int status);
/* hep.c */
int md_hep_alloc(struct md_hep **hp, const char *to, const struct sockaddr_in *self, char *dump, size_t size);
void md_hep_free(struct md_hep *h);
#endif
