#include "fax/fax.h"
#include "fax/udptl.h"
#include <errno.h>
#include <pthread.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AHEAD   8      /* frames that lie ready to be said: this thread may be 160 ms late */
#define TAIL_US 400000 /* after the end: the last words leave */

const char *const md_fax_end_names[MD_FAX_ENDS] = {"done",   "stopped", "hungup", "pages",    "bytes", "time",
						   "no_fax", "refused", "line",   "document", "disk"};

struct md_fax {
	struct md_job job; /* first */
	struct md_fax_args args;
	char station[MD_FAX_STATION + 1], header[MD_FAX_HEADER + 1];
	int fd;
	/* the thread's */
	struct md_line line;
	fax_state_t *fax;               /* over audio, or … */
	t38_terminal_state_t *terminal; /* … by T.38 */
	struct md_udptl_tx tx;
	atomic_bool t38; /* control says so */
	t30_state_t *t30;
	int64_t begun_us, ended_us;
	enum md_fax_end limit; /* why we broke it off; MD_FAX_DONE: we did not */
	int code;              /* spandsp's, when `ended_us` */
	pthread_mutex_t lock;  /* protects `figures` */
	struct md_fax_figures figures;
};

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

/* What the far end calls itself; foreign bytes become question marks. */
static void copy_station(char *out, const char *in)
{
	size_t n = 0;
	for (; in && in[n] && n < MD_FAX_STATION; n++)
		out[n] = in[n] >= ' ' && in[n] <= '~' ? in[n] : '?';
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = 0;
}

static void refresh(struct md_fax *f)
{
	t30_stats_t st;
	t30_get_transfer_statistics(f->t30, &st);
	pthread_mutex_lock(&f->lock);
	f->figures.pages = (unsigned)(f->args.send ? st.pages_tx : st.pages_rx);
	f->figures.pages_in_file = st.pages_in_file > 0 ? (unsigned)st.pages_in_file : 0;
	f->figures.bit_rate = (unsigned)st.bit_rate;
	f->figures.width = (unsigned)st.width;
	f->figures.x_dpm = (unsigned)st.x_resolution;
	f->figures.y_dpm = (unsigned)st.y_resolution;
	f->figures.bad_rows = (unsigned)st.bad_rows;
	f->figures.retries = (unsigned)st.error_correcting_mode_retries;
	f->figures.ecm = st.error_correcting_mode;
	f->figures.t38 = f->terminal != NULL;
	copy_station(f->figures.station, t30_get_rx_ident(f->t30));
	pthread_mutex_unlock(&f->lock);
	md_aside_changed(&f->job);
}

static void break_off(struct md_fax *f, enum md_fax_end why)
{
	if (f->limit == MD_FAX_DONE)
		f->limit = why;
	t30_terminate(f->t30);
}

/* A page has come, or has been taken by the far end. */
static int page_h(t30_state_t *t30, void *arg, int result)
{
	struct md_fax *f = arg;
	struct stat st;
	(void)t30;
	refresh(f);
	if (f->args.send)
		return T30_ERR_OK;
	if (fstat(f->fd, &st) == 0 && st.st_size > f->args.max_bytes)
		f->limit = MD_FAX_BYTES;
	else if (f->figures.pages >= f->args.max_pages && result != T30_EOP && result != T30_PRI_EOP)
		f->limit = MD_FAX_PAGES;
	return T30_ERR_OK; /* the limit is acted upon after this page's answer, by step */
}

static void end_h(t30_state_t *t30, void *arg, int code)
{
	struct md_fax *f = arg;
	(void)t30;
	if (f->ended_us)
		return;
	f->code = code;
	f->ended_us = -1; /* step fills it in */
	refresh(f);
}

static void hear_h(int16_t *pcm, unsigned n, bool lost, void *arg)
{
	struct md_fax *f = arg;
	if (lost)
		fax_rx_fillin(f->fax, (int)n);
	else
		fax_rx(f->fax, pcm, (int)n);
}

static void say(struct md_fax *f)
{
	int16_t pcm[MD_FRAME];
	while (md_tap_waiting(f->job.tap) < AHEAD) {
		int n = fax_tx(f->fax, pcm, MD_FRAME);
		memset(pcm + n, 0, (size_t)(MD_FRAME - n) * sizeof(*pcm));
		md_tap_put(f->job.tap, pcm);
	}
}

