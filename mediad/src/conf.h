/* mediad's configuration (conf.c is the table). */
#ifndef MD_CONF_H
#define MD_CONF_H
#include <zj_conf.h>

struct md_conf {
	char *log, *log_level, *name, *socket, *token, *address, *proxy, *hep, *store, *cache, *codecs, *codec_choice,
		*inband_dtmf, *seal_keys;
	int64_t sip_port, health_port, rtp_port_min, rtp_port_max, media_threads;
	int64_t max_legs, max_rooms, rtp_timeout_s, keepalive_ms, max_call_s, ring_max_s, no_owner_ms;
	int64_t session_expires_s, session_min_s, clip_max_s, clip_cache_mb, sound_cache_mb, max_faxes, max_detects;
	int64_t owner_gone_s, controller_gone_ms;
};
extern const struct zj_conf_row md_conf_rows[];
#endif
