#ifndef WK_BASE64_H
#define WK_BASE64_H
#include <stddef.h>

/* RFC 4648, with padding: (n + 2) / 3 * 4 characters and a NUL. */
static inline void wk_base64(char *out, const unsigned char *in, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)in[i] << 16 | (i + 1 < n ? (unsigned)in[i + 1] << 8 : 0) |
			     (i + 2 < n ? in[i + 2] : 0);

		*out++ = letters[v >> 18 & 63];
		*out++ = letters[v >> 12 & 63];
		*out++ = i + 1 < n ? letters[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? letters[v & 63] : '=';
	}
	*out = 0;
}
#endif
