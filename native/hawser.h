/*
 * The border between the kernel and TypeScript.
 *
 * C here makes system calls and nothing else: it knows no policy, keeps no
 * connection objects and writes no text. Every function returns a value >= 0 or
 * -errno. A connection is its file descriptor. The numbers both sides share
 * (slots of the control block, layout of records and operations) are written
 * once, below, and exported by constants.c.
 *
 * Memory shared with JavaScript, all owned by JavaScript and kept alive by a
 * reference here, so that pointers into it stay valid:
 *
 *   control   int32[CTL_SLOTS]      counters both sides read and write
 *   records   int32[4 * MAX_RECORDS] what happened: fd, what, offset, bytes or -errno
 *   ops       int32[4 * MAX_OPS]     what to send: fd, offset into out, length, next
 *   out       bytes                  what the operations send
 *   slab      bytes                  what was received; replaced whenever it is full
 *   pool      bytes                  the same for small chunks, copied out of the slab
 *   accepted  32 bytes each          fd and struct sockaddr of new connections
 */
#ifndef HAWSER_H
#define HAWSER_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum {
  /* control block */
  CTL_EPOCH = 0,    /* counts flushes: an operation is pending while its epoch is current */
  CTL_OPS,          /* operations queued */
  CTL_OUT_USED,     /* bytes of `out` in use */
  CTL_SETTLE,       /* JavaScript wants its settle callback after the next flush */
  CTL_SLAB_USED,    /* bytes of the slab in use, from its aligned start */
  CTL_READ_MAX,     /* most bytes one receive may take */
  CTL_SLAB_LOW,     /* with less room than this in the slab, no receive is made */
  CTL_POOL_USED,    /* bytes of the pool in use */
  CTL_SMALL_MAX,    /* chunks up to this size are copied to the pool */
  CTL_SLOTS = 16,

  /* records */
  RECORD_INTS = 4,
  MAX_EVENTS = 512,
  MAX_RECORDS = 2 * MAX_EVENTS,
  REC_DATA = 1,     /* bytes > 0 at offset; 0: end of input; < 0: -errno */
  REC_SMALL = 2,    /* the same, in the pool */
  REC_EVENT = 3,    /* epoll events, in the offset slot, that JavaScript handles itself */

  /* operations */
  OP_INTS = 4,
  MAX_OPS = 8192,

  /* accepted connections */
  ACCEPT_BYTES = 32,
  MAX_ACCEPT = 128,

  /* watch modes: how an event on a descriptor is handled */
  MODE_EVENT = 0,    /* report it */
  MODE_RECEIVE = 1,  /* receive into the slab and report that */
  MODE_QUICKACK = 2, /* with MODE_RECEIVE: acknowledge what gets no reply in its turn, quickack.c */
};

/* One bit per descriptor. */
struct fd_set_bits {
  uint8_t *bits;
  size_t bytes;
};

struct hawser {
  napi_env env;
  int epoll_fd;
  int32_t *control;
  int32_t *records;
  int32_t *ops;
  uint8_t *out;
  uint8_t *accepted;
  uint8_t *slab;
  int32_t slab_size;
  uint8_t *pool;
  int32_t pool_size;
  napi_ref shared, slab_memory, pool_memory; /* keep alive what the pointers above point into */
  napi_ref dispatch;
  napi_ref settle;
  napi_async_context async;
  napi_async_cleanup_hook_handle cleanup;
  struct turn *turn;  /* event-loop handles, turn.c */
  struct epoll_event events[MAX_EVENTS]; /* the last answer of epoll; next_event is the first not dealt with */
  int event_count, next_event;
  struct fd_set_bits owned;       /* descriptors that this environment must close */
  struct fd_set_bits unanswered;  /* those in the list below that were not replied to yet */
  int32_t unanswered_list[MAX_RECORDS];
  int32_t unanswered_count;
};

/* turn.c: the event loop */
int turn_start(struct hawser *h);
void turn_ref(struct hawser *h, bool on);
/* Closes the handles; then calls `done(data)` from the event loop. */
void turn_stop(struct hawser *h, void (*done)(void *data), void *data);

/* addon.c: calls one of the functions given to start() */
void call_into(struct hawser *h, napi_ref function, int32_t number);

/* io.c: the system calls that carry bytes */
int32_t io_wait(struct hawser *h);
/* Whether io_wait has something to go on with. */
static inline bool io_is_left(const struct hawser *h) {
  return h->next_event < h->event_count;
}
/* The descriptor is closed or watched otherwise: what is left of it no longer holds. */
void io_forget(struct hawser *h, int fd);
int32_t io_flush(struct hawser *h);
napi_status io_export(napi_env env, napi_value exports);

/* quickack.c: acknowledgements that nothing else carries */
void quickack_received(struct hawser *h, int fd);
void quickack_sent(struct hawser *h, int fd);
void quickack_end_turn(struct hawser *h);

/* socket.c: the system calls that make, name and tune sockets */
bool fd_set_add(struct fd_set_bits *set, int fd);
void fd_set_remove(struct fd_set_bits *set, int fd);
bool fd_set_has(const struct fd_set_bits *set, int fd);
void socket_close_all(struct hawser *h);
napi_status socket_export(napi_env env, napi_value exports);

/* constants.c */
napi_status constants_export(napi_env env, napi_value exports);

/* args.c: arguments of a call */
struct hawser *args_get(napi_env env, napi_callback_info info, size_t count, napi_value *values);
int32_t arg_int(napi_env env, napi_value value);
/* The memory of an ArrayBuffer view; NULL and 0 for anything else. */
uint8_t *arg_bytes(napi_env env, napi_value value, size_t *length);
napi_value result_int(napi_env env, int32_t value);

struct method {
  const char *name;
  napi_callback call;
};
napi_status export_methods(napi_env env, napi_value exports, const struct method *methods, size_t count);

#endif
