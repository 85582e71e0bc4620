/* What guarded subjects have used: calls and money of the last hour and day, calls abroad that are under way. Windows
 * roll: an hour is the last twelve five minutes and those that run, a day the last 24 hours and the one that runs.
 * Pure, and without a lock of its own: trunk_state's is held around every call. */
#ifndef TRUNK_TALLY_H
#define TRUNK_TALLY_H
#include "trunk_guard.h"

#define TRUNK_TALLY_BUCKETS 4096
#define TRUNK_TALLIES_MAX   32768 /* subjects; more are not counted, and the log says so */
#define TRUNK_SLOTS_MAX     1536  /* bytes of a tally's slots as text */

struct trunk_tallies;
int trunk_tallies_alloc(struct trunk_tallies **tp) __attribute__((warn_unused_result));
void trunk_tallies_free(struct trunk_tallies *t);

/* What a call has taken, for as long as it lives. */
struct trunk_charge {
	unsigned n;
	struct zk_uuid subject[TRUNK_SUBJECTS];
	bool abroad;
	struct trunk_price price;
	int64_t charged, begun_us, answered_us; /* answered 0: not yet */
	int max_s;
};

/* A limit was reached (percent 100), or almost. */
struct trunk_alarm {
	struct zk_uuid tenant, guard, subject;
	enum trunk_subject kind;
	enum trunk_measure measure;
	int percent;
	int64_t used, limit;
};
#define TRUNK_ALARMS_MAX 16
struct trunk_alarms {
	unsigned n;
	struct trunk_alarm a[TRUNK_ALARMS_MAX];
};

struct trunk_used {
	int64_t of[TRUNK_MEASURES];
};

/* One more call, unless a limit says no: false, with the guard and the measure. Alarms are said either way. */
bool trunk_tally_take(struct trunk_tallies *t, const struct trunk_guarded *g, int64_t now_us, struct trunk_charge *c,
		      struct zk_uuid *guard, enum trunk_measure *measure, struct trunk_alarms *alarms);
/* A call that was there before we were: its channel abroad, and what it costs from now on. */
void trunk_tally_adopt(struct trunk_tallies *t, const struct trunk_guarded *g, int64_t answered_us, int64_t now_us,
		       struct trunk_charge *c);
/* The call goes on: what it costs by now beyond what was thought. */
void trunk_tally_accrue(struct trunk_tallies *t, struct trunk_charge *c, int64_t now_us, struct trunk_alarms *alarms);
/* It is over: what it did cost, and its channel. */
void trunk_tally_settle(struct trunk_tallies *t, struct trunk_charge *c, int64_t now_us);

/* What a subject has used here and at the other edges; zero: nothing. */
struct trunk_used trunk_tally_used(struct trunk_tallies *t, const struct zk_uuid *subject, int64_t now_us);

/* What is written down: subjects whose numbers changed since they were asked for last. A call looks at some buckets and
 * moves *from on, up to TRUNK_TALLY_BUCKETS: the lock is held shortly. */
struct trunk_tally_row {
	struct zk_uuid tenant, subject;
	enum trunk_subject kind;
	struct trunk_used here;
	char slots[TRUNK_SLOTS_MAX];
};
unsigned trunk_tally_changed(struct trunk_tallies *t, unsigned *from, struct trunk_tally_row *out, unsigned max,
			     int64_t now_us);
/* It could not be written: everything changed again. */
void trunk_tally_untold(struct trunk_tallies *t);
/* What was written down before a restart is added to what has been counted since. */
void trunk_tally_restore(struct trunk_tallies *t, const struct trunk_tally_row *row, int64_t now_us);
/* What the other edges have counted. */
void trunk_tally_elsewhere(struct trunk_tallies *t, const struct trunk_tally_row *row, int64_t now_us);
void trunk_tally_nowhere_else(struct trunk_tallies *t);
/* Forgets who has used nothing for a day; by pieces likewise. */
void trunk_tally_trim(struct trunk_tallies *t, unsigned *from, int64_t now_us);
#endif
