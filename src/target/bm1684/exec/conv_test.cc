#include <gtest/gtest.h>

#include "target/bm1684/exec/testing.h"

namespace bmnet::bm1684 {
namespace {

using namespace test;
using Bytes = std::vector<uint8_t>;

// One channel, 1x3 image, 1x2 kernel, fp32.
Command conv_f32() {
  return with({}, {{&tiu::res0_n, 1},
                   {&tiu::res0_c, 1},
                   {&tiu::res0_h, 1},
                   {&tiu::res0_w, 2},
                   {&tiu::opd0_c, 1},
                   {&tiu::opd0_h, 1},
                   {&tiu::opd0_w, 3},
                   {&tiu::opd1_h, 1},
                   {&tiu::opd1_w, 2},
                   {&tiu::res_op_x_str, 1},
                   {&tiu::res_op_y_str, 1},
                   {&tiu::opt_res0_prec, 2},
                   {&tiu::opt_opd0_prec, 2},
                   {&tiu::opd0_addr, kIn},
                   {&tiu::opd1_addr, kWeight},
                   {&tiu::opd2_addr, kBias},
                   {&tiu::res0_addr, kOut}});
}

// The same with bytes, all signed.
Command conv_i8() {
  return with(conv_f32(),
              {{&tiu::opt_res0_prec, 0}, {&tiu::opt_opd0_prec, 0}, {&tiu::opt_opd0_sign, 1}, {&tiu::opt_opd1_sign, 1}});
}

// An fp32 weight takes eight bytes: its pair of input channels.
void put_small_f32(LocalMemory& memory) {
  memory.put<float>(0, 0, {1, 2, 4});
  memory.put<float>(0, 0x1000, {10, 0, 1, 0});
}

// A 4N activation takes four bytes: its batch items; an int8 weight four: its input channels.
void put_small_i8(LocalMemory& memory) {
  memory.put<int8_t>(0, 0, {1, 0, 0, 0, 2, 0, 0, 0, -4, 0, 0, 0});
  memory.put<int8_t>(0, 0x1000, {10, 0, 0, 0, 1, 0, 0, 0});
}

TEST(conv, slides_the_kernel) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(conv_f32()));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 3), (Floats{12, 24, 0}));
}

TEST(conv, pads_with_zero) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::opd0_lf_pad, 1}, {&tiu::opd0_rt_pad, 1}, {&tiu::res0_w, 4}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 4), (Floats{1, 12, 24, 40}));
}

TEST(conv, skips_by_stride) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::opd1_w, 1}, {&tiu::res_op_x_str, 2}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{10, 40}));
}

TEST(conv, inserts_zeros_between_pixels) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::opd0_x_ins0, 1}, {&tiu::res0_w, 4}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 4), (Floats{10, 2, 20, 4}));
}

TEST(conv, dilates_the_kernel) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::opd1_x_ins0, 1}, {&tiu::res0_w, 1}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{14, 0}));
}

TEST(conv, rotates_the_kernel) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::opt_kernel_rotate, 1}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{21, 42}));
}

TEST(conv, adds_bias_and_old_result) {
  LocalMemory memory;
  put_small_f32(memory);
  memory.put<float>(0, 0x2000, {0.5f});
  memory.put<float>(0, 0x3000, {100, 200});
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::tsk_opd_num, 3}, {&tiu::opt_res_add, 1}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{112.5f, 224.5f}));
}

TEST(conv, takes_a_constant_weight) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::opt_opd1_const, 1}, {&tiu::opd1_addr, 0x40000000}})));  // 2.0
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{6, 12}));
}

TEST(conv, channels_go_round_the_lanes) {
  LocalMemory memory;  // two output channels from lane 63 on: the second is in lane 0
  put_small_f32(memory);
  memory.put<float>(63, 0x1000, {1, 0, 0, 0});
  memory.put<float>(0, 0x1010, {0, 0, 1, 0});
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::res0_c, 2},
                                           {&tiu::opd1_addr, LocalMemory::address(63, 0x1000)},
                                           {&tiu::res0_addr, LocalMemory::address(63, 0x3000)}})));
  EXPECT_EQ(memory.get<float>(63, 0x3000, 2), (Floats{1, 2}));
  EXPECT_EQ(memory.get<float>(0, 0x3080, 2), (Floats{2, 4}));
}

