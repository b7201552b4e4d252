#include "device/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/testing.h"
#include "device/observer.h"
#include "device/race.h"
#include "device/testing.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet {
namespace {

using bm1684::Access;
using bm1684::Command;
using bm1684::Engine;
using test::ended;
using test::gdma_command;
using test::tiu_command;
using testing::HasSubstr;

// Costs by engine and position; notes the order of execution as "T0 G0 T1 …".
class Recorder : public CommandExecutor {
 public:
  std::vector<uint64_t> tiu_cycles, gdma_cycles;
  std::vector<std::vector<Access>> tiu_accesses, gdma_accesses;
  std::string order;

  Status execute(const Command& command, Engine engine) override {
    order += fmt::format("{}{} ", engine == Engine::kTiu ? 'T' : 'G', index(command, engine));
    return {};
  }
  Result<uint64_t> cycles(const Command& command, Engine engine) override {
    return at(engine == Engine::kTiu ? tiu_cycles : gdma_cycles, index(command, engine), uint64_t{10});
  }
  Result<std::vector<Access>> accesses(const Command& command, Engine engine) override {
    return at(engine == Engine::kTiu ? tiu_accesses : gdma_accesses, index(command, engine), std::vector<Access>());
  }

 private:
  static size_t index(const Command& command, Engine engine) {
    return get(command, engine == Engine::kTiu ? bm1684::tiu::cmd_id_tpu : bm1684::gdma::cmd_id) - 1;
  }
  template <typename T>
  static T at(const std::vector<T>& values, size_t i, T otherwise) {
    return i < values.size() ? values[i] : otherwise;
  }
};

std::string failure(const CommandGroup& group, const LaunchOptions& options = {}) {
  Recorder recorder;
  Result<LaunchReport> report = run_stream({&group, 1}, options, recorder);
  return report ? "no error" : report.error().message;
}

Access box(uint64_t begin, uint32_t bytes, bool write) {
  return {.space = Access::Space::kDdr, .write = write, .begin = begin, .run_bytes = bytes, .axes = {}};
}

TEST(stream, engines_overlap_where_no_id_orders_them) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 0)}, .gdma = {gdma_command(1, 0)}});
  Recorder recorder;
  recorder.tiu_cycles = {100};
  recorder.gdma_cycles = {30};
  const LaunchReport report = run_stream({&group, 1}, {.trace = true}, recorder).value();
  EXPECT_EQ(report.cycles, 100);
  EXPECT_EQ(recorder.order, "G0 T0 ");  // values in order of completion
  EXPECT_EQ(report.trace[0].end, 30);
  EXPECT_EQ(report.of(Engine::kGdma).cycles, 30);
}

TEST(stream, a_command_starts_when_the_awaited_id_is_published) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 1)}, .gdma = {gdma_command(1, 0), gdma_command(2, 1)}});
  Recorder recorder;
  const LaunchReport report = run_stream({&group, 1}, {.trace = true}, recorder).value();
  EXPECT_EQ(recorder.order, "G0 T0 G1 ");
  EXPECT_EQ(report.trace[1].start, 10);
  EXPECT_EQ(report.cycles, 30);
}

TEST(stream, groups_drain_and_count_ids_afresh) {
  const CommandGroup groups[] = {ended({.tiu = {tiu_command(1, 0)}, .gdma = {}}),
                                 ended({.tiu = {tiu_command(1, 1)}, .gdma = {gdma_command(1, 0)}})};
  Recorder recorder;
  const LaunchReport report = run_stream(groups, {}, recorder).value();
  EXPECT_EQ(report.cycles, 30);
  EXPECT_EQ(report.groups, 2);
}

