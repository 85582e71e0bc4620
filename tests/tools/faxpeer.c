/* faxpeer: a fax machine for tests, and what its pages are made of.
 *
 *   faxpeer make FILE PAGES SEED [fine]     a TIFF/F with pages of blocks and lines, each another
 *   faxpeer pixels FILE                     a line a page: "width height sha" of what is on it, bit by bit
 *   faxpeer send FILE LOCAL REMOTE [option=value …]     on 127.0.0.1:LOCAL, RTP (PCMA) to HOST:PORT
 *   faxpeer receive FILE LOCAL REMOTE [option=value …]
 *
 * Options: t38=1 (UDPTL instead of RTP), calling=0|1, ident=TEXT, ecm=0|1, seconds=N, quit=PAGES (leave after so many
 * pages, without a word), loss=PERCENT with seed=N (packets that it does not send). At the end a JSON line says what
 * became of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <spandsp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tiffio.h>
#include <time.h>
#include <unistd.h>

#define FRAME  160
#define WIDTH  1728
#define ALAW   8
#define TICK   20000000 /* ns */
#define TAIL   40       /* ticks after the end, so that the last words are heard */
#define HEADER 12
#define SLOTS  128
#define LATE   6

static void die(const char *what)
{
	fprintf(stderr, "faxpeer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* ---- pages ---- */
static void draw(uint8_t *page, unsigned height, uint32_t seed)
{
	for (unsigned i = 0; i < 20; i++) {
		unsigned x = next(&seed) % (WIDTH / 8 - 24), y = next(&seed) % (height - 40);
		unsigned w = 1 + next(&seed) % 20, h = 1 + next(&seed) % 36;
		for (unsigned k = 0; k < h; k++)
			memset(page + (size_t)(y + k) * WIDTH / 8 + x, (int)(0x81 | next(&seed)), w);
	}
}

static int make(const char *file, unsigned pages, uint32_t seed, bool fine)
{
	unsigned height = fine ? 2200 : 1100;
	TIFF *t = TIFFOpen(file, "w");
	uint8_t *page = calloc(height, WIDTH / 8);
	if (!t || !page)
		die(file);
	for (unsigned p = 0; p < pages; p++) {
		memset(page, 0, (size_t)height * WIDTH / 8);
		draw(page, height, seed + p);
		TIFFSetField(t, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
		TIFFSetField(t, TIFFTAG_IMAGEWIDTH, WIDTH);
		TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
		TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 1);
		TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 1);
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, height);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
		TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
		TIFFSetField(t, TIFFTAG_XRESOLUTION, 204.0);
		TIFFSetField(t, TIFFTAG_YRESOLUTION, fine ? 196.0 : 98.0);
		TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
		TIFFSetField(t, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
		TIFFSetField(t, TIFFTAG_PAGENUMBER, p, pages);
		for (unsigned y = 0; y < height; y++)
			if (TIFFWriteScanline(t, page + (size_t)y * WIDTH / 8, y, 0) < 0)
				die("write");
		if (!TIFFWriteDirectory(t))
			die("write");
	}
	TIFFClose(t);
	free(page);
	return 0;
}

static int pixels(const char *file)
{
	TIFF *t = TIFFOpen(file, "r");
	if (!t)
		die(file);
	do {
		uint32_t w = 0, h = 0;
		uint16_t photometric = PHOTOMETRIC_MINISWHITE;
		uint64_t sum = 14695981039346656037u, black = 0;
		TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w);
		TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h);
		TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric);
		uint8_t *row = malloc((size_t)TIFFScanlineSize(t));
		for (uint32_t y = 0; row && y < h; y++) {
			if (TIFFReadScanline(t, row, y, 0) < 0)
				die("read");
			for (uint32_t x = 0; x < w; x++) {
				unsigned bit =
					(row[x / 8] >> (7 - x % 8) & 1u) ^ (photometric == PHOTOMETRIC_MINISBLACK);
				sum = (sum ^ bit) * 1099511628211u;
				black += bit;
			}
		}
		free(row);
		printf("%u %u %llu %016llx\n", w, h, (unsigned long long)black, (unsigned long long)sum);
	} while (TIFFReadDirectory(t));
	TIFFClose(t);
	return 0;
}

