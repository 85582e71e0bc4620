/* Offers of strangers: what is understood can be answered, and the answer understood. INFO bodies come along: the same
 * kind of text from the same kind of stranger. */
#include "sip/ua.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum md_codec_id ours[] = {MD_CODEC_G722, MD_CODEC_PCMA, MD_CODEC_OPUS};
	struct md_sdp s, back;
	struct md_media m;
	unsigned ms;
	char out[MD_SDP_MAX];
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = 0;
	(void)md_info_parse("application/dtmf-relay", text, size, &ms);
	(void)md_info_parse("application/dtmf", text, size, &ms);
	if (!md_sdp_parse(&s, text, size)) {
		md_sdp_prefer(&s, ours, 3);
		md_sdp_media(&s, MD_DIR_BOTH, size & 1, &m);
		struct md_sdp_local l = {.address = {htonl(INADDR_LOOPBACK)},
					 .port = 4000,
					 .dir = md_sdp_answer_dir(&s, MD_DIR_BOTH),
					 .offer = &s};
		size_t n = md_sdp_write(out, sizeof(out), &l);
		if (!n || md_sdp_parse(&back, out, n) || back.n_codecs != 1 || back.order[0] != s.order[0])
			abort();
	}
	free(text);
	return 0;
}
