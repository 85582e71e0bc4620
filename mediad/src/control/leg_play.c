/* Playing to a leg: the newest play is loaded while the former one goes on, then takes its place. */
#include "control/control.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zj_log.h>
#include <zj_time.h>

static const char *const end_names[] = {"done", "stopped", "barged", "failed"};

static void info_free(struct md_play_info *i)
{
	json_decref(i->errors);
	free(i);
}

static void tell(struct md_leg *l, const struct md_play_info *i, enum md_play_end end, uint64_t samples, unsigned item)
{
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "play", json_string(i->id));
	json_object_set_new(o, "reason", json_string(end_names[end]));
	json_object_set_new(o, "played_ms", json_integer((json_int_t)(samples * 1000 / MD_RATE)));
	json_object_set_new(o, "item", json_integer(item));
	json_object_set_new(o, "errors", i->errors ? json_incref(i->errors) : json_array());
	md_leg_tell(l, "leg.played", o);
}

/* `i` will not be played. */
static void give_up(struct md_leg *l, struct md_play_info *i, enum md_play_end end)
{
	if (i->beep)
		md_recording_beep_done(l);
	else
		tell(l, i, end, 0, 0);
	info_free(i);
}

static void cancel_loading(struct md_leg *l)
{
	struct md_play_info *i = l->loading;
	if (!i)
		return;
	l->loading = NULL;
	md_prompt_cancel(i->req);
	give_up(l, i, MD_PLAY_STOPPED);
}

static uint32_t gain_of(int db)
{
	return db ? (uint32_t)(4096 * pow(10, db / 20.0)) : 4096;
}

/* The items from `above` on become what lies under the others. */
static int split(struct md_play *p, unsigned above, int under_db)
{
	unsigned n = 0;
	while (n < p->n && p->items[n].index < above)
		n++;
	if (n == p->n)
		return 0; /* nothing of them can be played */
	p->under = calloc(1, sizeof(*p->under));
	if (!p->under)
		return ENOMEM;
	*p->under = (struct md_play){.items = p->items + n, .n = p->n - n, .loop = -1, .gain_q12 = gain_of(under_db)};
	p->n = n;
	return 0;
}

static void loaded_h(struct md_play *p, json_t *errors, void *arg)
{
	struct md_play_info *i = arg;
	struct md_leg *l = i->leg;
	l->loading = NULL;
	i->req = NULL;
	i->errors = json_incref(errors);
	if (json_array_size(errors))
		zj_warn("play", "not everything can be played: errors=%zu leg=%s call=%s because=%s",
			json_array_size(errors), l->id, l->call,
			zj_log_esc(json_string_value(json_object_get(json_array_get(errors, 0), "because"))));
	if (i->above && split(p, i->above, i->under_db))
		p->n = 0;
	if (!p->n) {
		md_play_free(l->ctl->prompts, p);
		if (l->playing)
			md_stream_stop(l->stream, l->playing);
		give_up(l, i, MD_PLAY_FAILED);
		md_collect_play_ended(l);
		return;
	}
	p->tag = i;
	p->loop = i->loop;
	p->barge = i->barge;
	p->gain_q12 = gain_of(i->gain_db);
	p->paused = i->paused;
	md_play_seek(p, (uint64_t)i->offset_ms * (MD_RATE / 1000));
	p->joins = i->joins;
	p->since_us = zj_mono_us() - zj_now_us() + i->since_ms * 1000;
	l->playing = p;
	md_count(MD_M_PLAYS);
	md_stream_play(l->stream, p);
}

int md_leg_play_start(struct md_leg *l, struct md_play_info *info, const json_t *items, char *why, size_t size)
{
	struct md_prompt_req *req;
	info->leg = l;
	int err = md_prompt_load(&req, l->ctl->prompts, items, loaded_h, info, why, size);
	if (err) {
		info_free(info);
		return err;
	}
	cancel_loading(l);
	info->req = req;
	l->loading = info;
	return 0;
}

bool md_leg_play_stop(struct md_leg *l, const char *id)
{
	if (l->loading && !strcmp(l->loading->id, id)) {
		cancel_loading(l);
		return true;
	}
	if (l->playing && !strcmp(((struct md_play_info *)l->playing->tag)->id, id)) {
		md_stream_stop(l->stream, l->playing);
		return true;
	}
	return false;
}

void md_leg_play_set(struct md_leg *l, const char *id, const bool *paused, const int *gain_db)
{
	struct md_play_info *i = l->loading && !strcmp(l->loading->id, id) ? l->loading
				 : l->playing && !strcmp(((struct md_play_info *)l->playing->tag)->id, id)
					 ? l->playing->tag
					 : NULL;
	if (!i)
		return;
	i->paused = paused ? *paused : i->paused;
	i->gain_db = gain_db ? *gain_db : i->gain_db;
	if (i != l->loading)
		md_stream_play_set(l->stream, l->playing,
				   &(struct md_play_set){.paused = i->paused, .gain_q12 = gain_of(i->gain_db)});
}

bool md_leg_play_will_end(const struct md_leg *l)
{
	if (l->loading)
		return l->loading->loop >= 0;
	return l->playing && l->playing->tag && ((struct md_play_info *)l->playing->tag)->loop >= 0;
}

/* The engine gives a play back. */
void md_leg_played(struct md_leg *l, struct md_play *p)
{
	struct md_play_info *i = p->tag;
	bool current = l->playing == p;
	if (current)
		l->playing = NULL;
	if (i->beep)
		md_recording_beep_done(l);
	else
		tell(l, i, p->end, p->played, p->n ? p->items[p->item].index : 0);
	md_play_free(l->ctl->prompts, p);
	info_free(i);
	if (current && !l->loading)
		md_collect_play_ended(l);
}

/* A key was pressed: a play that is still being loaded, and would be ended by it, never begins. */
void md_leg_play_barge(struct md_leg *l)
{
	struct md_play_info *i = l->loading;
	if (!i || !i->barge)
		return;
	l->loading = NULL;
	md_prompt_cancel(i->req);
	give_up(l, i, MD_PLAY_BARGED);
	if (l->playing)
		md_stream_stop(l->stream, l->playing);
	md_collect_play_ended(l);
}

void md_leg_play_drop(struct md_leg *l)
{
	cancel_loading(l);
}