TEST(stream, totals_of_generated_layers) {
  const auto path = test::shared_file("isa/vectors/timing_stream.json.gz");
  BMNET_REQUIRE_SHARED(path);
  const nlohmann::json cases = bm1684::read_json_file(path).value();
  ASSERT_EQ(cases.size(), 12);
  for (const auto& layer : cases) {
    CommandGroup group;
    Recorder recorder;
    for (const auto& [engine, cycles, wait] : layer["cmds"].get<std::vector<std::array<uint64_t, 3>>>()) {
      if (engine == 0) {
        recorder.tiu_cycles.push_back(cycles);
        group.tiu.push_back(tiu_command(group.tiu.size() + 1, wait));
      } else {
        recorder.gdma_cycles.push_back(cycles);
        group.gdma.push_back(gdma_command(group.gdma.size() + 1, wait));
      }
    }
    group = ended(group);
    const LaunchReport report = run_stream({&group, 1}, {}, recorder).value();
    EXPECT_EQ(report.cycles, layer["total"].get<uint64_t>()) << layer["layer"];
    EXPECT_EQ(report.of(Engine::kTiu).cycles, layer["tiu_busy"].get<uint64_t>()) << layer["layer"];
    EXPECT_EQ(report.of(Engine::kGdma).cycles, layer["dma_busy"].get<uint64_t>()) << layer["layer"];
  }
}

TEST(stream, names_both_commands_of_a_deadlock) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 1)}, .gdma = {gdma_command(1, 1)}});
  EXPECT_THAT(failure(group), testing::AllOf(HasSubstr("deadlock"), HasSubstr("TIU command 0 waits for GDMA id 1"),
                                             HasSubstr("GDMA command 0 waits for TIU id 1")));
}

TEST(stream, names_the_id_that_never_comes) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 0)}, .gdma = {gdma_command(1, 7)}});
  EXPECT_THAT(failure(group),
              testing::AllOf(HasSubstr("GDMA command 0 waits for TIU id 7"), HasSubstr("TIU has ended with id 1")));
}

TEST(stream, refuses_an_id_that_is_not_the_running_count) {
  EXPECT_THAT(failure(ended({.tiu = {tiu_command(1, 0), tiu_command(3, 0)}, .gdma = {}})),
              HasSubstr("group 0, TIU command 1: id 3 where the running count of the group is 2"));
}

TEST(stream, refuses_a_stream_without_end) {
  EXPECT_THAT(failure({.tiu = {tiu_command(1, 0)}, .gdma = {}}), HasSubstr("not ended"));
}

TEST(stream, refuses_an_early_end) {
  CommandGroup group = ended({.tiu = {}, .gdma = {gdma_command(1, 0), gdma_command(2, 0)}});
  set(group.gdma[0], bm1684::gdma::chain_end, 1);
  EXPECT_THAT(failure(group), HasSubstr("GDMA command 0: the stream ends before its 2 commands"));
}

TEST(stream, refuses_a_disabled_command) {
  CommandGroup group = ended({.tiu = {tiu_command(1, 0)}, .gdma = {}});
  set(group.tiu[0], bm1684::tiu::cmd_en, 0);
  EXPECT_THAT(failure(group), HasSubstr("enable bit"));
}

TEST(stream, refuses_more_commands_than_ids) {
  EXPECT_THAT(failure({.tiu = std::vector<Command>(65536), .gdma = {}}), HasSubstr("65536 TIU commands"));
}

TEST(stream, stops_at_the_cycle_limit) {
  EXPECT_THAT(failure(ended({.tiu = {tiu_command(1, 0), tiu_command(2, 0)}, .gdma = {}}), {.cycle_limit = 15}),
              HasSubstr("TIU command 1: the launch passes the limit of 15 cycles"));
}

TEST(stream, messages_name_the_layer) {
  const LaunchOptions options{.layer_of = [](const CommandPlace&) { return "conv1"; }};
  EXPECT_THAT(failure({.tiu = {tiu_command(1, 0)}, .gdma = {}}, options), HasSubstr("(layer 'conv1')"));
}

