/*
 * The system calls that make, name, tune and end sockets.
 *
 * Every descriptor made here is close-on-exec and non-blocking from birth and is
 * noted as owned by its environment, so that a worker thread that is ended
 * without running any JavaScript leaves none open. close(2) takes a socket out of
 * epoll by itself, and is never retried: on Linux the descriptor is gone even
 * when close reports EINTR.
 */
#include "hawser.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

static int result_of(int returned) {
  return returned < 0 ? -errno : returned;
}

/* False without memory for it. */
bool fd_set_add(struct fd_set_bits *set, int fd) {
  size_t byte = (size_t)fd / 8;
  if (byte >= set->bytes) {
    size_t bytes = byte + 1024;
    uint8_t *grown = realloc(set->bits, bytes);
    if (grown == NULL) return false;
    memset(grown + set->bytes, 0, bytes - set->bytes);
    set->bits = grown;
    set->bytes = bytes;
  }
  set->bits[byte] |= (uint8_t)(1u << (fd % 8));
  return true;
}

void fd_set_remove(struct fd_set_bits *set, int fd) {
  if ((size_t)fd / 8 < set->bytes) set->bits[fd / 8] &= (uint8_t)~(1u << (fd % 8));
}

bool fd_set_has(const struct fd_set_bits *set, int fd) {
  return (size_t)fd / 8 < set->bytes && (set->bits[fd / 8] >> (fd % 8) & 1u);
}

void socket_close_all(struct hawser *h) {
  for (size_t fd = 0; fd < h->owned.bytes * 8; fd++) {
    if (fd_set_has(&h->owned, (int)fd)) close((int)fd);
  }
  free(h->owned.bits);
  free(h->unanswered.bits);
  h->owned = h->unanswered = (struct fd_set_bits){0};
}

static int watch_fd(struct hawser *h, int operation, int fd, uint32_t mode, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)mode << 32 | (uint32_t)fd};
  if (operation != EPOLL_CTL_ADD) io_forget(h, fd);
  return result_of(epoll_ctl(h->epoll_fd, operation, fd, &event));
}

/* watch(operation, fd, mode, events): epoll_ctl */
static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value v[4];
  struct hawser *h = args_get(env, info, 4, v);
  return result_int(env, watch_fd(h, arg_int(env, v[0]), arg_int(env, v[1]), (uint32_t)arg_int(env, v[2]),
                                  (uint32_t)arg_int(env, v[3])));
}

/* socket(family): a non-blocking stream socket */
static napi_value make_socket(napi_env env, napi_callback_info info) {
  napi_value v[1];
  struct hawser *h = args_get(env, info, 1, v);
  int family = arg_int(env, v[0]);
  int fd = result_of(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                            family == AF_UNIX ? 0 : IPPROTO_TCP));
  if (fd >= 0) fd_set_add(&h->owned, fd);
  return result_int(env, fd);
}

/* adopt(fd): takes a descriptor made elsewhere into our care */
static napi_value adopt(napi_env env, napi_callback_info info) {
  napi_value v[1];
  struct hawser *h = args_get(env, info, 1, v);
  int fd = arg_int(env, v[0]);
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return result_int(env, -errno);
  if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return result_int(env, -errno);
  fd_set_add(&h->owned, fd);
  return result_int(env, 0);
}

static napi_value bind_socket(napi_env env, napi_callback_info info) {
  napi_value v[2];
  size_t length;
  args_get(env, info, 2, v);
  const uint8_t *address = arg_bytes(env, v[1], &length);
  return result_int(env, result_of(bind(arg_int(env, v[0]), (const struct sockaddr *)address, (socklen_t)length)));
}

static napi_value connect_socket(napi_env env, napi_callback_info info) {
  napi_value v[2];
  size_t length;
  args_get(env, info, 2, v);
  const uint8_t *address = arg_bytes(env, v[1], &length);
  return result_int(env, result_of(connect(arg_int(env, v[0]), (const struct sockaddr *)address, (socklen_t)length)));
}

static napi_value listen_socket(napi_env env, napi_callback_info info) {
  napi_value v[2];
  args_get(env, info, 2, v);
  return result_int(env, result_of(listen(arg_int(env, v[0]), arg_int(env, v[1]))));
}

/*
 * accept(fd, max, mode): up to max connections into the accept table, each watched
 * for input already. Returns how many, or -errno when the first one failed.
 */
