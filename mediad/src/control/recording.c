/* Recordings as control knows them. They may outlive their leg or room by the moment it takes to close the file and sum
 * it up; so they carry their own names. */
#include "control/control.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zj_log.h>

struct md_recording {
	struct md_control *ctl;
	char id[ZJ_UUID_SIZE], owner[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE];
	struct md_leg *leg;   /* NULL: gone, or a room's */
	struct md_room *room; /* NULL: gone, or a leg's */
	bool of_room, running /* false: its beep is heard */;
	struct md_peer *controller;
	struct md_rec *rec;
	json_t *pauses; /* [[from, to] …] in ms of the file; the last may lack its end. NULL: none */
	char term[17], term_hit;
	int64_t from_us;
	uv_work_t work;
	char full[2048], sha256[65];
	int64_t bytes;
};

bool md_path_is_good(const char *p, const char *ext)
{
	size_t n = strlen(p);
	if (!n || n > 500 || p[0] == '/' || p[n - 1] == '/' || strstr(p, "//"))
		return false;
	for (const char *s = p; s; s = strchr(s, '/') ? strchr(s, '/') + 1 : NULL)
		if (s[0] == '.')
			return false; /* ".." and hidden files */
	for (const char *s = p; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return n > strlen(ext) && !strcmp(p + n - strlen(ext), ext);
}

static int alloc(struct md_recording **rp, struct md_control *c, const struct md_record_args *a, unsigned channels,
		 const char *tenant)
{
	if (!md_path_is_good(a->path, ".wav"))
		return EINVAL;
	struct md_recording *r = calloc(1, sizeof(*r));
	if (!r)
		return ENOMEM;
	r->ctl = c;
	memcpy(r->id, a->id, ZJ_UUID_LEN);
	snprintf(r->term, sizeof(r->term), "%s", a->term ? a->term : "");
	snprintf(r->full, sizeof(r->full), "%s/%s", c->conf->store, a->path);
	int err = md_rec_alloc(&r->rec, channels, a->path);
	if (err) {
		free(r);
		return err;
	}
	r->rec->owner = r;
	memcpy(r->tenant, tenant, sizeof(r->tenant));
	if (a->key) {
		r->rec->key.keys = c->conf->seal_keys;
		memcpy(r->rec->key.tenant, tenant, sizeof(r->tenant));
		memcpy(r->rec->key.id, a->key_id, ZJ_UUID_LEN);
		snprintf(r->rec->key.wrapped, sizeof(r->rec->key.wrapped), "%s", a->key);
	}
	r->rec->max_samples = a->max_ms * (MD_RATE / 1000);
	r->rec->silence_samples = a->silence_ms * (MD_RATE / 1000);
	md_rec_gain(r->rec, a->gain_left, a->gain_right);
	*rp = r;
	return 0;
}

static void begun(struct md_recording *r)
{
	r->running = true;
	r->from_us = zj_now_us();
	md_count(MD_M_RECORDINGS);
	zj_info("rec", "recording: path=%s %s=%s call=%s", zj_log_esc(r->rec->path), r->of_room ? "room" : "leg",
		r->owner, r->call);
}

int md_recording_start_leg(struct md_leg *l, const struct md_record_args *a)
{
	static const char *const beep = "[{\"tone\":{\"hz\":[1000],\"ms\":250}}]";
	char why[128];
	struct md_recording *r;
	int err = alloc(&r, l->ctl, a, 1, l->tenant);
	if (err)
		return err;
	r->leg = l;
	r->controller = l->controller;
	memcpy(r->owner, l->id, sizeof(r->owner));
	memcpy(r->call, l->call, sizeof(r->call));
	l->recording = r;
	struct md_play_info *info = a->beep ? calloc(1, sizeof(*info)) : NULL;
	if (info) {
		info->beep = true;
		json_t *items = json_loads(beep, 0, NULL);
		err = md_leg_play_start(l, info, items, why, sizeof(why));
		json_decref(items);
		if (!err)
			return 0;
	}
	begun(r);
	md_stream_record(l->stream, r->rec);
	return 0;
}

void md_recording_beep_done(struct md_leg *l)
{
	struct md_recording *r = l->recording;
	if (!r || r->running || l->state == MD_L_ENDED)
		return;
	begun(r);
	md_stream_record(l->stream, r->rec);
}

int md_recording_start_room(struct md_room *room, const struct md_record_args *a)
{
	struct md_recording *r;
	int err = alloc(&r, room->ctl, a, a->left ? 2 : 1, room->tenant);
	if (err)
		return err;
	r->of_room = true;
	r->room = room;
	r->controller = room->controller;
	memcpy(r->owner, room->id, sizeof(r->owner));
	memcpy(r->call, room->call, sizeof(r->call));
	room->recording = r;
	begun(r);
	md_mroom_record(room->mroom, r->rec, a->left ? a->left->stream : NULL);
	return 0;
}

bool md_recording_is(const struct md_recording *r, const char *id)
{
	return r && !strcmp(r->id, id);
}

/* In samples, as the file will have them: not beyond its end. */
static json_t *here(const struct md_recording *r)
{
	int64_t pos = md_rec_pos(r->rec, zj_mono_us()), stop = atomic_load(&r->rec->stop_at);
	return json_integer((stop >= 0 && pos > stop ? stop : pos) * 1000 / MD_RATE);
}

static void end_pause(struct md_recording *r)
{
	json_t *last = json_array_get(r->pauses, json_array_size(r->pauses) - 1);
	if (json_array_size(last) == 1)
		json_array_append_new(last, here(r));
}

int md_recording_pause(struct md_recording *r, bool on)
{
	if (on == atomic_load(&r->rec->paused))
		return 0;
	if (json_array_size(r->pauses) >= MD_PAUSES_MAX && on)
		return ENOSPC;
	if (!r->pauses)
		r->pauses = json_array();
	if (on)
		json_array_append_new(r->pauses, json_pack("[o]", here(r)));
	else
		end_pause(r);
	atomic_store(&r->rec->paused, on);
	zj_info("rec", "%s: path=%s call=%s", on ? "paused" : "goes on", zj_log_esc(r->rec->path), r->call);
	return 0;
}

static void detach(struct md_recording *r)
{
	if (r->leg)
		r->leg->recording = NULL;
	if (r->room)
		r->room->recording = NULL;
	r->leg = NULL;
	r->room = NULL;
}

static void tell(struct md_recording *r)
{
	enum md_rec_end end = (enum md_rec_end)atomic_load(&r->rec->end);
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:I,s:s}", r->of_room ? "room" : "leg", r->owner,
			      "call", r->call, "tenant", r->tenant, "record", r->id, "path", r->rec->path, "bytes",
			      (json_int_t)r->bytes, "ms", (json_int_t)(r->rec->written * 1000 / MD_RATE), "sha256",
			      r->sha256, "from_at", (json_int_t)r->from_us, "reason", md_rec_end_names[end]);
	if (r->of_room)
		json_object_set_new(o, "channels", json_integer(r->rec->channels));
	if (r->pauses)
		json_object_set(o, "pauses", r->pauses);
	if (r->rec->key.id[0])
		json_object_set_new(o, "key_id", json_string(r->rec->key.id));
	if (r->term_hit)
		json_object_set_new(o, "term", json_stringn(&r->term_hit, 1));
	if (r->rec->because[0])
		json_object_set_new(o, "because", json_string(r->rec->because));
	md_peer_event(r->controller, r->of_room ? "room.recorded" : "leg.recorded", o);
}

