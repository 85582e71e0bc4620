#include "kept.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <uthash.h>

#define KEPT_MAX      1024
#define UNTOLD_S      60    /* where the server says nothing */
#define FRESH_MAX_S   86400 /* whatever it says */
#define VALIDATOR_MAX 500

struct vx_kept_list {
	UT_hash_handle hh; /* oldest first */
	struct vx_kept k;
};

static void drop(struct vx_kept_list **list, struct vx_kept_list *e)
{
	HASH_DEL(*list, e);
	zj_deref(e->k.url);
	zj_deref(e->k.file);
	zj_deref(e->k.etag);
	zj_deref(e->k.modified);
	free(e);
}

void vx_kept_clear(struct vx_kept_list **list)
{
	while (*list)
		drop(list, *list);
}

const struct vx_kept *vx_kept_find(struct vx_kept_list **list, const char *url)
{
	struct vx_kept_list *e;

	HASH_FIND_STR(*list, url, e);
	if (!e)
		return NULL;
	if (!access(e->k.file, R_OK))
		return &e->k;
	drop(list, e);
	return NULL;
}

void vx_kept_put(struct vx_kept_list **list, const char *url, const char *file, struct vx_validators *v, uint64_t now)
{
	int64_t s = v->no_store                  ? 0
		    : v->max_age_s < 0           ? UNTOLD_S
		    : v->max_age_s > FRESH_MAX_S ? FRESH_MAX_S
						 : v->max_age_s;
	struct vx_kept k = {zj_strdup(url), zj_strdup(file), v->etag, v->modified, now + (uint64_t)s * 1000};
	struct vx_kept_list *e;

	v->etag = v->modified = NULL;
	HASH_FIND_STR(*list, url, e); /* url and file may be this one's: they are copied already */
	if (e)
		drop(list, e);
	if (HASH_COUNT(*list) >= KEPT_MAX)
		drop(list, *list);
	e = calloc(1, sizeof(*e));
	if (e && k.url && k.file) {
		e->k = k;
		HASH_ADD_KEYPTR(hh, *list, e->k.url, strlen(e->k.url), e);
		return;
	}
	free(e);
	zj_deref(k.url);
	zj_deref(k.file);
	zj_deref(k.etag);
	zj_deref(k.modified);
}

/* The value of a header line of that name, trimmed; NULL: it is another. */
static char *value_of(const char *line, size_t n, const char *name)
{
	size_t k = strlen(name);

	if (n <= k || strncasecmp(line, name, k) != 0 || line[k] != ':')
		return NULL;
	line += k + 1;
	n -= k + 1;
	while (n && isspace((unsigned char)*line))
		line++, n--;
	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	char *out = n && n <= VALIDATOR_MAX ? zj_alloc(n + 1, NULL) : NULL;
	if (out)
		memcpy(out, line, n);
	return out;
}

static void take_control(struct vx_validators *v, char *value)
{
	char *rest = value, *word;

	while ((word = strsep(&rest, ","))) {
		word += strspn(word, " \t");
		if (!strncasecmp(word, "max-age=", 8))
			v->max_age_s = strtoll(word + 8, NULL, 10);
		else if (!strncasecmp(word, "no-cache", 8))
			v->max_age_s = 0;
		else if (!strncasecmp(word, "no-store", 8))
			v->no_store = true;
	}
	if (v->max_age_s < -1)
		v->max_age_s = 0;
}

static void replace(char **to, char *value)
{
	zj_deref(*to);
	*to = value;
}

void vx_validators_take(struct vx_validators *v, const char *line, size_t n)
{
	char *value;

	if (n > 5 && !strncmp(line, "HTTP/", 5)) { /* another answer begins: a redirect's headers are not the sound's */
		vx_validators_clear(v);
	} else if ((value = value_of(line, n, "etag"))) {
		replace(&v->etag, value);
	} else if ((value = value_of(line, n, "last-modified"))) {
		replace(&v->modified, value);
	} else if ((value = value_of(line, n, "cache-control"))) {
		take_control(v, value);
		zj_deref(value);
	}
}

void vx_validators_clear(struct vx_validators *v)
{
	zj_deref(v->etag);
	zj_deref(v->modified);
	*v = (struct vx_validators){.max_age_s = -1};
}
