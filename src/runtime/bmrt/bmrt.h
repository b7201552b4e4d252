// What the opaque pointer of bmrt_create stands for.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/bmlib/bm_context.h"
#include "runtime/bmrt/net_info.h"
#include "runtime/include/bmruntime_interface.h"
#include "runtime/network.h"

namespace bmnet::runtime {

struct Bmrt {
  explicit Bmrt(bm_handle_t handle) : handle(handle), runtime(handle->device) {}

  bm_handle_t handle;
  std::mutex loading;  // guards `runtime`'s list of nets and `infos`
  Runtime runtime;
  std::map<std::string, std::unique_ptr<NetInfo>, std::less<>> infos;
  uint32_t flags = BM_RUNTIME_AUTO;

  // Null when unknown.
  const Network* find(const char* name) {
    const std::lock_guard lock(loading);
    return name ? runtime.find(name) : nullptr;
  }
  LaunchReport last_report;  // of the last launch; guarded by loading
};

}  // namespace bmnet::runtime