TEST(stream, counts_ddr_bytes_of_the_gdma) {
  const CommandGroup group = ended({.tiu = {}, .gdma = {gdma_command(1, 0)}});
  Recorder recorder;
  recorder.gdma_accesses = {{box(0, 64, false), box(4096, 16, true)}};
  const LaunchReport report = run_stream({&group, 1}, {}, recorder).value();
  EXPECT_EQ(report.ddr_bytes_read, 64);
  EXPECT_EQ(report.ddr_bytes_written, 16);
}

// Writes down what it sees; ends the launch before the command `stop_at`.
class Notes : public LaunchObserver {
 public:
  std::string text;
  std::string stop_at = "none";

  Status before(const CommandPlace& place, const LaunchState& state) override {
    const std::string name = name_of(place);
    if (name == stop_at) return user_error("stopped before {}", name);
    text += fmt::format("{}<{} ", name, state.of(place.engine).end);
    return {};
  }
  Status after(const CommandPlace& place, const LaunchState& state) override {
    text += fmt::format("{}>{} ", name_of(place), state.cycles);
    return {};
  }
  void failed(const LaunchState& state, const Error& error) override {
    for (const EngineState& engine : state.engines)
      text += fmt::format("{} waits for {}{}; ", engine.next, engine.wait, engine.ready ? ", ready" : "");
  }

 private:
  static std::string name_of(const CommandPlace& place) {
    return fmt::format("{}{}", place.engine == Engine::kTiu ? 'T' : 'G', place.index);
  }
};

TEST(observer, sees_every_command_before_and_after) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 1)}, .gdma = {gdma_command(1, 0), gdma_command(2, 0)}});
  Recorder recorder;
  recorder.gdma_cycles = {30, 50};
  Notes notes;
  ASSERT_TRUE(run_stream({&group, 1}, {.observer = &notes}, recorder));
  EXPECT_EQ(notes.text, "G0<30 G0>30 T0<40 T0>40 G1<80 G1>80 ");
}

TEST(observer, ends_a_launch_before_a_command) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 0), tiu_command(2, 0)}, .gdma = {}});
  Recorder recorder;
  Notes notes;
  notes.stop_at = "T1";
  EXPECT_EQ(run_stream({&group, 1}, {.observer = &notes}, recorder).error().message, "stopped before T1");
  EXPECT_EQ(recorder.order, "T0 ");
  EXPECT_EQ(notes.text, "T0<10 T0>10 ");  // its own error is no failure of the launch
}

TEST(observer, is_told_of_a_deadlock) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 1)}, .gdma = {gdma_command(1, 1)}});
  Notes notes;
  EXPECT_THAT(failure(group, {.observer = &notes}), HasSubstr("deadlock"));
  EXPECT_EQ(notes.text, "0 waits for 1; 0 waits for 1; ");
}

TEST(race, reports_a_read_that_no_id_orders_after_the_write) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 0)}, .gdma = {gdma_command(1, 0)}});
  Recorder recorder;
  recorder.tiu_accesses = {{box(96, 64, false)}};
  recorder.gdma_accesses = {{box(0, 100, true)}};
  const LaunchReport report = run_stream({&group, 1}, {.detect_races = true}, recorder).value();
  ASSERT_EQ(report.races.size(), 1);
  EXPECT_THAT(report.races[0].message, testing::AllOf(HasSubstr("0x60..0x64"), HasSubstr("TIU command 0 reads"),
                                                      HasSubstr("GDMA command 0 writes")));
}

TEST(race, is_silent_when_an_earlier_command_waited) {
  // TIU 1 waits for the GDMA; TIU 2 reads what it wrote and needs no wait of its own.
  const CommandGroup group = ended({.tiu = {tiu_command(1, 1), tiu_command(2, 0)}, .gdma = {gdma_command(1, 0)}});
  Recorder recorder;
  recorder.tiu_accesses = {{}, {box(0, 4, false)}};
  recorder.gdma_accesses = {{box(0, 4, true)}};
  EXPECT_EQ(run_stream({&group, 1}, {.detect_races = true}, recorder).value().race_count, 0);
}

