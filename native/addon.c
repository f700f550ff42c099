/*
 * One instance per environment (main thread or worker), kept in the instance data:
 * no statics. A worker can be ended at any moment without running JavaScript, so
 * the cleanup hook closes every descriptor the instance owns and, asynchronously,
 * its event-loop handles: an environment with open handles would abort the process.
 */
#include "hawser.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE = 4096 };

void call_into(struct hawser *h, napi_ref function_ref, int32_t number) {
  napi_handle_scope scope;
  napi_value function, receiver, argument;
  if (napi_open_handle_scope(h->env, &scope) != napi_ok) return;
  napi_get_reference_value(h->env, function_ref, &function);
  napi_get_global(h->env, &receiver);
  napi_create_int32(h->env, number, &argument);
  /* Also drains the microtasks. The callee catches what it calls; an error that escapes it is a bug that must show. */
  if (napi_make_callback(h->env, h->async, receiver, function, 1, &argument, NULL) == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(h->env, &error) == napi_ok) napi_fatal_exception(h->env, error);
  }
  napi_close_handle_scope(h->env, scope);
}

static void hold(napi_env env, napi_ref *held, napi_value value) {
  if (*held != NULL) napi_delete_reference(env, *held);
  napi_create_reference(env, value, 1, held);
}

/* slab(bytes): the next receive memory. Returns where its first page starts. */
static napi_value replace_slab(napi_env env, napi_callback_info info) {
  napi_value v[1];
  struct hawser *h = args_get(env, info, 1, v);
  size_t length;
  uint8_t *data = arg_bytes(env, v[0], &length);
  size_t skip = (PAGE - (uintptr_t)data % PAGE) % PAGE;
  if (data == NULL || length < skip + PAGE) return result_int(env, -EINVAL);
  hold(env, &h->slab_memory, v[0]);
  h->slab = data + skip;
  h->slab_size = (int32_t)(length - skip);
  h->control[CTL_SLAB_USED] = 0;
  return result_int(env, (int32_t)skip);
}

/* pool(bytes): the next memory for small chunks */
static napi_value replace_pool(napi_env env, napi_callback_info info) {
  napi_value v[1];
  struct hawser *h = args_get(env, info, 1, v);
  size_t length;
  uint8_t *data = arg_bytes(env, v[0], &length);
  if (data == NULL) return result_int(env, -EINVAL);
  hold(env, &h->pool_memory, v[0]);
  h->pool = data;
  h->pool_size = (int32_t)length;
  h->control[CTL_POOL_USED] = 0;
  return result_int(env, 0);
}

/*
 * start(control, records, ops, out, accepted, dispatch, settle): the five are views
 * of one ArrayBuffer. `dispatch(records)` and `settle(abnormal)` are called from the event loop.
 */
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value v[7], buffer, name;
  struct hawser *h = args_get(env, info, 7, v);
  if (h->turn != NULL) return result_int(env, -EALREADY);
  size_t length;
  h->control = (int32_t *)arg_bytes(env, v[0], &length);
  h->records = (int32_t *)arg_bytes(env, v[1], &length);
  h->ops = (int32_t *)arg_bytes(env, v[2], &length);
  h->out = arg_bytes(env, v[3], &length);
  h->accepted = arg_bytes(env, v[4], &length);
  napi_get_typedarray_info(env, v[0], NULL, NULL, NULL, &buffer, NULL);
  hold(env, &h->shared, buffer);
  napi_create_reference(env, v[5], 1, &h->dispatch);
  napi_create_reference(env, v[6], 1, &h->settle);
  napi_create_string_utf8(env, "hawser", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &h->async);
  h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (h->epoll_fd < 0) return result_int(env, -errno);
  return result_int(env, turn_start(h));
}

/* ref(on): whether the loop is kept alive by us */
static napi_value set_ref(napi_env env, napi_callback_info info) {
  napi_value v[1];
  struct hawser *h = args_get(env, info, 1, v);
  turn_ref(h, arg_int(env, v[0]) != 0);
  return result_int(env, 0);
}

static void release(void *data) {
  struct hawser *h = data;
  if (h->epoll_fd >= 0) close(h->epoll_fd);
  napi_remove_async_cleanup_hook(h->cleanup);
  free(h);
}

/* What JavaScript lent us; without this the memory would outlive its environment. */
static void drop_references(struct hawser *h) {
  napi_ref *held[] = {&h->shared, &h->slab_memory, &h->pool_memory, &h->dispatch, &h->settle};
  for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
    if (*held[i] != NULL) napi_delete_reference(h->env, *held[i]);
    *held[i] = NULL;
  }
  if (h->async != NULL) napi_async_destroy(h->env, h->async);
  h->async = NULL;
}

static void clean_up(napi_async_cleanup_hook_handle hook, void *data) {
  struct hawser *h = data;
  h->cleanup = hook;
  socket_close_all(h);
  drop_references(h);
  turn_stop(h, release, h);
}

NAPI_MODULE_INIT() {
  static const struct method methods[] = {
      {"start", start}, {"slab", replace_slab}, {"pool", replace_pool}, {"ref", set_ref}};
  struct hawser *h = calloc(1, sizeof *h);
  if (h == NULL) {
    napi_throw_error(env, "ENOMEM", "hawser: not enough memory");
    return NULL;
  }
  h->env = env;
  h->epoll_fd = -1;
  napi_set_instance_data(env, h, NULL, NULL);
  napi_add_async_cleanup_hook(env, clean_up, h, NULL);
  export_methods(env, exports, methods, sizeof methods / sizeof *methods);
  io_export(env, exports);
  socket_export(env, exports);
  constants_export(env, exports);
  return exports;
}