static void configure(struct md_fax *f)
{
	char path[40];
	t30_state_t *t = f->t30;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	t30_set_supported_modems(t, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
	t30_set_supported_compressions(t, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION |
						  T30_SUPPORT_T6_COMPRESSION);
	t30_set_supported_resolutions(t, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION |
						 T30_SUPPORT_SUPERFINE_RESOLUTION | T30_SUPPORT_R8_RESOLUTION |
						 T30_SUPPORT_R16_RESOLUTION);
	t30_set_supported_image_sizes(t, T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_255MM_WIDTH | T30_SUPPORT_303MM_WIDTH |
						 T30_SUPPORT_A4_LENGTH | T30_SUPPORT_B4_LENGTH |
						 T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_US_LEGAL_LENGTH |
						 T30_SUPPORT_UNLIMITED_LENGTH);
	t30_set_ecm_capability(t, !f->args.no_ecm);
	t30_set_tx_ident(t, f->station);
	if (f->header[0])
		t30_set_tx_page_header_info(t, f->header);
	if (f->args.send)
		t30_set_tx_file(t, path, -1, -1);
	else
		t30_set_rx_file(t, path, -1);
	if (!f->args.send)
		t30_set_rx_encoding(t, T4_COMPRESSION_ITU_T6);
	t30_set_phase_d_handler(t, page_h, f);
	t30_set_phase_e_handler(t, end_h, f);
}

static void release(struct md_fax *f)
{
	if (f->fax) {
		fax_release(f->fax); /* closes the file */
		fax_free(f->fax);
	}
	if (f->terminal) {
		t38_terminal_release(f->terminal);
		t38_terminal_free(f->terminal);
	}
	f->fax = NULL;
	f->terminal = NULL;
	f->t30 = NULL;
}

/* ---- T.38 ---- */
static int packet_h(t38_core_state_t *core, void *arg, const uint8_t *ifp, int len, int count)
{
	struct md_fax *f = arg;
	uint8_t out[MD_UDPTL_MAX];
	size_t n = len > 0 ? md_udptl_write(&f->tx, out, ifp, (size_t)len) : 0;
	(void)core;
	for (; n && count > 0; count--) /* what must not be lost goes several times */
		md_tap_queue_put(&f->job.tap->goes, out, n);
	return 0;
}

static void ifp_h(const uint8_t *ifp, size_t len, uint16_t seq, void *arg)
{
	struct md_fax *f = arg;
	t38_core_rx_ifp_packet(t38_terminal_get_t38_core_state(f->terminal), ifp, (int)len, seq);
}

/* The machines begin anew in the other world; a file that was being written is begun anew, too. */
static bool change_over(struct md_fax *f)
{
	release(f);
	f->ended_us = 0;
	f->terminal = t38_terminal_init(NULL, f->args.caller, packet_h, f);
	if (!f->terminal) {
		f->code = T30_ERR_NOMEM;
		f->limit = MD_FAX_DISK;
		return false;
	}
	t38_core_state_t *core = t38_terminal_get_t38_core_state(f->terminal);
	t38_set_t38_version(core, 0);
	t38_set_data_rate_management_method(core, 2); /* transferredTCF */
	t38_set_data_transport_protocol(core, T38_TRANSPORT_UDPTL);
	t38_set_max_datagram_size(core, MD_UDPTL_MAX);
	f->t30 = t38_terminal_get_t30_state(f->terminal);
	configure(f);
	return true;
}

static void exchange(struct md_fax *f)
{
	const struct md_tap_data *d;
	for (; (d = md_tap_queue_next(&f->job.tap->came)); md_tap_queue_drop(&f->job.tap->came))
		(void)md_udptl_read(d->bytes, d->len, ifp_h, f);
	t38_terminal_send_timeout(f->terminal, MD_FRAME);
}

static bool start(struct md_fax *f, int64_t now_us)
{
	f->begun_us = f->line.heard_us = now_us;
	f->fax = fax_init(NULL, f->args.caller);
	if (!f->fax) {
		f->code = T30_ERR_NOMEM;
		f->limit = MD_FAX_DISK;
		return false;
	}
	f->t30 = fax_get_t30_state(f->fax);
	fax_set_transmit_on_idle(f->fax, TRUE);
	configure(f);
	return true;
}

static bool step(struct md_job *j, int64_t now_us)
{
	struct md_fax *f = (struct md_fax *)j;
	if (!f->t30 && !start(f, now_us))
		return false;
	if (atomic_load(&f->t38) && !f->terminal && !change_over(f))
		return false;
	if (atomic_load(&j->stop))
		break_off(f, MD_FAX_STOPPED);
	else if (now_us - f->begun_us > f->args.max_ms * 1000)
		break_off(f, MD_FAX_TIME);
	else if (f->limit != MD_FAX_DONE)
		break_off(f, f->limit);
	if (!f->ended_us && f->terminal)
		exchange(f);
	else if (!f->ended_us)
		md_line_step(&f->line, j->tap, now_us, hear_h, f);
	if (!f->ended_us && f->fax)
		say(f);
	if (f->ended_us == -1)
		f->ended_us = now_us;
	bool waiting = f->terminal ? md_tap_queue_next(&j->tap->goes) != NULL : md_tap_waiting(j->tap) > 0;
	bool on = !f->ended_us || (waiting && now_us - f->ended_us < TAIL_US && !atomic_load(&j->stop));
	if (on)
		return true;
	release(f);
	return false;
}

int md_fax_alloc(struct md_fax **fp, struct md_tap *tap, int fd, const struct md_fax_args *a)
{
	if ((a->station && !is_printable(a->station)) || (a->header && !is_printable(a->header)))
		return EINVAL;
	struct md_fax *f = calloc(1, sizeof(*f));
	if (!f)
		return ENOMEM;
	f->args = *a;
	f->args.station = f->args.header = NULL;
	snprintf(f->station, sizeof(f->station), "%s", a->station ? a->station : "");
	snprintf(f->header, sizeof(f->header), "%s", a->header ? a->header : "");
	f->fd = fd;
	f->job.step = step;
	f->job.tap = tap;
	pthread_mutex_init(&f->lock, NULL);
	*fp = f;
	return 0;
}

struct md_job *md_fax_job(struct md_fax *f)
{
	return &f->job;
}

void md_fax_t38(struct md_fax *f)
{
	atomic_store(&f->t38, true);
}

void md_fax_figures(struct md_fax *f, struct md_fax_figures *out)
{
	pthread_mutex_lock(&f->lock);
	*out = f->figures;
	pthread_mutex_unlock(&f->lock);
}

static enum md_fax_end end_of(int code)
{
	switch (code) {
	case T30_ERR_OK:
		return MD_FAX_DONE;
	case T30_ERR_CEDTONE:
	case T30_ERR_T0_EXPIRED:
	case T30_ERR_T1_EXPIRED:
		return MD_FAX_NO_FAX;
	case T30_ERR_NOMEM:
		return MD_FAX_DISK;
	case T30_ERR_FILEERROR:
	case T30_ERR_NOPAGE:
	case T30_ERR_BADTIFF:
	case T30_ERR_BADPAGE:
	case T30_ERR_BADTAG:
	case T30_ERR_BADTIFFHDR:
		return MD_FAX_DOCUMENT;
	case T30_ERR_INCOMPATIBLE:
	case T30_ERR_RX_INCAPABLE:
	case T30_ERR_TX_INCAPABLE:
	case T30_ERR_NORESSUPPORT:
	case T30_ERR_NOSIZESUPPORT:
	case T30_ERR_CANNOT_TRAIN:
		return MD_FAX_REFUSED;
	default:
		return code >= T30_ERR_NOPOLL ? MD_FAX_REFUSED : MD_FAX_LINE;
	}
}

enum md_fax_end md_fax_end(const struct md_fax *f, const char **because)
{
	enum md_fax_end end = f->limit != MD_FAX_DONE ? f->limit : end_of(f->code);
	*because = t30_completion_code_to_str(f->code);
	return end == MD_FAX_DOCUMENT && !f->args.send ? MD_FAX_DISK : end;
}

void md_fax_free(struct md_fax *f)
{
	if (!f)
		return;
	release(f);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
