/*
 * The load generator: one thread, one epoll descriptor, every byte that comes
 * back compared with what was sent. It prints one line of JSON.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECEIVE_BYTES = 65536, SEND_BYTES = 65536, RUN_BYTES = 262144 };

/* What the command line says; see `options` in main.c for the meaning of each. */
struct settings {
  const char *mode;
  const char *pattern;
  long port, pid, connections, active, size, depth, batch, warmup_messages, flooders, slow, warm, spin;
  double seconds, slice, warmup, rate;
};

/* What one measurement window found. */
struct report {
  uint64_t messages, bytes, errors, unanswered;
  double seconds;
  double server_cpu, server_user, server_system, generator_cpu; /* seconds of CPU in the window; negative: not known */
  const char *first_error;
};

extern struct settings settings;
extern struct report report;

uint64_t now_ns(void);
void fail(const char *what);           /* prints errno's text and exits */
void count_error(const char *what);    /* an error of the server's, counted and named once */

/* pattern.c: the byte stream of a connection is a function of the position alone. */
void pattern_init(void);
const unsigned char *pattern_at(uint64_t position); /* RUN_BYTES valid bytes */
void pattern_check(const unsigned char *data, uint64_t position, size_t length);

/* histogram.c: latencies in ns, relative error below 1.6 %. */
void histogram_reset(void);
void histogram_record(uint64_t ns);
void histogram_cut(void);              /* ends a slice of the window */
void histogram_print(void);

/* window.c: warm-up, then the window in which everything counts. */
enum phase { WARMING, MEASURING, DONE };
void window_open(void);                /* starts the warm-up */
enum phase window_advance(uint64_t now);
extern enum phase window_phase;

/* connect.c */
int connect_nonblocking(long index);   /* a connect that may be in progress */
int connect_now(long index);           /* connected, still blocking */
void make_nonblocking(int fd);
void exchange_one(int fd);             /* one message out and back, on a blocking socket */

/* One function per kind of load. */
void run_echo(void);
void run_bulk_in(void);
void run_bulk_out(void);
void run_churn(void);
void run_idle(void);

#endif
