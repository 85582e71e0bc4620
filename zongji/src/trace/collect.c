/* zongji collect: takes SIP traces (HEP 3 over UDP) and keeps them in hourly files of bounded size. Losing a packet
 * here never hurts a call. */
#include "trace/hep.h"
#include "trace/trace.h"
#include "zj_log.h"
#include "zongji.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_MS 200
#define BUFFER   (256 * 1024)

struct collector {
	const char *folder;
	int socket, file;
	char name[64]; /* of the file that is open */
	off_t size;    /* of it */
	bool full_said;
	uint8_t buffer[BUFFER];
	size_t used;
};

static volatile sig_atomic_t stop;

static void on_signal(int number ZJ_UNUSED)
{
	stop = 1;
}

static int open_socket(const char *address)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	char host[64];
	const char *colon = strrchr(address, ':');
	int s, size = 4 * 1024 * 1024;

	if (!colon || (size_t)(colon - address) >= sizeof(host))
		return -1;
	memcpy(host, address, (size_t)(colon - address));
	host[colon - address] = '\0';
	sin.sin_port = htons((uint16_t)atoi(colon + 1));
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		return -1;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (s >= 0 && bind(s, (struct sockaddr *)&sin, sizeof(sin))) {
		close(s);
		return -1;
	}
	return s;
}

/* Oldest files go until the rest is within the limit. */
static void trim(const char *folder)
{
	struct trace_files files;

	if (trace_files_list(folder, &files))
		return;
	while (files.n > 1 && files.bytes > TRACE_BYTES_MAX) {
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, files.names[0]);
		if (!stat(path, &st))
			files.bytes -= st.st_size;
		(void)unlink(path);
		trace_files_drop_first(&files);
	}
	trace_files_free(&files);
}

static int open_file(struct collector *c)
{
	char name[64], path[4096];
	struct stat st;

	trace_file_name(name, sizeof(name), (int64_t)time(NULL));
	if (c->file >= 0 && !strcmp(name, c->name))
		return 0;
	if (c->file >= 0)
		close(c->file);
	trim(c->folder);
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(path, sizeof(path), "%s/%s", c->folder, name);
	c->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	c->size = c->file >= 0 && !fstat(c->file, &st) ? st.st_size : 0;
	c->full_said = false;
	if (c->file < 0) {
		zj_error("collect", "cannot write file=%s because=%s", zj_log_esc(path), strerror(errno));
		return errno;
	}
	return 0;
}

static void flush_buffer(struct collector *c)
{
	ssize_t n;

	if (!c->used)
		return;
	if (open_file(c) == 0 && c->size < TRACE_FILE_MAX) {
		n = write(c->file, c->buffer, c->used);
		if (n > 0)
			c->size += n;
		if (n != (ssize_t)c->used)
			zj_warn("collect", "trace lost bytes=%zu", c->used);
	} else if (!c->full_said) {
		zj_warn("collect", "this hour's trace is full, the rest is not kept file=%s", c->name);
		c->full_said = true;
	}
	c->used = 0;
}

static void take(struct collector *c)
{
	ssize_t n;

	while (!stop) {
		if (sizeof(c->buffer) - c->used < HEP_PACKET_MAX)
			flush_buffer(c);
		n = recv(c->socket, c->buffer + c->used, HEP_PACKET_MAX, MSG_DONTWAIT);
		if (n <= 0)
			return;
		if (hep_length(c->buffer + c->used, (size_t)n) == (size_t)n)
			c->used += (size_t)n;
	}
}

int cmd_collect(const struct zongji_conf *conf, int argc ZJ_UNUSED, char **argv ZJ_UNUSED)
{
	struct sigaction sa = {.sa_handler = on_signal};
	static struct collector c; /* large */

	c.folder = conf->trace;
	c.file = -1;
	c.socket = open_socket(conf->hep);
	if (c.socket < 0) {
		fprintf(stderr, "zongji collect: %s: %s\n", conf->hep, strerror(errno));
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	while (!stop) {
		struct pollfd p = {.fd = c.socket, .events = POLLIN};

		if (poll(&p, 1, c.used ? FLUSH_MS : -1) == 0)
			flush_buffer(&c);
		else
			take(&c);
	}
	flush_buffer(&c);
	close(c.socket);
	if (c.file >= 0)
		close(c.file);
	return 0;
}
