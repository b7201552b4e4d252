// The same bytes at every vector width, and no command that does harm: both on random commands.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/testing.h"

namespace bmnet::bm1684 {
namespace {

using test::LocalMemory;
using test::with;

// A legal command of family `type` whose sizes are small and random. Operands begin in random lanes.
Command random_command(uint64_t type, std::mt19937& random) {
  const auto pick = [&](uint64_t low, uint64_t high) { return low + random() % (high - low + 1); };
  const bool integer = random() % 2, winograd = type == 0 && random() % 4 == 0;
  const uint64_t kernel = winograd ? 4 : pick(1, 4), stride = winograd ? 1 : pick(1, 3), size = pick(4, 40);
  const uint64_t dilation = winograd ? 1 : pick(1, 2), pad = pick(1, 3);
  const uint64_t effective = winograd ? 3 : (kernel - 1) * dilation + 1;
  const uint64_t outputs = (size + 2 * pad - effective) / stride + 1;
  const auto address = [&](uint64_t byte) { return LocalMemory::address(static_cast<int>(pick(0, 63)), byte); };
  Command command = with({}, {{&tiu::tsk_typ, type},
                              {&tiu::tsk_opd_num, pick(2, 3)},
                              {&tiu::res0_n, pick(1, 6)},
                              {&tiu::res0_c, pick(1, 40)},
                              {&tiu::res0_h, outputs},
                              {&tiu::res0_w, outputs},
                              {&tiu::opd0_n, pick(1, 20)},
                              {&tiu::opd0_c, pick(1, 20)},
                              {&tiu::opd0_h, size},
                              {&tiu::opd0_w, size},
                              {&tiu::opd1_h, kernel},
                              {&tiu::opd1_w, kernel},
                              {&tiu::opd1_y_ins0, dilation - 1},
                              {&tiu::opd1_x_ins0, dilation - 1},
                              {&tiu::opd0_up_pad, pad},
                              {&tiu::opd0_dn_pad, pad},
                              {&tiu::opd0_lf_pad, pad},
                              {&tiu::opd0_rt_pad, pad},
                              {&tiu::res_op_x_str, stride},
                              {&tiu::res_op_y_str, stride},
                              {&tiu::opt_winograd, winograd},
                              {&tiu::opt_relu, random() % 2},
                              {&tiu::opt_opd0_sign, random() % 2},
                              {&tiu::opt_opd1_sign, random() % 2},
                              {&tiu::opt_opd2_sign, random() % 2},
                              {&tiu::opt_res0_prec, integer ? 3 * (random() % 2) : 2},
                              {&tiu::opt_opd0_prec, integer ? 0 : 2}});
  for (const auto& [field, byte] : {std::pair(&tiu::opd0_addr, 0x0), std::pair(&tiu::opd1_addr, 0x20000),
                                    std::pair(&tiu::opd2_addr, 0x40000), std::pair(&tiu::res0_addr, 0x48000)})
    set(command, *field, address(static_cast<uint64_t>(byte)));
  if (type == 1) set(command, tiu::tsk_eu_typ, random() % 2 == 0 && get(command, tiu::opt_res0_prec) != 3 ? 4 : 1);
  if (integer && get(command, tiu::tsk_eu_typ) != 4) set(command, tiu::opt_right_shift, pick(0, 12));
  if (type == 2 || type == 14) set(command, tiu::opd0_c, pick(1, 4));
  if (type == 2) set(command, tiu::opd1_w, pick(1, size));
  if (type == 7 || type == 14) set(command, tiu::opd1_w, 1);
  if (type == 10) set(command, tiu::tsk_eu_typ, std::array{1, 20, 21}[random() % 3]);
  if (type == 14) set(command, tiu::tsk_eu_typ, std::array{0, 2, 3, 4, 5, 12}[random() % 6]);
  if (type == 14) set(command, tiu::opt_res0_prec, 2);
  return command;
}

void fill(std::vector<uint8_t>& bytes, std::mt19937& random) {
  for (size_t i = 0; i < bytes.size(); i += 4) {
    // Floats of all sizes around 1, a few denormals; as bytes anything.
    const uint32_t word = random(), exponent = random() % 64 == 0 ? 0 : 110 + random() % 30;
    const uint32_t bits = (word & 0x807FFFFF) | exponent << 23;
    std::memcpy(&bytes[i], &bits, sizeof bits);
  }
}

constexpr uint64_t kFamilies[] = {0, 1, 2, 4, 5, 7, 10, 14};

TEST(dispatch, every_level_gives_the_same_bytes) {
  std::mt19937 random(1);
  LocalMemory start, first, other;
  fill(start.bytes(), random);
  for (const uint64_t type : kFamilies) {
    for (int i = 0; i < 12; ++i) {
      const Command command = random_command(type, random);
      use_simd_level(SimdLevel::kBaseline);
      first.bytes() = start.bytes();
      const Status status = first.run(command);
      ASSERT_TRUE(status) << "family " << type << ": " << status.error().message;
      EXPECT_NE(first.bytes(), start.bytes());
      for (int level = 1; level <= static_cast<int>(best_simd_level()); ++level) {
        use_simd_level(static_cast<SimdLevel>(level));
        other.bytes() = start.bytes();
        ASSERT_TRUE(other.run(command));
        EXPECT_EQ(std::memcmp(first.bytes().data(), other.bytes().data(), kLocalBytes), 0)
            << "family " << type << " at level " << level;
      }
    }
  }
  use_simd_level(best_simd_level());
}

// Writes lie inside the accesses that an instruction declares.
TEST(dispatch, writes_stay_inside_the_declared_accesses) {
  std::mt19937 random(2);
  LocalMemory start, memory;
  fill(start.bytes(), random);
  std::vector<uint8_t> allowed(kLocalBytes);
  for (const uint64_t type : kFamilies) {
    for (int i = 0; i < 4; ++i) {
      const Command command = random_command(type, random);
      memory.bytes() = start.bytes();
      const Status status = memory.run(command);
      ASSERT_TRUE(status) << "family " << type << ": " << status.error().message;
      std::fill(allowed.begin(), allowed.end(), 0);
      const auto list = accesses(command, Engine::kTiu);
      ASSERT_TRUE(list) << list.error().message;
      for (const Access& access : *list) {
        if (!access.write) continue;
        for (uint64_t lane = 0; lane < kLanes; ++lane) {
          if (!(access.lanes >> lane & 1)) continue;
          const auto& axes = access.axes;
          for (uint32_t a = 0; a < axes[0].count; ++a)
            for (uint32_t b = 0; b < axes[1].count; ++b)
              for (uint32_t c = 0; c < axes[2].count; ++c)
                for (uint32_t d = 0; d < axes[3].count; ++d)
                  std::fill_n(allowed.begin() +
                                  static_cast<ptrdiff_t>(lane * kLaneBytes + access.begin + a * axes[0].stride +
                                                         b * axes[1].stride + c * axes[2].stride + d * axes[3].stride),
                              access.run_bytes, 1);
        }
      }
      for (size_t byte = 0; byte < kLocalBytes; ++byte)
        if (memory.bytes()[byte] != start.bytes()[byte] && !allowed[byte]) {
          ADD_FAILURE() << "family " << type << " wrote byte " << byte;
          break;
        }
    }
  }
}

// Legal commands with a few fields turned into anything: refused or carried out, never harmful.
TEST(dispatch, damaged_commands_do_no_harm) {
  std::mt19937 random(3);
  LocalMemory memory;
  const char* wanted = std::getenv("BMNET_HOSTILE_COMMANDS");
  const int count = wanted ? std::atoi(wanted) : 2000;
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    Command command = random_command(kFamilies[random() % std::size(kFamilies)], random);
    for (uint32_t damage = random() % 4; damage > 0; --damage) {
      const Field& field = tiu::kFields[random() % tiu::kFields.size()];
      const uint64_t value = (uint64_t{random()} << 32 | random()) >> (random() % 64);
      if (field.name != tiu::tsk_typ.name) set(command, field, random() % 8 == 0 ? field.max() : value & field.max());
    }
    const auto list = accesses(command, Engine::kTiu);
    const auto cost = cycles(command, Engine::kTiu);
    if (cost && *cost > 200000) continue;  // legal, but long
    accepted += memory.run(command).has_value() && list.has_value();
  }
  EXPECT_GT(accepted, count / 20);
}

}  // namespace
}  // namespace bmnet::bm1684
