/* What becomes of a call that we place, by what is heard: before the answer a ring, busy, congestion, special
 * information tones, an announcement, music; after it a human, a machine and its beep, a fax, nobody. Pure: fed with
 * narrow samples in order, it tells by asking. See docs/decisions/114. */
#ifndef MD_PROGRESS_H
#define MD_PROGRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zj_obj.h>

struct md_progress_rules {
	unsigned silence_ms;  /* nobody says anything for so long: silence */
	unsigned greeting_ms; /* who speaks longer than that is a machine */
	unsigned pause_ms;    /* who is quiet for so long after that waits for us */
	unsigned max_ms;      /* longest until human, machine, fax or silence is said; then: unsure */
	unsigned beep_ms;     /* so long after the answer a machine's beep is waited for; 0: not at all */
};
extern const struct md_progress_rules md_progress_rules_default;

enum md_progress_what {
	MD_P_RINGBACK,
	MD_P_BUSY,
	MD_P_CONGESTION,
	MD_P_SIT,
	MD_P_ANNOUNCEMENT,
	MD_P_MUSIC,
	MD_P_HUMAN,
	MD_P_MACHINE,
	MD_P_FAX,
	MD_P_SILENCE,
	MD_P_UNSURE,
	MD_P_BEEP,
	MD_P_WHATS
};
extern const char *const md_progress_names[MD_P_WHATS];

struct md_progress_heard {
	enum md_progress_what what;
	const char *cause; /* static */
	float confidence;  /* 0 to 1 */
	bool answered;
	unsigned ms; /* since the answer; before it since the first sound */
	bool final;  /* nothing more will be told */
	float hz[2]; /* of tones; 0: none */
	unsigned greeting_ms;
};

struct md_progress;
int md_progress_alloc(struct md_progress **pp, const struct md_progress_rules *rules) ZJ_MUST_CHECK;
/* `lost`: so many samples should have come; it goes on as it was. */
void md_progress_hear(struct md_progress *p, const int16_t *pcm, size_t n, bool lost);
/* The call is answered; `ahead` samples that were heard before will still come. Once. */
void md_progress_answer(struct md_progress *p, unsigned ahead);
/* What is new. False: nothing. */
bool md_progress_next(struct md_progress *p, struct md_progress_heard *h);
void md_progress_free(struct md_progress *p);
#endif
