/* rtpload: many phones' RTP at once, and the machine's limit to compare with.
 *
 *   rtpload load SECONDS < pairs    each line "local remote [count [kind]]": a stream of 50 packets a second from
 *                                   127.0.0.1:local to 127.0.0.1:remote; tells what it sent, got back and how late.
 *                                   Kinds: stamped (G.711 A-law that carries its time), silence, speech (A-law too),
 * opus rtpload echo FIRST COUNT        the bare echo: COUNT sockets on FIRST, FIRST+2 …; every 20 ms each is read and
 * what came is sent back, and nothing else is done
 *
 * Both run before everybody else where they may, as mediad's media threads do, so that their figures compare on a busy
 * machine too. Packets are spread over the 20 ms. Late: from the sending of a packet (its payload carries the time) to
 * its arrival at the socket that it was passed on to, by the kernel's stamp: when we read it does not matter. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define STREAMS 8192
#define PACKET  172
#define HEADER  12
#define STAMP   88   /* in the payload */
#define BINS    4000 /* of 0.1 ms */
#define SLICES  20   /* of a tick: 1 ms each */

enum kind { STAMPED, SILENCE, SPEECH, OPUS, KINDS };
static const char *const kinds[KINDS] = {"stamped", "silence", "speech", "opus"};

struct stream {
	int fd;
	enum kind kind;
	uint16_t seq;
	uint32_t ts;
	uint64_t got, lost;
	uint16_t last;
	bool heard;
};

static struct stream streams[STREAMS];
static unsigned n;
static uint64_t bins[BINS + 1], sent, got, lost;
static volatile sig_atomic_t stop;

static int64_t us_of(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000000 + ts->tv_nsec / 1000;
}

/* The clock of the kernel's stamps. */
static int64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return us_of(&ts);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_one(uint16_t local, uint16_t remote)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(local)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		die("rtpload: bind");
	a.sin_port = htons(remote);
	if (remote && connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("rtpload: connect");
	return fd;
}

static int ticker(long us)
{
	struct itimerspec its = {{0, us * 1000}, {0, us * 1000}};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	if (fd < 0 || timerfd_settime(fd, 0, &its, NULL))
		die("rtpload: timer");
	return fd;
}

static void stop_h(int signum)
{
	(void)signum;
	stop = 1;
}

/* ---- the echo ---- */

static void echo_one(struct stream *s)
{
	uint8_t b[1500];
	struct sockaddr_in src;
	socklen_t len = sizeof(src);
	ssize_t k;
	if (s->heard) {
		while ((k = recv(s->fd, b, sizeof(b), 0)) > 0)
			(void)send(s->fd, b, (size_t)k, 0);
		return;
	}
	k = recvfrom(s->fd, b, sizeof(b), 0, (struct sockaddr *)&src, &len);
	if (k > 0)
		s->heard = !connect(s->fd, (struct sockaddr *)&src, len);
}

static void echo(unsigned first, unsigned count)
{
	int timer = ticker(20000);
	uint64_t ticks;
	for (n = 0; n < count && n < STREAMS; n++)
		streams[n].fd = open_one((uint16_t)(first + 2 * n), 0);
	printf("ready\n");
	fflush(stdout);
	while (!stop && read(timer, &ticks, sizeof(ticks)) > 0)
		for (unsigned i = 0; i < n; i++)
			echo_one(&streams[i]);
}

/* ---- the load ---- */

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* 20 ms of a steady voice at 24 kb/s, as libopus makes it (SILK, wide). */
static const uint8_t opus[] = {0x48, 0xae, 0xaf, 0x5c, 0xae, 0x0c, 0xae, 0x32, 0x26, 0x4c, 0xbe, 0xd8, 0x8b,
			       0xae, 0x26, 0x39, 0xcc, 0xfc, 0xe8, 0x01, 0x18, 0x00, 0x17, 0xe9, 0x52, 0x0f,
			       0x90, 0x35, 0xc9, 0xcd, 0x06, 0x98, 0xba, 0x2e, 0x72, 0x97, 0x5a, 0xb9, 0x40,
			       0xf4, 0xb0, 0x8f, 0xe1, 0x9a, 0xab, 0x42, 0xc1, 0x6a, 0xd9, 0xab, 0x92, 0xf3,
			       0xa8, 0x81, 0x78, 0xd5, 0xbd, 0x44, 0x43, 0x3b, 0xc1, 0xd8, 0x19, 0x50};

static size_t payload(const struct stream *s, uint8_t *b)
{
	int64_t t = now_us();
	if (s->kind == OPUS) {
		memcpy(b, opus, sizeof(opus));
		return sizeof(opus);
	}
	memset(b, 0xd5, PACKET - HEADER);
	if (s->kind == STAMPED)
		memcpy(b + STAMP, &t, sizeof(t));
	for (unsigned i = 0; s->kind == SPEECH && i < PACKET - HEADER; i++)
		b[i] = (uint8_t)(i & 8 ? 0x95 : 0x15); /* 500 Hz, -24 dB */
	return PACKET - HEADER;
}

