#include "pages.h"
#include "box.h"
#include "zj_box.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <tiffio.h>
#include <unistd.h>

#define HEIGHT_MAX 20000u /* lines: 2.5 m at fine resolution */
#define COARSE_DPI 150.0  /* below it: 98 lines an inch, else 196 */
#define MEMORY_MAX (256u << 20)
#define FILE_MAX   (100u << 20)

static const unsigned widths[] = {1728, 2048, 2432};

static int bad(struct wk_pages *p, const char *fmt, ...) ZJ_PRINTF(2, 3);
static int bad(struct wk_pages *p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	return EINVAL;
}

struct page {
	uint32_t width, height, out_width;
	bool inverted; /* 0 is black */
	float y_dpi;
};

static int look(TIFF *t, struct page *g, struct wk_pages *p)
{
	uint16_t bits = 1, samples = 1, photometric = PHOTOMETRIC_MINISWHITE, unit = RESUNIT_INCH;
	unsigned n = p->pages + 1;
	*g = (struct page){.y_dpi = 196};
	TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &g->width);
	TIFFGetField(t, TIFFTAG_IMAGELENGTH, &g->height);
	TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &bits);
	TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &samples);
	TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric);
	TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &unit);
	if (TIFFGetField(t, TIFFTAG_YRESOLUTION, &g->y_dpi) && unit == RESUNIT_CENTIMETER)
		g->y_dpi *= 2.54f;
	g->inverted = photometric == PHOTOMETRIC_MINISBLACK;
	if (bits != 1 || samples != 1)
		return bad(p, "page %u: a fax is black and white; this has %u bits of %u colours", n, bits, samples);
	if (TIFFIsTiled(t))
		return bad(p, "page %u: it is made of tiles", n);
	if (!g->height || g->height > HEIGHT_MAX)
		return bad(p, "page %u: %u lines; 1 to %u can be sent", n, g->height, HEIGHT_MAX);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(widths) && !g->out_width; i++)
		if (g->width <= widths[i])
			g->out_width = widths[i];
	if (!g->width || !g->out_width)
		return bad(p, "page %u: %u pixels wide; 1 to 2432 can be sent", n, g->width);
	return 0;
}

static void describe(TIFF *o, const struct page *g, unsigned number)
{
	double dpi = g->y_dpi < (float)COARSE_DPI ? 98 : 196;
	TIFFSetField(o, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
	TIFFSetField(o, TIFFTAG_IMAGEWIDTH, g->out_width);
	TIFFSetField(o, TIFFTAG_IMAGELENGTH, g->height);
	TIFFSetField(o, TIFFTAG_BITSPERSAMPLE, 1);
	TIFFSetField(o, TIFFTAG_SAMPLESPERPIXEL, 1);
	TIFFSetField(o, TIFFTAG_ROWSPERSTRIP, g->height);
	TIFFSetField(o, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
	TIFFSetField(o, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
	TIFFSetField(o, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
	TIFFSetField(o, TIFFTAG_XRESOLUTION, 204.0);
	TIFFSetField(o, TIFFTAG_YRESOLUTION, dpi);
	TIFFSetField(o, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
	TIFFSetField(o, TIFFTAG_PAGENUMBER, number, 0);
}

/* Lines of it, white at the right where the page is narrower than a fax. */
static int copy(TIFF *t, TIFF *o, const struct page *g, struct wk_pages *p)
{
	size_t from = (g->width + 7) / 8, to = g->out_width / 8;
	tmsize_t line = TIFFScanlineSize(t);
	uint8_t *row = calloc(1, (size_t)(line > 0 ? line : 0) + to);
	if (!row || line < (tmsize_t)from) {
		free(row);
		return row ? bad(p, "page %u: its lines are too short", p->pages + 1) : ENOMEM;
	}
	int err = 0;
	for (uint32_t y = 0; y < g->height && !err; y++) {
		if (TIFFReadScanline(t, row, y, 0) < 0)
			err = bad(p, "page %u: line %u cannot be read", p->pages + 1, y + 1);
		for (size_t i = 0; g->inverted && i < from; i++)
			row[i] = (uint8_t)~row[i];
		if (g->width % 8)
			row[from - 1] &= (uint8_t)(0xff00 >> g->width % 8);
		memset(row + from, 0, to > from ? to - from : 0);
		if (!err && TIFFWriteScanline(o, row, y, 0) < 0)
			err = ENOSPC;
	}
	free(row);
	return err;
}

int wk_pages_write(int in, int out, unsigned most, struct wk_pages *p)
{
	struct page g;
	*p = (struct wk_pages){0};
	TIFFSetErrorHandler(NULL);
	TIFFSetWarningHandler(NULL);
	TIFF *t = TIFFFdOpen(in, "in", "rm"), *o = t ? TIFFFdOpen(out, "out", "w") : NULL;
	int err = !t ? bad(p, "this is no TIFF file") : !o ? ENOSPC : 0;
	do {
		if (!err && p->pages >= most)
			err = bad(p, "more than %u pages", most);
		if (!err)
			err = look(t, &g, p);
		if (err)
			break;
		describe(o, &g, p->pages);
		err = copy(t, o, &g, p);
		if (!err && !TIFFWriteDirectory(o))
			err = ENOSPC;
		p->pages++;
		p->width = g.out_width;
		p->y_dpm = g.y_dpi < (float)COARSE_DPI ? 3850 : 7700;
	} while (!err && TIFFReadDirectory(t));
	if (t)
		TIFFCleanup(t); /* the descriptors are the caller's */
	if (o) {
		(void)TIFFFlush(o);
		TIFFCleanup(o);
	}
	return err;
}

struct answer {
	int err;
	struct wk_pages pages;
};

int wk_pages_boxed(int in, int out, unsigned most, struct wk_pages *p)
{
	const struct wk_limits l = {.memory = MEMORY_MAX, .file = FILE_MAX, .cpu_s = 60};
	struct answer a = {.err = EPROTO};
	int pipe_fd[2], status = 0;
	if (pipe(pipe_fd))
		return errno;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!wk_limits_set(&l) && !zj_box_shut())
			a.err = wk_pages_write(in, out, most, &a.pages);
		_exit(write(pipe_fd[1], &a, sizeof(a)) != sizeof(a));
	}
	close(pipe_fd[1]);
	bool whole = pid > 0 && read(pipe_fd[0], &a, sizeof(a)) == sizeof(a);
	close(pipe_fd[0]);
	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*p = a.pages;
	if (whole)
		return a.err;
	return bad(p, WTERMSIG(status) == SIGXFSZ ? "it grows too large" : "reading it took too much time or memory");
}
