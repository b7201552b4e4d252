// The C interface of BMRuntime: loading and looking up nets.
#include <cstdlib>
#include <iostream>

#include "base/sha256.h"
#include "bmodel/reader.h"
#include "runtime/bmrt/bmrt.h"
#include "runtime/log.h"

using namespace bmnet;
using namespace bmnet::runtime;

namespace bmnet::runtime {

namespace {

bool load(Bmrt& bmrt, Result<bmodel::Model> model, const std::string& what) {
  if (!model) {
    BMRT_LOG(kWrong, "{}", model.error().message);
    return false;
  }
  const std::lock_guard lock(bmrt.loading);
  const size_t before = bmrt.runtime.networks().size();
  std::vector<std::string> skipped;
  if (Status status = bmrt.runtime.load(*model, what, &skipped); !status) {
    BMRT_LOG(kWrong, "{}", status.error().message);
    return false;
  }
  for (const std::string& name : skipped) BMRT_LOG(kWarning, "net '{}' is loaded already; this one is skipped", name);
  const auto& networks = bmrt.runtime.networks();
  for (size_t i = before; i < networks.size(); ++i)
    bmrt.infos.emplace(networks[i]->name, std::make_unique<NetInfo>(*networks[i]));
  BMRT_LOG(kInfo, "Bmodel loaded, version {}", model->version);
  BMRT_LOG(kInfo, "pre net num: {}, load net num: {}", before, networks.size() - before);
  return true;
}

// Coefficients in device memory against the SHA-256 that the file states.
void check_coefficients(Bmrt& bmrt, const Network& network, size_t stage_index) {
  const LoadedStage& stage = network.stages[stage_index];
  if (!stage.coefficients) return;
  std::vector<uint8_t> bytes(stage.coefficients->bytes());
  const Status read =
      bmrt.handle->device->device().read(stage.coefficients->address(), std::as_writable_bytes(std::span(bytes)));
  const Sha256 sum = sha256(bytes);
  const auto& expected = stage.source.coefficients->check_code;
  const bool good = read && std::equal(sum.begin(), sum.end(), expected.begin(), expected.end());
  std::cerr << fmt::format("net '{}' stage {}: coefficients {}\n", network.name, stage_index,
                           good ? "unchanged" : "CHANGED");
}

}  // namespace
}  // namespace bmnet::runtime

void* bmrt_create(bm_handle_t handle) {
  unsigned chip = 0;
  if (bm_get_chipid(handle, &chip) != BM_SUCCESS) return nullptr;
  return new Bmrt(handle);
}

void* bmrt_create_ex(bm_handle_t* handles, int count) {
  if (!handles || count < 1) return nullptr;
  if (count > 1) {
    BMRT_LOG(kWrong, "{} devices: BM1684 nets run on one device", count);
    return nullptr;
  }
  return bmrt_create(handles[0]);
}

void bmrt_destroy(void* p_bmrt) { delete static_cast<Bmrt*>(p_bmrt); }

void* bmrt_get_bm_handle(void* p_bmrt) { return p_bmrt ? static_cast<Bmrt*>(p_bmrt)->handle : nullptr; }

void bmrt_set_flags(void* p_bmrt, uint32_t flags) {
  if (p_bmrt) static_cast<Bmrt*>(p_bmrt)->flags = flags;
}

uint32_t bmrt_get_flags(void* p_bmrt) { return p_bmrt ? static_cast<Bmrt*>(p_bmrt)->flags : 0; }

bool bmrt_load_bmodel(void* p_bmrt, const char* path) {
  if (!p_bmrt || !path) return false;
  BMRT_LOG(kInfo, "Loading bmodel from [{}]. Thanks for your patience...", path);
  return load(*static_cast<Bmrt*>(p_bmrt), bmodel::read_file(path), path);
}

bool bmrt_load_bmodel_data(void* p_bmrt, const void* data, size_t size) {
  if (!p_bmrt || !data) return false;
  BMRT_LOG(kInfo, "Loading bmodel data. Thanks for your patience...");
  // A copy: the caller may free the data after the call, and the model's blobs point into it.
  auto copy = std::make_shared<std::vector<uint8_t>>(static_cast<const uint8_t*>(data),
                                                     static_cast<const uint8_t*>(data) + size);
  return load(*static_cast<Bmrt*>(p_bmrt), bmodel::read_memory(*copy, "bmodel data", copy), "bmodel data");
}

