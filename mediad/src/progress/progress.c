#include "progress/progress.h"
#include "fax/tones.h"
#include "progress/cadence.h"
#include "progress/levels.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EVERY    5u /* moments from one look at the voice to the next */
#define QUEUE    8
#define TONE     MS(300)
#define CED      MS(1500) /* at 2100 Hz: it lasts 2.6 to 4 s (T.30) */
#define QUIET_MS 3000u    /* a machine that says nothing for so long records, beep or none */
#define SOUND_DB (-48.0f)
#define MS(ms)   ((ms) / MD_MOMENT_MS)

/* Before the answer: voice or music, by the last three seconds. */
#define EARLY_LOOK  MS(3000)
#define SPEECH_DIPS 0.22f
#define SPEECH_RATE 1.2f
#define MUSIC_DIPS  0.12f
#define NOISE_DB    6.0f    /* what moves less than that is noise */
#define TONES_MAX   MS(500) /* more of them: a signal */

const char *const md_progress_names[MD_P_WHATS] = {"ringback",     "busy",    "congestion", "sit",
						   "announcement", "music",   "human",      "machine",
						   "fax",          "silence", "unsure",     "beep"};
const struct md_progress_rules md_progress_rules_default = {
	.silence_ms = 4000, .greeting_ms = 2600, .pause_ms = 1000, .max_ms = 10000, .beep_ms = 40000};

enum stage { EARLY, JUDGING, BEEP, OVER };

struct md_progress {
	struct md_progress_rules rules;
	enum stage stage;
	struct md_spectrum *spectrum;
	struct md_fax_tones *fax;
	struct md_cadence cadence;
	struct md_levels levels;
	struct md_moment last; /* what a lost moment is taken for */
	unsigned lost;         /* samples of the present one */
	bool coming;           /* answered, but `ahead` samples come before it */
	int64_t ahead;
	unsigned moments;            /* of this stage's clock: since the answer, or since the first sound */
	unsigned quiet;              /* since the last sound */
	bool sound;                  /* there was one */
	enum md_progress_what early; /* what was told of voice or music last; MD_P_WHATS: nothing */
	unsigned n;
	struct md_progress_heard queue[QUEUE];
};

int md_progress_alloc(struct md_progress **pp, const struct md_progress_rules *rules)
{
	struct md_progress *p = calloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;
	p->rules = *rules;
	p->early = MD_P_WHATS;
	int err = md_spectrum_alloc(&p->spectrum);
	if (!err)
		err = md_fax_tones_alloc(&p->fax);
	if (err) {
		md_progress_free(p);
		return err;
	}
	*pp = p;
	return 0;
}

void md_progress_free(struct md_progress *p)
{
	if (!p)
		return;
	md_spectrum_free(p->spectrum);
	md_fax_tones_free(p->fax);
	free(p);
}

static unsigned now_ms(const struct md_progress *p)
{
	return p->moments * MD_MOMENT_MS;
}

static struct md_progress_heard *tell(struct md_progress *p, enum md_progress_what what, const char *cause,
				      float confidence)
{
	static struct md_progress_heard none;
	if (p->n == QUEUE)
		return &none;
	struct md_progress_heard *h = &p->queue[p->n++];
	*h = (struct md_progress_heard){
		.what = what, .cause = cause, .confidence = confidence, .answered = p->stage != EARLY, .ms = now_ms(p)};
	return h;
}

static void finish(struct md_progress *p, struct md_progress_heard *h)
{
	h->final = true;
	p->stage = OVER;
}

/* ---- after the answer ---- */

static void is_machine(struct md_progress *p, const char *cause, float confidence, unsigned greeting_ms)
{
	struct md_progress_heard *h = tell(p, MD_P_MACHINE, cause, confidence);
	h->greeting_ms = greeting_ms;
	if (p->rules.beep_ms)
		p->stage = BEEP;
	else
		finish(p, h);
}

/* How sure a human is who spoke for so long: the share of right ones among the tuning part's (decision 114). */
static float human_confidence(unsigned ms, unsigned greeting_ms)
{
	float part = (float)ms / (float)greeting_ms;
	return part < 0.5f ? 0.95f : part < 0.75f ? 0.9f : 0.7f;
}

/* Who has said little waits for us; it is told the sooner, the less it was. */
static unsigned pause_for(const struct md_progress *p, unsigned speech_ms)
{
	return speech_ms * 3 < p->rules.greeting_ms ? MS(p->rules.pause_ms) * 7 / 10 : MS(p->rules.pause_ms);
}

static void judge(struct md_progress *p)
{
	struct md_speech s;
	md_levels_speech(&p->levels, 0, MS(p->rules.pause_ms), &s);
	unsigned speech_ms = (s.to - s.from) * MD_MOMENT_MS;
	if (!s.words && now_ms(p) >= p->rules.silence_ms)
		finish(p, tell(p, MD_P_SILENCE, "no_voice", 0.95f));
	else if (s.words && speech_ms >= p->rules.greeting_ms)
		is_machine(p, "long_greeting", 0.88f, speech_ms);
	else if (s.words && s.quiet >= pause_for(p, speech_ms)) {
		struct md_progress_heard *h =
			tell(p, MD_P_HUMAN, "short_greeting", human_confidence(speech_ms, p->rules.greeting_ms));
		h->greeting_ms = speech_ms;
		finish(p, h);
	} else if (now_ms(p) >= p->rules.max_ms)
		finish(p, tell(p, MD_P_UNSURE, "time", 0.5f));
}

