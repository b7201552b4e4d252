#include "device/cmodel/cmodel.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "device/stream.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/isa/fields.h"
#include "target/bm1684/machine.h"

namespace bmnet {

using bm1684::Command;
using bm1684::Engine;

namespace {

constexpr int kNode = 0;
std::atomic<bool> in_use = false;

// As the library declares them.
struct LocalMemory {
  char* raw;
  uint32_t** mem;
  int count, size_per_mem, align, need_free;
};
using CommandFunction = int (*)(int node, void* command);

// While it lives, what is written to standard output is lost: the library greets there, in the midst of our results.
class QuietOutput {
 public:
  QuietOutput() {
    std::fflush(stdout);
    if (const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) {
      output_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
      if (output_ >= 0) dup2(nowhere, STDOUT_FILENO);
      close(nowhere);
    }
  }
  ~QuietOutput() {
    std::fflush(stdout);
    if (output_ < 0) return;
    dup2(output_, STDOUT_FILENO);
    close(output_);
  }
  QuietOutput(const QuietOutput&) = delete;
  QuietOutput& operator=(const QuietOutput&) = delete;

 private:
  int output_ = -1;
};

}  // namespace

struct CModel::Library {
  ~Library() {
    if (initialised) {
      const QuietOutput quiet;
      if (threads_stopped) start_threads(kNode);  // cmodel_deinit waits for them
      cmodel_deinit(kNode);
    }
    if (handle) dlclose(handle);
    in_use = false;
  }

  // The library starts a thread for each engine that spins until commands are queued. We call the instructions
  // directly; the threads would only take the cores from us, and some time from every instruction.
  void stop_threads() {
    const auto stop = reinterpret_cast<void (*)(int)>(dlsym(handle, "atomic_multi_thread_cxt_deinit"));
    start_threads = reinterpret_cast<void (*)(int)>(dlsym(handle, "atomic_multi_thread_cxt_init"));
    if (!stop || !start_threads) return;  // another build
    stop(kNode);
    threads_stopped = true;
  }

  template <typename Function>
  Status find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    if (!function) return user_error("C model {}: no function {}; is it the library of a BM1684?", path, name);
    return {};
  }

  std::string path;
  void* handle = nullptr;
  bool initialised = false, threads_stopped = false;
  void (*start_threads)(int) = nullptr;
  int (*cmodel_init)(int, int64_t) = nullptr;
  void (*cmodel_deinit)(int) = nullptr;
  void* (*get_global_memaddr)(int) = nullptr;
  LocalMemory* (*get_local_mem)(int) = nullptr;
  void* (*get_l2_sram)(int) = nullptr;
  CommandFunction (*get_atomic_function)(const void*, unsigned) = nullptr;
};

namespace {

class CModelExecutor : public CommandExecutor {
 public:
  explicit CModelExecutor(CModel& model) : model_(model) {}
  Status execute(const Command& command, Engine engine) override { return model_.execute(command, engine); }

 private:
  CModel& model_;
};

}  // namespace

CModel::~CModel() = default;

Result<std::unique_ptr<CModel>> CModel::open(const std::string& path, uint64_t ddr_bytes) {
  if (in_use.exchange(true)) return unsupported("C model {}: one is open already, and it knows only one", path);
  std::unique_ptr<CModel> model(new CModel);
  model->library_ = std::make_unique<Library>();
  Library& library = *model->library_;
  library.path = path;
  library.handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library.handle) return user_error("C model {}: {}", path, dlerror());
  BMNET_TRY(library.find("cmodel_init", library.cmodel_init));
  BMNET_TRY(library.find("cmodel_deinit", library.cmodel_deinit));
  BMNET_TRY(library.find("get_global_memaddr", library.get_global_memaddr));
  BMNET_TRY(library.find("get_local_mem", library.get_local_mem));
  BMNET_TRY(library.find("get_l2_sram", library.get_l2_sram));
  BMNET_TRY(library.find("get_atomic_function", library.get_atomic_function));
  const bm1684::ChipFloatMode restore_float_mode;  // the library changes that of the calling thread
  const QuietOutput quiet;
  if (int code = library.cmodel_init(kNode, static_cast<int64_t>(ddr_bytes)); code != 0)
    return system_error("C model {}: cmodel_init failed with {}", path, code);
  library.initialised = true;
  library.stop_threads();
  auto* ddr = static_cast<std::byte*>(library.get_global_memaddr(kNode));
  if (!ddr) return system_error("C model {}: no memory for {} bytes of DDR", path, ddr_bytes);
  model->set_ddr(ddr, ddr_bytes);
  return model;
}

Result<LaunchReport> CModel::launch(std::span<const CommandGroup> groups, const LaunchOptions& options) {
  const std::lock_guard lock(launching_);
  const bm1684::ChipFloatMode float_mode;
  CModelExecutor executor(*this);
  return run_stream(groups, options, executor);
}

Status CModel::execute(const Command& command, Engine engine) {
  Command copy = command;
  if (engine == Engine::kTiu) set(copy, bm1684::tiu::cmd_end, 1);
  const CommandFunction function = library_->get_atomic_function(copy.data(), static_cast<unsigned>(engine));
  if (!function) return user_error("the C model knows no such command");
  function(kNode, copy.data());
  return {};
}

void CModel::enable_asserts(bool on) {
  const char* name = on ? "allow_atomic_cmodel_assert" : "forbid_atomic_cmodel_assert";
  if (auto* function = reinterpret_cast<void (*)()>(dlsym(library_->handle, name))) function();
}

std::span<std::byte> CModel::local_memory() {
  return {reinterpret_cast<std::byte*>(library_->get_local_mem(kNode)->raw), bm1684::kLocalBytes};
}

std::span<std::byte> CModel::l2_memory() {
  return {static_cast<std::byte*>(library_->get_l2_sram(kNode)), bm1684::kL2Bytes};
}

std::span<std::byte> CModel::ddr_memory() {
  return {static_cast<std::byte*>(library_->get_global_memaddr(kNode)), ddr_bytes()};
}

}  // namespace bmnet
