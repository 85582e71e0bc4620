/* A transaction on its way: a deep copy of the caller's queries, and their results. */
#include "pg_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void job_free(struct zj_pg_job *job)
{
	for (int i = 0; job->results && i < job->n; i++)
		PQclear(job->results[i]);
	free(job->results);
	free(job->queries);
	free(job);
}

/* Queries, value pointers and all texts go into one block: sized first, filled then. */
static struct zj_pg_query *queries_copy(const struct zj_pg_query *from, int n)
{
	size_t size = (size_t)n * sizeof(*from), pointers = 0, texts = 0;
	struct zj_pg_query *to;
	const char **values;
	char *text;

	for (int i = 0; i < n; i++) {
		pointers += (size_t)from[i].n;
		texts += strlen(from[i].sql) + 1;
		for (int v = 0; v < from[i].n; v++)
			texts += from[i].values[v] ? strlen(from[i].values[v]) + 1 : 0;
	}
	// cppcheck-suppress pointerSize ; one block for the queries, their pointers and their texts
	to = malloc(size + pointers * sizeof(char *) + texts);
	if (!to)
		return NULL;
	values = (const char **)(to + n);
	text = (char *)(values + pointers);
	for (int i = 0; i < n; i++) {
		to[i] = (struct zj_pg_query){.sql = text, .n = from[i].n, .values = values};
		text = stpcpy(text, from[i].sql) + 1;
		for (int v = 0; v < from[i].n; v++) {
			*values++ = from[i].values[v] ? text : NULL;
			if (from[i].values[v])
				text = stpcpy(text, from[i].values[v]) + 1;
		}
	}
	return to;
}

int zj_pg_job_alloc(struct zj_pg_job **jp, const char *begin, const struct zj_pg_query *queries, int n, zj_pg_h *h,
		    void *arg)
{
	struct zj_pg_job *job = calloc(1, sizeof(*job));

	if (!job)
		return ENOMEM;
	job->begin = begin;
	job->n = n;
	job->h = h;
	job->arg = arg;
	job->results = calloc((size_t)n + 1, sizeof(*job->results));
	job->queries = queries_copy(queries, n);
	if (!job->results || !job->queries) {
		job_free(job);
		return ENOMEM;
	}
	*jp = job;
	return 0;
}

void zj_pg_job_end(struct zj_pg_job *job, int err, int failed)
{
	if (job->h)
		job->h(err, failed, job->results, job->n, job->arg);
	job_free(job);
}
