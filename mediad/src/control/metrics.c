#include "control/control.h"

struct zj_metric md_metrics[MD_M_COUNT + 1] = {
	[MD_M_LEGS] = {"legs", "Legs alive", ZJ_GAUGE, 0},
	[MD_M_ROOMS] = {"rooms", "Rooms", ZJ_GAUGE, 0},
	[MD_M_CALLS_IN] = {"calls_in_total", "INVITEs taken", ZJ_COUNTER, 0},
	[MD_M_CALLS_OUT] = {"calls_out_total", "INVITEs sent", ZJ_COUNTER, 0},
	[MD_M_RTP_IN] = {"rtp_in_packets_total", "RTP packets received", ZJ_COUNTER, 0},
	[MD_M_RTP_OUT] = {"rtp_out_packets_total", "RTP packets sent", ZJ_COUNTER, 0},
	[MD_M_RTP_BAD] = {"rtp_bad_packets_total", "RTP packets ignored: malformed, unknown type, stranger", ZJ_COUNTER,
			  0},
	[MD_M_LATE_TICKS] = {"late_ticks_total", "20 ms ticks that came late", ZJ_COUNTER, 0},
	[MD_M_OVERLOAD] = {"overload_total", "INVITEs refused with 503", ZJ_COUNTER, 0},
	[MD_M_PLAYS] = {"plays_total", "Play lists started", ZJ_COUNTER, 0},
	[MD_M_TTS] = {"tts_total", "Texts to speech (cached ones included)", ZJ_COUNTER, 0},
	[MD_M_CLIP_BYTES] = {"clip_bytes", "Prompts in memory", ZJ_GAUGE, 0},
	[MD_M_RECORDINGS] = {"recordings_total", "Recordings begun", ZJ_COUNTER, 0},
	[MD_M_EVENTS_WAITING] = {"events_waiting", "Events not acknowledged yet", ZJ_GAUGE, 0},
};

void md_metrics_refresh(struct md_control *c)
{
	struct md_engine_counts n;
	struct md_prompt_counts p;
	int64_t waiting = 0;
	md_engine_counts(c->engine, &n);
	md_prompt_counts(c->prompts, &p);
	for (struct md_peer *peer = c->peers; peer; peer = peer->next)
		waiting += (int64_t)zj_outbox_waiting(peer->outbox);
	zj_metric_set(&md_metrics[MD_M_LEGS], c->living);
	zj_metric_set(&md_metrics[MD_M_ROOMS], HASH_COUNT(c->rooms));
	zj_metric_set(&md_metrics[MD_M_RTP_IN], (int64_t)n.rtp_in);
	zj_metric_set(&md_metrics[MD_M_RTP_OUT], (int64_t)n.rtp_out);
	zj_metric_set(&md_metrics[MD_M_RTP_BAD], (int64_t)n.rtp_bad);
	zj_metric_set(&md_metrics[MD_M_LATE_TICKS], (int64_t)n.late_ticks);
	zj_metric_set(&md_metrics[MD_M_TTS], p.tts);
	zj_metric_set(&md_metrics[MD_M_CLIP_BYTES], p.bytes);
	zj_metric_set(&md_metrics[MD_M_EVENTS_WAITING], waiting);
}
