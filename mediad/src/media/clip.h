/* Decoded audio in memory, shared by every play of it; and a play list of such. The control thread counts references;
 * media threads only read. */
#ifndef MD_CLIP_H
#define MD_CLIP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct md_clip {
	size_t samples; /* at MD_RATE, mono */
	int16_t pcm[];
};

struct md_play_item {
	const struct md_clip *clip; /* NULL: silence */
	size_t samples;
	unsigned index; /* in the controller's list (one of its items may become several) */
};

enum md_play_end { MD_PLAY_DONE, MD_PLAY_STOPPED, MD_PLAY_BARGED, MD_PLAY_FAILED };

/* Made by control, played by one media thread, and given back to control in a note with the lower fields filled. */
struct md_play {
	void *owner, *tag; /* prompt/'s and control's; the engine does not look at them */
	struct md_play_item *items;
	unsigned n;
	int loop; /* further rounds; -1: for ever */
	bool barge;
	uint32_t gain_q12; /* 4096: as it is */
	bool joins;        /* it has been going on since `since_us` (monotonic): who begins now hears what all hear */
	int64_t since_us;
	struct md_play
		*under; /* softly beneath it, for as long as it lasts; owned; has none of its own. NULL: nothing */
	/* media thread */
	bool paused;  /* silence, until it goes on where it was */
	uint64_t due; /* the tick of the next frame */
	unsigned item;
	size_t pos;      /* sample in the item */
	uint64_t played; /* samples */
	enum md_play_end end;
};

/* What can be changed while it goes on. */
struct md_play_set {
	bool paused;
	uint32_t gain_q12;
};

/* The next frame. False: the list is over (pcm is silence after its end). Pure. */
bool md_play_frame(struct md_play *p, int16_t *pcm, size_t n);
/* The same with what lies under it, or silence while it is paused. */
bool md_play_tick(struct md_play *p, int16_t *pcm, size_t n);
/* To where a play that began at since_us is now. */
void md_play_join(struct md_play *p, int64_t now_us);
/* Moves to so many samples from the start. */
void md_play_seek(struct md_play *p, uint64_t samples);
#endif
