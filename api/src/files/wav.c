#include "files/wav.h"
#include <errno.h>
#include <string.h>

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint16_t le16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

int api_wav_read(const unsigned char *p, uint64_t n, uint64_t size, struct api_wav *w)
{
	uint32_t bytes_s = 0;
	if (n < 12 || memcmp(p, "RIFF", 4) != 0 || memcmp(p + 8, "WAVE", 4) != 0)
		return EINVAL;
	for (uint64_t at = 12; at + 8 <= n;) {
		uint64_t len = le32(p + at + 4);
		if (memcmp(p + at, "fmt ", 4) == 0 && len >= 16 && at + 24 <= n) {
			w->channels = le16(p + at + 10);
			w->rate = le32(p + at + 12);
			bytes_s = le32(p + at + 16);
			w->bits = le16(p + at + 22);
		} else if (memcmp(p + at, "data", 4) == 0) {
			if (bytes_s == 0 || at + 8 + len > size)
				return EINVAL;
			w->data_bytes = len;
			w->duration_ms = (int64_t)(len * 1000 / bytes_s);
			return 0;
		}
		at += 8 + len + (len & 1);
	}
	return EINVAL;
}
