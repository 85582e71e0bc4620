#ifndef ACD_FEATURE_H
#define ACD_FEATURE_H
#include "core/acd.h"

/* Codes of the configuration: shortcut keys, hot keys, applications. */
void acd_shortcut_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_hot_key_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_application_row(struct acd_tenant *t, const char *id, const json_t *row);
/* What was dialled is a shortcut, perhaps with digits behind it, or an application's number. */
bool acd_code_dialled(const struct acd_tenant *t, const char *number, struct acd_dest *dest);
/* The feature of a destination of kind application, and what it is to be done with. ACD_DO_NONE: gone or disabled. */
enum acd_feature acd_code_feature(const struct acd_tenant *t, const struct acd_dest *dest, const char **argument);

bool acd_pickup(struct acd_leg *by, const char *number /* "": whichever */);
/* hot_key.c: a key was pressed during a talk. */
void acd_hot_key_pressed(struct acd_call *call, struct acd_leg *leg, const json_t *p);
#endif
