/* Large tables in shared memory, and what the kernel may do for who reads them. Hints: nothing fails without them. */
#ifndef ZK_PAGES_H
#define ZK_PAGES_H
#include <stddef.h>

/* Before it is first written to: pages of 2 MB, where the kernel is allowed to give them to shared memory
 * (/sys/kernel/mm/transparent_hugepage/shmem_enabled: advise, within_size or always). */
void zk_pages_huge(void *p, size_t bytes);

/* In a process that will read it: what others have written is mapped now, not page by page at the first calls. */
void zk_pages_map(const void *p, size_t bytes);
#endif
