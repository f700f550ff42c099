/*
 * Request and reply. Closed loop: each active connection keeps `depth` messages
 * in flight and sends again when `batch` of them came back. Open loop (rate > 0):
 * message g is due at start + g / rate on connection g mod active, is sent then
 * whatever the server does, and its latency counts from when it was due, so a
 * stalled server cannot hide its stall by delaying the questions.
 *
 * Beside the active connections there may be idle ones, flooders (send without
 * waiting for replies, read everything) and slow readers (send without waiting,
 * read 4 KiB every 10 ms). Only the active connections' messages are counted.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { EVENTS = 1024, SLOW_READ_BYTES = 4096 };
static const uint64_t SLOW_PERIOD_NS = 10 * 1000 * 1000;

enum role { ACTIVE, IDLE, FLOODER, SLOW };

struct peer {
  int fd;
  enum role role;
  bool blocked; /* EPOLLOUT is armed */
  uint64_t allowed, sent, received; /* bytes */
  uint64_t answered, asked;         /* messages */
  uint64_t *sent_at;                /* of the last `depth` messages, closed loop only */
};

static int epoll_fd;
static struct peer *peers;
static long peer_count, active_count;
static uint64_t open_start, open_next; /* open loop: time zero and the next message's number */
static unsigned char buffer[RECEIVE_BYTES] __attribute__((aligned(4096)));

static void watch(struct peer *peer, int operation) {
  uint32_t events = (peer->role == SLOW ? 0 : EPOLLIN) | (peer->blocked ? EPOLLOUT : 0);
  struct epoll_event event = {.events = events, .data.ptr = peer};
  if (epoll_ctl(epoll_fd, operation, peer->fd, &event) < 0) fail("epoll_ctl");
}

static void set_blocked(struct peer *peer, bool blocked) {
  if (peer->blocked == blocked) return;
  peer->blocked = blocked;
  watch(peer, EPOLL_CTL_MOD);
}

static bool is_endless(const struct peer *peer) { return peer->role == FLOODER || peer->role == SLOW; }

static void pump(struct peer *peer) {
  if (is_endless(peer)) peer->allowed = peer->sent + SEND_BYTES;
  while (peer->sent < peer->allowed) {
    uint64_t left = peer->allowed - peer->sent;
    ssize_t n = send(peer->fd, pattern_at(peer->sent), left < RUN_BYTES ? left : RUN_BYTES, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      set_blocked(peer, true);
      return;
    }
    if (n < 0) fail("send");
    peer->sent += (uint64_t)n;
  }
  set_blocked(peer, is_endless(peer));
}

/* Lets `count` more messages out. */
static void ask(struct peer *peer, long count, uint64_t now) {
  for (long i = 0; i < count; i++, peer->asked++)
    if (peer->sent_at != NULL) peer->sent_at[peer->asked % (uint64_t)settings.depth] = now;
  peer->allowed += (uint64_t)count * (uint64_t)settings.size;
  if (!peer->blocked) pump(peer);
}

static uint64_t due_at(uint64_t number) { return open_start + (uint64_t)((double)number * 1e9 / settings.rate); }

static uint64_t asked_at(const struct peer *peer, uint64_t message) {
  if (peer->sent_at != NULL) return peer->sent_at[message % (uint64_t)settings.depth];
  return due_at(message * (uint64_t)active_count + (uint64_t)(peer - peers));
}

static void take_answers(struct peer *peer) {
  uint64_t complete = peer->received / (uint64_t)settings.size - 1; /* without the first exchange */
  if (complete == peer->answered) return;
  uint64_t now = now_ns();
  for (; peer->answered < complete; peer->answered++) {
    uint64_t then = asked_at(peer, peer->answered);
    histogram_record(now > then ? now - then : 0);
    report.messages++;
  }
  if (settings.rate > 0) return;
  uint64_t in_flight = peer->asked - peer->answered;
  long room = settings.depth - (long)in_flight;
  ask(peer, room - room % settings.batch, now);
}

static void receive(struct peer *peer, size_t limit) {
  ssize_t n = recv(peer->fd, buffer, limit, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) fail("recv");
  if (n == 0) fail("the server closed a connection");
  if (peer->received + (uint64_t)n > peer->sent) count_error("more bytes came back than were sent");
  pattern_check(buffer, peer->received, (size_t)n);
  peer->received += (uint64_t)n;
  if (peer->role != ACTIVE) return;
  report.bytes += (uint64_t)n;
  take_answers(peer);
}

static void send_what_is_due(void) {
  if (settings.rate <= 0) return;
  for (uint64_t now = now_ns(); due_at(open_next) <= now; open_next++) ask(&peers[open_next % (uint64_t)active_count], 1, now);
}

static void read_slowly(uint64_t now) {
  static uint64_t next;
  if (settings.slow == 0 || now < next) return;
  next = now + SLOW_PERIOD_NS;
  for (long i = 0; i < peer_count; i++)
    if (peers[i].role == SLOW) receive(&peers[i], SLOW_READ_BYTES);
}

/* Active ones spread evenly over the idle ones in the order of connecting. */
static void connect_all(void) {
  long idle = settings.connections - active_count;
  long extra = settings.flooders + settings.slow;
  peer_count = settings.connections + extra;
  peers = calloc((size_t)peer_count, sizeof *peers);
  if (peers == NULL) fail("memory");
  for (long i = 0, next_active = 0, next_other = active_count; i < peer_count; i++) {
    bool active = i < settings.connections && (idle == 0 || i % (settings.connections / active_count) == 0) && next_active < active_count;
    struct peer *peer = active ? &peers[next_active++] : &peers[next_other++];
    peer->role = active ? ACTIVE : i < settings.connections ? IDLE : i < settings.connections + settings.flooders ? FLOODER : SLOW;
    peer->fd = connect_now(i);
    exchange_one(peer->fd);
    make_nonblocking(peer->fd);
    peer->sent = peer->received = peer->allowed = (uint64_t)settings.size;
    watch(peer, EPOLL_CTL_ADD);
  }
}

static void start_all(void) {
  uint64_t now = now_ns();
  open_start = now;
  for (long i = 0; i < peer_count; i++) {
    struct peer *peer = &peers[i];
    if (is_endless(peer)) pump(peer);
    if (peer->role != ACTIVE) continue;
    if (settings.rate <= 0) {
      peer->sent_at = calloc((size_t)settings.depth, sizeof *peer->sent_at);
      if (peer->sent_at == NULL) fail("memory");
      ask(peer, settings.depth, now);
    }
  }
}

/* A question without an answer is at least as late as it is now. */
static void count_unanswered(void) {
  uint64_t now = now_ns();
  for (long i = 0; settings.rate > 0 && i < active_count; i++)
    for (uint64_t message = peers[i].answered; message < peers[i].asked; message++, report.unanswered++)
      histogram_record(now - asked_at(&peers[i], message));
}

void run_echo(void) {
  static struct epoll_event events[EVENTS];
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  active_count = settings.active > 0 ? settings.active : settings.connections;
  connect_all();
  window_open();
  start_all();
  int timeout = settings.rate > 0 || settings.spin ? 0 : settings.slow > 0 ? 1 : 100;
  for (;;) {
    send_what_is_due();
    int ready = epoll_wait(epoll_fd, events, EVENTS, timeout);
    for (int i = 0; i < ready; i++) {
      struct peer *peer = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) pump(peer);
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(peer, sizeof buffer);
    }
    uint64_t now = now_ns();
    read_slowly(now);
    if (window_advance(now) == DONE) break;
  }
  count_unanswered();
}
