/* sofia-sip's headers, with our types for its callbacks; one of its inline functions is not written for -Wconversion.
 */
#ifndef MD_SOFIA_H
#define MD_SOFIA_H
struct md_ua;
struct md_dialog;
#define NUA_MAGIC_T    struct md_ua
#define NUA_HMAGIC_T   struct md_dialog
#define SU_TIMER_ARG_T struct md_dialog
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <sofia-sip/nua.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/su_time.h>
#include <sofia-sip/su_wait.h>
#pragma GCC diagnostic pop
#endif
