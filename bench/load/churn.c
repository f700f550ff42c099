/*
 * Connect, one message, its echo, our FIN, the server's FIN, the next
 * connection: `connections` of these at a time. The latency is that of the whole
 * life; a message is a connection.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

struct life {
  int fd;
  bool connected, finished;
  uint64_t received, started;
};

static int epoll_fd;
static long serial;

static void begin(struct life *life) {
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = life};
  life->started = now_ns();
  life->fd = connect_nonblocking(serial++);
  life->connected = life->finished = false;
  life->received = 0;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, life->fd, &event) < 0) fail("epoll_ctl");
}

static void start_over(struct life *life) {
  close(life->fd);
  begin(life);
}

static void on_connected(struct life *life) {
  int error = 0;
  socklen_t length = sizeof error;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = life};
  getsockopt(life->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  size_t size = (size_t)settings.size;
  if (error != 0 || send(life->fd, pattern_at(0), size, MSG_NOSIGNAL) != (ssize_t)size) {
    count_error("a connection failed");
    start_over(life);
    return;
  }
  life->connected = true;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, life->fd, &event) < 0) fail("epoll_ctl");
}

static void on_readable(struct life *life) {
  static unsigned char buffer[RECEIVE_BYTES];
  ssize_t n = recv(life->fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) {
    pattern_check(buffer, life->received, (size_t)n);
    life->received += (uint64_t)n;
    if (life->received < (uint64_t)settings.size || life->finished) return;
    life->finished = true;
    if (shutdown(life->fd, SHUT_WR) < 0) count_error("shutdown failed");
    return;
  }
  if (n < 0) count_error("a connection was reset");
  else if (life->received != (uint64_t)settings.size) count_error("a connection ended without its whole reply");
  histogram_record(now_ns() - life->started);
  report.messages++;
  report.bytes += life->received;
  start_over(life);
}

void run_churn(void) {
  static struct epoll_event events[EVENTS];
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct life *lives = calloc((size_t)settings.connections, sizeof *lives);
  if (lives == NULL) fail("memory");
  window_open();
  for (long i = 0; i < settings.connections; i++) begin(&lives[i]);
  do {
    int ready = epoll_wait(epoll_fd, events, EVENTS, 100);
    for (int i = 0; i < ready; i++) {
      struct life *life = events[i].data.ptr;
      if (life->connected) on_readable(life);
      else on_connected(life);
    }
  } while (window_advance(now_ns()) != DONE);
  free(lives);
}