static void finished(struct md_recording *r)
{
	end_pause(r);
	tell(r);
	json_decref(r->pauses);
	md_rec_free(r->rec);
	free(r);
}

/* Before its beep was over: nothing was recorded. */
static void never_begun(struct md_recording *r, enum md_rec_end end)
{
	detach(r);
	atomic_store(&r->rec->end, (int)end);
	r->from_us = zj_now_us();
	finished(r);
}

/* `end` is why; the first reason wins. */
void md_recording_stop(struct md_recording *r, enum md_rec_end end)
{
	if (!r->running) {
		never_begun(r, end);
		return;
	}
	md_rec_stop(r->rec, end, zj_mono_us());
	if (r->leg)
		md_stream_record_stop(r->leg->stream, r->rec);
	else if (r->room)
		md_mroom_record_stop(r->room->mroom, r->rec);
	detach(r);
}

void md_recording_owner_gone(struct md_recording *r, enum md_rec_end end)
{
	if (!r->running) {
		never_begun(r, end);
		return;
	}
	md_rec_stop(r->rec, end, zj_mono_us());
	detach(r);
}

void md_recording_digit(struct md_recording *r, char digit)
{
	if (!r->running || !digit || !strchr(r->term, digit))
		return;
	r->term_hit = digit;
	md_recording_stop(r, MD_REC_TERM);
}

/* The writer ended it: silence, longest time, disk. */
void md_recording_ended(struct md_rec *rec)
{
	struct md_recording *r = rec->owner;
	if (r->leg || r->room)
		md_recording_stop(r, MD_REC_STOPPED);
}

/* ---- the sum, on a worker thread ---- */

static void sum_h(uv_work_t *w)
{
	struct md_recording *r = w->data;
	unsigned char buf[65536], sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t k;
	FILE *f = fopen(r->full, "re");
	if (!f)
		return;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while ((k = fread(buf, 1, sizeof(buf), f)) > 0) {
		EVP_DigestUpdate(ctx, buf, k);
		r->bytes += (int64_t)k;
	}
	EVP_DigestFinal_ex(ctx, sum, &n);
	EVP_MD_CTX_free(ctx);
	fclose(f);
	for (unsigned i = 0; i < n; i++)
		snprintf(r->sha256 + 2 * i, 3, "%02x", sum[i]);
}

static void summed_h(uv_work_t *w, int status ZJ_UNUSED)
{
	struct md_recording *r = w->data;
	r->ctl->closing--;
	zj_info("rec", "recorded: path=%s bytes=%lld reason=%s call=%s", zj_log_esc(r->rec->path), (long long)r->bytes,
		md_rec_end_names[atomic_load(&r->rec->end)], r->call);
	finished(r);
}

/* The file is closed and nobody else has the recording any more. */
void md_recording_closed(struct md_rec *rec)
{
	struct md_recording *r = rec->owner;
	detach(r);
	r->work.data = r;
	r->ctl->closing++;
	uv_queue_work(r->ctl->loop, &r->work, sum_h, summed_h);
}

json_t *md_recording_json(const struct md_recording *r)
{
	return json_pack("{s:s,s:s,s:I}", "record", r->id, "path", r->rec->path, "from_at", (json_int_t)r->from_us);
}
