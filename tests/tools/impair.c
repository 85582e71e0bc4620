/* impair: a bad network in user space (the kernel here has no netem). Relays UDP between whoever sends to its one side
 * and a given address on the other, and loses, delays, shuffles and doubles packets on the way, by a seed: the same
 * seed does the same to the n-th packet of a direction.
 *
 *   impair --to 127.0.0.1:14500 [--seed 1] [--loss 5] [--burst 3] [--delay 50] [--jitter 30] [--reorder 1] [--dup 1]
 *          [--drift 200] [--cut 3000+500] [--way in|out|both] [--seconds 60]
 *
 * loss, reorder, dup in percent; burst: mean length of a loss in packets (Gilbert's model); delay, jitter, cut
 * (from+for) in milliseconds; drift in ppm, as if the sender's clock were so much slow (+) or fast (−). `in`: only what
 * goes to --to is impaired. Says "ready <near port> <far port>" when it can be used: near is where to send, far is what
 * --to sees. At the end (SIGTERM, or --seconds) one line of JSON with what it did. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PACKETS    4096
#define PACKET_MAX 1600

struct packet {
	int64_t due_us;
	unsigned way;
	size_t len;
	uint8_t data[PACKET_MAX];
};

struct way {
	uint64_t random;
	bool losing;
	bool impaired;
	int64_t last_us; /* due time of the packet before: order is kept unless told otherwise */
	uint64_t in, out, lost, doubled, shuffled, cut;
};

static struct {
	double loss, burst, reorder, dup, drift;
	int64_t delay_us, jitter_us, cut_us, cut_for_us, seconds;
	uint64_t seed;
	struct sockaddr_in to;
	bool in, out;
} conf = {.burst = 1, .seconds = 120, .seed = 1, .in = true, .out = true};

static struct packet *waiting[PACKETS];
static unsigned n_waiting;
static uint64_t dropped;
static volatile sig_atomic_t stop;

static int64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* 0 … 1; xorshift64*. */
static double chance(struct way *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (double)((w->random * 0x2545F4914F6CDD1DULL) >> 11) / 9007199254740992.0;
}

/* Two states: in the bad one everything is lost; it lasts `burst` packets in the mean. */
static bool is_lost(struct way *w)
{
	double leave = 1 / conf.burst, share = conf.loss / 100;
	double enter = share >= 1 ? 1 : leave * share / (1 - share);
	double dice = chance(w);
	w->losing = w->losing ? dice >= leave : dice < enter;
	return share > 0 && w->losing;
}

static void hold(unsigned way, const uint8_t *data, size_t len, int64_t due_us)
{
	struct packet *p = n_waiting < PACKETS ? malloc(sizeof(*p)) : NULL;
	if (!p) {
		dropped++;
		return;
	}
	p->due_us = due_us;
	p->way = way;
	p->len = len;
	memcpy(p->data, data, len);
	unsigned i = n_waiting++;
	for (; i && waiting[i - 1]->due_us > due_us; i--)
		waiting[i] = waiting[i - 1];
	waiting[i] = p;
}

static void take(struct way *w, unsigned way, const uint8_t *data, size_t len, int64_t since_us, int64_t now)
{
	w->in++;
	if (!w->impaired) {
		hold(way, data, len, now);
		return;
	}
	bool lost = is_lost(w), twice = chance(w) * 100 < conf.dup, late = chance(w) * 100 < conf.reorder;
	double shake = chance(w);
	if (conf.cut_for_us && since_us >= conf.cut_us && since_us < conf.cut_us + conf.cut_for_us) {
		w->cut++;
		return;
	}
	if (lost) {
		w->lost++;
		return;
	}
	/* A fast clock needs something to take away from. */
	double drift_us = conf.drift / 1e6 * (double)since_us;
	if (conf.drift < 0)
		drift_us += -conf.drift / 1e6 * (double)conf.seconds * 1e6;
	int64_t due = now + conf.delay_us + (int64_t)(shake * (double)conf.jitter_us) + (int64_t)drift_us;
	if (late) {
		due += 45000;
		w->shuffled++;
	} else {
		if (due < w->last_us)
			due = w->last_us;
		w->last_us = due;
	}
	hold(way, data, len, due);
	if (twice) {
		w->doubled++;
		hold(way, data, len, due + 3000);
	}
}

