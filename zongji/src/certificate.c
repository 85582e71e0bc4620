/* zongji certificate: another certificate into the running HAProxy, which asks nobody to connect anew. HAProxy looks at
 * it first; only what it takes reaches the file that the next start reads. */
#include "zj_log.h"
#include "zongji.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 5
#define FILE_MAX   (256 * 1024) /* HAProxy takes 16 kB a command as shipped; a larger one is refused by it */

static const struct {
	const char *name, *file, *object, *help;
} kinds[] = {
	{"server", "tls.pem", "cert", "what we show to telephones and browsers: certificate, chain, key"},
};

/* One command of HAProxy's stats socket; its answer is in `out`. */
static int haproxy_ask(const char *path, const char *command, char *out, size_t size)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	size_t n = 0, len = strlen(command);
	ssize_t got = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) >= (int)sizeof(to.sun_path))
		goto fail;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		goto fail;
	for (size_t sent = 0; sent < len; sent += (size_t)got) {
		got = send(fd, command + sent, len - sent, MSG_NOSIGNAL);
		if (got <= 0)
			goto fail;
	}
	shutdown(fd, SHUT_WR);
	while (n + 1 < size && (got = recv(fd, out + n, size - n - 1, 0)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
	return got < 0 ? errno : 0;
fail:
	got = errno;
	if (fd >= 0)
		close(fd);
	return got ? (int)got : EIO;
}

/* The file's lines that are not empty: an empty one would end what HAProxy takes. */
static char *read_pem(const char *file)
{
	FILE *f = fopen(file, "re");
	char line[1024], *text = f ? calloc(1, FILE_MAX) : NULL;
	size_t n = 0;

	if (!text) {
		if (f)
			fclose(f);
		return NULL;
	}
	while (fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, "\r\n");
		if (!len)
			continue;
		if (n + len + 2 > FILE_MAX) {
			fclose(f);
			free(text);
			errno = EFBIG;
			return NULL;
		}
		memcpy(text + n, line, len);
		text[n + len] = '\n';
		n += len + 1;
	}
	fclose(f);
	return text;
}

static int write_pem(const char *path, const char *text)
{
	char fresh[4200];
	int fd, err = 0;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd))
		err = errno ? errno : EIO;
	close(fd);
	return err ? err : rename(fresh, path) ? errno : 0;
}

static int replace(const struct zongji_conf *conf, const char *object, const char *path, const char *pem)
{
	char socket_path[4096], answer[4096], *command;
	int err = 0;

	snprintf(socket_path, sizeof(socket_path), "%s/sock/haproxy.sock", conf->run);
	if (asprintf(&command, "set ssl %s %s <<\n%s\n", object, path, pem) < 0)
		return ENOMEM;
	err = haproxy_ask(socket_path, command, answer, sizeof(answer));
	free(command);
	if (err) {
		fprintf(stderr, "zongji certificate: HAProxy does not answer at %s: %s\n", socket_path, strerror(err));
		return err;
	}
	if (strncmp(answer, "Transaction ", 12) == 0) {
		char commit[4200];
		snprintf(commit, sizeof(commit), "commit ssl %s %s\n", object, path);
		err = haproxy_ask(socket_path, commit, answer, sizeof(answer));
		if (!err && strstr(answer, "Success"))
			return 0;
		snprintf(commit, sizeof(commit), "abort ssl %s %s\n", object, path);
		(void)haproxy_ask(socket_path, commit, (char[256]){0}, 256);
	}
	fprintf(stderr, "zongji certificate: HAProxy does not take it as a certificate: %s", answer);
	return EINVAL;
}

int cmd_certificate(const struct zongji_conf *conf, int argc, char **argv)
{
	char path[4096], *pem;
	size_t i = 0;

	while (argc == 3 && i < ZJ_ARRAY_SIZE(kinds) && strcmp(argv[1], kinds[i].name) != 0)
		i++;
	if (argc != 3 || i == ZJ_ARRAY_SIZE(kinds)) {
		fprintf(stderr, "usage: zongji certificate KIND FILE.pem\n");
		for (i = 0; i < ZJ_ARRAY_SIZE(kinds); i++)
			fprintf(stderr, "  %-9s %s\n", kinds[i].name, kinds[i].help);
		return 2;
	}
	pem = read_pem(argv[2]);
	if (!pem) {
		fprintf(stderr, "zongji certificate: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	snprintf(path, sizeof(path), "%s/etc/%s", conf->run, kinds[i].file);
	int err = replace(conf, kinds[i].object, path, pem);
	if (!err && (err = write_pem(path, pem)))
		fprintf(stderr, "zongji certificate: in effect, but not kept in %s: %s\n", path, strerror(err));
	explicit_bzero(pem, strlen(pem));
	free(pem);
	return err ? 1 : 0;
}