static void send_one(struct stream *s, unsigned i)
{
	uint8_t b[PACKET];
	b[0] = 0x80;
	b[1] = s->kind == OPUS ? 111 : 8;
	b[2] = (uint8_t)(s->seq >> 8);
	b[3] = (uint8_t)s->seq;
	put32(b + 4, s->ts);
	put32(b + 8, 0x10000 + i);
	size_t k = payload(s, b + HEADER);
	s->seq++;
	s->ts += s->kind == OPUS ? 960 : 160;
	if (send(s->fd, b, HEADER + k, 0) > 0)
		sent++;
}

static int64_t stamp_of(struct msghdr *m)
{
	struct timespec ts;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			return us_of(&ts);
		}
	return 0;
}

static void receive(struct stream *s, bool counts)
{
	uint8_t b[1500], control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = {b, sizeof(b)};
	for (;;) {
		struct msghdr m = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
		ssize_t k = recvmsg(s->fd, &m, 0);
		int64_t t;
		uint16_t seq = (uint16_t)(b[2] << 8 | b[3]), step = (uint16_t)(seq - s->last);
		if (k <= 0)
			return;
		if (k < HEADER)
			continue;
		if (s->heard && step > 1 && step < 1000 && counts)
			lost += step - 1u;
		s->heard = true;
		s->last = seq;
		got += counts;
		if (s->kind != STAMPED || k != PACKET)
			continue;
		memcpy(&t, b + HEADER + STAMP, sizeof(t));
		int64_t late = (stamp_of(&m) - t) / 100;
		if (counts && late >= 0)
			bins[late < BINS ? late : BINS]++;
	}
}

/* What is still under way at the end. */
static void collect(void)
{
	usleep(100000);
	for (unsigned i = 0; i < n; i++)
		receive(&streams[i], true);
}

static double quantile(double q)
{
	uint64_t all = 0, sum = 0;
	for (unsigned i = 0; i <= BINS; i++)
		all += bins[i];
	for (unsigned i = 0; i <= BINS; i++) {
		sum += bins[i];
		if ((double)sum >= q * (double)all)
			return i / 10.0;
	}
	return 0;
}

static enum kind kind_of(const char *name)
{
	for (unsigned i = 0; i < KINDS; i++)
		if (!strcmp(name, kinds[i]))
			return (enum kind)i;
	return fprintf(stderr, "rtpload: no such kind: %s\n", name), exit(2), STAMPED;
}

static void load(double seconds)
{
	unsigned local, remote, count;
	char line[100], kind[10];
	while (n < STREAMS && fgets(line, sizeof(line), stdin)) {
		int k = sscanf(line, "%u %u %u %9s", &local, &remote, &count, kind);
		for (unsigned i = 0; k >= 2 && i < (k >= 3 ? count : 1) && n < STREAMS; i++) {
			streams[n].kind = k == 4 ? kind_of(kind) : STAMPED;
			streams[n++].fd = open_one((uint16_t)(local + 2 * i), (uint16_t)(remote + 2 * i));
		}
	}
	for (unsigned i = 0; i < n; i++)
		if (setsockopt(streams[i].fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int)))
			die("rtpload: stamps");
	printf("ready %u\n", n);
	fflush(stdout);
	int timer = ticker(20000 / SLICES);
	uint64_t ticks, slice = 0;
	int64_t began = now_us(), warm = began + 1000000, end = began + (int64_t)(seconds * 1e6);
	while (!stop && now_us() < end && read(timer, &ticks, sizeof(ticks)) > 0)
		for (; ticks && now_us() < end; ticks--, slice++) /* who cannot keep up ends in time, too */
			for (unsigned i = (unsigned)(slice % SLICES); i < n; i += SLICES) {
				send_one(&streams[i], i);
				receive(&streams[i], now_us() > warm);
			}
	collect();
	printf("{\"streams\":%u,\"sent\":%llu,\"got\":%llu,\"lost\":%llu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}\n", n,
	       (unsigned long long)sent, (unsigned long long)got, (unsigned long long)lost, quantile(0.5),
	       quantile(0.99), quantile(0.999));
}

int main(int argc, char **argv)
{
	sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = 1});
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){20000, 20000});
	signal(SIGTERM, stop_h);
	signal(SIGINT, stop_h);
	if (argc == 3 && !strcmp(argv[1], "load"))
		load(atof(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "echo"))
		echo((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	else
		return fprintf(stderr, "rtpload load SECONDS | echo FIRST COUNT; see its head\n"), 2;
	return 0;
}
