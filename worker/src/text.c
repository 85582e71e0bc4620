#include "text.h"
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *iconv;
	unsigned unit;
} encodings[WK_ENCODING_COUNT] = {
#define X(e, n, i, u) [e] = {n, i, u},
	WK_ENCODINGS(X)
#undef X
};

static const struct {
	const char *name;
	enum wk_encoding e;
} others[] = {
	{"utf8", WK_UTF8},      {"utf-8-bom", WK_UTF8},  {"utf-8 bom", WK_UTF8}, {"gbk", WK_GB18030},
	{"gb2312", WK_GB18030}, {"utf-16", WK_UTF16LE},  {"utf16", WK_UTF16LE},  {"utf16le", WK_UTF16LE},
	{"cp936", WK_GB18030},  {"utf16be", WK_UTF16BE},
};

const char *wk_encoding_name(enum wk_encoding e)
{
	return encodings[e].name;
}

enum wk_encoding wk_encoding_find(const char *name)
{
	for (int e = 0; e < WK_ENCODING_COUNT; e++)
		if (strcasecmp(encodings[e].name, name) == 0)
			return (enum wk_encoding)e;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(others); i++)
		if (strcasecmp(others[i].name, name) == 0)
			return others[i].e;
	return WK_ENCODING_COUNT;
}

/* The first byte of a sequence: how many follow, and what the second may be (RFC 3629). False: it cannot be first. */
static bool begins(struct wk_guess *g, unsigned char c)
{
	g->floor = 0x80;
	g->ceiling = 0xbf;
	if (c >= 0xc2 && c <= 0xdf) {
		g->left = 1;
	} else if (c >= 0xe0 && c <= 0xef) {
		g->left = 2;
		g->floor = c == 0xe0 ? 0xa0 : 0x80;
		g->ceiling = c == 0xed ? 0x9f : 0xbf;
	} else if (c >= 0xf0 && c <= 0xf4) {
		g->left = 3;
		g->floor = c == 0xf0 ? 0x90 : 0x80;
		g->ceiling = c == 0xf4 ? 0x8f : 0xbf;
	} else {
		return false;
	}
	return true;
}

static void guess_byte(struct wk_guess *g, unsigned char c)
{
	if (g->left && c >= g->floor && c <= g->ceiling) {
		g->floor = 0x80;
		g->ceiling = 0xbf;
		if (--g->left == 0)
			g->good++;
		return;
	}
	if (g->left) {
		g->bad++;
		g->left = 0;
	}
	if (c >= 0x80 && !begins(g, c))
		g->bad++;
}

void wk_guess_add(struct wk_guess *g, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++, g->seen++) {
		if (g->seen < sizeof(g->head))
			g->head[g->seen] = p[i];
		if (p[i] == 0)
			*(g->seen & 1 ? &g->odd_zeros : &g->even_zeros) += 1;
		guess_byte(g, p[i]);
	}
}

enum wk_encoding wk_guess_end(const struct wk_guess *g)
{
	if (g->seen >= 3 && memcmp(g->head, "\xef\xbb\xbf", 3) == 0)
		return WK_UTF8;
	if (g->seen >= 2 && memcmp(g->head, "\xff\xfe", 2) == 0)
		return WK_UTF16LE;
	if (g->seen >= 2 && memcmp(g->head, "\xfe\xff", 2) == 0)
		return WK_UTF16BE;
	if (g->odd_zeros > g->seen / 8 && g->odd_zeros > 4 * g->even_zeros)
		return WK_UTF16LE;
	if (g->even_zeros > g->seen / 8 && g->even_zeros > 4 * g->odd_zeros)
		return WK_UTF16BE;
	return g->bad * 10 <= g->good ? WK_UTF8 : WK_GB18030;
}

#define PIECE 16384

struct wk_decoder {
	iconv_t cd;
	enum wk_encoding e;
	bool started;
	char rest[8]; /* an incomplete sequence */
	size_t n_rest;
};

static void decoder_end(void *obj)
{
	struct wk_decoder *d = obj;
	if (d->cd != (iconv_t)-1)
		iconv_close(d->cd);
}

