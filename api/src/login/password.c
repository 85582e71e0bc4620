#include "login/password.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX  128
#define PASSWORD_MAX 1024
#define OPS          crypto_pwhash_OPSLIMIT_INTERACTIVE
#define MEM          crypto_pwhash_MEMLIMIT_INTERACTIVE

struct job {
	uv_work_t work;
	api_password_h *h;
	void *arg;
	bool verify, matches;
	int err;
	char hash[crypto_pwhash_STRBYTES];
	char password[PASSWORD_MAX + 1];
};
static int waiting;

static void work(uv_work_t *w)
{
	struct job *j = w->data;
	size_t n = strlen(j->password);
	if (j->verify)
		j->matches = crypto_pwhash_str_verify(j->hash, j->password, n) == 0;
	else if (crypto_pwhash_str_alg(j->hash, j->password, n, OPS, MEM, crypto_pwhash_ALG_ARGON2ID13) != 0)
		j->err = ENOMEM;
}

static void done(uv_work_t *w, int status)
{
	struct job *j = w->data;
	waiting--;
	sodium_memzero(j->password, sizeof(j->password));
	j->h(status ? ECANCELED : j->err, j->matches, j->hash, j->arg);
	free(j);
}

static int start(uv_loop_t *loop, const char *hash, const char *password, api_password_h *h, void *arg)
{
	if (strlen(password) > PASSWORD_MAX || (hash && strlen(hash) >= crypto_pwhash_STRBYTES))
		return EINVAL;
	struct job *j = waiting < WAITING_MAX ? calloc(1, sizeof(*j)) : NULL;
	if (!j)
		return EAGAIN;
	j->h = h;
	j->arg = arg;
	j->verify = hash != NULL;
	j->work.data = j;
	if (hash)
		strcpy(j->hash, hash);
	strcpy(j->password, password);
	int err = uv_queue_work(loop, &j->work, work, done);
	if (err) {
		free(j);
		return -err;
	}
	waiting++;
	return 0;
}

int api_password_verify(uv_loop_t *loop, const char *hash, const char *password, api_password_h *h, void *arg)
{
	return start(loop, hash, password, h, arg);
}

int api_password_hash(uv_loop_t *loop, const char *password, api_password_h *h, void *arg)
{
	return start(loop, NULL, password, h, arg);
}

int api_password_main(void)
{
	char line[PASSWORD_MAX + 2], hash[crypto_pwhash_STRBYTES];
	if (sodium_init() < 0 || !fgets(line, sizeof(line), stdin))
		return 1;
	line[strcspn(line, "\r\n")] = 0;
	if (crypto_pwhash_str_alg(hash, line, strlen(line), OPS, MEM, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return 1;
	sodium_memzero(line, sizeof(line));
	puts(hash);
	return 0;
}
