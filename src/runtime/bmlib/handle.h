// Checks of handles and descriptors, shared by the files of bmlib.
#pragma once

#include "runtime/bmlib/bm_context.h"
#include "runtime/include/bmlib_runtime.h"

namespace bmnet::runtime {

// Null unless `handle` is open.
std::shared_ptr<DeviceContext> context_of(bm_handle_t handle);

// Logs the error and gives the code that fits it.
bm_status_t status_of(const Error& error);
bm_status_t status_of(const Status& status);

}  // namespace bmnet::runtime
