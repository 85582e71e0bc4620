/* What a WAV file says about itself, checked against how long it is. */
#ifndef API_WAV_H
#define API_WAV_H
#include <stdint.h>
struct api_wav {
	uint32_t rate;
	uint16_t channels, bits;
	uint64_t data_bytes;
	int64_t duration_ms;
};
/* Reads the header in `p` (the first `n` bytes of a file of `size`). 0, or EINVAL. */
int api_wav_read(const unsigned char *p, uint64_t n, uint64_t size, struct api_wav *w);
#endif
