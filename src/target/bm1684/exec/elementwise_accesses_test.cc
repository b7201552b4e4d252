// What a command reads and writes against what it says (accesses): nothing outside of its boxes may matter or change,
// and everything inside the written boxes is written.
#include <gtest/gtest.h>

#include <cstring>

#include "base/testing.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

using Space = Access::Space;

constexpr size_t kSpaceBytes[] = {kLocalBytes, kL2Bytes, 1 << 20};

struct Memories {
  std::vector<uint8_t> bytes[3];
  std::vector<uint32_t> registers = std::vector<uint32_t>(kLanes * 32);

  Memories() {
    for (int i = 0; i < 3; ++i) bytes[i].resize(kSpaceBytes[i]);
  }
  explicit Memories(uint64_t seed) : Memories() {
    for (auto& part : bytes) {
      for (size_t i = 0; i < part.size(); i += 8) {  // xorshift
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        std::memcpy(&part[i], &seed, 8);
      }
    }
  }

  uint8_t* of(Space space) { return bytes[space == Space::kLocal ? 0 : space == Space::kL2 ? 1 : 2].data(); }
  Memory view() {
    Memory memory;
    memory.local = of(Space::kLocal);
    memory.l2 = of(Space::kL2);
    memory.ddr = of(Space::kDdr);
    memory.ddr_bytes = kSpaceBytes[2];
    memory.arrange_registers = reinterpret_cast<uint32_t(*)[32]>(registers.data());
    return memory;
  }
};

// visit(offset in the space, bytes) for every run of a box.
template <typename Visit>
void for_each_run(const Access& access, Visit&& visit) {
  for (int lane = 0; lane < kLanes; ++lane) {
    const bool local = access.space == Space::kLocal;
    if (local ? !(access.lanes >> lane & 1) : lane > 0) continue;
    const auto& [n, c, h, w] = access.axes;
    for (uint32_t in = 0; in < n.count; ++in)
      for (uint32_t ic = 0; ic < c.count; ++ic)
        for (uint32_t ih = 0; ih < h.count; ++ih)
          for (uint32_t iw = 0; iw < w.count; ++iw)
            visit((local ? uint64_t{kLaneBytes} * lane : 0) + access.begin + in * n.stride + ic * c.stride +
                      ih * h.stride + iw * w.stride,
                  access.run_bytes);
  }
}

void copy_boxes(const std::vector<Access>& accesses, bool writes, Memories& from, Memories& to) {
  for (const Access& access : accesses)
    if (access.write == writes)
      for_each_run(access, [&](uint64_t at, uint32_t bytes) {
        std::memcpy(to.of(access.space) + at, from.of(access.space) + at, bytes);
      });
}

std::vector<uint8_t> written_bytes(const std::vector<Access>& accesses, Memories& memories) {
  std::vector<uint8_t> result;
  for (const Access& access : accesses)
    if (access.write)
      for_each_run(access, [&](uint64_t at, uint32_t bytes) {
        result.insert(result.end(), memories.of(access.space) + at, memories.of(access.space) + at + bytes);
      });
  return result;
}

// Runs `command` where all bytes but those it says to read are noise; returns what it wrote. `memories` is the noise
// before and after.
std::vector<uint8_t> run_in_noise(const VectorCommand& command, const std::vector<Access>& accesses, Memories& source,
                                  Memories& noise, Memories& memories) {
  copy_boxes(accesses, false, source, memories);
  Memory memory = memories.view();
  std::fill(memories.registers.begin(), memories.registers.end(), 0);
  const ChipFloatMode mode;
  const Status status = execute(command.command, command.engine, memory);
  EXPECT_TRUE(status) << status.error().message;
  std::vector<uint8_t> written = written_bytes(accesses, memories);
  copy_boxes(accesses, false, noise, memories);
  copy_boxes(accesses, true, noise, memories);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(memories.bytes[i] == noise.bytes[i]) << "bytes outside of the boxes changed";
  return written;
}

void check_case(const VectorCase& vector) {
  static Memories source, noise[2] = {Memories(1), Memories(2)}, memories[2] = {Memories(1), Memories(2)};
  for (auto& part : source.bytes) std::fill(part.begin(), part.end(), 0);
  for (const VectorRegion& region : vector.before)
    std::memcpy(source.of(region.space) + region.offset, region.bytes.data(), region.bytes.size());
  const VectorCommand& command = vector.commands.front();
  const auto accesses = bm1684::accesses(command.command, command.engine);
  ASSERT_TRUE(accesses) << accesses.error().message;
  const auto first = run_in_noise(command, *accesses, source, noise[0], memories[0]);
  const auto second = run_in_noise(command, *accesses, source, noise[1], memories[1]);
  EXPECT_TRUE(first == second) << "results depend on bytes outside of the boxes, or boxes are not written to the full";
}

class elementwise_accesses : public ::testing::TestWithParam<const char*> {};

TEST_P(elementwise_accesses, are_exactly_what_commands_touch) {
  const auto path = test::shared_file(std::string("isa/vectors/") + GetParam() + ".json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_vector_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  constexpr size_t kCases = 16;
  const size_t step = std::max<size_t>(1, cases->size() / kCases);
  for (size_t i = 0; i < cases->size(); i += step) {
    // Where these write is written in memory.
    const std::string& op = (*cases)[i].op;
    if (op.find("decompress") != std::string::npos || op.find("lma") != std::string::npos || op == "gdma.filter")
      continue;
    SCOPED_TRACE((*cases)[i].name);
    check_case((*cases)[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(files, elementwise_accesses,
                         ::testing::Values("tiu_elementwise_ar_f32", "tiu_elementwise_ar_fix", "tiu_elementwise_lut",
                                           "tiu_elementwise_md", "gdma_tensor", "gdma_format", "gdma_constant",
                                           "gdma_cw_trans", "gdma_matrix", "gdma_common", "gdma_special"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace bmnet::bm1684
