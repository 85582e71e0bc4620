#include "did_heads.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define PLACES  4096
#define LENGTHS (DID_BY_ID + 1)
_Static_assert(ZK_NUMBER_MAX < 64, "a length is a bit");

/* What most calls look at stands together. */
static struct heads {
	_Atomic uint64_t dids, entries, callers[LENGTHS]; /* of callers the last length first: routes by id */
} * heads;

int did_heads_alloc(void)
{
	heads = zk_mem_alloc(PLACES * sizeof *heads);
	if (!heads)
		return ENOMEM;
	memset((void *)heads, 0, PLACES * sizeof *heads);
	return 0;
}

void did_heads_free(void)
{
	zk_mem_free(heads);
	heads = NULL;
}

static struct heads *of(const struct zk_uuid *tenant)
{
	return &heads[zk_hash(tenant->b, sizeof tenant->b, "", 0) % PLACES];
}

void did_heads_route(const struct zk_uuid *tenant, size_t did_len, size_t caller_len)
{
	if (!heads || did_len >= LENGTHS || caller_len >= 64)
		return;
	atomic_fetch_or(&of(tenant)->callers[DID_BY_ID - did_len], UINT64_C(1) << caller_len);
	atomic_fetch_or(&of(tenant)->dids, UINT64_C(1) << did_len);
}

void did_heads_entry(const struct zk_uuid *tenant, size_t len)
{
	if (heads && len < 64)
		atomic_fetch_or(&of(tenant)->entries, UINT64_C(1) << len);
}

uint64_t did_heads_callers(const struct zk_uuid *tenant, size_t did_len)
{
	return heads && did_len < LENGTHS ? atomic_load(&of(tenant)->callers[DID_BY_ID - did_len]) : ~UINT64_C(0);
}

uint64_t did_heads_dids(const struct zk_uuid *tenant)
{
	return heads ? atomic_load(&of(tenant)->dids) : ~UINT64_C(0);
}

uint64_t did_heads_entries(const struct zk_uuid *tenant)
{
	return heads ? atomic_load(&of(tenant)->entries) : ~UINT64_C(0);
}
