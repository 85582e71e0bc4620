/* Encodings of text files: which one it is, and its bytes as UTF-8. */
#ifndef WK_TEXT_H
#define WK_TEXT_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>

/* X(enum, name in requests and answers, name for iconv, bytes of a unit) */
#define WK_ENCODINGS(X)                                                                                                \
	X(WK_UTF8, "utf-8", "UTF-8", 1)                                                                                \
	X(WK_GB18030, "gb18030", "GB18030", 1)                                                                         \
	X(WK_UTF16LE, "utf-16le", "UTF-16LE", 2)                                                                       \
	X(WK_UTF16BE, "utf-16be", "UTF-16BE", 2)
enum wk_encoding {
#define X(e, n, i, u) e,
	WK_ENCODINGS(X)
#undef X
		WK_ENCODING_COUNT
};
const char *wk_encoding_name(enum wk_encoding e);
/* WK_ENCODING_COUNT: not known. Takes the usual other names too (utf8, gbk, gb2312, utf-16). */
enum wk_encoding wk_encoding_find(const char *name);

/* Looks at a file's bytes as they come; says at the end what they are. A BOM decides; else what is (nearly) all valid
 * UTF-8; else GB18030. */
struct wk_guess {
	uint64_t seen, good, bad, odd_zeros, even_zeros; /* good, bad: sequences of more than one byte */
	unsigned char head[4];
	unsigned left;       /* continuation bytes still due */
	unsigned char floor; /* the least that the next of them may be */
	unsigned char ceiling;
};
void wk_guess_add(struct wk_guess *g, const void *bytes, size_t n);
enum wk_encoding wk_guess_end(const struct wk_guess *g);

/* `decoder`: bytes in, UTF-8 out in pieces; what cannot be decoded becomes U+FFFD. A BOM at the start is dropped. */
struct wk_decoder;
int wk_decoder_alloc(struct wk_decoder **dp, enum wk_encoding e) ZJ_MUST_CHECK;
typedef int(wk_text_h)(const char *text, size_t n, void *arg);
/* `last`: nothing follows. Returns 0 or what `h` returned. */
int wk_decode(struct wk_decoder *d, const void *bytes, size_t n, bool last, wk_text_h *h, void *arg);

/* The other way, for files that we write: what the encoding lacks becomes '?'. Appends to a FILE-like handler. */
struct wk_encoder;
int wk_encoder_alloc(struct wk_encoder **ep, enum wk_encoding e) ZJ_MUST_CHECK;
int wk_encode(struct wk_encoder *e, const char *utf8, size_t n, wk_text_h *h, void *arg);

#define WK_REPLACEMENT "\xef\xbf\xbd"
#endif
