/* rtpload: many phones' RTP at once, and the machine's limit to compare with.
 *
 *   rtpload load SECONDS < pairs    each line "local remote [count]": a G.711 stream of 50 packets a second from
 *                                   127.0.0.1:local to 127.0.0.1:remote; tells what it sent, got back and how late
 *   rtpload echo FIRST COUNT        the bare echo: COUNT sockets on FIRST, FIRST+2 …; every 20 ms each is read and what
 *                                   came is sent back, and nothing else is done
 *
 * Packets are spread over the 20 ms. Late: how long after its sending time a packet's own payload (which carries that
 * time) comes back from wherever it went. */
#include <arpa/inet.h>
#include <errno.h>
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
#define BINS    4000 /* of 0.1 ms */
#define SLICES  20   /* of a tick: 1 ms each */

struct stream {
	int fd;
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

static int64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
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

static void send_one(struct stream *s, unsigned i)
{
	uint8_t b[PACKET];
	int64_t t = now_us();
	memset(b, 0xd5, sizeof(b));
	b[0] = 0x80;
	b[1] = 8;
	b[2] = (uint8_t)(s->seq >> 8);
	b[3] = (uint8_t)s->seq;
	put32(b + 4, s->ts);
	put32(b + 8, 0x10000 + i);
	memcpy(b + 100, &t, sizeof(t));
	s->seq++;
	s->ts += 160;
	if (send(s->fd, b, sizeof(b), 0) > 0)
		sent++;
}

static void receive(struct stream *s, bool counts)
{
	uint8_t b[1500];
	ssize_t k;
	while ((k = recv(s->fd, b, sizeof(b), 0)) > 0) {
		int64_t t;
		uint16_t seq = (uint16_t)(b[2] << 8 | b[3]), step = (uint16_t)(seq - s->last);
		if (k != PACKET)
			continue;
		if (s->heard && step > 1 && step < 1000 && counts)
			lost += step - 1u;
		s->heard = true;
		s->last = seq;
		got += counts;
		memcpy(&t, b + 100, sizeof(t));
		int64_t late = (now_us() - t) / 100;
		if (counts && late >= 0)
			bins[late < BINS ? late : BINS]++;
	}
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

static void load(double seconds)
{
	unsigned local, remote, count;
	char line[100];
	while (n < STREAMS && fgets(line, sizeof(line), stdin)) {
		int k = sscanf(line, "%u %u %u", &local, &remote, &count);
		for (unsigned i = 0; k >= 2 && i < (k == 3 ? count : 1) && n < STREAMS; i++)
			streams[n++].fd = open_one((uint16_t)(local + 2 * i), (uint16_t)(remote + 2 * i));
	}
	printf("ready %u\n", n);
	fflush(stdout);
	int timer = ticker(20000 / SLICES);
	uint64_t ticks, slice = 0;
	int64_t began = now_us(), warm = began + 1000000, end = began + (int64_t)(seconds * 1e6);
	while (!stop && now_us() < end && read(timer, &ticks, sizeof(ticks)) > 0)
		for (; ticks; ticks--, slice++)
			for (unsigned i = (unsigned)(slice % SLICES); i < n; i += SLICES) {
				send_one(&streams[i], i);
				receive(&streams[i], now_us() > warm);
			}
	/* What is under way still counts; lateness of the last millisecond slice is at most 20 ms more. */
	printf("{\"streams\":%u,\"sent\":%llu,\"got\":%llu,\"lost\":%llu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}\n", n,
	       (unsigned long long)sent, (unsigned long long)got, (unsigned long long)lost, quantile(0.5),
	       quantile(0.99), quantile(0.999));
}

int main(int argc, char **argv)
{
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
