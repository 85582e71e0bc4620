/* The modules' log: Kamailio's in Kamailio, standard error in unit tests. Lines are `text key=value …`. */
#ifndef ZK_LOG_H
#define ZK_LOG_H
enum zk_log_level { ZK_ERROR, ZK_WARN, ZK_INFO };
void zk_log(enum zk_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
