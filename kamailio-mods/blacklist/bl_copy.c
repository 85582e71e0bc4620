#include "bl_copy.h"
#include "zk_log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Records: a type, then what it has; numbers as this machine writes them (the file never leaves it).
 *   T index id              a tenant               S set n rules     a set, before its first use
 *   N code tenant set       a number (0: gone)     W key set         a prefix, pattern or long number
 *   C id                    the carrier            = len seen sum    everything up to here is good */
#define MAGIC       "zj-lists 1\n"
#define JOURNAL_MIN (64u << 20)

struct bl_copy {
	FILE *file;
	const char *path;
	struct bl_journal journal;
	uint64_t sum, bytes, base;
};

struct number_record {
	uint64_t code;
	uint32_t tenant, set;
};

static uint64_t sum_of(uint64_t sum, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	for (; n >= 8; p += 8, n -= 8) {
		uint64_t w;
		memcpy(&w, p, 8);
		sum = (sum ^ w) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 32;
	}
	for (; n; p++, n--)
		sum = (sum ^ *p) * 0x100000001b3u;
	return sum;
}

static void out(struct bl_copy *c, char type, const void *bytes, size_t n)
{
	c->sum = sum_of(sum_of(c->sum, &type, 1), bytes, n);
	c->bytes += n + 1;
	fputc(type, c->file);
	fwrite(bytes, 1, n, c->file);
}

static void on_tenant(uint32_t index, const struct zk_uuid *id, void *arg)
{
	struct {
		uint32_t index;
		struct zk_uuid id;
	} r = {index, *id};
	out(arg, 'T', &r, sizeof r);
}

static void on_set(uint32_t set, const struct bl_set *rules, void *arg)
{
	uint32_t head[2] = {set, rules->n};
	struct bl_copy *c = arg;
	size_t n = rules->n * sizeof *rules->rules;
	out(c, 'S', head, sizeof head);
	c->sum = sum_of(c->sum, rules->rules, n);
	c->bytes += n;
	fwrite(rules->rules, 1, n, c->file);
}

static void on_number(const struct bl_key *key, uint32_t set, void *arg)
{
	struct number_record r = {key->code, key->tenant, set};
	out(arg, 'N', &r, sizeof r);
}

static void on_wide(const struct bl_wide_key *key, uint32_t set, void *arg)
{
	struct {
		struct bl_wide_key key;
		uint32_t set;
	} r = {*key, set};
	out(arg, 'W', &r, sizeof r);
}

static struct bl_copy *copy_alloc(const char *path, FILE *file)
{
	struct bl_copy *c = file ? calloc(1, sizeof *c) : NULL;
	if (!c) {
		if (file)
			fclose(file);
		return NULL;
	}
	c->file = file;
	c->path = path;
	c->journal = (struct bl_journal){on_tenant, on_set, on_number, on_wide, c};
	setvbuf(file, NULL, _IOFBF, 1 << 18);
	return c;
}

void bl_copy_close(struct bl_copy *c)
{
	if (!c)
		return;
	fclose(c->file);
	free(c);
}

const struct bl_journal *bl_copy_journal(struct bl_copy *c)
{
	return c ? &c->journal : NULL;
}

static bool mark(struct bl_copy *c, const char *seen)
{
	uint32_t len = (uint32_t)strlen(seen);
	out(c, '=', &len, sizeof len);
	c->sum = sum_of(c->sum, seen, len);
	fwrite(seen, 1, len, c->file);
	fwrite(&c->sum, 1, sizeof c->sum, c->file);
	return fflush(c->file) == 0 && !ferror(c->file);
}

void bl_copy_mark(struct bl_copy *c, const char *seen)
{
	if (c && !mark(c, seen))
		zk_log(ZK_ERROR, "cannot write the local copy path=%s because=\"%s\"", c->path, strerror(errno));
}

bool bl_copy_is_long(const struct bl_copy *c)
{
	return c && c->bytes - c->base > c->base / 2 + JOURNAL_MIN;
}

static void tell_carrier(struct bl_store *s, struct bl_copy *c)
{
	unsigned pin;
	struct zk_uuid id = bl_pin(s, &pin)->carrier;
	bl_unpin(s, pin);
	out(c, 'C', &id, sizeof id);
}

struct bl_copy *bl_copy_begin(struct bl_store *s, const char *path, const char *seen)
{
	char aside[4096];
	if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside)
		return NULL;
	int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct bl_copy *c = copy_alloc(path, fd < 0 ? NULL : fdopen(fd, "w"));
	if (c) {
		fputs(MAGIC, c->file);
		tell_carrier(s, c);
		bl_tell_all(s, &c->journal);
		if (mark(c, seen) && fdatasync(fileno(c->file)) == 0 && rename(aside, path) == 0) {
			c->base = c->bytes;
			return c;
		}
	}
	zk_log(ZK_ERROR, "cannot write the local copy path=%s because=\"%s\"", path, strerror(errno));
	bl_copy_close(c);
	return NULL;
}

/* --- reading it back --- */

struct file_set { /* the file's number of a set → its rules */
	UT_hash_handle hh;
	uint32_t set, n;
	struct bl_rule *rules;
};

struct load {
	FILE *in;
	uint64_t sum;
	long at, good; /* where we are; where the last good mark ends */
	struct zk_uuid *tenants;
	uint32_t tenants_n, tenants_cap;
	struct file_set *sets;
	struct bl_store *store; /* NULL: only looking for the last good mark */
	char *seen;
	size_t size;
};

static bool in(struct load *l, void *bytes, size_t n)
{
	if (fread(bytes, 1, n, l->in) != n)
		return false;
	l->sum = sum_of(l->sum, bytes, n);
	l->at += (long)n;
	return true;
}

