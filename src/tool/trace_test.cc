#include "tool/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bmodel/testing.h"
#include "runtime/session.h"

namespace bmnet::tool {
namespace {

TEST(trace, shows_what_a_launch_did) {
  auto session = runtime::Session::open(runtime::SessionOptions{.trace = true}).value();
  ASSERT_TRUE(session->load(bmodel::test::copy_model(), "test"));
  const NamedTensor x{"x", Tensor({DType::kF32, {1, 4, 8, 16}})};
  const runtime::SessionRun run = session->run({&x, 1}).value();
  const TraceProcess process = trace_of(*session->networks()[0], 0, run.report).value();
  ASSERT_EQ(process.slices.size(), 1);
  EXPECT_EQ(process.slices[0].engine, bm1684::Engine::kGdma);
  EXPECT_EQ(process.slices[0].ddr_bytes, 2 * 2048);  // read and written
  EXPECT_EQ(process.slices[0].end, run.report.cycles);
  EXPECT_THAT(process.slices[0].text, testing::HasSubstr("gdma.move #1"));
}

TEST(trace, marks_estimated_costs) {
  const TraceProcess process{"net", {{.layer = "gather", .text = "tiu.arrange", .end = 4, .estimated = true}}};
  const auto events = nlohmann::json::parse(trace_json({&process, 1}))["traceEvents"];
  EXPECT_EQ(events[3]["args"]["cost"], "estimated");
}

TEST(trace, is_json_with_rows_slices_and_bandwidth) {
  const TraceProcess process{"net",
                             {{.engine = bm1684::Engine::kGdma,
                               .layer = "conv1",
                               .text = "gdma.move",
                               .start = 0,
                               .end = 550,
                               .ddr_bytes = 1000}}};
  const auto events = nlohmann::json::parse(trace_json({&process, 1}))["traceEvents"];
  ASSERT_EQ(events.size(), 6);  // process, two rows, a slice, bandwidth from and to
  EXPECT_EQ(events[3]["name"], "conv1");
  EXPECT_NEAR(events[3]["dur"].get<double>(), 1.0, 1e-9);  // 550 cycles at 550 MHz
  EXPECT_NEAR(events[4]["args"]["GB/s"].get<double>(), 1.0, 1e-9);
  EXPECT_EQ(events[5]["args"]["GB/s"], 0);
}

TEST(trace, counts_the_local_memory_in_use) {
  const TraceProcess process{"net", {}, {{0, 128}, {550, 0}}};
  const auto events = nlohmann::json::parse(trace_json({&process, 1}))["traceEvents"];
  ASSERT_EQ(events.size(), 5);  // process, two rows, two samples
  EXPECT_EQ(events[3]["name"], "local memory in use");
  EXPECT_EQ(events[3]["args"]["bytes per lane"], 128);
  EXPECT_NEAR(events[4]["ts"].get<double>(), 1.0, 1e-9);
}

}  // namespace
}  // namespace bmnet::tool