int wk_decoder_alloc(struct wk_decoder **dp, enum wk_encoding e)
{
	struct wk_decoder *d = zj_alloc(sizeof(*d), decoder_end);
	if (!d)
		return ENOMEM;
	d->e = e;
	d->cd = iconv_open("UTF-8", encodings[e].iconv);
	if (d->cd == (iconv_t)-1) {
		int err = errno;
		zj_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}

static int give(struct wk_decoder *d, const char *text, size_t n, wk_text_h *h, void *arg)
{
	if (!d->started && n >= 3) {
		d->started = true;
		if (memcmp(text, "\xef\xbb\xbf", 3) == 0) {
			text += 3;
			n -= 3;
		}
	}
	return n ? h(text, n, arg) : 0;
}

/* Decodes what it can of *p; leaves there an incomplete sequence. */
static int run(struct wk_decoder *d, char **p, size_t *n, bool last, wk_text_h *h, void *arg)
{
	char out[PIECE + 8];
	int err = 0;

	while (*n && !err) {
		char *o = out;
		size_t room = PIECE;
		size_t r = iconv(d->cd, p, n, &o, &room);
		int why = r == (size_t)-1 ? errno : 0;
		if (why == EILSEQ || (why == EINVAL && last)) {
			size_t skip = *n < encodings[d->e].unit ? *n : encodings[d->e].unit;
			memcpy(o, WK_REPLACEMENT, 3);
			o += 3;
			*p += skip;
			*n -= skip;
		}
		err = give(d, out, (size_t)(o - out), h, arg);
		if (why == EINVAL && !last)
			break;
	}
	return err;
}

int wk_decode(struct wk_decoder *d, const void *bytes, size_t n, bool last, wk_text_h *h, void *arg)
{
	const char *from = bytes;
	int err = 0;

	/* What was left over is completed byte by byte, so that the big buffer is never copied. */
	while (d->n_rest && n && !err) {
		d->rest[d->n_rest++] = *from++;
		n--;
		char *p = d->rest;
		size_t left = d->n_rest;
		err = run(d, &p, &left, d->n_rest == sizeof(d->rest), h, arg);
		memmove(d->rest, p, left);
		d->n_rest = left;
	}
	char *p = (char *)from;
	if (!err)
		err = run(d, &p, &n, false, h, arg);
	if (!err && n && n <= sizeof(d->rest) - d->n_rest) {
		memcpy(d->rest + d->n_rest, p, n);
		d->n_rest += n;
	}
	if (!err && last && d->n_rest) {
		p = d->rest;
		err = run(d, &p, &d->n_rest, true, h, arg);
	}
	return err;
}

struct wk_encoder {
	iconv_t cd; /* (iconv_t)-1: UTF-8, nothing to do */
};

static void encoder_end(void *obj)
{
	struct wk_encoder *e = obj;
	if (e->cd != (iconv_t)-1)
		iconv_close(e->cd);
}

int wk_encoder_alloc(struct wk_encoder **ep, enum wk_encoding e)
{
	struct wk_encoder *c = zj_alloc(sizeof(*c), encoder_end);
	if (!c)
		return ENOMEM;
	c->cd = e == WK_UTF8 ? (iconv_t)-1 : iconv_open(encodings[e].iconv, "UTF-8");
	if (e != WK_UTF8 && c->cd == (iconv_t)-1) {
		int err = errno;
		zj_deref(c);
		return err;
	}
	*ep = c;
	return 0;
}

int wk_encode(struct wk_encoder *e, const char *utf8, size_t n, wk_text_h *h, void *arg)
{
	char out[PIECE + 8], *in = (char *)utf8;
	int err = 0;

	if (e->cd == (iconv_t)-1)
		return n ? h(utf8, n, arg) : 0;
	while (n && !err) {
		char *o = out;
		size_t room = PIECE;
		if (iconv(e->cd, &in, &n, &o, &room) == (size_t)-1 && errno != E2BIG) {
			char ask[] = "?", *q = ask;
			size_t one = 1;
			iconv(e->cd, &q, &one, &o, &room);
			for (in++, n--; n && ((unsigned char)*in & 0xc0) == 0x80; n--)
				in++;
		}
		err = h(out, (size_t)(o - out), arg);
	}
	return err;
}
