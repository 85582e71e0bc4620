/* Metrics and health: a table of counters and gauges per part, served as Prometheus text by libmicrohttpd in a thread
 * of its own that only reads atomics. */
#ifndef ZJ_METRICS_H
#define ZJ_METRICS_H
#include "zj_obj.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct zj_metric {
	const char *name, *help; /* name without the zj_<part>_ prefix */
	enum { ZJ_COUNTER, ZJ_GAUGE } type;
	_Atomic int64_t value;
};
static inline void zj_metric_add(struct zj_metric *m, int64_t n)
{
	atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}
static inline void zj_metric_set(struct zj_metric *m, int64_t v)
{
	atomic_store_explicit(&m->value, v, memory_order_relaxed);
}

/* Serves /healthz and /metrics on 127.0.0.1:port. `metrics` ends with name NULL and outlives the server. Process
 * figures (cpu seconds, resident bytes, open descriptors) and `up since` are added. */
struct zj_health;
int zj_health_alloc(struct zj_health **hp, const char *part, uint16_t port, struct zj_metric *metrics) ZJ_MUST_CHECK;
/* The same, but /healthz answers 503 with `why` from its first moment, until zj_health_set: nobody is told too early.
 */
int zj_health_alloc_unready(struct zj_health **hp, const char *part, uint16_t port, struct zj_metric *metrics,
			    const char *why) ZJ_MUST_CHECK;
/* Not ok → /healthz answers 503 with `why` (static text). Thread-safe. */
void zj_health_set(struct zj_health *h, bool ok, const char *why);
#endif
