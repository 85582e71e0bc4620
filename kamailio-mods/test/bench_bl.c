/* What the store costs with many numbers: bench_bl NUMBERS TENANTS. One JSON line a figure, on standard output. */
#include "bl_check.h"
#include "zk_log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void zk_log(enum zk_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static uint64_t ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static long status_kb(const char *what)
{
	char line[256];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, what, strlen(what)))
			kb = atol(line + strlen(what) + 1);
	if (f)
		fclose(f);
	return kb;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void say(const char *metric, double value, const char *unit)
{
	printf("{\"bench\":\"blacklist\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"%s\"}\n", metric, value, unit);
}

static struct zk_uuid tenant_of(unsigned n)
{
	struct zk_uuid u = {{0x7a}};
	memcpy(u.b + 8, &n, sizeof n);
	return u;
}

/* The i-th number: 11 digits that begin like a mobile number, scattered. */
static unsigned number_of(char out[16], uint64_t i)
{
	return (unsigned)sprintf(out, "1%010llu", (unsigned long long)(i * 7368787u % 10000000000u));
}

static struct bl_rule rule_of(unsigned kind)
{
	return (struct bl_rule){.scope = BL_TENANT,
				.colour = BL_BLACK,
				.direction = kind % 3 ? BL_IN : BL_BOTH,
				.code = (uint16_t)(403 + kind % 4),
				.from = INT64_MIN,
				.until = kind % 5 ? INT64_MAX : 2000000000 + (int64_t)(kind % 1000)};
}

static struct bl_store *load(uint64_t n, unsigned tenants)
{
	struct bl_store *s;
	struct bl_size size;
	char number[16];
	struct zk_uuid carrier = tenant_of(0);
	long before_kb = status_kb("VmRSS:");
	if (bl_store_alloc(&s, (size_t)1 << 30) || bl_begin(s, true))
		exit(1);
	bl_carrier(s, &carrier);
	uint64_t began = ns();
	for (uint64_t i = 0; i < n; i++) {
		struct zk_uuid t = tenant_of((unsigned)(i % tenants));
		struct bl_rule r = rule_of((unsigned)(i * 2654435761u >> 20));
		if (bl_add(s, &t, BL_EXACT, number, number_of(number, i), &r))
			exit(2);
	}
	if (bl_commit(s))
		exit(3);
	say("load_s", (double)(ns() - began) / 1e9, "s");
	say("load_cpu_s", (double)clock() / CLOCKS_PER_SEC, "s");
	bl_store_size(s, &size);
	say("bytes_per_number", (double)size.bytes / (double)n, "B");
	say("bytes_per_number_peak", (double)size.bytes_most / (double)n, "B");
	say("rss_per_number", (double)(status_kb("VmHWM:") - before_kb) * 1024 / (double)n, "B");
	say("sets", (double)size.sets, "sets");
	return s;
}

#define LOOKS 1000000
static uint32_t took[LOOKS];

static void percentiles(const char *what, uint64_t clock_ns)
{
	char metric[64];
	qsort(took, LOOKS, sizeof *took, compare);
	static const struct {
		const char *name;
		double at;
	} points[] = {{"p50", .5}, {"p99", .99}, {"p999", .999}};
	for (int i = 0; i < 3; i++) {
		uint32_t v = took[(size_t)(points[i].at * LOOKS)];
		snprintf(metric, sizeof metric, "%s_ns.%s", what, points[i].name);
		say(metric, v > clock_ns ? v - (double)clock_ns : 0, "ns");
	}
}

static void lookups(struct bl_store *s, uint64_t n, unsigned tenants, uint64_t clock_ns)
{
	char number[16];
	unsigned pin, hits = 0;
	const struct bl_root *root = bl_pin(s, &pin);
	for (int i = 0; i < LOOKS; i++) {
		uint64_t k = (uint64_t)rand() << 20 ^ (uint64_t)rand();
		k %= n * 2; /* one half is not listed */
		struct zk_uuid t = tenant_of((unsigned)(k % tenants));
		struct bl_key key = {bl_code(number, number_of(number, k)),
				     bl_side_tenant(bl_root_side(s, root), &t)->index};
		uint64_t began = ns();
		hits += bl_root_number(s, root, &key) != 0;
		took[i] = (uint32_t)(ns() - began);
	}
	bl_unpin(s, pin);
	percentiles("probe", clock_ns);
	if (hits < LOOKS * 4 / 10 || hits > LOOKS * 6 / 10)
		exit(4);
}

/* All that one call asks: system, tenant and six scopes more, of the tenant's and of the carrier's rows. */
static void decisions(struct bl_store *s, uint64_t n, unsigned tenants, uint64_t clock_ns)
{
	char number[16];
	unsigned barred = 0;
	for (int i = 0; i < LOOKS; i++) {
		uint64_t k = (uint64_t)rand() << 20 ^ (uint64_t)rand();
		k %= n * 2;
		struct bl_query q = {
			.tenant = tenant_of((unsigned)(k % tenants)), .number = number, .direction = BL_IN, .now = 1};
		struct bl_answer a;
		number_of(number, k);
		for (unsigned scope = BL_TRUNK_GROUP; scope < BL_SCOPE_KINDS; scope++)
			if (scope != BL_TENANT)
				q.at[q.n++] = (struct bl_at){(enum bl_scope)scope, tenant_of(scope * 1000 + i % 997)};
		uint64_t began = ns();
		bl_check(s, &q, &a, NULL, NULL);
		took[i] = (uint32_t)(ns() - began);
		barred += a.barred;
	}
	percentiles("decision", clock_ns);
	if (barred < LOOKS * 4 / 10)
		exit(5);
}

static void changes(struct bl_store *s, uint64_t n, unsigned tenants)
{
	char number[16];
	uint64_t began = ns();
	for (unsigned i = 0; i < 10000; i++) {
		struct zk_uuid t = tenant_of(i % tenants);
		struct bl_rule r = rule_of(i);
		if (bl_begin(s, false) || bl_put(s, &t, BL_EXACT, number, number_of(number, n * 3 + i), &r, 1) ||
		    bl_commit(s))
			exit(6);
	}
	say("change_us", (double)(ns() - began) / 1e3 / 10000, "us");
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, clock_ns, began = ns();
	unsigned tenants = argc > 2 ? (unsigned)atoi(argv[2]) : 10000;
	for (int i = 0; i < 1000000; i++)
		ns();
	clock_ns = (ns() - began) / 1000000;
	struct bl_store *s = load(n, tenants);
	lookups(s, n, tenants, clock_ns);
	decisions(s, n, tenants, clock_ns);
	changes(s, n, tenants);
	bl_store_free(s);
	return 0;
}
