#include "device/lockstep.h"

#include <algorithm>
#include <cstring>

#include "device/diagnosis.h"
#include "device/stream.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/machine.h"

namespace bmnet {

using bm1684::Access;
using bm1684::Command;
using bm1684::Engine;
using Space = Access::Space;

namespace {

constexpr Space kCompared[] = {Space::kLocal, Space::kL2, Space::kDdr};  // the C model does not show its DTCM

bool is_nan(const uint8_t* word) {
  uint32_t bits;
  std::memcpy(&bits, word, sizeof bits);
  return (bits & 0x7FFFFFFF) > 0x7F800000;
}

// Whether a command's results are fp32 that it computes. Which NaN an operation gives is no property of the chip.
bool computes_floats(const Command& command, Engine engine) {
  if (engine == Engine::kGdma) return get(command, bm1684::gdma::acc_write_enable) != 0;
  const uint64_t precision = get(command, bm1684::tiu::opt_res0_prec);
  return precision != 0 && precision != 3;
}

class LockstepExecutor : public CommandExecutor {
 public:
  explicit LockstepExecutor(Lockstep& device) : device_(device) {}

  Status execute(const Command& command, Engine engine) override {
    BMNET_ASSIGN(const std::vector<Access> accesses, bm1684::accesses(command, engine));
    std::optional<Difference> difference;
    BMNET_TRY(device_.step(command, engine, accesses, difference));
    if (!difference) return {};
    std::string operands;
    for (const Access& access : accesses) operands += "\n  " + describe(access);
    return user_error("simulator and C model differ: {}{}", difference->to_string(), operands);
  }

 private:
  Lockstep& device_;
};

}  // namespace

std::string Difference::to_string() const {
  return fmt::format("{}: simulator {:02x}, C model {:02x}", describe_byte(space, offset), fmt::join(simulator, " "),
                     fmt::join(cmodel, " "));
}

Result<std::unique_ptr<Lockstep>> Lockstep::open(const std::string& library, uint64_t ddr_bytes) {
  std::unique_ptr<Lockstep> device(new Lockstep);
  BMNET_ASSIGN(device->simulator_, Simulator::create(ddr_bytes));
  BMNET_ASSIGN(device->cmodel_, CModel::open(library, ddr_bytes));
  device->synchronize();
  return device;
}

Status Lockstep::write(uint64_t address, std::span<const std::byte> data) {
  BMNET_TRY(simulator_->write(address, data));
  return cmodel_->write(address, data);
}

Status Lockstep::read(uint64_t address, std::span<std::byte> data) { return simulator_->read(address, data); }

Status Lockstep::copy(uint64_t to, uint64_t from, uint64_t bytes) {
  BMNET_TRY(simulator_->copy(to, from, bytes));
  return cmodel_->copy(to, from, bytes);
}

Status Lockstep::fill(uint64_t address, uint64_t bytes, std::span<const std::byte> pattern) {
  BMNET_TRY(simulator_->fill(address, bytes, pattern));
  return cmodel_->fill(address, bytes, pattern);
}

Result<LaunchReport> Lockstep::launch(std::span<const CommandGroup> groups, const LaunchOptions& options) {
  const std::lock_guard lock(launching_);
  const bm1684::ChipFloatMode float_mode;
  LockstepExecutor executor(*this);
  return run_stream(groups, options, executor);
}

std::span<uint8_t> Lockstep::simulator_memory(Space space) {
  bm1684::Memory& memory = simulator_->memory();
  switch (space) {
    case Space::kLocal:
      return {memory.local, bm1684::kLocalBytes};
    case Space::kL2:
      return {memory.l2, bm1684::kL2Bytes};
    case Space::kDtcm:
      return {memory.dtcm, bm1684::kDtcmBytes};
    case Space::kDdr:
      return {memory.ddr, memory.ddr_bytes};
  }
  return {};
}

std::span<uint8_t> Lockstep::cmodel_memory(Space space) {
  const auto bytes = [](std::span<std::byte> memory) {
    return std::span(reinterpret_cast<uint8_t*>(memory.data()), memory.size());
  };
  if (space == Space::kLocal) return bytes(cmodel_->local_memory());
  if (space == Space::kL2) return bytes(cmodel_->l2_memory());
  return space == Space::kDdr ? bytes(cmodel_->ddr_memory()) : std::span<uint8_t>();
}

Status Lockstep::step(const Command& command, Engine engine, const std::vector<Access>& accesses,
                      std::optional<Difference>& difference) {
  BMNET_TRY(bm1684::execute(command, engine, simulator_->memory()));
  BMNET_TRY(cmodel_->execute(command, engine));
  const bool floats = computes_floats(command, engine);
  for (const Access& access : accesses) {
    if (!access.write || access.space == Space::kDtcm) continue;
    const uint64_t end = access.end() + kGuardBytes;
    const uint64_t begin = access.begin < kGuardBytes ? 0 : access.begin - kGuardBytes;
    const bool local = access.space == Space::kLocal;
    for (uint64_t lane = 0; lane < (local ? bm1684::kLanes : 1); ++lane) {
      if (local && !(access.lanes >> lane & 1)) continue;
      const uint64_t base = lane * bm1684::kLaneBytes;
      if ((difference = compare(access.space, base + begin, base + end, floats))) return {};
    }
  }
  return {};
}

std::optional<Difference> Lockstep::compare(Space space, uint64_t begin, uint64_t end, bool floats) {
  const std::span<uint8_t> ours = simulator_memory(space), theirs = cmodel_memory(space);
  begin &= ~uint64_t{3};
  end = std::min<uint64_t>((end + 3) & ~uint64_t{3}, std::min(ours.size(), theirs.size()));
  if (begin >= end || std::memcmp(&ours[begin], &theirs[begin], end - begin) == 0) return std::nullopt;
  for (uint64_t word = begin; word < end; word += 4) {
    if (std::memcmp(&ours[word], &theirs[word], 4) == 0) continue;
    if (floats && is_nan(&ours[word]) && is_nan(&theirs[word])) {
      std::memcpy(&ours[word], &theirs[word], 4);
      continue;
    }
    const uint64_t count = std::min<uint64_t>(16, end - word);
    Difference difference{space, word, {&ours[word], &ours[word] + count}, {&theirs[word], &theirs[word] + count}};
    return difference;
  }
  return std::nullopt;
}

std::optional<Difference> Lockstep::compare_all() {
  for (const Space space : kCompared)
    if (auto difference = compare(space, 0, simulator_memory(space).size(), false)) return difference;
  return std::nullopt;
}

void Lockstep::synchronize() {
  // Page by page: reading an untouched page costs no memory, writing one does.
  constexpr uint64_t kPage = 4096;
  for (const Space space : kCompared) {
    const std::span<uint8_t> ours = simulator_memory(space), theirs = cmodel_memory(space);
    for (uint64_t page = 0; page < theirs.size(); page += kPage) {
      const uint64_t bytes = std::min<uint64_t>(kPage, theirs.size() - page);
      if (std::memcmp(&ours[page], &theirs[page], bytes) != 0) std::memcpy(&theirs[page], &ours[page], bytes);
    }
  }
}

void Lockstep::put(Space space, uint64_t offset, std::span<const uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), simulator_memory(space).begin() + static_cast<ptrdiff_t>(offset));
  std::copy(bytes.begin(), bytes.end(), cmodel_memory(space).begin() + static_cast<ptrdiff_t>(offset));
}

}  // namespace bmnet
