/* Inside of prompt/: clips in memory by key, and the worker jobs that load them. */
#ifndef MD_PROMPT_CACHE_H
#define MD_PROMPT_CACHE_H
#include "prompt/item.h"
#include "prompt/prompt.h"

struct md_cached; /* a clip that is there, or on its way */
/* Its load ended: `clip` or NULL and `because`. */
typedef void(md_cached_h)(struct md_cached *c, const struct md_clip *clip, const char *because, void *arg);

struct md_clip_cache;
int md_clip_cache_alloc(struct md_clip_cache **cp, uv_loop_t *loop, const struct md_prompts_conf *conf) ZJ_MUST_CHECK;
void md_clip_cache_free(struct md_clip_cache *c);
/* One reference to the clip, which may still have to be loaded: then `h` runs later with `arg`, never before return.
 * *now says whether it is there already. ENOMEM. */
int md_clip_cache_get(struct md_cached **cp, struct md_clip_cache *c, const struct md_item *it,
		      const struct md_clip **now, md_cached_h *h, void *arg) ZJ_MUST_CHECK;
void md_cached_release(struct md_clip_cache *c, struct md_cached *e);
/* The waiter `arg` does not want to hear any more. */
void md_cached_forget(struct md_cached *e, void *arg);
void md_clip_cache_counts(const struct md_clip_cache *c, struct md_prompt_counts *n);
#endif
