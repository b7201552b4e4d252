// Handles, and what is known of the device.
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

#include "runtime/bmlib/handle.h"
#include "target/bm1684/machine.h"

namespace bmnet::runtime {
namespace {

constexpr int kDevices = 1;

std::mutex mutex;
std::set<bm_handle_t> handles;                        // guarded by mutex
std::map<int, std::weak_ptr<DeviceContext>> devices;  // guarded by mutex

Result<std::shared_ptr<DeviceContext>> open_context() {
  const char* specification = std::getenv("BMNET_DEVICE");
  const char* bytes = std::getenv("CMODEL_GLOBAL_MEM_SIZE");
  return DeviceContext::open(specification && *specification ? specification : "simulator",
                             bytes ? std::strtoull(bytes, nullptr, 0) : 0);
}

}  // namespace

std::shared_ptr<DeviceContext> context_of(bm_handle_t handle) {
  const std::lock_guard lock(mutex);
  return handles.contains(handle) ? handle->device : nullptr;
}

bm_status_t status_of(const Error& error) {
  bmlib_log("bmlib", BMLIB_LOG_ERROR, "%s\n", error.message.c_str());
  switch (error.kind) {
    case ErrorKind::kUser:
      return BM_ERR_PARAM;
    case ErrorKind::kUnsupported:
      return BM_ERR_NOFEATURE;
    case ErrorKind::kSystem:
      return BM_ERR_NOMEM;
    default:
      return BM_ERR_FAILURE;
  }
}

bm_status_t status_of(const Status& status) { return status ? BM_SUCCESS : status_of(status.error()); }

}  // namespace bmnet::runtime

using namespace bmnet::runtime;

bm_status_t bm_dev_getcount(int* count) {
  if (!count) return BM_ERR_PARAM;
  *count = kDevices;
  return BM_SUCCESS;
}

bm_status_t bm_dev_query(int devid) { return devid >= 0 && devid < kDevices ? BM_SUCCESS : BM_ERR_DEVNOTREADY; }

bm_status_t bm_dev_request(bm_handle_t* handle, int devid) {
  if (!handle) return BM_ERR_PARAM;
  *handle = nullptr;
  if (bm_dev_query(devid) != BM_SUCCESS) return BM_ERR_DEVNOTREADY;
  const std::lock_guard lock(mutex);
  std::shared_ptr<DeviceContext> device = devices[devid].lock();
  if (!device) {
    auto opened = open_context();
    if (!opened) {
      status_of(opened.error());
      return BM_ERR_DEVNOTREADY;
    }
    devices[devid] = device = std::move(*opened);
  }
  *handle = new bm_context{devid, std::move(device)};
  handles.insert(*handle);
  return BM_SUCCESS;
}

int bm_get_devid(bm_handle_t handle) { return context_of(handle) ? handle->devid : 0; }

void bm_dev_free(bm_handle_t handle) {
  {
    const std::lock_guard lock(mutex);
    if (!handles.erase(handle)) return;
  }
  delete handle;
}

bm_status_t bm_get_misc_info(bm_handle_t handle, struct bm_misc_info* info) {
  const auto context = context_of(handle);
  if (!context || !info) return BM_ERR_PARAM;
  *info = {};
  info->ddr0a_size = static_cast<long long>(context->device().ddr_bytes());
  info->chipid = 0x1684;
  info->chipid_bit_mask = BM1684_CHIPID_BIT_MASK;
  return BM_SUCCESS;
}

bm_status_t bm_get_chipid(bm_handle_t handle, unsigned int* chip) {
  if (!context_of(handle) || !chip) return BM_ERR_PARAM;
  *chip = 0x1684;
  return BM_SUCCESS;
}

bm_status_t bm_get_clk_tpu_freq(bm_handle_t handle, int* freq) {
  if (!context_of(handle) || !freq) return BM_ERR_PARAM;
  *freq = static_cast<int>(bmnet::bm1684::kClockHz / 1e6);
  return BM_SUCCESS;
}

bm_status_t bm_get_driver_version(bm_handle_t handle, int* version) {
  if (!context_of(handle) || !version) return BM_ERR_PARAM;
  *version = 0;
  return BM_SUCCESS;
}

bm_status_t bm_get_tpu_scalar_num(bm_handle_t handle, unsigned int* cores) {
  if (!context_of(handle) || !cores) return BM_ERR_PARAM;
  *cores = 1;
  return BM_SUCCESS;
}

bm_status_t bm_get_profile(bm_handle_t handle, bm_profile_t* profile) {
  const auto context = context_of(handle);
  if (!context || !profile) return BM_ERR_PARAM;
  const std::lock_guard lock(context->launching());
  *profile = {};
  profile->tpu_process_time = static_cast<unsigned long>(context->total_cycles * 1e6 / bmnet::bm1684::kClockHz);
  profile->sent_api_counter = profile->completed_api_counter = context->launches;
  return BM_SUCCESS;
}

bm_status_t bm_get_last_api_process_time_us(bm_handle_t handle, unsigned long* time_us) {
  const auto context = context_of(handle);
  if (!context || !time_us) return BM_ERR_PARAM;
  const std::lock_guard lock(context->launching());
  *time_us = static_cast<unsigned long>(context->last_cycles * 1e6 / bmnet::bm1684::kClockHz);
  return BM_SUCCESS;
}