static int bind_any(uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || getsockname(fd, (struct sockaddr *)&a, &n)) {
		perror("impair: socket");
		exit(1);
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static void stop_h(int signum)
{
	(void)signum;
	stop = 1;
}

static void relay(void)
{
	struct way ways[2] = {{.random = conf.seed * 2654435761u + 1, .impaired = conf.in},
			      {.random = conf.seed * 40503u + 7, .impaired = conf.out}};
	uint16_t ports[2];
	int fds[2] = {bind_any(&ports[0]), bind_any(&ports[1])};
	struct sockaddr_in peer[2] = {{0}, conf.to}; /* of each socket */
	int64_t began = 0;
	int64_t end = now_us() + conf.seconds * 1000000;
	printf("ready %u %u\n", ports[0], ports[1]);
	fflush(stdout);
	while (!stop && now_us() < end) {
		struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
		int64_t wait = n_waiting ? waiting[0]->due_us - now_us() : 100000;
		struct timespec ts = {0, wait < 0 ? 0 : (wait > 100000 ? 100000 : wait) * 1000};
		if (ppoll(p, 2, &ts, NULL) < 0 && errno != EINTR)
			break;
		int64_t now = now_us();
		for (unsigned i = 0; i < 2; i++) {
			uint8_t data[PACKET_MAX];
			struct sockaddr_in src;
			socklen_t len = sizeof(src);
			ssize_t n;
			while ((n = recvfrom(fds[i], data, sizeof(data), 0, (struct sockaddr *)&src, &len)) > 0) {
				if (!began)
					began = now;
				if (!i)
					peer[0] = src;
				take(&ways[i], i, data, (size_t)n, now - began, now);
			}
		}
		unsigned done = 0;
		for (; done < n_waiting && waiting[done]->due_us <= now; done++) {
			struct packet *k = waiting[done];
			if (peer[!k->way].sin_port && sendto(fds[!k->way], k->data, k->len, 0,
							     (struct sockaddr *)&peer[!k->way], sizeof(peer[0])) > 0)
				ways[k->way].out++;
			free(k);
		}
		n_waiting -= done;
		memmove(waiting, waiting + done, n_waiting * sizeof(*waiting));
	}
	printf("{");
	for (unsigned i = 0; i < 2; i++)
		printf("\"%s\":{\"in\":%llu,\"out\":%llu,\"lost\":%llu,\"doubled\":%llu,\"shuffled\":%llu,\"cut\":%llu}"
		       ",",
		       i ? "out" : "in", (unsigned long long)ways[i].in, (unsigned long long)ways[i].out,
		       (unsigned long long)ways[i].lost, (unsigned long long)ways[i].doubled,
		       (unsigned long long)ways[i].shuffled, (unsigned long long)ways[i].cut);
	printf("\"dropped\":%llu}\n", (unsigned long long)dropped);
}

static void usage(const char *what)
{
	fprintf(stderr, "impair: %s; see the head of tests/tools/impair.c\n", what);
	exit(2);
}

static double number(const char *text, double lo, double hi, const char *what)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end || v < lo || v > hi)
		usage(what);
	return v;
}

static void address(const char *text)
{
	char host[64];
	unsigned port;
	if (sscanf(text, "%63[^:]:%u", host, &port) != 2 || port == 0 || port > 65535 ||
	    inet_pton(AF_INET, host, &conf.to.sin_addr) != 1)
		usage("--to: address:port");
	conf.to.sin_family = AF_INET;
	conf.to.sin_port = htons((uint16_t)port);
}

static void option(int c, const char *v)
{
	double from, length;
	switch (c) {
	case 't':
		address(v);
		break;
	case 's':
		conf.seed = (uint64_t)number(v, 0, 1e9, "--seed: a number");
		break;
	case 'l':
		conf.loss = number(v, 0, 99, "--loss: 0 to 99 %");
		break;
	case 'b':
		conf.burst = number(v, 1, 1000, "--burst: 1 to 1000 packets");
		break;
	case 'd':
		conf.delay_us = (int64_t)(1000 * number(v, 0, 5000, "--delay: 0 to 5000 ms"));
		break;
	case 'j':
		conf.jitter_us = (int64_t)(1000 * number(v, 0, 5000, "--jitter: 0 to 5000 ms"));
		break;
	case 'r':
		conf.reorder = number(v, 0, 100, "--reorder: 0 to 100 %");
		break;
	case 'u':
		conf.dup = number(v, 0, 100, "--dup: 0 to 100 %");
		break;
	case 'p':
		conf.drift = number(v, -100000, 100000, "--drift: ppm");
		break;
	case 'c':
		if (sscanf(v, "%lf+%lf", &from, &length) != 2 || from < 0 || length < 0)
			usage("--cut: from+for in ms");
		conf.cut_us = (int64_t)(1000 * from);
		conf.cut_for_us = (int64_t)(1000 * length);
		break;
	case 'w':
		conf.in = !strcmp(v, "in") || !strcmp(v, "both");
		conf.out = !strcmp(v, "out") || !strcmp(v, "both");
		break;
	case 'n':
		conf.seconds = (int64_t)number(v, 1, 3600, "--seconds: 1 to 3600");
		break;
	default:
		usage("unknown option");
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"to", 1, NULL, 't'},    {"seed", 1, NULL, 's'},   {"loss", 1, NULL, 'l'},    {"burst", 1, NULL, 'b'},
		{"delay", 1, NULL, 'd'}, {"jitter", 1, NULL, 'j'}, {"reorder", 1, NULL, 'r'}, {"dup", 1, NULL, 'u'},
		{"drift", 1, NULL, 'p'}, {"cut", 1, NULL, 'c'},    {"way", 1, NULL, 'w'},     {"seconds", 1, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		option(c, optarg);
	if (!conf.to.sin_port)
		usage("--to: address:port");
	signal(SIGTERM, stop_h);
	signal(SIGINT, stop_h);
	relay();
	return 0;
}
