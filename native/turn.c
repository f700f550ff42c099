/*
 * The only file that knows libuv.
 *
 * Our epoll descriptor is itself watched by Node's loop with one uv_poll handle:
 * it is readable whenever any of our sockets is ready. That keeps our sockets out
 * of libuv's own table (no handle per connection, one epoll_ctl per connection)
 * and lets one wake-up serve all of them.
 *
 *   poll     something is ready: receive, one call into JavaScript for each slab, send
 *   prepare  just before the loop sleeps: send what was written outside a turn
 *            (timers, other I/O) and deliver what became due
 *   idle     active only while work is left over, so that the loop does not sleep on it
 *
 * The loop may end while handles are closing, so a stop is asynchronous: the
 * handles' memory is released by the last close callback.
 */
#include "hawser.h"

#include <stdlib.h>
#include <uv.h>

/* Rounds of flush and settle before the rest waits for the next loop iteration. */
enum { MAX_SETTLE_ROUNDS = 16 };

struct turn {
  uv_poll_t poll;
  uv_prepare_t prepare;
  uv_idle_t idle;
  struct hawser *hawser;
  int closing; /* handles whose close callback is still to come */
  void (*done)(void *data);
  void *data;
};

static void on_idle(uv_idle_t *handle) {
  (void)handle;
}

/* Sends what is queued and lets JavaScript deal with the outcome, until nothing is left to do. */
static void flush_and_settle(struct turn *turn) {
  struct hawser *h = turn->hawser;
  for (int round = 0; round < MAX_SETTLE_ROUNDS; round++) {
    int32_t abnormal = io_flush(h);
    if (abnormal == 0 && h->control[CTL_SETTLE] == 0) {
      if (h->control[CTL_OPS] == 0) break;
      continue;
    }
    h->control[CTL_SETTLE] = 0;
    call_into(h, h->settle, abnormal);
  }
  if (h->control[CTL_SETTLE] || h->control[CTL_OPS]) uv_idle_start(&turn->idle, on_idle);
  else uv_idle_stop(&turn->idle);
}

static void on_ready(uv_poll_t *handle, int status, int events) {
  struct turn *turn = handle->data;
  struct hawser *h = turn->hawser;
  (void)status;
  (void)events;
  int32_t records;
  do {
    records = io_wait(h);
    if (records > 0) call_into(h, h->dispatch, records);
    flush_and_settle(turn);
  } while (records > 0 && io_is_left(h));
  quickack_end_turn(h);
}

static void on_prepare(uv_prepare_t *handle) {
  struct turn *turn = handle->data;
  int32_t *control = turn->hawser->control;
  if (control[CTL_OPS] || control[CTL_SETTLE] || uv_is_active((uv_handle_t *)&turn->idle)) {
    flush_and_settle(turn);
  }
}

int turn_start(struct hawser *h) {
  uv_loop_t *loop = NULL;
  if (napi_get_uv_event_loop(h->env, &loop) != napi_ok) return UV_ENOSYS;
  struct turn *turn = calloc(1, sizeof *turn);
  if (turn == NULL) return UV_ENOMEM;
  turn->hawser = h;
  int failed = uv_poll_init(loop, &turn->poll, h->epoll_fd);
  if (failed) {
    free(turn);
    return failed;
  }
  uv_prepare_init(loop, &turn->prepare);
  uv_idle_init(loop, &turn->idle);
  turn->poll.data = turn->prepare.data = turn->idle.data = turn;
  uv_poll_start(&turn->poll, UV_READABLE, on_ready);
  uv_prepare_start(&turn->prepare, on_prepare);
  uv_unref((uv_handle_t *)&turn->poll);
  uv_unref((uv_handle_t *)&turn->prepare);
  h->turn = turn;
  return 0;
}

void turn_ref(struct hawser *h, bool on) {
  if (on) uv_ref((uv_handle_t *)&h->turn->poll);
  else uv_unref((uv_handle_t *)&h->turn->poll);
}

static void on_closed(uv_handle_t *handle) {
  struct turn *turn = handle->data;
  if (--turn->closing > 0) return;
  void (*done)(void *) = turn->done;
  void *data = turn->data;
  free(turn);
  done(data);
}

void turn_stop(struct hawser *h, void (*done)(void *data), void *data) {
  struct turn *turn = h->turn;
  if (turn == NULL) {
    done(data);
    return;
  }
  h->turn = NULL;
  turn->closing = 3;
  turn->done = done;
  turn->data = data;
  uv_close((uv_handle_t *)&turn->poll, on_closed);
  uv_close((uv_handle_t *)&turn->prepare, on_closed);
  uv_close((uv_handle_t *)&turn->idle, on_closed);
}
