/* A transaction on its way: a deep copy of the caller's queries, and their results, in one block. */
#include "pg_priv.h"
#include "zj_hash.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t size_of(const struct zj_pg_query *queries, int n)
{
	size_t size = sizeof(struct zj_pg_job) + (size_t)n * (sizeof(struct zj_pg_job_query) + sizeof(PGresult *));

	for (int i = 0; i < n; i++) {
		size += strlen(queries[i].sql) + 1 + (size_t)queries[i].n * sizeof(char *);
		for (int v = 0; v < queries[i].n; v++)
			size += queries[i].values[v] ? strlen(queries[i].values[v]) + 1 : 0;
	}
	return size;
}

/* `values` and `text`: where pointers and texts go; moved behind what was written. */
static void query_copy(struct zj_pg_job_query *to, const struct zj_pg_query *from, const char ***values, char **text)
{
	char *end = stpcpy(*text, from->sql);

	to->q = (struct zj_pg_query){.sql = *text, .n = from->n, .values = *values, .by_values = from->by_values};
	to->len = (size_t)(end - *text);
	to->hash = zj_hash(*text, to->len);
	for (int v = 0; v < from->n; v++) {
		*text = end + 1;
		*(*values)++ = from->values[v] ? *text : NULL;
		if (from->values[v])
			end = stpcpy(*text, from->values[v]);
	}
	*text = end + 1;
}

int zj_pg_job_alloc(struct zj_pg_job **jp, const char *begin, const struct zj_pg_query *queries, int n, zj_pg_h *h,
		    void *arg)
{
	struct zj_pg_job *job = malloc(size_of(queries, n));
	const char **values;
	char *text;
	int pointers = 0;

	if (!job)
		return ENOMEM;
	*job = (struct zj_pg_job){.begin = begin, .n = n, .h = h, .arg = arg};
	job->queries = (struct zj_pg_job_query *)(job + 1);
	job->results = (PGresult **)(job->queries + n);
	values = (const char **)(job->results + n);
	for (int i = 0; i < n; i++) {
		job->results[i] = NULL;
		pointers += queries[i].n;
	}
	text = (char *)(values + pointers);
	for (int i = 0; i < n; i++)
		query_copy(&job->queries[i], &queries[i], &values, &text);
	*jp = job;
	return 0;
}

void zj_pg_job_end(struct zj_pg_job *job, int err, int failed)
{
	if (job->h)
		job->h(err, failed, job->results, job->n, job->arg);
	for (int i = 0; i < job->n; i++)
		PQclear(job->results[i]);
	free(job);
}
