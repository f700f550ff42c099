/*
 * One-way transfer. In: we send until the window ends, then half-close, and the
 * server must answer with the decimal count of the bytes it got. Out: the server
 * sends its 64 KiB chunk over and over and we compare. A message is `size` bytes.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { EVENTS = 64 };

struct stream {
  int fd;
  uint64_t bytes;
};

static int epoll_fd;
static struct stream *streams;
static unsigned char buffer[RUN_BYTES] __attribute__((aligned(4096)));

static void connect_all(uint32_t events) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  streams = calloc((size_t)settings.connections, sizeof *streams);
  if (streams == NULL) fail("memory");
  for (long i = 0; i < settings.connections; i++) {
    struct epoll_event event = {.events = events, .data.ptr = &streams[i]};
    streams[i].fd = connect_now(i);
    make_nonblocking(streams[i].fd);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, streams[i].fd, &event) < 0) fail("epoll_ctl");
  }
}

static void push(struct stream *stream) {
  ssize_t n = send(stream->fd, pattern_at(stream->bytes), SEND_BYTES, MSG_NOSIGNAL);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) fail("send");
  stream->bytes += (uint64_t)n;
  report.bytes += (uint64_t)n;
}

static void pull(struct stream *stream) {
  ssize_t n = recv(stream->fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) fail("recv");
  if (n == 0) fail("the server closed a connection");
  pattern_check(buffer, stream->bytes, (size_t)n);
  stream->bytes += (uint64_t)n;
  report.bytes += (uint64_t)n;
}

static void transfer(void (*step)(struct stream *)) {
  static struct epoll_event events[EVENTS];
  window_open();
  do {
    int ready = epoll_wait(epoll_fd, events, EVENTS, 100);
    for (int i = 0; i < ready; i++) step(events[i].data.ptr);
    report.messages = report.bytes / (uint64_t)settings.size;
  } while (window_advance(now_ns()) != DONE);
}

/* Waits for the server's count; the sockets have a receive time limit. */
static void check_count(const struct stream *stream) {
  struct timeval limit = {.tv_sec = 10};
  char text[32] = "";
  size_t length = 0;
  if (fcntl(stream->fd, F_SETFL, 0) < 0) fail("fcntl");
  setsockopt(stream->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (shutdown(stream->fd, SHUT_WR) < 0) fail("shutdown");
  for (ssize_t n; length < sizeof text - 1 && (n = recv(stream->fd, text + length, sizeof text - 1 - length, 0)) > 0;) length += (size_t)n;
  if (strtoull(text, NULL, 10) != stream->bytes) count_error("the server's byte count differs from ours");
}

void run_bulk_in(void) {
  connect_all(EPOLLOUT);
  transfer(push);
  for (long i = 0; i < settings.connections; i++) check_count(&streams[i]);
}

void run_bulk_out(void) {
  connect_all(EPOLLIN);
  transfer(pull);
}
