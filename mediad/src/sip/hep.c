/* The SIP trace tap: sofia dumps what it sends and receives into a pipe; a thread of its own cuts that into messages
 * and sends each as HEP3 to the collector. The control thread never waits for it: the pipe is large and the reader only
 * reads and sends datagrams. */
#include "sip/ua.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <zj_log.h>

#define BUFFER  (256 * 1024)
#define HEP_MAX 60000

struct md_hep {
	pthread_t thread;
	int pipe_read, pipe_write, sock;
	atomic_bool quit;
	struct sockaddr_in self; /* address and port of our transport are not in the dump */
	char buf[BUFFER + 1];
	size_t n;
};

struct hep_out {
	uint8_t *p;
	size_t n;
};

static void chunk(struct hep_out *o, unsigned type, const void *data, size_t len)
{
	uint8_t *p = o->p + o->n;
	p[0] = p[1] = 0;
	p[2] = (uint8_t)(type >> 8);
	p[3] = (uint8_t)type;
	p[4] = (uint8_t)((len + 6) >> 8);
	p[5] = (uint8_t)(len + 6);
	memcpy(p + 6, data, len);
	o->n += len + 6;
}

static void chunk32(struct hep_out *o, unsigned type, uint32_t v)
{
	v = htonl(v);
	chunk(o, type, &v, 4);
}

static void send_message(struct md_hep *h, bool received, bool tcp, const struct sockaddr_in *peer, const char *sip,
			 size_t len)
{
	static uint8_t packet[HEP_MAX + 256];
	struct hep_out o = {packet, 6};
	struct timeval tv;
	const struct sockaddr_in *src = received ? peer : &h->self, *dst = received ? &h->self : peer;
	if (len > HEP_MAX)
		len = HEP_MAX;
	gettimeofday(&tv, NULL);
	chunk(&o, 1, (uint8_t[]){2}, 1);
	chunk(&o, 2, (uint8_t[]){tcp ? 6 : 17}, 1);
	chunk(&o, 3, &src->sin_addr, 4);
	chunk(&o, 4, &dst->sin_addr, 4);
	chunk(&o, 7, &src->sin_port, 2);
	chunk(&o, 8, &dst->sin_port, 2);
	chunk32(&o, 9, (uint32_t)tv.tv_sec);
	chunk32(&o, 10, (uint32_t)tv.tv_usec);
	chunk(&o, 11, (uint8_t[]){1}, 1);
	chunk32(&o, 12, 20);
	chunk(&o, 15, sip, len);
	memcpy(packet, "HEP3", 4);
	packet[4] = (uint8_t)(o.n >> 8);
	packet[5] = (uint8_t)o.n;
	(void)send(h->sock, packet, o.n, MSG_DONTWAIT | MSG_NOSIGNAL); /* a trace may have gaps, calls may not */
}

/* "recv 512 bytes from udp/[127.0.0.1]:5060 at 10:00:00.000000:\n", then the bytes, then "\v\n". Returns the bytes
 * used, 0: more is needed. */
static size_t take(struct md_hep *h, const char *p, size_t n)
{
	char verb[8], proto[8], ip[64];
	unsigned len, port;
	if (*p == '\n' || *p == '\v')
		return 1; /* between messages */
	const char *nl = memchr(p, '\n', n);
	if (!nl)
		return 0;
	size_t head = (size_t)(nl - p) + 1;
	if (sscanf(p, "%7s %u bytes %*s %7[a-z]/[%63[^]]]:%u at", verb, &len, proto, ip, &port) != 5)
		return head; /* not a heading: skip the line */
	if (n < head + len)
		return head + len > BUFFER ? n : 0;
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	const char *v4 = strrchr(ip, ':') ? strrchr(ip, ':') + 1 : ip;
	if (inet_pton(AF_INET, v4, &peer.sin_addr) == 1 && len > 4)
		send_message(h, !strcmp(verb, "recv"), !strcmp(proto, "tcp"), &peer, nl + 1, len);
	return head + len;
}

static void *run(void *arg)
{
	struct md_hep *h = arg;
	for (;;) {
		ssize_t k = read(h->pipe_read, h->buf + h->n, BUFFER - h->n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0 || atomic_load(&h->quit))
			return NULL;
		h->n += (size_t)k;
		h->buf[h->n] = 0;
		size_t at = 0, used;
		while (at < h->n && (used = take(h, h->buf + at, h->n - at)) > 0)
			at += used;
		h->n -= at;
		memmove(h->buf, h->buf + at, h->n);
		if (h->n == BUFFER)
			h->n = 0;
	}
}

static int connect_to(struct md_hep *h, const char *to)
{
	char ip[64];
	unsigned port;
	struct sockaddr_in a = {.sin_family = AF_INET};
	if (sscanf(to, "%63[^:]:%u", ip, &port) != 2 || port > 65535 || inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		return EINVAL;
	a.sin_port = htons((uint16_t)port);
	h->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return h->sock < 0 || connect(h->sock, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
}

int md_hep_alloc(struct md_hep **hp, const char *to, const struct sockaddr_in *self, char *dump, size_t size)
{
	int fd[2];
	struct md_hep *h = calloc(1, sizeof(*h));
	if (!h)
		return ENOMEM;
	h->sock = -1;
	h->self = *self;
	int err = connect_to(h, to);
	if (!err && pipe2(fd, O_CLOEXEC))
		err = errno;
	if (!err) {
		h->pipe_read = fd[0];
		h->pipe_write = fd[1];
		(void)fcntl(fd[1], F_SETPIPE_SZ, 1024 * 1024);
		/* Should the reader ever hang, the dump loses bytes and calls go on. */
		(void)fcntl(fd[1], F_SETFL, O_NONBLOCK);
		snprintf(dump, size, "/proc/self/fd/%d", fd[1]);
		err = pthread_create(&h->thread, NULL, run, h);
		if (err) {
			close(fd[0]);
			close(fd[1]);
		}
	}
	if (err) {
		if (h->sock >= 0)
			close(h->sock);
		free(h);
		return err;
	}
	pthread_setname_np(h->thread, "hep");
	*hp = h;
	return 0;
}

/* After nua_destroy. */
void md_hep_free(struct md_hep *h)
{
	if (!h)
		return;
	atomic_store(&h->quit, true);
	(void)!write(h->pipe_write, "\n", 1); /* wakes the reader; a full pipe does so too */
	pthread_join(h->thread, NULL);
	close(h->pipe_write);
	close(h->pipe_read);
	close(h->sock);
	free(h);
}
