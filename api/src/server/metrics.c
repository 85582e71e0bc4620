#include "server/api.h"

struct zj_metric api_metrics[API_METRIC_COUNT + 1] = {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): members of a row, not expressions */
#define X(n, h, t) {.name = #n, .help = h, .type = t},
	API_METRICS(X)
#undef X
};