static void beep(struct md_progress *p, const struct md_signal_heard *s)
{
	if (p->stage == JUDGING)
		is_machine(p, "beep", s->confidence, 0);
	struct md_progress_heard *h = tell(p, MD_P_BEEP, s->cause, s->confidence);
	memcpy(h->hz, s->hz, sizeof(h->hz));
	finish(p, h);
}

static void wait_for_beep(struct md_progress *p)
{
	if (now_ms(p) >= p->rules.beep_ms)
		finish(p, tell(p, MD_P_BEEP, "time", 0));
	if (p->stage != BEEP || now_ms(p) < QUIET_MS || md_cadence_tones(&p->cadence, MS(1000)))
		return;
	struct md_speech s;
	md_levels_speech(&p->levels, p->levels.n > MS(8000) ? p->levels.n - MS(8000) : 0, MS(QUIET_MS), &s);
	if (s.quiet >= MS(QUIET_MS))
		finish(p, tell(p, MD_P_BEEP, "quiet", 0.6f));
}

/* ---- before it ---- */

static void voice_or_music(struct md_progress *p)
{
	struct md_motion m;
	if (p->levels.n < EARLY_LOOK || md_cadence_tones(&p->cadence, EARLY_LOOK) > TONES_MAX)
		return;
	md_levels_motion(&p->levels, EARLY_LOOK, &m);
	if (m.loud < SOUND_DB + 6 || m.loud - m.floor < NOISE_DB)
		return;
	enum md_progress_what what = m.dips >= SPEECH_DIPS && m.rate >= SPEECH_RATE ? MD_P_ANNOUNCEMENT
				     : m.dips <= MUSIC_DIPS                         ? MD_P_MUSIC
										    : MD_P_WHATS;
	if (what == MD_P_WHATS || what == p->early)
		return;
	p->early = what;
	(void)tell(p, what, what == MD_P_MUSIC ? "steady" : "voice", 0.8f);
}

/* ---- both ---- */

static void signal_heard(struct md_progress *p, const struct md_signal_heard *s)
{
	static const enum md_progress_what of[] = {[MD_SIG_RINGBACK] = MD_P_RINGBACK,
						   [MD_SIG_BUSY] = MD_P_BUSY,
						   [MD_SIG_CONGESTION] = MD_P_CONGESTION,
						   [MD_SIG_SIT] = MD_P_SIT};
	if (s->what == MD_SIG_BEEP) {
		md_levels_hush(&p->levels, s->moments);
		beep(p, s);
		return;
	}
	struct md_progress_heard *h = tell(p, of[s->what], s->cause, s->confidence);
	memcpy(h->hz, s->hz, sizeof(h->hz));
	if (p->stage == EARLY)
		p->levels.n = 0; /* what was heard is explained */
	else if (s->what != MD_SIG_RINGBACK)
		finish(p, h);
}

/* A long even tone is nobody's voice. */
static void add_level(struct md_progress *p, const struct md_moment *m)
{
	float hz;
	unsigned tone = md_cadence_tone(&p->cadence, &hz);
	md_levels_add(&p->levels, m->level);
	if (tone >= TONE)
		md_levels_hush(&p->levels, tone == TONE ? TONE : 1);
	if (p->stage != EARLY && tone >= CED && hz > 2080 && hz < 2120)
		finish(p, tell(p, MD_P_FAX, "ced", 0.97f));
}

static void moment(struct md_progress *p, const struct md_moment *m)
{
	struct md_signal_heard s;
	p->sound = p->sound || m->level > SOUND_DB;
	if (p->stage == OVER || (p->stage == EARLY && !p->sound))
		return;
	p->moments++;
	bool news = md_cadence_hear(&p->cadence, m, p->stage != EARLY, &s);
	add_level(p, m);
	if (news)
		signal_heard(p, &s);
	else if (p->moments % EVERY)
		return;
	else if (p->stage == EARLY)
		voice_or_music(p);
	else if (p->stage == JUDGING)
		judge(p);
	else
		wait_for_beep(p);
}

/* A fax that is called says so after the answer; one that calls never is called (decision 114). */
static void hear_fax(struct md_progress *p, const int16_t *pcm, size_t n)
{
	if (p->stage == EARLY || p->stage == OVER || !(md_fax_tones_hear(p->fax, pcm, n) & 1u << MD_FAX_CED))
		return;
	finish(p, tell(p, MD_P_FAX, "ced", 0.99f));
}

static void answer_now(struct md_progress *p)
{
	p->coming = false;
	p->stage = JUDGING;
	p->moments = 0;
	p->sound = true;
	p->levels.n = 0;
	p->cadence = (struct md_cadence){0};
}

void md_progress_answer(struct md_progress *p, unsigned ahead)
{
	if (p->stage != EARLY || p->coming)
		return;
	p->coming = true;
	p->ahead = ahead;
	if (!ahead)
		answer_now(p);
}

void md_progress_hear(struct md_progress *p, const int16_t *pcm, size_t n, bool lost)
{
	struct md_moment m;
	if (p->coming && (p->ahead -= (int64_t)n) <= 0)
		answer_now(p);
	if (lost) {
		for (p->lost += (unsigned)n; p->lost >= MD_MOMENT; p->lost -= MD_MOMENT)
			moment(p, &p->last);
		return;
	}
	hear_fax(p, pcm, n);
	while (md_spectrum_hear(p->spectrum, &pcm, &n, &m)) {
		p->last = m;
		moment(p, &m);
	}
}

bool md_progress_next(struct md_progress *p, struct md_progress_heard *h)
{
	if (!p->n)
		return false;
	*h = p->queue[0];
	memmove(p->queue, p->queue + 1, --p->n * sizeof(p->queue[0]));
	return true;
}
