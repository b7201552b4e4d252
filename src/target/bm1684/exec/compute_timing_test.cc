// Cycle counts of the compute instructions: the golden commands, and the golden formula parameters put into commands.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/testing.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

// The command that a case of timing_formula stands for, or false for the families of other files.
bool make_command(const TimingCase& timing, Command& command) {
  const auto& f = timing.fields;
  const auto put = [&](const Field& field, const char* name) {
    if (const auto it = f.find(name); it != f.end()) set(command, field, static_cast<uint64_t>(it->second));
  };
  const auto starts = [&](const char* prefix) { return timing.op.starts_with(prefix); };
  command = {};
  put(tiu::res0_addr, "res_addr");
  put(tiu::res0_n, "n");
  put(tiu::res0_c, "c");
  put(tiu::res0_h, "h");
  put(tiu::res0_w, "w");
  if (timing.op.ends_with("_f32")) set(command, tiu::opt_opd0_prec, 2);
  if (f.contains("bias") && f.at("bias")) set(command, tiu::tsk_opd_num, 3);
  if (starts("conv_") || starts("winograd_")) {
    set(command, tiu::opt_winograd, starts("winograd_"));
    put(tiu::res0_c, "oc");
    put(tiu::res0_h, "oh");
    put(tiu::res0_w, "ow");
    put(tiu::opd0_c, "ic");
    put(tiu::opd1_h, "kh");
    put(tiu::opd1_w, "kw");
    put(tiu::res_op_y_str, "stride_h");
    put(tiu::res_op_x_str, "stride_w");
  } else if (starts("window_")) {
    set(command, tiu::tsk_typ, 1);
    set(command, tiu::tsk_eu_typ, f.at("mac_form") ? 1 : 4);
    put(tiu::res0_h, "oh");
    put(tiu::res0_w, "ow");
    put(tiu::opd1_h, "kh");
    put(tiu::opd1_w, "kw");
    put(tiu::res_op_x_str, "stride");
  } else if (starts("matmul_")) {
    set(command, tiu::tsk_typ, 2);
    put(tiu::opd0_n, "l_rows");
    put(tiu::res0_c, "res_c");
    put(tiu::res0_w, "res_w");
    put(tiu::opd0_c, "k_sections");
    put(tiu::opd0_w, "k_full");
    put(tiu::opd1_w, "k_last");
    put(tiu::opt_res_add, "res_add");
  } else if (timing.op == "md_sum") {
    set(command, tiu::tsk_typ, 7);
    put(tiu::opd0_n, "n");
    put(tiu::opd0_h, "h");
    put(tiu::opd0_w, "w");
  } else if (timing.op == "md_linear") {
    set(command, tiu::tsk_typ, 10);
  } else if (timing.op == "vec_corr") {
    set(command, tiu::tsk_typ, 14);
    set(command, tiu::opd0_c, 1);
    put(tiu::opd1_w, "n");
    put(tiu::tsk_eu_typ, "op");
  } else {
    return false;
  }
  return true;
}

TEST(compute_timing, golden_commands) {
  const auto path = test::shared_file("isa/vectors/timing_tiu.json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_timing_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  const std::set<uint64_t> families = {0, 1, 2, 10};
  int checked = 0;
  for (const TimingCase& timing : *cases) {
    if (!families.contains(get(timing.command, tiu::tsk_typ))) continue;
    EXPECT_EQ(cycles(timing.command, Engine::kTiu), timing.cycles) << timing.op;
    ++checked;
  }
  EXPECT_EQ(checked, 547);
}

TEST(compute_timing, golden_formulas) {
  const auto path = test::shared_file("isa/vectors/timing_formula.json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_timing_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  int checked = 0;
  for (const TimingCase& timing : *cases) {
    Command command;
    if (!make_command(timing, command)) continue;
    EXPECT_EQ(cycles(command, Engine::kTiu), timing.cycles) << timing.op;
    ++checked;
  }
  EXPECT_EQ(checked, 440);
}

}  // namespace
}  // namespace bmnet::bm1684
