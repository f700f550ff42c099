/*
 * The system calls that carry bytes.
 *
 * epoll is level-triggered: a socket that still holds data is reported again in
 * the next turn. One receive per socket and turn therefore bounds what one
 * connection can take from the others, and none is spent on finding out that a
 * socket is empty.
 *
 * Receives go to multiples of 64 bytes of a page-aligned slab: on Zen 3 a kernel
 * copy to the 16-byte offset that allocators hand out costs up to twice as much.
 * A small chunk is copied on to the pool: that costs a fraction of the receive,
 * keeps the slab's next bytes in the processor's cache, and a protocol that keeps
 * such a chunk keeps the small pool alive instead of a whole slab.
 *
 * recvfrom and sendto are called by number: libc's recv and send are cancellation
 * points, which in a process with threads costs more than all else around the call.
 */
#include "hawser.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Bytes to send are gathered from at most this many places (IOV_MAX). */
enum { MAX_IOV = 1024, SLAB_ALIGN = 64, POOL_ALIGN = 8 };

static int32_t aligned(int32_t bytes, int32_t to) {
  return (bytes + to - 1) & ~(to - 1);
}

static int32_t receive(int fd, void *into, size_t length, int flags) {
  ssize_t n;
  do {
    n = syscall(SYS_recvfrom, fd, into, length, flags | MSG_DONTWAIT, NULL, NULL);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : (int32_t)n;
}

static int32_t transmit(struct hawser *h, int fd, struct iovec *iov, size_t count) {
  struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};
  ssize_t n;
  do {
    n = count == 1 ? syscall(SYS_sendto, fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0)
                   : syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  quickack_sent(h, fd);
  return (int32_t)n;
}

static void add_record(struct hawser *h, int32_t index, int fd, int32_t what, int32_t offset, int32_t bytes) {
  int32_t *record = h->records + (size_t)index * RECORD_INTS;
  record[0] = fd;
  record[1] = what;
  record[2] = offset;
  record[3] = bytes;
}

/* Receives what one ready socket has, up to the limit. Returns how many records that made. */
static int32_t receive_ready(struct hawser *h, int32_t index, int fd, uint32_t mode) {
  int32_t *control = h->control;
  int32_t used = control[CTL_SLAB_USED];
  int32_t room = h->slab_size - used;
  int32_t length = room < control[CTL_READ_MAX] ? room : control[CTL_READ_MAX];
  int32_t n = receive(fd, h->slab + used, (size_t)length, 0);
  if (n == -EAGAIN) return 0;
  if (n > 0 && (mode & MODE_QUICKACK)) quickack_received(h, fd);
  if (n > 0 && n <= control[CTL_SMALL_MAX]) {
    int32_t at = control[CTL_POOL_USED];
    memcpy(h->pool + at, h->slab + used, (size_t)n);
    control[CTL_POOL_USED] = at + aligned(n, POOL_ALIGN);
    add_record(h, index, fd, REC_SMALL, at, n);
    return 1;
  }
  if (n > 0) control[CTL_SLAB_USED] = used + aligned(n, SLAB_ALIGN);
  add_record(h, index, fd, REC_DATA, used, n);
  return 1;
}

void io_forget(struct hawser *h, int fd) {
  for (int i = h->next_event; i < h->event_count; i++)
    if ((int)(uint32_t)h->events[i].data.u64 == fd) h->events[i].events = 0;
}

/* Whether the next receive, whatever it brings, fits. */
static bool has_room(const struct hawser *h) {
  return h->slab_size - h->control[CTL_SLAB_USED] >= h->control[CTL_SLAB_LOW] &&
         h->pool_size - h->control[CTL_POOL_USED] >= aligned(h->control[CTL_SMALL_MAX], POOL_ALIGN);
}

/*
 * Receives what is ready, or goes on with what the last call left for want of room: asking
 * again would look at every ready socket again. Returns the number of records.
 */
int32_t io_wait(struct hawser *h) {
  const uint32_t input = EPOLLIN | EPOLLHUP | EPOLLERR;
  if (!io_is_left(h)) {
    h->event_count = epoll_wait(h->epoll_fd, h->events, MAX_EVENTS, 0);
    h->next_event = 0;
  }
  int32_t records = 0;
  for (; io_is_left(h); h->next_event++) {
    const struct epoll_event *event = &h->events[h->next_event];
    int fd = (int)(uint32_t)event->data.u64;
    uint32_t mode = (uint32_t)(event->data.u64 >> 32);
    uint32_t what = event->events;
    if ((mode & MODE_RECEIVE) && (what & input)) {
      if (!has_room(h)) break;
      records += receive_ready(h, records, fd, mode);
      what &= EPOLLOUT;
    }
    if (what) {
      add_record(h, records, fd, REC_EVENT, (int32_t)what, 0);
      records++;
    }
  }
  return records;
}

/* Gathers an operation and those linked to it; `*next` is the first that did not fit. */
static size_t gather(struct hawser *h, int32_t op, struct iovec *iov, size_t max, int32_t *next, size_t *bytes) {
  size_t count = 0;
  while (op >= 0 && count < max) {
    const int32_t *o = h->ops + (size_t)op * OP_INTS;
    iov[count].iov_base = h->out + o[1];
    iov[count].iov_len = (size_t)o[2];
    *bytes += (size_t)o[2];
    count++;
    op = o[3];
  }
  *next = op;
  return count;
}

/* Sends an operation and those linked to it. Returns the bytes sent, or -errno; `*whole` says whether that was all. */
static int32_t send_chain(struct hawser *h, int fd, int32_t op, bool *whole) {
  struct iovec iov[MAX_IOV];
  int32_t rest;
  size_t bytes = 0;
  size_t count = gather(h, op, iov, MAX_IOV, &rest, &bytes);
  int32_t sent = transmit(h, fd, iov, count);
  *whole = rest < 0 && sent >= 0 && (size_t)sent == bytes;
  return sent;
}

/*
 * Sends every queued operation. The result of a chain replaces the length of its
 * first operation when it did not go out whole; returns how many such there are.
 * With none, the queue is empty afterwards; else JavaScript empties it.
 */
int32_t io_flush(struct hawser *h) {
  int32_t count = h->control[CTL_OPS];
  int32_t abnormal = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t *op = h->ops + (size_t)i * OP_INTS;
    bool whole;
    if (op[0] < 0) continue;
    int32_t sent = send_chain(h, op[0], i, &whole);
    if (!whole) {
      op[2] = sent;
      abnormal++;
    }
    op[0] = whole ? -1 : ~op[0]; /* ~: JavaScript must look at it; negative, so never sent again */
  }
  if (abnormal == 0 && count > 0) {
    h->control[CTL_OPS] = 0;
    h->control[CTL_OUT_USED] = 0;
    h->control[CTL_EPOCH] = (int32_t)((uint32_t)h->control[CTL_EPOCH] + 1);
  }
  return abnormal;
}

