/* What is done with the audio of legs beside the media threads, because it takes more time than a packet may: fax
 * machines, ears for fax tones. One thread with a 20 ms clock, which stands still when there is no job.
 *
 * Life of a job: control makes it, adds it, and frees it after the thread has told that it is over AND its tap has come
 * back from the engine. */
#ifndef MD_ASIDE_H
#define MD_ASIDE_H
#include "fax/line.h"
#include <uv.h>
#include <zj_obj.h>

struct md_aside;
struct md_job {
	/* Every 20 ms on the thread; false: it is over. */
	bool (*step)(struct md_job *j, int64_t now_us);
	struct md_tap *tap;
	atomic_bool stop;    /* control asks for the end */
	atomic_bool over;    /* the thread has let go of it */
	atomic_uint changed; /* counts what is worth telling */
	unsigned told;       /* control's */
	struct md_job *prev, *next;
};

/* `h` runs on the loop when some job has changed or is over. */
typedef void(md_aside_h)(void *arg);
int md_aside_alloc(struct md_aside **ap, uv_loop_t *loop, md_aside_h *h, void *arg) ZJ_MUST_CHECK;
void md_aside_add(struct md_aside *a, struct md_job *j);
void md_aside_changed(struct md_job *j);          /* the thread's: says so after the step */
uint64_t md_aside_late(const struct md_aside *a); /* ticks that came too late for a fax */
void md_aside_free(struct md_aside *a);
#endif