TEST(conv, result_may_lie_over_the_input) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(with(conv_f32(), {{&tiu::res0_addr, kIn + 4}})));
  EXPECT_EQ(memory.get<float>(0, 0, 3), (Floats{1, 12, 24}));
}

TEST(conv, denormal_products_count_as_zero) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1e-30f, 1e-30f, 0});
  memory.put<float>(0, 0x1000, {1e-10f, 0, 1e-10f, 0});
  ASSERT_TRUE(memory.run(conv_f32()));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{0, 0}));
}

TEST(conv_i8, rounds_halves_up_and_clamps) {
  LocalMemory memory;
  put_small_i8(memory);
  ASSERT_TRUE(memory.run(with(conv_i8(), {{&tiu::opt_right_shift, 3}})));  // 12 / 8 = 1.5, 16 / 8 = 2
  EXPECT_EQ(memory.get<int8_t>(0, 0x3000, 8), (std::vector<int8_t>{2, 0, 0, 0, 2, 0, 0, 0}));
}

TEST(conv_i8, relu_makes_the_result_unsigned) {
  LocalMemory memory;
  memory.put<int8_t>(0, 0, {20, 0, 0, 0, 0, 0, 0, 0, -20, 0, 0, 0});
  memory.put<int8_t>(0, 0x1000, {10, 0, 0, 0, 10, 0, 0, 0});
  ASSERT_TRUE(memory.run(with(conv_i8(), {{&tiu::opt_relu, 1}})));
  EXPECT_EQ(memory.get<uint8_t>(0, 0x3000, 8), (Bytes{200, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(conv_i8, leaves_the_places_of_missing_batch_items_alone) {
  LocalMemory memory;
  put_small_i8(memory);
  memory.put<uint8_t>(0, 0x3000, {0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5});
  ASSERT_TRUE(memory.run(conv_i8()));
  EXPECT_EQ(memory.get<uint8_t>(0, 0x3000, 8), (Bytes{12, 0xA5, 0xA5, 0xA5, 16, 0xA5, 0xA5, 0xA5}));
}

TEST(conv_i8, sixteen_bit_results_take_eight_bytes_a_position) {
  LocalMemory memory;
  put_small_i8(memory);
  ASSERT_TRUE(memory.run(with(conv_i8(), {{&tiu::opt_res0_prec, 3}})));
  EXPECT_EQ(memory.get<int16_t>(0, 0x3000, 8), (std::vector<int16_t>{12, 0, 0, 0, 16, 0, 0, 0}));
}

// A Winograd convolution of 4x4 with U = 1 in its middle entries only: every Y is a signed sum of the four middle V.
TEST(winograd, transforms_a_patch) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  memory.put<float>(0, 0x1000, {0, 0, 0, 0, 0, 0.25f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const Command command = with(conv_f32(), {{&tiu::opt_winograd, 1},
                                            {&tiu::opd0_h, 4},
                                            {&tiu::opd0_w, 4},
                                            {&tiu::opd1_h, 4},
                                            {&tiu::opd1_w, 4},
                                            {&tiu::res0_h, 2},
                                            {&tiu::res0_w, 2}});
  ASSERT_TRUE(memory.run(command));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 4), (Floats{8.5f, 8.5f, 8.5f, 8.5f}));  // (6 + 7 + 10 + 11) / 4
}

TEST(conv, refuses_zero_sizes) {
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::opd1_w, 0}})), "opd1_w is 0");
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::res0_n, 0}})), "res0_n is 0");
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::res_op_x_str, 0}})), "res_op_x_str is 0");
}

TEST(conv, refuses_more_outputs_than_the_window_yields) {
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::res0_w, 3}})),
            "res0_h x res0_w is 1x3, but the window yields 1x2 outputs");
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::opd1_w, 4}})),
            "res0_h x res0_w is 1x2, but the window yields 1x0 outputs");
}

TEST(conv, refuses_operands_that_leave_their_lane) {
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::opd0_addr, LocalMemory::address(0, kLaneBytes - 8)}})),
            "opd0_addr 0x807fff8: a tensor of 1x1x1x3 ends at byte 524292 of a lane of 524288");
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::res0_addr, 0x3000}})),
            "res0_addr 0x3000 is outside local memory 0x8000000..0x9ffffff");
  EXPECT_EQ(refusal(with(conv_i8(), {{&tiu::opd0_addr, 0x3000}})),
            "opd0_addr 0x3000 is outside local memory 0x8000000..0x9ffffff");
}