static napi_value flush(napi_env env, napi_callback_info info) {
  struct hawser *h = args_get(env, info, 0, NULL);
  return result_int(env, io_flush(h));
}

/* send(fd, op, bytes): the chain that starts at op (-1: none) and then the bytes, in one call. */
static napi_value send_now(napi_env env, napi_callback_info info) {
  napi_value v[3];
  struct hawser *h = args_get(env, info, 3, v);
  struct iovec iov[MAX_IOV];
  int32_t rest;
  size_t ignored = 0;
  size_t count = gather(h, arg_int(env, v[1]), iov, MAX_IOV - 1, &rest, &ignored);
  if (rest < 0) {
    iov[count].iov_base = arg_bytes(env, v[2], &iov[count].iov_len);
    if (iov[count].iov_len > INT32_MAX / 2) iov[count].iov_len = INT32_MAX / 2;
    if (iov[count].iov_len > 0) count++;
  }
  return result_int(env, count == 0 ? 0 : transmit(h, arg_int(env, v[0]), iov, count));
}

/* sendv(fd, chunks, first, skip): chunks from the first on, without its first `skip` bytes. */
static napi_value send_chunks(napi_env env, napi_callback_info info) {
  napi_value v[4];
  struct hawser *h = args_get(env, info, 4, v);
  struct iovec iov[MAX_IOV / 8];
  uint32_t length = 0;
  uint32_t index = (uint32_t)arg_int(env, v[2]);
  size_t skip = (size_t)arg_int(env, v[3]);
  size_t count = 0;
  size_t total = 0;
  napi_get_array_length(env, v[1], &length);
  for (; index < length && count < MAX_IOV / 8 && total < INT32_MAX / 2; index++) {
    napi_value chunk;
    size_t bytes;
    if (napi_get_element(env, v[1], index, &chunk) != napi_ok) break;
    uint8_t *data = arg_bytes(env, chunk, &bytes);
    iov[count].iov_base = data + skip;
    iov[count].iov_len = bytes - skip < INT32_MAX / 4 ? bytes - skip : INT32_MAX / 4;
    total += iov[count].iov_len;
    skip = 0;
    count++;
    if (iov[count - 1].iov_len == INT32_MAX / 4) break;
  }
  return result_int(env, count == 0 ? 0 : transmit(h, arg_int(env, v[0]), iov, count));
}

/* recv(fd, bytes, mode): into the caller's memory. */
static napi_value receive_now(napi_env env, napi_callback_info info) {
  napi_value v[3];
  struct hawser *h = args_get(env, info, 3, v);
  size_t length;
  int fd = arg_int(env, v[0]);
  uint8_t *into = arg_bytes(env, v[1], &length);
  if (length > INT32_MAX) length = INT32_MAX;
  int32_t n = receive(fd, into, length, 0);
  if (n > 0 && (arg_int(env, v[2]) & MODE_QUICKACK)) quickack_received(h, fd);
  return result_int(env, n);
}

/* discard(fd, max): drops input without copying it (MSG_TRUNC, tcp(7)). */
static napi_value discard(napi_env env, napi_callback_info info) {
  napi_value v[2];
  args_get(env, info, 2, v);
  return result_int(env, receive(arg_int(env, v[0]), NULL, (size_t)arg_int(env, v[1]), MSG_TRUNC));
}

napi_status io_export(napi_env env, napi_value exports) {
  static const struct method methods[] = {
      {"flush", flush},       {"send", send_now},   {"sendv", send_chunks},
      {"recv", receive_now},  {"discard", discard},
  };
  return export_methods(env, exports, methods, sizeof methods / sizeof *methods);
}