/* ---- the machine ---- */
struct peer {
	bool send, ecm, calling, over, t38;
	unsigned seconds, quit;
	uint32_t loss, seed;
	const char *ident, *file;
	int fd;
	struct sockaddr_in remote;
	fax_state_t *fax;
	t38_terminal_state_t *terminal;
	uint8_t last[3][256]; /* packets sent before, newest first */
	size_t last_len[3];
	uint16_t udptl_seq, expect;
	t30_state_t *t30;
	int code;
	unsigned tail;
	uint16_t seq, heard, newest;
	uint8_t slot[SLOTS][FRAME];
	bool there[SLOTS];
	uint32_t ts, ssrc;
	bool any;
	unsigned lost;
};

static unsigned pages_of(const struct peer *p)
{
	t30_stats_t st;
	t30_get_transfer_statistics(p->t30, &st);
	return (unsigned)(p->send ? st.pages_tx : st.pages_rx);
}

static void end_h(t30_state_t *t30, void *arg, int code)
{
	struct peer *p = arg;
	(void)t30;
	p->over = true;
	p->code = code;
}

/* Packets wait for those that are late: LATE of them. */
static void hear(struct peer *p)
{
	uint8_t b[1500];
	int16_t pcm[FRAME];
	ssize_t n;
	while ((n = recv(p->fd, b, sizeof(b), MSG_DONTWAIT)) > 0) {
		if (n != HEADER + FRAME || (b[1] & 127) != ALAW)
			continue;
		uint16_t seq = (uint16_t)(b[2] << 8 | b[3]);
		if (!p->any)
			p->heard = p->newest = seq;
		p->any = true;
		if ((int16_t)(seq - p->heard) < 0 || seq - p->heard >= SLOTS)
			continue;
		if ((int16_t)(seq - p->newest) > 0)
			p->newest = seq;
		memcpy(p->slot[seq % SLOTS], b + HEADER, FRAME);
		p->there[seq % SLOTS] = true;
	}
	for (; p->any && (int16_t)(p->newest - p->heard) > LATE; p->heard++) {
		bool *there = &p->there[p->heard % SLOTS];
		for (int i = 0; i < FRAME; i++)
			pcm[i] = alaw_to_linear(p->slot[p->heard % SLOTS][i]);
		if (*there)
			fax_rx(p->fax, pcm, FRAME);
		else
			fax_rx_fillin(p->fax, FRAME);
		p->lost += !*there;
		*there = false;
	}
}

/* UDPTL (T.38, 9), written for the test by itself: a packet, and the three before it again. */
static size_t with_length(uint8_t *b, const uint8_t *ifp, size_t n)
{
	size_t k = n < 128 ? 1 : 2;
	b[0] = (uint8_t)(k == 1 ? n : 0x80 | n >> 8);
	if (k == 2)
		b[1] = (uint8_t)n;
	memcpy(b + k, ifp, n);
	return k + n;
}

static int packet_h(t38_core_state_t *core, void *arg, const uint8_t *ifp, int len, int count)
{
	struct peer *p = arg;
	uint8_t b[1100] = {(uint8_t)(p->udptl_seq >> 8), (uint8_t)p->udptl_seq};
	size_t at = 2 + with_length(b + 2, ifp, (size_t)len), n = 0;
	(void)core;
	p->udptl_seq++;
	size_t entries = at + 1;
	at += 2;
	for (; n < 3 && p->last_len[n]; n++)
		at += with_length(b + at, p->last[n], p->last_len[n]);
	b[entries] = (uint8_t)n;
	for (int i = 2; i > 0; i--) {
		memcpy(p->last[i], p->last[i - 1], 256);
		p->last_len[i] = p->last_len[i - 1];
	}
	memcpy(p->last[0], ifp, (size_t)len);
	p->last_len[0] = (size_t)len;
	for (; count > 0; count--)
		(void)sendto(p->fd, b, at, MSG_DONTWAIT, (struct sockaddr *)&p->remote, sizeof(p->remote));
	return 0;
}

