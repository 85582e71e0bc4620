/* A box for foreign files: once it is shut this process reads, writes and reckons with what is open, and does nothing
 * else: no files, no network, no other process. Call it after everything is open. Returns errno. */
#ifndef ZJ_BOX_H
#define ZJ_BOX_H
int zj_box_shut(void);
#endif