TEST(conv, refuses_misaligned_addresses) {
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::opd1_addr, kWeight + 4}})), "opd1_addr 0x8001004 is not a multiple of 8");
  EXPECT_EQ(refusal(with(conv_f32(), {{&tiu::opd0_addr, kIn + 2}})), "opd0_addr 0x8000002 is not a multiple of 4");
  EXPECT_EQ(refusal(with(conv_i8(), {{&tiu::opd1_addr, kWeight + 2}})), "opd1_addr 0x8001002 is not a multiple of 4");
}

TEST(conv, refuses_int8_accumulation) {
  EXPECT_EQ(refusal(with(conv_i8(), {{&tiu::opt_res_add, 1}})), "opt_res_add is 1: int8 convolution cannot accumulate");
}

TEST(conv, refuses_strides_that_fold_a_tensor_onto_itself) {
  const Command command = with(conv_f32(), {{&tiu::opd0_h, 65535},
                                            {&tiu::opd0_w, 65535},
                                            {&tiu::short_opd0_str, 3},
                                            {&tiu::opd0_h_str, 0},
                                            {&tiu::opd0_w_str, 0}});
  EXPECT_EQ(refusal(command),
            "opd0: strides fold a tensor of 1x1x65535x65535 onto itself; at most 33554432 bytes are supported");
}

TEST(conv, refuses_endless_work) {
  const Command command = with(conv_f32(), {{&tiu::opt_opd1_const, 1},
                                            {&tiu::opd0_c, 4095},
                                            {&tiu::opd0_h, 100},
                                            {&tiu::opd0_w, 100},
                                            {&tiu::opd1_h, 99},
                                            {&tiu::opd1_w, 99}});
  EXPECT_EQ(refusal(command),
            "a sum of 40135095 products (opd0_c 4095 x opd1_h 99 x opd1_w 99); at most 1048576 are supported");
}

TEST(winograd, refuses_other_forms) {
  const Command winograd =
      with(conv_f32(),
           {{&tiu::opt_winograd, 1}, {&tiu::opd0_h, 4}, {&tiu::opd0_w, 4}, {&tiu::opd1_h, 4}, {&tiu::opd1_w, 4}});
  EXPECT_EQ(refusal(with(winograd, {{&tiu::opd1_h, 3}})), "opd1_h is 3: Winograd weights are 4x4");
  EXPECT_EQ(refusal(with(winograd, {{&tiu::res_op_y_str, 2}})), "Winograd with stride 2: res_op_y_str must be 1");
  EXPECT_EQ(refusal(with(winograd, {{&tiu::opd1_x_ins0, 1}})), "Winograd with dilation 2: opd1_x_ins0 must be 0");
  EXPECT_EQ(refusal(with(winograd, {{&tiu::opt_opd1_const, 1}})),
            "opt_opd1_const is 1: Winograd weights cannot be constant");
  EXPECT_EQ(refusal(with(winograd, {{&tiu::opd0_h, 2048}})),
            "Winograd input extent 2048 along h: at most 2047 with padding");
}

TEST(conv, accesses_are_the_operands) {
  const auto list = accesses(with(conv_f32(), {{&tiu::tsk_opd_num, 3}, {&tiu::opt_res_add, 1}}), Engine::kTiu);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 5u);  // input, weight, bias, old result, result
  EXPECT_EQ(list->at(0).begin, 0u);
  EXPECT_EQ(list->at(0).run_bytes, 12u);
  EXPECT_EQ(list->at(1).begin, 0x1000u);
  EXPECT_EQ(list->at(1).run_bytes, 4u);  // the second input channel of a pair does not exist
  EXPECT_EQ(list->at(1).axes[3].count, 2u);
  EXPECT_EQ(list->at(1).axes[3].stride, 8);
  EXPECT_FALSE(list->at(3).write);
  EXPECT_TRUE(list->at(4).write);
  EXPECT_EQ(list->at(4).lanes, 1u);
  EXPECT_EQ(list->at(4).end(), 0x3008u);
}

}  // namespace
}  // namespace bmnet::bm1684
