/* Who speaks: by the level of packets as they arrive, with hysteresis. Costs a table look-up a sample, and only in
 * rooms that are watched or gated. */
#include "media/thread.h"
#include <stdlib.h>

#define BEGINS   260    /* mean level (−42 dBFS) that is speech, of who was silent … */
#define GOES_ON  130    /* … and of who speaks */
#define BEGIN_US 60000  /* so long before it is told: a click is no speech */
#define HANG_US  600000 /* pauses between words */
#define NOTE_US  50000  /* a room tells at most 20 changes a second; the others wait for the next packet */

static int level(const int16_t *pcm, size_t n)
{
	int64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += abs(pcm[i]);
	return n ? (int)(sum / (int64_t)n) : 0;
}

static void tell(struct md_stream *s, bool on, int64_t now_us)
{
	struct md_mroom *r = s->room;
	if (on == s->voice.told || !r->watch || now_us < r->note_us)
		return;
	r->note_us = now_us + NOTE_US;
	s->voice.told = on;
	md_note_send(s->eng, &(struct md_note){.type = MD_NOTE_TALKING, .owner = s->owner, .stream = s, .on = on});
}

bool md_voice_is_on(const struct md_stream *s, int64_t now_us)
{
	return s->voice.loud_us && now_us - s->voice.loud_us < HANG_US;
}

bool md_voice_wanted(const struct md_stream *s)
{
	return s->voiced;
}

/* Looks at a packet's audio, if that is wanted; true: it may be mixed. */
bool md_voice_packet(struct md_stream *s, const int16_t *pcm, size_t n, int64_t now_us)
{
	struct md_mroom *r = s->room;
	if (!md_voice_wanted(s))
		return true;
	bool was = md_voice_is_on(s, now_us);
	bool loud = level(pcm, n) >= (was ? GOES_ON : BEGINS);
	if (loud) {
		if (!was) {
			s->voice.since_us = now_us;
			if (r->gated && s->jitter)
				md_jitter_reset(s->jitter); /* what it holds is from before the pause */
		}
		s->voice.loud_us = now_us;
	}
	bool on = md_voice_is_on(s, now_us);
	if (!on || (loud && now_us - s->voice.since_us >= BEGIN_US))
		tell(s, on, now_us);
	return on || !r->gated;
}

/* Once a second: who sends nothing any more does not speak. */
void md_voice_second(struct md_stream *s, int64_t now_us)
{
	if (s->room && s->voice.told && !md_voice_is_on(s, now_us))
		tell(s, false, now_us);
}

/* It was muted, or leaves. */
void md_voice_end(struct md_stream *s)
{
	if (s->voice.told && s->room && s->room->watch)
		md_note_send(s->eng, &(struct md_note){.type = MD_NOTE_TALKING, .owner = s->owner, .stream = s});
	s->voice.told = false;
	s->voice.loud_us = 0;
}
