/* Arguments and results of the calls from JavaScript, which has checked them: this side only converts. */
#include "hawser.h"

struct hawser *args_get(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  struct hawser *h = NULL;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  napi_get_instance_data(env, (void **)&h);
  return h;
}

int32_t arg_int(napi_env env, napi_value value) {
  int32_t number = 0;
  napi_get_value_int32(env, value, &number);
  return number;
}

uint8_t *arg_bytes(napi_env env, napi_value value, size_t *length) {
  void *data = NULL;
  *length = 0;
  if (napi_get_typedarray_info(env, value, NULL, length, &data, NULL, NULL) != napi_ok) return NULL;
  return data;
}

napi_value result_int(napi_env env, int32_t value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

napi_status export_methods(napi_env env, napi_value exports, const struct method *methods, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value function;
    napi_status status =
        napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH, methods[i].call, NULL, &function);
    if (status == napi_ok) status = napi_set_named_property(env, exports, methods[i].name, function);
    if (status != napi_ok) return status;
  }
  return napi_ok;
}
