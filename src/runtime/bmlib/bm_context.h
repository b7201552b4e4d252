// What a bm_handle_t points at; shared with bmrt and the applications of this repository.
#pragma once

#include <memory>

#include "runtime/device_context.h"

struct bm_context {
  int devid = 0;
  std::shared_ptr<bmnet::runtime::DeviceContext> device;
};
