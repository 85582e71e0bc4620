/* Putting it together: server, engine, prompts, user agent; notes of the engine; the watch. */
#include "control/control.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zj_log.h>

#define WATCH_MS   50
#define SLOW_TURNS 5 /* deadlines every 250 ms */

/* About a leg's stream. */
static void leg_note(struct md_leg *l, const struct md_note *n)
{
	bool alive = l->state != MD_L_ENDED;
	if (n->type == MD_NOTE_CLOSED) {
		md_leg_media_closed(l, &n->stats);
	} else if (n->type == MD_NOTE_PLAYED) {
		md_leg_played(l, n->play);
	} else if (n->type == MD_NOTE_DIGIT_ON && alive) {
		md_leg_digit_on(l, n->digit);
	} else if (n->type == MD_NOTE_DIGIT && alive) {
		md_leg_digit(l, n->digit, n->ms);
	} else if (n->type == MD_NOTE_TALKING && alive) {
		md_room_talking(l, n->on);
	} else if (n->type == MD_NOTE_TAP_BACK) {
		md_work_tap_back(n->tap);
	} else if (n->type == MD_NOTE_SILENT && alive) {
		zj_warn("leg", "no RTP from the far end, hanging up: seconds=%lld",
			(long long)l->ctl->conf->rtp_timeout_s);
		md_leg_end(l, "system", 480, 41, "no RTP");
	}
}

static void note_h(const struct md_note *n, void *arg ZJ_UNUSED)
{
	if (n->stream) {
		struct md_leg *l = n->owner;
		struct zj_log_ctx old =
			zj_log_with((struct zj_log_ctx){.tenant = l->tenant, .call = l->call, .leg = l->id});
		zj_ref(l); /* the context's texts */
		leg_note(l, n);
		zj_log_with(old);
		zj_deref(l);
	} else if (n->type == MD_NOTE_CLOSED) {
		zj_deref(n->owner); /* a room's last reference */
	} else if (n->type == MD_NOTE_REC_ENDED) {
		md_recording_ended(n->rec);
	} else if (n->type == MD_NOTE_REC_CLOSED) {
		md_recording_closed(n->rec);
	}
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg ZJ_UNUSED)
{
	struct md_peer *p = zj_rpc_user(conn);
	if (!up && p)
		md_peer_down(p, conn);
}

static void watch_h(uv_timer_t *t)
{
	struct md_control *c = t->data;
	if (c->collecting)
		md_collect_watch(c);
	if (++c->turns % SLOW_TURNS)
		return;
	md_peers_watch(c);
	md_legs_watch(c);
	md_metrics_refresh(c);
}

static int start_engine(struct md_control *c)
{
	const struct md_conf *conf = c->conf;
	struct md_engine_conf e = {
		.threads = (unsigned)conf->media_threads,
		.port_min = (uint16_t)conf->rtp_port_min,
		.port_max = (uint16_t)conf->rtp_port_max,
		.rtp_timeout_ms = (unsigned)conf->rtp_timeout_s * 1000,
		.keepalive_ms = (unsigned)conf->keepalive_ms,
		.store = conf->store,
		.inband = !strcmp(conf->inband_dtmf, "always")  ? MD_INBAND_ALWAYS
			  : !strcmp(conf->inband_dtmf, "never") ? MD_INBAND_NEVER
								: MD_INBAND_AUTO,
	};
	if (inet_pton(AF_INET, conf->address, &e.address) != 1)
		return EINVAL;
	return md_engine_alloc(&c->engine, c->loop, &e, note_h, c);
}

static int start_prompts(struct md_control *c)
{
	struct md_prompts_conf p = {
		.store = c->conf->store,
		.cache = c->conf->cache,
		.max_bytes = (size_t)c->conf->clip_cache_mb * 1024 * 1024,
		.max_disk = (uint64_t)c->conf->sound_cache_mb * 1024 * 1024,
		.max_s = (unsigned)c->conf->clip_max_s,
	};
	return md_prompts_alloc(&c->prompts, c->loop, &p);
}

static int start_sip(struct md_control *c, su_root_t *root)
{
	char bad[40];
	struct md_ua_conf u = {
		.choose = !strcmp(c->conf->codec_choice, "own"),
		.address = c->conf->address,
		.port = (uint16_t)c->conf->sip_port,
		.proxy = c->conf->proxy,
		.hep = c->conf->hep,
		.session_expires_s = (unsigned)c->conf->session_expires_s,
		.session_min_s = (unsigned)c->conf->session_min_s,
	};
	u.codecs.n = md_codec_list(u.codecs.order, c->conf->codecs, bad, sizeof(bad));
	if (!u.codecs.n) {
		zj_error("main", "codecs: unknown or twice: %s", zj_log_esc(bad));
		return EINVAL;
	}
	return md_ua_alloc(&c->ua, root, &u, &md_leg_ua_ops, c);
}

int md_control_alloc(struct md_control **cp, uv_loop_t *loop, su_root_t *root, const struct md_conf *conf)
{
	struct md_control *c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	c->loop = loop;
	c->conf = conf;
	zj_uuid7(c->instance);
	uv_timer_init(loop, &c->watch);
	c->watch.data = c;
	const char *what = "owner";
	int err = md_peer_get(&c->owner, c, "owner");
	if (!err)
		what = "store", err = start_engine(c);
	if (!err)
		what = "cache", err = start_prompts(c);
	if (!err)
		what = "aside", err = md_aside_alloc(&c->aside, loop, md_works_changed, c);
	if (!err)
		what = "socket", err = zj_rpc_listen(&c->server, loop, conf->socket, md_methods_table(), conn_h, c);
	if (!err)
		what = "sip_port", err = start_sip(c, root);
	if (err) {
		zj_error("main", "cannot start: what=%s because=%s", what, strerror(err));
		md_control_free(c);
		return err;
	}
	uv_timer_start(&c->watch, watch_h, WATCH_MS, WATCH_MS);
	*cp = c;
	return 0;
}

void md_control_drain(struct md_control *c)
{
	c->draining = true;
	zj_warn("main", "draining: new calls are refused, legs=%u are served to their end", c->living);
}

void md_control_shutdown(struct md_control *c, void (*done_h)(void *arg), void *arg)
{
	struct md_leg *l, *next;
	c->draining = true;
	HASH_ITER (hh, c->legs, l, next)
		md_leg_end(l, "system", 503, 41, "mediad stops");
	md_ua_shutdown(c->ua, done_h, arg);
}

static void closed_h(uv_handle_t *h)
{
	free(h->data);
}

/* What is still open ends without being told. */
void md_control_free(struct md_control *c)
{
	struct md_leg *l, *next;
	struct md_room *r, *rn;
	if (c->server)
		zj_rpc_server_close(c->server);
	md_ua_free(c->ua);
	HASH_ITER (hh, c->rooms, r, rn)
		md_room_destroy(r);
	md_aside_free(c->aside);
	md_engine_free(c->engine);
	md_works_free(c);
	HASH_ITER (hh, c->legs, l, next) {
		HASH_DEL(c->legs, l);
		zj_deref(l);
	}
	md_prompts_free(c->prompts);
	md_peers_free(c);
	uv_close((uv_handle_t *)&c->watch, closed_h);
}
