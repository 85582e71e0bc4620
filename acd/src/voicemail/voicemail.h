/* Voicemail boxes and the messages in them, as far as a call needs them. A message is in memory as soon as it was left,
 * and again when its row comes from the database, under the same id. */
#ifndef ACD_VOICEMAIL_H
#define ACD_VOICEMAIL_H
#include "core/acd.h"

struct acd_message {
	UT_hash_handle hh;               /* acd_tenant.messages */
	struct acd_message *next, *prev; /* of the box, oldest first */
	char id[ZJ_UUID_SIZE], box[ZJ_UUID_SIZE], caller[ACD_NUMBER_SIZE];
	char path[200];
	int64_t left_at, ms;
	bool heard, saved;
};

struct acd_box {
	UT_hash_handle hh; /* acd_tenant.boxes */
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE], pin[20];
	char extension[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], queue[ZJ_UUID_SIZE], greeting[ZJ_UUID_SIZE];
	char greeting_path[200];
	struct acd_tenant *tenant;
	int64_t max_ms, silence_ms, max_messages;
	bool ask_first, enabled, gone;
	struct acd_message *messages;
	unsigned n_new, n_old;
};

void acd_box_row(struct acd_tenant *t, const char *id, const json_t *row);     /* of the configuration */
void acd_message_row(struct acd_tenant *t, const char *id, const json_t *row); /* likewise */
void acd_boxes_free(struct acd_tenant *t);
struct acd_box *acd_box_find(const struct acd_tenant *t, const char *id);          /* NULL: gone, disabled */
struct acd_box *acd_box_by_number(const struct acd_tenant *t, const char *number); /* its own, or its extension's */
/* Is the calling phone the box's own? */
bool acd_box_is_own(const struct acd_box *b, const struct acd_call *call);
struct acd_box *acd_box_of(const struct acd_call *call); /* of the calling phone; NULL: it has none */
/* How many messages wait for the phone of this number; false: it has no box. For the lamp, also when it registers. */
bool acd_voicemail_waiting(const struct acd_tenant *t, const char *number, unsigned *fresh, unsigned *old);

struct acd_message *acd_message_find(const struct acd_tenant *t, const char *id);
/* The first one after `after` (NULL: at all) that was heard, or was not. */
struct acd_message *acd_message_next(const struct acd_box *b, const struct acd_message *after, bool heard);
void acd_message_add(struct acd_box *b, const struct acd_message *m); /* copied: just left */
void acd_message_act(struct acd_call *call, struct acd_message *m,
		     const char *what); /* heard, saved, deleted: also the fact */
void acd_greeting_set(struct acd_call *call, struct acd_box *b, const char *path);

/* story_voicemail.c → story_mailbox.c: the caller shall listen to the box. */
void acd_mailbox_open(struct acd_call *call, const struct acd_box *b);
#endif
