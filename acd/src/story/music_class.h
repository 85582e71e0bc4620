/* Music on hold: classes of prompts as tenants configure them. */
#ifndef ACD_MUSIC_CLASS_H
#define ACD_MUSIC_CLASS_H
#include "core/acd.h"

#define ACD_MUSIC_MAX 50

struct acd_music_class {
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], identifier[44];
	char prompts[ACD_MUSIC_MAX][ZJ_UUID_SIZE];
	unsigned n;
	int gain_db;
	bool shuffled, step; /* step: everybody hears the same at the same moment */
};

void acd_music_class_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_music_classes_free(struct acd_tenant *t);
/* The class of that id, else the tenant's default one; NULL: there is none. */
const struct acd_music_class *acd_music_class_find(const struct acd_tenant *t, const char *id);
/* Its pieces as play items, in the order in which this listener hears them. NULL: none of them is there. */
json_t *acd_music_items(const struct acd_tenant *t, const struct acd_music_class *m, const char *listener);
#endif
