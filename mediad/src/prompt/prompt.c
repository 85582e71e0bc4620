#include "prompt/prompt.h"
#include "media/codec.h"
#include "prompt/cache.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 100

struct md_prompts {
	struct md_clip_cache *cache;
	uv_idle_t idle; /* runs handlers whose clips were all there */
	struct md_prompt_req *ready;
};

struct part {
	struct md_cached *cached; /* NULL: silence, or failed */
	const struct md_clip *clip;
	size_t samples;
};

struct md_prompt_req {
	struct md_prompts *prompts;
	md_prompt_h *h; /* NULL: cancelled */
	void *arg;
	unsigned n, missing;
	json_t *errors;
	bool queued;
	struct md_prompt_req *next;
	struct part parts[];
};

/* What a play holds on to; lies behind its items. */
struct hold {
	unsigned n;
	struct md_cached *cached[];
};

static void req_free(struct md_prompt_req *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->parts[i].cached)
			md_cached_release(r->prompts->cache, r->parts[i].cached);
	json_decref(r->errors);
	free(r);
}

static void add_error(struct md_prompt_req *r, unsigned i, const char *because)
{
	json_array_append_new(r->errors,
			      json_pack("{s:i, s:s}", "item", (int)i, "because", because ? because : "failed"));
}

/* The request's references go over to the play. */
static struct md_play *play_of(struct md_prompt_req *r)
{
	size_t items = r->n * sizeof(struct md_play_item);
	struct md_play *p = calloc(1, sizeof(*p) + items + sizeof(struct hold) + r->n * sizeof(struct md_cached *));
	if (!p)
		return NULL;
	p->items = (struct md_play_item *)(p + 1);
	struct hold *h = (struct hold *)(p->items + r->n);
	p->gain_q12 = 4096;
	for (unsigned i = 0; i < r->n; i++) {
		struct part *part = &r->parts[i];
		if (part->cached)
			h->cached[h->n++] = part->cached;
		part->cached = NULL;
		if (part->samples)
			p->items[p->n++] = (struct md_play_item){part->clip, part->samples, i};
	}
	p->owner = h;
	return p;
}

void md_play_free(struct md_prompts *prompts, struct md_play *p)
{
	if (!p)
		return;
	struct hold *h = p->owner;
	for (unsigned i = 0; i < h->n; i++)
		md_cached_release(prompts->cache, h->cached[i]);
	free(p->under); /* its sounds are the list's */
	free(p);
}

static void finish(struct md_prompt_req *r)
{
	if (r->h) {
		struct md_play *p = play_of(r);
		if (p)
			r->h(p, r->errors, r->arg);
	}
	req_free(r);
}

static void idle_h(uv_idle_t *idle)
{
	struct md_prompts *p = idle->data;
	struct md_prompt_req *r = p->ready, *next;
	p->ready = NULL;
	uv_idle_stop(idle);
	for (; r; r = next) {
		next = r->next;
		finish(r);
	}
}

static void loaded_h(struct md_cached *c, const struct md_clip *clip, const char *because, void *arg)
{
	struct md_prompt_req *r = arg;
	for (unsigned i = 0; i < r->n; i++) {
		struct part *part = &r->parts[i];
		if (part->cached != c || part->clip)
			continue;
		if (!clip) {
			add_error(r, i, because);
			md_cached_release(r->prompts->cache, c);
			part->cached = NULL;
		} else {
			part->clip = clip;
			part->samples = clip->samples;
		}
		r->missing--;
		break; /* each occurrence waits by itself */
	}
	if (!r->missing && !r->queued)
		finish(r);
}

static int load_item(struct md_prompt_req *r, unsigned i, const struct md_item *it)
{
	struct part *part = &r->parts[i];
	if (it->kind == MD_ITEM_SILENCE) {
		part->samples = (size_t)it->ms * (MD_RATE / 1000);
		return 0;
	}
	int err = md_clip_cache_get(&part->cached, r->prompts->cache, it, &part->clip, loaded_h, r);
	if (err)
		return err;
	if (part->clip)
		part->samples = part->clip->samples;
	else
		r->missing++;
	return 0;
}

static int check(const json_t *items, struct md_item *it, char *why, size_t size)
{
	char text[200];
	const json_t *o;
	size_t i, n = json_array_size(items);
	if (!n || n > ITEMS_MAX) {
		snprintf(why, size, "items: a list of 1 to %d", ITEMS_MAX);
		return EINVAL;
	}
	json_array_foreach (items, i, o)
		if (md_item_parse(it, o, text, sizeof(text))) {
			snprintf(why, size, "items[%zu]: %s", i, text);
			return EINVAL;
		}
	return 0;
}

int md_prompt_load(struct md_prompt_req **rp, struct md_prompts *p, const json_t *items, md_prompt_h *h, void *arg,
		   char *why, size_t size)
{
	struct md_item it; /* 5 kB */
	if (check(items, &it, why, size))
		return EINVAL;
	unsigned n = (unsigned)json_array_size(items);
	struct md_prompt_req *r = calloc(1, sizeof(*r) + n * sizeof(r->parts[0]));
	if (!r)
		return ENOMEM;
	r->prompts = p;
	r->h = h;
	r->arg = arg;
	r->errors = json_array();
	for (; r->n < n; r->n++) {
		(void)md_item_parse(&it, json_array_get(items, r->n), why, size); /* checked above */
		if (load_item(r, r->n, &it))
			add_error(r, r->n, "no memory");
	}
	if (!r->missing) {
		r->queued = true;
		r->next = p->ready;
		p->ready = r;
		uv_idle_start(&p->idle, idle_h);
	}
	*rp = r;
	return 0;
}

void md_prompt_cancel(struct md_prompt_req *r)
{
	r->h = NULL;
	if (r->queued)
		return; /* idle_h frees it */
	for (unsigned i = 0; i < r->n; i++)
		if (r->parts[i].cached)
			md_cached_forget(r->parts[i].cached, r);
	req_free(r);
}

int md_prompts_alloc(struct md_prompts **pp, uv_loop_t *loop, const struct md_prompts_conf *conf)
{
	struct md_prompts *p = calloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;
	int err = md_clip_cache_alloc(&p->cache, loop, conf);
	if (err) {
		free(p);
		return err;
	}
	uv_idle_init(loop, &p->idle);
	p->idle.data = p;
	*pp = p;
	return 0;
}

static void closed_h(uv_handle_t *h)
{
	free(h->data);
}

void md_prompts_free(struct md_prompts *p)
{
	if (!p)
		return;
	for (struct md_prompt_req *r = p->ready, *next; r; r = next) {
		next = r->next;
		req_free(r);
	}
	md_clip_cache_free(p->cache);
	uv_close((uv_handle_t *)&p->idle, closed_h);
}

void md_prompt_counts(const struct md_prompts *p, struct md_prompt_counts *c)
{
	md_clip_cache_counts(p->cache, c);
}
