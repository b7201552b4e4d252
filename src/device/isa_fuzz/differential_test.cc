// Random commands on the simulator alone, and against a C model where BM1684_CMODEL names one.
#include "device/isa_fuzz/differential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "device/isa_fuzz/content.h"
#include "device/isa_fuzz/generator.h"
#include "device/sim/simulator.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/isa/names.h"

namespace bmnet::isa_fuzz {
namespace {

using bm1684::Access;

std::span<uint8_t> memory_of(bm1684::Memory& memory, Access::Space space) {
  switch (space) {
    case Access::Space::kLocal:
      return {memory.local, bm1684::kLocalBytes};
    case Access::Space::kL2:
      return {memory.l2, bm1684::kL2Bytes};
    case Access::Space::kDtcm:
      return {memory.dtcm, bm1684::kDtcmBytes};
    case Access::Space::kDdr:
      return {memory.ddr, memory.ddr_bytes};
  }
  return {};
}

class EveryFamily : public testing::TestWithParam<std::string_view> {
 protected:
  const Family& family() {
    for (const Family& family : families())
      if (family.name == GetParam()) return family;
    return families().front();
  }
};

// Nearly all cases are legal, and the rest is refused with a reason.
TEST_P(EveryFamily, is_legal_or_refused) {
  auto simulator = Simulator::create(kDdrBytes).value();
  const bm1684::ChipFloatMode float_mode;
  const uint64_t count = family().name == "matmul256" ? 1 : 100;
  uint64_t accepted = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const Case test = generate(family(), 1, i);
    const auto accesses = bm1684::accesses(test.command, test.engine);
    if (!accesses) continue;
    Random random(i);
    fill_operands(test, *accesses, random, [&](Access::Space space, uint64_t offset, std::span<const uint8_t> bytes) {
      std::copy(bytes.begin(), bytes.end(), memory_of(simulator->memory(), space).begin() + ptrdiff_t(offset));
    });
    const Status status = bm1684::execute(test.command, test.engine, simulator->memory());
    accepted += status.has_value();
    if (!status) {
      EXPECT_FALSE(status.error().message.empty());
    }
  }
  EXPECT_GE(accepted, count * 9 / 10);
}

// What a command changes lies inside the accesses that it declares.
TEST_P(EveryFamily, writes_only_what_it_declares) {
  auto simulator = Simulator::create(kDdrBytes).value();
  const bm1684::ChipFloatMode float_mode;
  constexpr Access::Space kSpaces[] = {Access::Space::kLocal, Access::Space::kL2, Access::Space::kDdr};
  std::map<Access::Space, std::vector<uint8_t>> before;
  for (uint64_t i = 0; i < 3; ++i) {
    const Case test = generate(family(), 2, i);
    const auto accesses = bm1684::accesses(test.command, test.engine);
    if (!accesses) continue;
    Random random(i);
    fill_operands(test, *accesses, random, [&](Access::Space space, uint64_t offset, std::span<const uint8_t> bytes) {
      std::copy(bytes.begin(), bytes.end(), memory_of(simulator->memory(), space).begin() + ptrdiff_t(offset));
    });
    for (const Access::Space space : kSpaces) {
      const auto memory = memory_of(simulator->memory(), space);
      before[space].assign(memory.begin(), memory.end());
    }
    if (!bm1684::execute(test.command, test.engine, simulator->memory())) continue;
    for (const Access::Space space : kSpaces) {  // what was declared counts as unchanged
      const auto memory = memory_of(simulator->memory(), space);
      for (const Access& access : *accesses) {
        if (!access.write || access.space != space) continue;
        for (uint64_t lane = 0; lane < (space == Access::Space::kLocal ? 64 : 1); ++lane) {
          if (space == Access::Space::kLocal && !(access.lanes >> lane & 1)) continue;
          const auto& axes = access.axes;
          for (uint32_t a = 0; a < axes[0].count; ++a)
            for (uint32_t b = 0; b < axes[1].count; ++b)
              for (uint32_t c = 0; c < axes[2].count; ++c)
                for (uint32_t d = 0; d < axes[3].count; ++d) {
                  const auto at = static_cast<ptrdiff_t>(lane * bm1684::kLaneBytes + access.begin) +
                                  a * axes[0].stride + b * axes[1].stride + c * axes[2].stride + d * axes[3].stride;
                  std::copy_n(&before[space][static_cast<size_t>(at)], access.run_bytes, memory.begin() + at);
                }
        }
      }
      EXPECT_TRUE(std::equal(memory.begin(), memory.end(), before[space].begin()))
          << bm1684::disassemble(test.command, test.engine);
    }
  }
}

TEST_P(EveryFamily, equals_the_c_model) {
  const char* library = std::getenv("BM1684_CMODEL");
  if (!library) GTEST_SKIP() << "needs a C model library: BM1684_CMODEL is not set";
  const uint64_t count = family().name == "matmul256" ? 1 : 200;
  const Totals totals = run({.library = library, .count = count, .family = std::string(family().name)}, stderr).value();
  EXPECT_EQ(totals.failed, 0);
  EXPECT_GT(totals.passed, 0);
}

// A legal stream runs and is timed, whatever instruction it holds.
TEST_P(EveryFamily, runs_in_a_stream_and_costs_time) {
  auto simulator = Simulator::create(kDdrBytes).value();
  for (uint64_t i = 0; i < 20; ++i) {
    const Case test = generate(family(), 3, i);
    const auto accesses = bm1684::accesses(test.command, test.engine);
    if (!accesses) continue;
    Random random(i);
    fill_operands(test, *accesses, random, [&](Access::Space space, uint64_t offset, std::span<const uint8_t> bytes) {
      std::copy(bytes.begin(), bytes.end(), memory_of(simulator->memory(), space).begin() + ptrdiff_t(offset));
    });
    if (!bm1684::execute(test.command, test.engine, simulator->memory())) continue;
    CommandGroup group;
    bm1684::Command command = test.command;
    if (test.engine == bm1684::Engine::kTiu) {
      set(command, bm1684::tiu::cmd_id_tpu, 1), set(command, bm1684::tiu::cmd_end, 1);
      group.tiu = {command};
    } else {
      set(command, bm1684::gdma::cmd_id, 1), set(command, bm1684::gdma::chain_end, 1);
      group.gdma = {command};
    }
    const auto report = simulator->launch({&group, 1}, {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_GT(report->cycles, 0);
  }
}

// The generators draw every operation of the tables, and vary every field that a command has.
TEST(isa_fuzz, draws_every_operation) {
  for (const Family& family : families()) {
    std::map<std::string_view, std::set<uint64_t>> drawn;  // by instruction
    for (uint64_t i = 0; i < 1000; ++i) {
      const Case test = generate(family, 1, i);
      drawn[bm1684::instruction_name(test.command, test.engine)].insert(get(test.command, bm1684::tiu::tsk_eu_typ));
    }
    if (family.engine == bm1684::Engine::kGdma || family.name == "arith_fixed") continue;
    EXPECT_EQ(drawn.size(), 1);
    const auto type = find_name(bm1684::families(), drawn.begin()->first);
    for (const bm1684::Name& operation : bm1684::operations(type->value))
      EXPECT_TRUE(drawn.begin()->second.contains(operation.value)) << family.name << " " << operation.name;
  }
}

TEST(isa_fuzz, varies_every_field) {
  std::map<const bm1684::Field*, std::set<uint64_t>> drawn;
  for (const Family& family : families())
    for (uint64_t i = 0; i < 1000; ++i) {
      const Case test = generate(family, 1, i);
      for (const bm1684::Field& field : bm1684::fields_of(test.engine)) drawn[&field].insert(get(test.command, field));
    }
  // What belongs to the stream, or is unused.
  const std::set<std::string_view> fixed = {"cmd_en",         "cmd_end",        "cmd_id_en",   "cmd_keep",
                                            "cmd_intr_en",    "des_type",       "chain_end",   "pio_gdma_enable",
                                            "intr_en",        "barrier_enable", "single_step", "prefetch_disable",
                                            "hold_des_value", "debug_mode"};
  for (const bm1684::Engine engine : {bm1684::Engine::kTiu, bm1684::Engine::kGdma})
    for (const bm1684::Field& field : bm1684::fields_of(engine)) {
      if (field.kind == bm1684::FieldKind::kId || field.kind == bm1684::FieldKind::kReserved) continue;
      if (!fixed.contains(field.name)) EXPECT_GT(drawn[&field].size(), 1) << field.name;
    }
}

INSTANTIATE_TEST_SUITE_P(isa_fuzz, EveryFamily, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const Family& family : families()) names.push_back(family.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

TEST(isa_fuzz, repeats_a_case) {
  const Family& family = families()[0];
  EXPECT_EQ(generate(family, 7, 12).command, generate(family, 7, 12).command);
  EXPECT_NE(generate(family, 7, 12).command, generate(family, 7, 13).command);
  EXPECT_NE(generate(family, 7, 12).command, generate(family, 8, 12).command);
}

TEST(isa_fuzz, refuses_unknown_families) {
  EXPECT_THAT(run({.library = "none.so", .family = "laundry"}, stderr).error().message,
              testing::HasSubstr("no instruction family 'laundry'; there are conv"));
}

}  // namespace
}  // namespace bmnet::isa_fuzz
