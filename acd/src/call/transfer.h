#ifndef ACD_TRANSFER_H
#define ACD_TRANSFER_H
#include "core/acd.h"

/* May the customer of the call go to `dest`, which was asked for as `to` (a number or SIP address)? */
bool acd_transfer_allowed(const struct acd_call *call, const struct acd_dest *dest, const char *to);
#endif
