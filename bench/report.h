#pragma once

/*
 * One JSON object on standard output, a line of its own: what every benchmark ends a run with. Between
 * begin and end: numbers, words and objects within. `commit` and `command` are put in at the end.
 */
void report_begin(const char *bench, int argc, char **argv);
void report_num(const char *key, double value, int decimals);
void report_str(const char *key, const char *value);
void report_open(const char *key);
void report_close(void);
void report_end(void);

/* The commit of the source folder, "+" behind it when something was changed since. */
const char *bench_commit(void);
