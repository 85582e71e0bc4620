/* What strangers send to a leg's ports: RTP through the jitter buffer and every decoder, telephone events, RTCP. The
 * first byte chooses the codec; then packets, each with two bytes of its length before it. */
#include "media/dtmf.h"
#include "media/jitter.h"
#include "media/rtcp.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const uint8_t *p, size_t n, struct md_rtp_rx *rx)
{
	uint8_t out[MD_RTCP_MAX];
	struct md_rtcp_remote r, again;
	struct md_rtcp_local l = {.ssrc = 1, .sending = n & 1, .now_us = 1700000000000000, .cname = "zongji"};
	(void)md_rtcp_parse(&r, p, n, 1, l.now_us);
	size_t k = md_rtcp_write(out, &l, rx);
	if (k > sizeof(out) || md_rtcp_parse(&again, out, k, 1, l.now_us))
		abort(); /* what we write we can read */
}

static void event(struct md_dtmf_rx *d, const struct md_rtp *r, int64_t now_us)
{
	struct md_dtmf_heard h;
	md_dtmf_rx_packet(d, r, now_us, &h);
	if ((h.began && md_dtmf_event(h.began) < 0) || (h.digit && md_dtmf_event(h.digit) < 0))
		abort();
	md_dtmf_rx_tick(d, now_us, &h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct md_jitter *j;
	struct md_rtp_rx rx = {0};
	struct md_dtmf_rx d = {.clock = 8000};
	int16_t pcm[MD_FRAME_WIDE];
	int64_t now = 0;
	if (!ready)
		md_codec_init();
	ready = true;
	if (!size || md_jitter_alloc(&j, (enum md_codec_id)(data[0] % MD_CODECS)))
		return 0;
	for (size_t at = 1; at + 2 <= size;) {
		size_t n = (size_t)(data[at] << 8 | data[at + 1]) % 1500;
		struct md_rtp r;
		at += 2;
		n = n > size - at ? size - at : n;
		uint8_t *copy = malloc(n ? n : 1); /* so that ASan sees its end */
		memcpy(copy, data + at, n);
		at += n;
		if (n > 1 && copy[1] >= 192 && copy[1] <= 223) {
			report(copy, n, &rx);
		} else if (!md_rtp_parse(&r, copy, n)) {
			if (r.payload < copy || r.payload + r.len > copy + n)
				abort();
			if (md_rtp_rx_packet(&rx, &r, (uint32_t)(now * 8 / 1000), 8000) == MD_RTP_NEW_SSRC)
				md_jitter_reset(j);
			if (r.pt == 101)
				event(&d, &r, now);
			else if (r.pt == MD_NOISE_PT)
				md_jitter_put_noise(j, &r, now);
			else
				md_jitter_put(j, &r, now);
		}
		free(copy);
		now += (int64_t)(n % 40) * 1000;
		(void)md_jitter_get(j, now, pcm);
	}
	md_jitter_free(j);
	return 0;
}