TEST(race, reads_do_not_race) {
  const CommandGroup group = ended({.tiu = {tiu_command(1, 0)}, .gdma = {gdma_command(1, 0)}});
  Recorder recorder;
  recorder.tiu_accesses = {{box(0, 4, false)}};
  recorder.gdma_accesses = {{box(0, 4, false)}};
  EXPECT_EQ(run_stream({&group, 1}, {.detect_races = true}, recorder).value().race_count, 0);
}

bool overlap_of(const Access& a, const Access& b) { return overlap(normalize(a), normalize(b)); }

TEST(overlap, of_interleaved_bytes_is_none) {
  const Access even{.space = Access::Space::kDdr, .begin = 0, .run_bytes = 1, .axes = {{{1000, 2}}}};
  const Access odd{.space = Access::Space::kDdr, .begin = 1, .run_bytes = 1, .axes = {{{1000, 2}}}};
  EXPECT_FALSE(overlap_of(even, odd));
}

TEST(overlap, of_columns_of_a_matrix) {
  const Access left{.space = Access::Space::kDdr, .begin = 0, .run_bytes = 40, .axes = {{{10, 100}}}};
  const Access right{.space = Access::Space::kDdr, .begin = 40, .run_bytes = 60, .axes = {{{10, 100}}}};
  const Access row{.space = Access::Space::kDdr, .begin = 990, .run_bytes = 5, .axes = {}};
  EXPECT_FALSE(overlap_of(left, right));
  EXPECT_FALSE(overlap_of(left, row));
  EXPECT_TRUE(overlap_of(right, row));
}

TEST(overlap, needs_a_common_lane) {
  const Access low{.space = Access::Space::kLocal, .lanes = 0x0F, .begin = 0, .run_bytes = 4, .axes = {}};
  const Access high{.space = Access::Space::kLocal, .lanes = 0xF0, .begin = 0, .run_bytes = 4, .axes = {}};
  EXPECT_FALSE(overlap_of(low, high));
  EXPECT_TRUE(overlap_of(low, low));
}

TEST(overlap, of_negative_strides) {
  const Access down{.space = Access::Space::kDdr, .begin = 90, .run_bytes = 10, .axes = {{{10, -10}}}};
  const Access first{.space = Access::Space::kDdr, .begin = 0, .run_bytes = 1, .axes = {}};
  EXPECT_TRUE(overlap_of(down, first));
}

TEST(overlap, agrees_with_the_list_of_all_bytes) {
  uint32_t state = 1;
  const auto random = [&](uint32_t below) { return (state = state * 1664525 + 1013904223) / 65536 % below; };
  for (int round = 0; round < 2000; ++round) {
    std::array<Access, 2> pair;
    std::array<std::array<bool, 1024>, 2> bytes{};
    for (int k = 0; k < 2; ++k) {
      Access& access = pair[k];
      access = {.space = Access::Space::kDdr, .begin = random(64), .run_bytes = 1 + random(4), .axes = {}};
      for (auto& axis : access.axes) axis = {1 + random(4), random(40)};
      for (uint32_t i = 0; i < 256; ++i) {
        uint64_t at = access.begin;
        bool inside = true;
        for (int a = 0; a < 4; ++a) {
          const uint32_t place = i >> (2 * a) & 3;
          inside = inside && place < access.axes[a].count;
          at += place * access.axes[a].stride;
        }
        for (uint32_t b = 0; inside && b < access.run_bytes; ++b) bytes[k][at + b] = true;
      }
    }
    bool common = false;
    for (int i = 0; i < 1024; ++i) common = common || (bytes[0][i] && bytes[1][i]);
    ASSERT_EQ(overlap_of(pair[0], pair[1]), common) << "round " << round;
  }
}

}  // namespace
}  // namespace bmnet
