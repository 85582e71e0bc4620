/* From the items of a `leg.play` to clips in memory: files and speech are loaded by worker threads and shared.
 * Everything here runs on the control loop. */
#ifndef MD_PROMPT_H
#define MD_PROMPT_H
#include "media/clip.h"
#include <jansson.h>
#include <uv.h>
#include <zj_obj.h>

struct md_prompts;
struct md_prompt_req;

struct md_prompts_conf {
	const char *store, *cache; /* files are played from below these; speech lies in cache/tts */
	size_t max_bytes;          /* clips kept in memory when nobody plays them */
	uint64_t max_disk;         /* bytes of synthesised speech; the same of decoded sounds */
	unsigned max_s;            /* longest clip */
};
int md_prompts_alloc(struct md_prompts **pp, uv_loop_t *loop, const struct md_prompts_conf *conf) ZJ_MUST_CHECK;
/* Waits for the worker threads' running jobs; requests are dropped. */
void md_prompts_free(struct md_prompts *p);

/* The list is ready: `play` (the handler's now; md_play_free) holds what could be loaded, `errors` (borrowed) is a list
 * of {item, because} for the rest. Never called before md_prompt_load returns. */
typedef void(md_prompt_h)(struct md_play *play, json_t *errors, void *arg);
/* EINVAL, with a sentence in `why`: the list is malformed. The request is done with when the handler runs. */
int md_prompt_load(struct md_prompt_req **rp, struct md_prompts *p, const json_t *items, md_prompt_h *h, void *arg,
		   char *why, size_t size) ZJ_MUST_CHECK;
void md_prompt_cancel(struct md_prompt_req *r);
void md_play_free(struct md_prompts *p, struct md_play *play);

struct md_prompt_counts {
	int64_t clips, bytes, tts, loads;
};
void md_prompt_counts(const struct md_prompts *p, struct md_prompt_counts *c);
#endif