static napi_value accept_connections(napi_env env, napi_callback_info info) {
  napi_value v[3];
  struct hawser *h = args_get(env, info, 3, v);
  int listener = arg_int(env, v[0]);
  int32_t max = arg_int(env, v[1]);
  uint32_t mode = (uint32_t)arg_int(env, v[2]);
  int32_t count = 0;
  int failed = 0;
  while (count < max && count < MAX_ACCEPT) {
    uint8_t *entry = h->accepted + (size_t)count * ACCEPT_BYTES;
    socklen_t length = ACCEPT_BYTES - sizeof(int32_t);
    memset(entry, 0, ACCEPT_BYTES);
    int fd = result_of(accept4(listener, (struct sockaddr *)(entry + sizeof(int32_t)), &length,
                               SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd == -EINTR) continue;
    failed = fd < 0 ? fd : watch_fd(h, EPOLL_CTL_ADD, fd, mode, EPOLLIN);
    if (failed) {
      if (fd >= 0) close(fd);
      break;
    }
    fd_set_add(&h->owned, fd);
    memcpy(entry, &(int32_t){fd}, sizeof(int32_t));
    count++;
  }
  return result_int(env, count > 0 ? count : failed);
}

/* The address calls return the length of the address, or -errno. */
static napi_value name_of(napi_env env, napi_callback_info info, int (*call)(int, struct sockaddr *, socklen_t *)) {
  napi_value v[2];
  size_t room;
  args_get(env, info, 2, v);
  uint8_t *into = arg_bytes(env, v[1], &room);
  socklen_t length = (socklen_t)room;
  int failed = result_of(call(arg_int(env, v[0]), (struct sockaddr *)into, &length));
  return result_int(env, failed ? failed : (int32_t)(length < room ? length : room));
}

static napi_value local_name(napi_env env, napi_callback_info info) {
  return name_of(env, info, getsockname);
}

static napi_value peer_name(napi_env env, napi_callback_info info) {
  return name_of(env, info, getpeername);
}

static napi_value get_option(napi_env env, napi_callback_info info) {
  napi_value v[4];
  size_t room;
  args_get(env, info, 4, v);
  uint8_t *into = arg_bytes(env, v[3], &room);
  socklen_t length = (socklen_t)room;
  int failed = result_of(getsockopt(arg_int(env, v[0]), arg_int(env, v[1]), arg_int(env, v[2]), into, &length));
  return result_int(env, failed ? failed : (int32_t)length);
}

static napi_value set_option(napi_env env, napi_callback_info info) {
  napi_value v[4];
  size_t length;
  args_get(env, info, 4, v);
  const uint8_t *value = arg_bytes(env, v[3], &length);
  return result_int(
      env, result_of(setsockopt(arg_int(env, v[0]), arg_int(env, v[1]), arg_int(env, v[2]), value, (socklen_t)length)));
}

/* shutdown(fd): ends the write side */
static napi_value shut_write(napi_env env, napi_callback_info info) {
  napi_value v[1];
  args_get(env, info, 1, v);
  return result_int(env, result_of(shutdown(arg_int(env, v[0]), SHUT_WR)));
}

/* unread(fd): bytes received by the kernel and not yet by us */
static napi_value unread(napi_env env, napi_callback_info info) {
  napi_value v[1];
  args_get(env, info, 1, v);
  int bytes = 0;
  int failed = result_of(ioctl(arg_int(env, v[0]), FIONREAD, &bytes));
  return result_int(env, failed ? failed : bytes);
}

/* close(fd, reset): with reset, unsent data is dropped and the peer sees RST */
static napi_value close_socket(napi_env env, napi_callback_info info) {
  napi_value v[2];
  struct hawser *h = args_get(env, info, 2, v);
  int fd = arg_int(env, v[0]);
  if (arg_int(env, v[1])) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  fd_set_remove(&h->owned, fd);
  fd_set_remove(&h->unanswered, fd);
  io_forget(h, fd);
  return result_int(env, result_of(close(fd)));
}

napi_status socket_export(napi_env env, napi_value exports) {
  static const struct method methods[] = {
      {"watch", watch},            {"socket", make_socket},     {"adopt", adopt},
      {"bind", bind_socket},       {"connect", connect_socket}, {"listen", listen_socket},
      {"getsockname", local_name}, {"getpeername", peer_name},  {"accept", accept_connections},
      {"getsockopt", get_option},  {"setsockopt", set_option},  {"shutdown", shut_write},
      {"unread", unread},          {"close", close_socket},
  };
  return export_methods(env, exports, methods, sizeof methods / sizeof *methods);
}