static const uint8_t *lengthy(const uint8_t **b, const uint8_t *end, size_t *n)
{
	if (*b >= end)
		return NULL;
	*n = *(*b)++;
	if (*n & 0x80)
		*n = (*n & 0x3f) << 8 | (*b < end ? *(*b)++ : 0);
	const uint8_t *ifp = *b;
	*b += *n;
	return *b <= end ? ifp : NULL;
}

static void take_udptl(struct peer *p, const uint8_t *b, const uint8_t *end)
{
	uint16_t seq = (uint16_t)(b[0] << 8 | b[1]);
	const uint8_t *again[16], *ifp;
	size_t n, lens[16], k = 0;
	t38_core_state_t *core = t38_terminal_get_t38_core_state(p->terminal);
	b += 2;
	ifp = lengthy(&b, end, &n);
	size_t entries = end - b >= 2 && !(b[0] & 0x80) ? b[1] : 0;
	b += 2;
	while (k < entries && k < 16 && (again[k] = lengthy(&b, end, &lens[k])))
		k++;
	p->lost += (uint16_t)(seq - p->expect) < 1000 ? (unsigned)(uint16_t)(seq - p->expect) : 0;
	p->expect = (uint16_t)(seq + 1);
	while (k--)
		t38_core_rx_ifp_packet(core, again[k], (int)lens[k], (uint16_t)(seq - 1 - k));
	if (ifp)
		t38_core_rx_ifp_packet(core, ifp, (int)n, seq);
}

