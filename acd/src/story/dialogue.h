/* Talking with who called: questions that keys answer, words that are recorded, the last sentence. For stories that are
 * told by phone menus; each leg is in one dialogue at a time. */
#ifndef ACD_DIALOGUE_H
#define ACD_DIALOGUE_H
#include "core/acd.h"
#include "story/phrase.h"

/* What is said, and what answer is waited for. */
struct acd_question {
	json_t *items;    /* stolen; a key ends them */
	unsigned max;     /* keys */
	const char *term; /* ends the answer; NULL: nothing does */
	int first_ms, inter_ms;
	bool clear; /* keys pressed before do not count */
};
void acd_ask(struct acd_leg *leg, const struct acd_question *q);
bool acd_is_answer(struct acd_leg *leg, const json_t *p); /* leg.collected: to the question that was asked last? */
void acd_ask_no_more(struct acd_leg *leg);

/* Beep, then what is said goes into `path` (below the store) until #, silence or max_ms: leg.recorded tells. A `record`
 * that runs already goes on. */
void acd_record_words(struct acd_leg *leg, const char *record, const char *path, int64_t max_ms, int64_t silence_ms);
/* Says it and ends the call: when it has been played (acd_farewell_played), or when that takes too long. */
void acd_farewell(struct acd_call *call, enum acd_phrase p);
void acd_dialogue_leave(struct acd_call *call); /* the main leg is asked nothing more and hears nothing more */
#endif