static bool load_tenant(struct load *l)
{
	struct {
		uint32_t index;
		struct zk_uuid id;
	} r;
	if (!in(l, &r, sizeof r) || r.index >= BL_TENANTS_MAX || r.index > l->tenants_n)
		return false;
	if (r.index == l->tenants_cap) {
		uint32_t cap = l->tenants_cap ? l->tenants_cap * 2 : 64;
		struct zk_uuid *more = realloc(l->tenants, cap * sizeof *more);
		if (!more)
			return false;
		l->tenants = more;
		l->tenants_cap = cap;
	}
	l->tenants[r.index] = r.id;
	if (r.index == l->tenants_n)
		l->tenants_n++;
	return true;
}

static bool load_set(struct load *l)
{
	uint32_t head[2];
	if (!in(l, head, sizeof head) || !head[0] || !head[1] || head[1] > BL_RULES_MAX)
		return false;
	struct file_set *f;
	HASH_FIND(hh, l->sets, head, sizeof head[0], f);
	if (!f) {
		if (!(f = calloc(1, sizeof *f)))
			return false;
		f->set = head[0];
		HASH_ADD(hh, l->sets, set, sizeof f->set, f);
	}
	free(f->rules);
	f->n = 0;
	f->rules = calloc(head[1], sizeof *f->rules);
	if (!f->rules || !in(l, f->rules, head[1] * sizeof *f->rules))
		return false;
	f->n = head[1];
	return true;
}

static bool load_key(struct load *l, uint32_t tenant, uint32_t set, enum bl_match match, const char *digits,
		     unsigned len)
{
	struct file_set *f = NULL;
	if (set)
		HASH_FIND(hh, l->sets, &set, sizeof set, f);
	if (tenant >= l->tenants_n || (set && !f) || !len || len > BL_DIGITS_MAX || match >= BL_MATCH_KINDS)
		return false;
	return !l->store ||
	       !bl_put(l->store, &l->tenants[tenant], match, digits, len, f ? f->rules : NULL, f ? f->n : 0);
}

static bool load_number(struct load *l)
{
	struct number_record r;
	char digits[BL_DIGITS_MAX + 1];
	if (!in(l, &r, sizeof r) || !r.code || r.code >> 50)
		return false;
	unsigned len = l->store ? bl_code_digits(r.code, digits) : 1;
	return load_key(l, r.tenant, r.set, BL_EXACT, digits, len);
}

static bool load_wide(struct load *l)
{
	struct {
		struct bl_wide_key key;
		uint32_t set;
	} r;
	return in(l, &r, sizeof r) &&
	       load_key(l, r.key.tenant, r.set, (enum bl_match)r.key.match, r.key.digits, r.key.len);
}

static bool load_carrier(struct load *l)
{
	struct zk_uuid id;
	if (!in(l, &id, sizeof id))
		return false;
	if (l->store)
		bl_carrier(l->store, &id);
	return true;
}

static bool load_mark(struct load *l)
{
	uint32_t len;
	uint64_t sum;
	char seen[4096];
	if (!in(l, &len, sizeof len) || len >= sizeof seen || len >= l->size || !in(l, seen, len) ||
	    fread(&sum, 1, sizeof sum, l->in) != sizeof sum || sum != l->sum)
		return false;
	l->at += (long)sizeof sum;
	l->good = l->at;
	memcpy(l->seen, seen, len);
	l->seen[len] = '\0';
	return true;
}

static bool load_record(struct load *l)
{
	char type;
	if (!in(l, &type, 1))
		return false;
	switch (type) {
	case 'T':
		return load_tenant(l);
	case 'S':
		return load_set(l);
	case 'N':
		return load_number(l);
	case 'W':
		return load_wide(l);
	case 'C':
		return load_carrier(l);
	case '=':
		return load_mark(l);
	default:
		return false;
	}
}

/* One pass over the file up to `end` (0: as far as it is good). */
static void pass(struct load *l, long end)
{
	struct file_set *f, *next;
	l->at = (long)strlen(MAGIC);
	l->sum = 0;
	l->tenants_n = 0;
	fseek(l->in, l->at, SEEK_SET);
	while ((!end || l->at < end) && load_record(l))
		;
	HASH_ITER (hh, l->sets, f, next) {
		HASH_DELETE(hh, l->sets, f);
		free(f->rules);
		free(f);
	}
}

static int load_into(struct load *l, struct bl_store *s)
{
	char magic[sizeof MAGIC] = "";
	if (fread(magic, 1, strlen(MAGIC), l->in) != strlen(MAGIC) || strcmp(magic, MAGIC) != 0)
		return EPROTO;
	pass(l, 0);
	if (!l->good)
		return EPROTO;
	int err = bl_begin(s, true);
	if (err)
		return err;
	l->store = s;
	pass(l, l->good);
	if (l->at != l->good) {
		bl_abort(s);
		return ENOMEM;
	}
	return bl_commit(s);
}

int bl_copy_load(struct bl_copy **cp, struct bl_store *s, const char *path, char *seen, size_t size)
{
	struct load l = {.in = fopen(path, "re"), .seen = seen, .size = size};
	if (!l.in)
		return errno;
	setvbuf(l.in, NULL, _IOFBF, 1 << 18);
	bl_journal(s, NULL);
	int err = load_into(&l, s);
	free(l.tenants);
	fclose(l.in);
	/* Sets have other numbers now than in the file, so it is not appended to. */
	*cp = err ? NULL : bl_copy_begin(s, path, seen);
	return err;
}
