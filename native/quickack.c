/*
 * TCP_QUICKACK at the least cost that keeps its promise.
 *
 * After a reply the kernel holds back acknowledgements, up to 40 ms, to let them travel
 * with the next one (tcp(7), delayed ACK); a peer with Nagle's algorithm that waits for
 * one before it sends the rest of its request waits too. Setting TCP_QUICKACK sends
 * what is due at once, and the next reply turns the option off again. Data that is
 * answered in its own turn needs none of this: the answer carries the acknowledgement.
 * So the option is set at the end of a turn, where something was received and nothing sent.
 */
#include "hawser.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

void quickack_received(struct hawser *h, int fd) {
  if (fd_set_has(&h->unanswered, fd) || h->unanswered_count == MAX_RECORDS) return;
  if (fd_set_add(&h->unanswered, fd)) h->unanswered_list[h->unanswered_count++] = fd;
}

void quickack_sent(struct hawser *h, int fd) {
  if (h->unanswered_count > 0) fd_set_remove(&h->unanswered, fd);
}

void quickack_end_turn(struct hawser *h) {
  const int on = 1;
  for (int32_t i = 0; i < h->unanswered_count; i++) {
    int fd = h->unanswered_list[i];
    if (!fd_set_has(&h->unanswered, fd)) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on); /* fails only on a connection that is gone */
    fd_set_remove(&h->unanswered, fd);
  }
  h->unanswered_count = 0;
}
