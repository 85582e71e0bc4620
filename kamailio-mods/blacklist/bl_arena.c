#include "bl_arena.h"
#include "zk_pages.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct bl_retired {
	uint32_t at, n, epoch;
};

int bl_arena_init(struct bl_arena *a, size_t unit, size_t bytes)
{
	*a = (struct bl_arena){.unit = unit, .units = (uint32_t)(bytes / unit), .top = 1, .used = 1};
	a->base =
		mmap(NULL, a->units * unit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	a->taken = calloc(a->units / 64 + 2, sizeof *a->taken);
	a->born = calloc(a->units, sizeof *a->born);
	if (a->base == MAP_FAILED || !a->taken || !a->born) {
		bl_arena_close(a);
		return ENOMEM;
	}
	zk_pages_huge(a->base, a->units * a->unit);
	a->taken[0] = 1;
	for (unsigned i = 0; i < BL_RUN_MAX; i++)
		a->hint[i] = 1;
	return 0;
}

void bl_arena_close(struct bl_arena *a)
{
	if (a->base && a->base != MAP_FAILED)
		munmap(a->base, a->units * a->unit);
	free(a->taken);
	free(a->born);
	free(a->retired);
	*a = (struct bl_arena){0};
}

void bl_arena_map(const struct bl_arena *a)
{
	zk_pages_map(a->base, a->top * a->unit);
}

static bool is_taken(const struct bl_arena *a, uint32_t at)
{
	return a->taken[at / 64] >> (at % 64) & 1;
}

/* First run of n free units at or after `from`; a->units: none. */
static uint32_t find(const struct bl_arena *a, uint32_t n, uint32_t from)
{
	for (uint32_t at = from; (uint64_t)at + n <= a->units;) {
		if (at % 64 == 0 && a->taken[at / 64] == UINT64_MAX) {
			at += 64;
			continue;
		}
		uint32_t k = 0;
		while (k < n && !is_taken(a, at + k))
			k++;
		if (k == n)
			return at;
		at += k + 1;
	}
	return a->units;
}

uint32_t bl_arena_take(struct bl_arena *a, uint32_t n, uint32_t txn)
{
	uint32_t *hint = n < BL_RUN_MAX ? &a->hint[n] : NULL, at = find(a, n, hint ? *hint : 1);
	if (hint)
		*hint = at;
	if (at == a->units)
		return 0;
	for (uint32_t i = at; i < at + n; i++)
		a->taken[i / 64] |= (uint64_t)1 << (i % 64);
	a->born[at] = txn;
	a->used += n;
	if (a->most < a->used)
		a->most = a->used;
	if (a->top < at + n)
		a->top = at + n;
	return at;
}

void bl_arena_free(struct bl_arena *a, uint32_t at, uint32_t n)
{
	for (uint32_t i = at; i < at + n; i++)
		a->taken[i / 64] &= ~((uint64_t)1 << (i % 64));
	a->used -= n;
	for (uint32_t len = 1; len < BL_RUN_MAX; len++) {
		uint32_t first = at + 1 > len ? at + 1 - len : 1; /* a run of this length could begin here now */
		if (a->hint[len] > first)
			a->hint[len] = first;
	}
}

void bl_arena_retire(struct bl_arena *a, uint32_t at, uint32_t n, uint32_t epoch)
{
	if (a->retired_n == a->retired_cap) {
		size_t cap = a->retired_cap ? a->retired_cap * 2 : 64;
		struct bl_retired *more = realloc(a->retired, cap * sizeof *more);
		if (!more)
			return;
		a->retired = more;
		a->retired_cap = cap;
	}
	a->retired[a->retired_n++] = (struct bl_retired){at, n, epoch};
}

void bl_arena_reclaim(struct bl_arena *a, uint32_t epoch)
{
	size_t n = 0;
	while (n < a->retired_n && (int32_t)(a->retired[n].epoch - epoch) <= 0)
		n++;
	for (size_t i = 0; i < n; i++)
		bl_arena_free(a, a->retired[i].at, a->retired[i].n);
	a->retired_n -= n;
	if (n)
		memmove(a->retired, a->retired + n, a->retired_n * sizeof *a->retired);
}
