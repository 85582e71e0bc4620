#include "zk_pages.h"
#include <stdint.h>
#include <sys/mman.h>

#define PAGE      4096u
#define HUGE_PAGE (2u << 20)

/* The whole pages of `size` within a block. */
static void advise(const void *p, size_t bytes, size_t size, int advice)
{
	uintptr_t from = ((uintptr_t)p + size - 1) & ~(uintptr_t)(size - 1);
	uintptr_t to = ((uintptr_t)p + bytes) & ~(uintptr_t)(size - 1);
	if (from < to)
		(void)madvise((void *)from, to - from, advice); /* an older kernel may not know it */
}

void zk_pages_huge(void *p, size_t bytes)
{
	advise(p, bytes, HUGE_PAGE, MADV_HUGEPAGE);
}

void zk_pages_map(const void *p, size_t bytes)
{
	advise(p, bytes, PAGE, MADV_POPULATE_READ);
}