void bmrt_print_network_info(const bm_net_info_t* info) {
  if (!info) return;
  for (const std::string& line : describe(*info, 0)) std::cout << line << '\n';
  std::cout.flush();
}

void bmrt_show_neuron_network(void* p_bmrt) {
  if (!p_bmrt) return;
  Bmrt& bmrt = *static_cast<Bmrt*>(p_bmrt);
  const std::lock_guard lock(bmrt.loading);
  int index = 0;
  for (const auto& network : bmrt.runtime.networks())
    for (const std::string& line : describe(bmrt.infos.at(network->name)->get(), index++)) BMRT_LOG(kInfo, "{}", line);
}

int bmrt_get_network_number(void* p_bmrt) {
  if (!p_bmrt) return 0;
  Bmrt& bmrt = *static_cast<Bmrt*>(p_bmrt);
  const std::lock_guard lock(bmrt.loading);
  return static_cast<int>(bmrt.runtime.networks().size());
}

void bmrt_get_network_names(void* p_bmrt, const char*** names) {
  if (!names) return;
  *names = nullptr;
  if (!p_bmrt) return;
  Bmrt& bmrt = *static_cast<Bmrt*>(p_bmrt);
  const std::lock_guard lock(bmrt.loading);
  const auto& networks = bmrt.runtime.networks();
  if (networks.empty()) return;
  *names = static_cast<const char**>(std::malloc(networks.size() * sizeof(const char*)));
  if (!*names) return;
  for (size_t i = 0; i < networks.size(); ++i) (*names)[i] = networks[i]->name.c_str();
}

const bm_net_info_t* bmrt_get_network_info(void* p_bmrt, const char* name) {
  if (!p_bmrt || !name) return nullptr;
  Bmrt& bmrt = *static_cast<Bmrt*>(p_bmrt);
  const std::lock_guard lock(bmrt.loading);
  const auto found = bmrt.infos.find(std::string_view(name));
  return found == bmrt.infos.end() ? nullptr : &found->second->get();
}

int bmrt_get_network_index(void* p_bmrt, const char* name) {
  if (!p_bmrt || !name) return -1;
  Bmrt& bmrt = *static_cast<Bmrt*>(p_bmrt);
  const std::lock_guard lock(bmrt.loading);
  const auto& networks = bmrt.runtime.networks();
  for (size_t i = 0; i < networks.size(); ++i)
    if (networks[i]->name == name) return static_cast<int>(i);
  return -1;
}

void bmrt_trace(void* p_bmrt) {
  if (!p_bmrt) return;
  Bmrt& bmrt = *static_cast<Bmrt*>(p_bmrt);
  const std::lock_guard lock(bmrt.loading);
  for (const auto& network : bmrt.runtime.networks())
    for (size_t i = 0; i < network->stages.size(); ++i) check_coefficients(bmrt, *network, i);
}

unsigned long long bmrt_must_alloc_device_mem(void* p_bmrt, bm_device_mem_t* memory, unsigned int size) {
  if (!p_bmrt || !memory) return 0;
  if (bm_malloc_device_byte(static_cast<Bmrt*>(p_bmrt)->handle, memory, size) != BM_SUCCESS) {
    BMRT_LOG(kFatal, "device memory of {} bytes cannot be allocated", size);
    *memory = bm_mem_null();
    return 0;
  }
  return memory->u.device.device_addr;
}

void bmrt_must_free_device_mem(void* p_bmrt, bm_device_mem_t memory) {
  if (p_bmrt) bm_free_device(static_cast<Bmrt*>(p_bmrt)->handle, memory);
}

bmrt_log_level_t bmrt_get_current_log_level(void) { return static_cast<bmrt_log_level_t>(log_level()); }
void bmrt_set_current_log_level(bmrt_log_level_t level) { set_log_level(static_cast<LogLevel>(level)); }
