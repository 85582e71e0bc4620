#include "zk_copy.h"
#include "zk_log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_FIELDS (ZK_FIELDS_MAX + 2)

struct zk_copy {
	FILE *file;
	const char *path;
	char *aside; /* the name it is written under until the first mark; NULL after */
	const struct zk_table *tables;
	unsigned n;
	size_t rows;
};

static FILE *open_private(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	return fd < 0 ? NULL : fdopen(fd, flags & O_APPEND ? "a" : "w");
}

static void write_header(FILE *out, const struct zk_table *tables, unsigned n)
{
	fputs("zj-copy 1", out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, " %s/%u", tables[i].name, tables[i].fields);
	fputc('\n', out);
}

static struct zk_copy *copy_open(const char *path, const struct zk_table *tables, unsigned n, bool anew)
{
	struct zk_copy *c = calloc(1, sizeof *c);
	if (!c || (anew && asprintf(&c->aside, "%s.new", path) < 0)) {
		free(c);
		return NULL;
	}
	c->path = path;
	c->tables = tables;
	c->n = n;
	c->file = open_private(anew ? c->aside : path, anew ? O_TRUNC : O_APPEND);
	if (!c->file) {
		zk_log(ZK_ERROR, "cannot write the local copy path=%s because=\"%s\"", path, strerror(errno));
		zk_copy_close(c);
		return NULL;
	}
	if (anew)
		write_header(c->file, tables, n);
	return c;
}

struct zk_copy *zk_copy_begin(const char *path, const struct zk_table *tables, unsigned n)
{
	return copy_open(path, tables, n, true);
}

struct zk_copy *zk_copy_reopen(const char *path, const struct zk_table *tables, unsigned n)
{
	return copy_open(path, tables, n, false);
}

void zk_copy_row(struct zk_copy *c, unsigned table, const char *id, const char *const *fields)
{
	if (!c)
		return;
	fputs(c->tables[table].name, c->file);
	fputc('\t', c->file);
	fputs(id, c->file);
	if (!fields)
		fputs("\t-", c->file);
	for (unsigned i = 0; fields && i < c->tables[table].fields; i++) {
		fputc('\t', c->file);
		fputs(fields[i] ? fields[i] : "\\N", c->file);
	}
	fputc('\n', c->file);
	c->rows++;
}

/* A base becomes the copy only when it is whole and on the disk. */
void zk_copy_mark(struct zk_copy *c, const char *seen)
{
	if (!c)
		return;
	fprintf(c->file, "=\t%s\n", seen);
	bool good = fflush(c->file) == 0 && !ferror(c->file);
	if (c->aside) {
		good = good && fdatasync(fileno(c->file)) == 0 && rename(c->aside, c->path) == 0;
		free(c->aside);
		c->aside = NULL;
	}
	if (!good)
		zk_log(ZK_ERROR, "cannot write the local copy path=%s because=\"%s\"", c->path, strerror(errno));
}

size_t zk_copy_rows(const struct zk_copy *c)
{
	return c ? c->rows : 0;
}

void zk_copy_close(struct zk_copy *c)
{
	if (!c)
		return;
	if (c->file)
		fclose(c->file);
	free(c->aside);
	free(c);
}

static unsigned split(char *line, char **parts)
{
	unsigned n = 0;
	for (char *p = line; p && n < LINE_FIELDS; n++) {
		parts[n] = p;
		p = strchr(p, '\t');
		if (p)
			*p++ = '\0';
	}
	return n;
}

static int table_index(const struct zk_table *tables, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(tables[i].name, name))
			return (int)i;
	return -1;
}

/* First pass: how many lines per table stand before the last mark, whose place and snapshot are returned. */
static long scan(FILE *in, const struct zk_table *tables, unsigned n, size_t *rows, char *seen, size_t size)
{
	size_t cap = 0, pending[ZK_TABLES_MAX] = {0};
	char *line = NULL, *parts[LINE_FIELDS];
	long end = -1;
	for (ssize_t len; (len = getline(&line, &cap, in)) > 0 && line[len - 1] == '\n';) {
		line[len - 1] = '\0';
		unsigned k = split(line, parts);
		int table = table_index(tables, n, parts[0]);
		if (table >= 0) {
			pending[table]++;
		} else if (k == 2 && !strcmp(parts[0], "=")) {
			end = ftell(in);
			memcpy(rows, pending, sizeof pending);
			zk_copy(seen, size, parts[1], strlen(parts[1]));
		}
	}
	free(line);
	return end;
}

static void replay_line(char *line, const struct zk_table *tables, unsigned n, const struct zk_sink *sink)
{
	char *parts[LINE_FIELDS];
	const char *fields[ZK_FIELDS_MAX];
	struct zk_uuid id;
	unsigned k = split(line, parts);
	int table = table_index(tables, n, parts[0]);
	if (table < 0 || k < 3 || !zk_uuid_parse(&id, parts[1]))
		return;
	if (k == 3 && !strcmp(parts[2], "-")) {
		sink->row((unsigned)table, &id, NULL, sink->arg);
	} else if (k == tables[table].fields + 2) {
		for (unsigned i = 2; i < k; i++)
			fields[i - 2] = strcmp(parts[i], "\\N") ? parts[i] : NULL;
		sink->row((unsigned)table, &id, fields, sink->arg);
	}
}

static bool header_fits(FILE *in, const struct zk_table *tables, unsigned n)
{
	char want[512] = "", got[512] = "";
	FILE *mem = fmemopen(want, sizeof want, "w");
	if (!mem)
		return false;
	write_header(mem, tables, n);
	fclose(mem);
	return fgets(got, sizeof got, in) && !strcmp(want, got);
}

static int replay(FILE *in, const struct zk_table *tables, unsigned n, const struct zk_sink *sink, char *seen,
		  size_t size)
{
	size_t cap = 0, rows[ZK_TABLES_MAX] = {0};
	char *line = NULL;
	if (!header_fits(in, tables, n))
		return EPROTO;
	long start = ftell(in), end = scan(in, tables, n, rows, seen, size);
	if (end < 0)
		return EPROTO;
	int err = sink->begin(rows, true, sink->arg);
	if (err)
		return err;
	fseek(in, start, SEEK_SET);
	for (ssize_t len; ftell(in) < end && (len = getline(&line, &cap, in)) > 0;) {
		line[len - 1] = '\0';
		replay_line(line, tables, n, sink);
	}
	free(line);
	return sink->end(sink->arg);
}

int zk_copy_load(const char *path, const struct zk_table *tables, unsigned n, const struct zk_sink *sink, char *seen,
		 size_t size)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return errno;
	int err = replay(in, tables, n, sink, seen, size);
	fclose(in);
	return err;
}
