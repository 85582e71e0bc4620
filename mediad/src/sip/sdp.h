/* Session descriptions (RFC 4566) and offer/answer (RFC 3264) for one audio stream. Pure. */
#ifndef MD_SDP_H
#define MD_SDP_H
#include "media/engine.h"

#define MD_SDP_MAX   2048
#define MD_SDP_LINES 8
#define MD_SDP_IMAGE 512 /* bytes of what is said of T.38 */

enum md_dir { MD_DIR_INACTIVE = 0, MD_DIR_SEND = 1, MD_DIR_RECV = 2, MD_DIR_BOTH = 3 };

/* What the far end said. */
struct md_sdp {
	struct sockaddr_in rtp, rtcp;      /* port 0 or address 0: say nothing to it yet */
	enum md_codec_id order[MD_CODECS]; /* common codecs in its order of preference */
	unsigned n_codecs;
	uint8_t pts[MD_CODECS], dtmf[MD_EVENT_CLOCKS], noise_pt;
	bool rtcp_mux;
	enum md_dir dir;                /* seen from the far end */
	bool muted;                     /* c=0.0.0.0: hold as in RFC 2543 */
	unsigned n_lines, audio;        /* its m= lines, and which one is ours */
	bool image;                     /* no audio, but T.38 over UDPTL: `rtp` is where, `audio` which line */
	char image_lines[MD_SDP_IMAGE]; /* its a=T38… lines, whole ones */
	struct {
		char type[16], proto[32], format[32];
	} line[MD_SDP_LINES];
};

/* What we say. */
struct md_sdp_local {
	struct in_addr address;
	uint16_t port;
	uint64_t id;
	unsigned version;
	enum md_dir dir;
	bool image;                     /* T.38 instead of audio, … */
	const char *image_lines;        /* … another's; NULL: our own */
	const struct md_sdp *offer;     /* answered; NULL: we offer … */
	const enum md_codec_id *codecs; /* … these */
	unsigned n_codecs;
};

/* EBADMSG: no SDP; ENOTSUP: no audio stream or no codec that we have; `image` may be set. */
int md_sdp_parse(struct md_sdp *s, const char *text, size_t len);
/* Length, or 0 when `size` is too small. */
size_t md_sdp_write(char *out, size_t size, const struct md_sdp_local *l);
/* Puts the codecs that both have into our order; those that only the far end names stay behind them, in its own. */
void md_sdp_prefer(struct md_sdp *s, const enum md_codec_id *codecs, unsigned n);
/* What both agreed upon; `ours`: our direction; `offered`: we made the offer, so it sends by our numbers. */
void md_sdp_media(const struct md_sdp *s, enum md_dir ours, bool offered, struct md_media *m);
/* The direction we may answer with when we would like `ours`. */
enum md_dir md_sdp_answer_dir(const struct md_sdp *s, enum md_dir ours);
static inline bool md_sdp_is_hold(const struct md_sdp *s)
{
	return s->muted || !(s->dir & MD_DIR_RECV);
}
#endif
