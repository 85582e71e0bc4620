#include "conf.h"
#include <stddef.h>

#define S(k, d, lo, hi, h)                                                                                             \
	{                                                                                                              \
#k, ZJ_CONF_STR, offsetof(struct md_conf, k), d, lo, hi, h                                             \
	}
#define I(k, d, lo, hi, h)                                                                                             \
	{                                                                                                              \
#k, ZJ_CONF_INT, offsetof(struct md_conf, k), d, lo, hi, h                                             \
	}

const struct zj_conf_row md_conf_rows[] = {
	S(log, "", 0, 1000, "log file; empty: standard error"),
	S(log_level, "info", 1, 10, "error, warn, info, debug"),
	S(name, "mediad", 1, 60, "this mediad's name, as controllers see it"),
	S(socket, NULL, 1, 100, "Unix socket of the control protocol"),
	{"token", ZJ_CONF_SECRET, offsetof(struct md_conf, token), "", 0, 200,
	 "what controllers must say in hello; empty: nothing"},
	S(address, "127.0.0.1", 7, 15, "IPv4 address of SIP and RTP"),
	I(sip_port, "20020", 1, 65535, "SIP, UDP and TCP"),
	S(proxy, "sip:127.0.0.1:20010", 0, 200, "outbound proxy of calls we place; empty: none"),
	S(hep, "", 0, 60, "address:port of a HEP3 collector of SIP traces; empty: none"),
	S(store, NULL, 1, 900, "directory of recordings and prompts"),
	S(seal_keys, "", 0, 900, "file of the installation's keys for recordings that are sealed; empty: none are"),
	S(cache, NULL, 1, 900, "directory of synthesised speech"),
	I(health_port, "20091", 0, 65535, "/healthz and /metrics on the loopback; 0: none"),
	S(codecs, "PCMA,PCMU,G722,opus", 1, 100,
	  "what we offer, in this order: PCMA, PCMU, G722, opus, L16/16000, L16/8000; answers may have any of them"),
	S(codec_choice, "own", 3, 3, "of an offer's codecs we take the first of ours (own) or of its own (far)"),
	S(inband_dtmf, "auto", 4, 6,
	  "listen for keys as tones in the audio: auto (where the far end has no telephone events), always, never"),
	I(rtp_port_min, "22000", 1024, 65534, "first RTP port"),
	I(rtp_port_max, "23999", 1025, 65535, "last RTP port; a leg takes two"),
	I(media_threads, "1", 1, 16, "threads that move audio"),
	I(max_legs, "3000", 1, 100000, "living legs; more are refused with 503"),
	I(max_rooms, "2000", 1, 100000, "rooms"),
	I(rtp_timeout_s, "120", 0, 86400, "a leg whose far end sends no RTP for so long is hung up; 0: never"),
	I(keepalive_ms, "1000", 100, 30000, "a packet of silence so often on a leg with nothing to say"),
	I(max_call_s, "43200", 10, 604800, "longest life of a leg"),
	I(ring_max_s, "600", 5, 3600, "longest time a leg may stay unanswered"),
	I(no_owner_ms, "5000", 100, 60000, "a new call nobody takes care of is refused with 503 after this"),
	I(session_expires_s, "1800", 2, 86400, "session timer (RFC 4028)"),
	I(session_min_s, "90", 2, 86400, "the shortest session timer we take; a lower one than 90 is for tests only"),
	I(clip_max_s, "3600", 1, 36000, "longest prompt"),
	I(clip_cache_mb, "256", 1, 65536, "memory for prompts nobody plays"),
	I(sound_cache_mb, "1024", 16, 1048576, "disk for synthesised speech, and as much for decoded sounds"),
	I(max_faxes, "30", 0, 1000, "faxes at once"),
	I(max_detects, "500", 0, 100000, "legs listened to for the progress of their call at once"),
	I(owner_gone_s, "30", 1, 3600, "calls of an owner that is away live so long"),
	I(controller_gone_ms, "1000", 0, 60000, "another controller that is away gives its legs back after this"),
	{0},
};