static void exchange(struct peer *p)
{
	uint8_t b[1500];
	ssize_t n;
	while ((n = recv(p->fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		if (n > 3 && b[0] != 0x80) /* RTP that was on its way */
			take_udptl(p, b, b + n);
	t38_terminal_send_timeout(p->terminal, FRAME);
}

static void say(struct peer *p)
{
	int16_t pcm[FRAME];
	uint8_t b[HEADER + FRAME];
	int n = fax_tx(p->fax, pcm, FRAME);
	for (; n < FRAME; n++)
		pcm[n] = 0;
	uint32_t head[3] = {htonl(0x80000000u | ALAW << 16 | p->seq++), htonl(p->ts), p->ssrc};
	p->ts += FRAME;
	memcpy(b, head, HEADER);
	for (int i = 0; i < FRAME; i++)
		b[HEADER + i] = linear_to_alaw(pcm[i]);
	if (next(&p->seed) % 1000 >= p->loss)
		(void)sendto(p->fd, b, sizeof(b), MSG_DONTWAIT, (struct sockaddr *)&p->remote, sizeof(p->remote));
}

static void begin(struct peer *p)
{
	if (p->t38) {
		p->terminal = t38_terminal_init(NULL, p->calling, packet_h, p);
		t38_core_state_t *core = t38_terminal_get_t38_core_state(p->terminal);
		t38_set_t38_version(core, 0);
		t38_set_data_rate_management_method(core, 2);
		t38_set_data_transport_protocol(core, T38_TRANSPORT_UDPTL);
		p->t30 = t38_terminal_get_t30_state(p->terminal);
	} else {
		p->fax = fax_init(NULL, p->calling);
		p->t30 = fax_get_t30_state(p->fax);
		fax_set_transmit_on_idle(p->fax, TRUE);
	}
	t30_set_supported_modems(p->t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
	t30_set_supported_compressions(p->t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION |
						       T30_SUPPORT_T6_COMPRESSION);
	t30_set_supported_resolutions(p->t30, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION);
	t30_set_supported_image_sizes(p->t30,
				      T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_A4_LENGTH);
	t30_set_ecm_capability(p->t30, p->ecm);
	t30_set_tx_ident(p->t30, p->ident);
	if (p->send)
		t30_set_tx_file(p->t30, p->file, -1, -1);
	else
		t30_set_rx_file(p->t30, p->file, -1);
	t30_set_phase_e_handler(p->t30, end_h, p);
}

static void run(struct peer *p)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (unsigned i = 0; i < p->seconds * 50 && p->tail < TAIL; i++) {
		if (p->t38) {
			exchange(p);
		} else {
			hear(p);
			say(p);
		}
		p->tail += p->over;
		if (p->quit && pages_of(p) >= p->quit)
			break;
		at.tv_nsec += TICK;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
}

static void tell(struct peer *p)
{
	t30_stats_t st;
	t30_get_transfer_statistics(p->t30, &st);
	const char *ident = t30_get_rx_ident(p->t30);
	printf("{\"over\":%s,\"code\":%d,\"because\":\"%s\",\"pages\":%u,\"ident\":\"%s\",\"bit_rate\":%d,\"ecm\":%s,"
	       "\"retries\":%d,\"lost\":%u}\n",
	       p->over ? "true" : "false", p->code, t30_completion_code_to_str(p->code), pages_of(p),
	       ident ? ident : "", st.bit_rate, st.error_correcting_mode ? "true" : "false",
	       st.error_correcting_mode_retries, p->lost);
	if (p->fax)
		fax_release(p->fax); /* closes the file */
	else
		t38_terminal_release(p->terminal);
}

static void option(struct peer *p, const char *text)
{
	const char *v = strchr(text, '=');
	if (!v)
		die(text);
	v++;
	if (!strncmp(text, "ident=", 6))
		p->ident = v;
	else if (!strncmp(text, "calling=", 8))
		p->calling = *v == '1';
	else if (!strncmp(text, "t38=", 4))
		p->t38 = *v == '1';
	else if (!strncmp(text, "ecm=", 4))
		p->ecm = *v == '1';
	else if (!strncmp(text, "seconds=", 8))
		p->seconds = (unsigned)atoi(v);
	else if (!strncmp(text, "quit=", 5))
		p->quit = (unsigned)atoi(v);
	else if (!strncmp(text, "seed=", 5))
		p->seed = (uint32_t)atoi(v);
	else if (!strncmp(text, "loss=", 5))
		p->loss = (uint32_t)(atof(v) * 10);
	else
		die(text);
}

static int machine(int argc, char **argv)
{
	static struct peer p;
	p = (struct peer){.send = !strcmp(argv[1], "send"),
			  .file = argv[2],
			  .ident = "FAXPEER",
			  .seconds = 180,
			  .ecm = true,
			  .seed = 7,
			  .code = -1};
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons((uint16_t)atoi(argv[3]))};
	char host[64] = "";
	unsigned port = 0;
	p.calling = p.send;
	if (sscanf(argv[4], "%63[0-9.]:%u", host, &port) != 2)
		die(argv[4]);
	p.remote = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	inet_pton(AF_INET, host, &p.remote.sin_addr);
	for (int i = 5; i < argc; i++)
		option(&p, argv[i]);
	p.ssrc = next(&p.seed);
	p.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (p.fd < 0 || bind(p.fd, (struct sockaddr *)&a, sizeof(a)))
		die("bind");
	begin(&p);
	run(&p);
	tell(&p);
	return 0;
}

int main(int argc, char **argv)
{
	TIFFSetErrorHandler(NULL);
	TIFFSetWarningHandler(NULL);
	if (argc >= 5 && !strcmp(argv[1], "make"))
		return make(argv[2], (unsigned)atoi(argv[3]), (uint32_t)atoi(argv[4]), argc > 5);
	if (argc == 3 && !strcmp(argv[1], "pixels"))
		return pixels(argv[2]);
	if (argc >= 5 && (!strcmp(argv[1], "send") || !strcmp(argv[1], "receive")))
		return machine(argc, argv);
	fprintf(stderr, "faxpeer: make, pixels, send or receive (see the source)\n");
	return 1;
}
