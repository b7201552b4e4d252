// Any bytes as command streams: the simulator runs them or refuses them with a message.
//
// The input is a sequence of records: one control byte, then a 128-byte command. Bit 0 of the control byte: the engine;
// bit 1: leave ids and enable bits as they are (else they are made right, so that the words reach the instructions);
// bit 2: a new group begins.
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "device/sim/simulator.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/isa/fields.h"

namespace bmnet {
namespace {

using bm1684::Command;
namespace tiu = bm1684::tiu;
namespace gdma = bm1684::gdma;

constexpr size_t kRecordBytes = 1 + bm1684::kCommandBytes;
constexpr size_t kMaxCommands = 32;
// What keeps one execution far below a millisecond.
constexpr uint64_t kMaxCycles = 1 << 9;  // of all commands together
constexpr uint64_t kMaxBytes = 1 << 17;  // that they may touch

void make_runnable(Command& command, bm1684::Engine engine, uint64_t id) {
  if (engine == bm1684::Engine::kTiu) {
    set(command, tiu::cmd_en, 1);
    set(command, tiu::cmd_id_en, 1);
    set(command, tiu::cmd_end, 0);
    set(command, tiu::cmd_id_tpu, id);
    set(command, tiu::cmd_id_gdma, 0);
  } else {
    set(command, gdma::pio_gdma_enable, 1);
    set(command, gdma::chain_end, 0);
    set(command, gdma::cmd_id, id);
    set(command, gdma::eng0_sync_id, 0);
  }
}

std::vector<CommandGroup> groups_of(const uint8_t* data, size_t size) {
  std::vector<CommandGroup> groups(1);
  for (size = std::min(size, kMaxCommands * kRecordBytes); size >= kRecordBytes;
       data += kRecordBytes, size -= kRecordBytes) {
    if (data[0] & 4) groups.emplace_back();
    const auto engine = data[0] & 1 ? bm1684::Engine::kGdma : bm1684::Engine::kTiu;
    std::vector<Command>& stream = data[0] & 1 ? groups.back().gdma : groups.back().tiu;
    Command& command = stream.emplace_back();
    std::memcpy(command.data(), data + 1, sizeof(Command));
    if (!(data[0] & 2)) make_runnable(command, engine, stream.size());
  }
  for (CommandGroup& group : groups) {
    if (!group.tiu.empty()) set(group.tiu.back(), tiu::cmd_end, 1);
    if (!group.gdma.empty()) set(group.gdma.back(), gdma::chain_end, 1);
  }
  return groups;
}

uint64_t bytes_of(const bm1684::Access& access) {
  uint64_t bytes = access.run_bytes;
  if (access.space == bm1684::Access::Space::kLocal) bytes *= std::popcount(access.lanes);
  for (const auto& axis : access.axes) bytes = std::min(bytes * axis.count, kMaxBytes + 1);
  return bytes;
}

// Asks for costs and accesses of all commands, also of those that a launch does not reach. Whether they are cheap.
bool describe(const std::vector<CommandGroup>& groups) {
  uint64_t bytes = 0, cycles = 0;
  for (const CommandGroup& group : groups)
    for (const bm1684::Engine engine : {bm1684::Engine::kTiu, bm1684::Engine::kGdma})
      for (const Command& command : group.of(engine)) {
        cycles += std::min(bm1684::cycles(command, engine).value_or(0), kMaxCycles + 1);
        const auto list = bm1684::accesses(command, engine);
        if (!list) continue;
        for (const bm1684::Access& access : *list) bytes = std::min(bytes + bytes_of(access), kMaxBytes + 1);
      }
  return bytes <= kMaxBytes && cycles <= kMaxCycles;
}

}  // namespace
}  // namespace bmnet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<bmnet::Simulator> simulator = bmnet::Simulator::create(1 << 20).value();
  const std::vector<bmnet::CommandGroup> groups = bmnet::groups_of(data, size);
  if (!bmnet::describe(groups)) return 0;
  bmnet::LaunchOptions options;
  options.detect_races = true;
  const auto report = simulator->launch(groups, options);
  if (!report && report.error().message.empty()) std::abort();
  return 0;
}
