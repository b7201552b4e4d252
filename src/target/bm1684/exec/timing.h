// The vocabulary of the cycle formulas (docs/reference/ISA.md, "Timing").
#pragma once

#include <cstdint>

#include "target/bm1684/isa/fields.h"
#include "target/bm1684/machine.h"

namespace bmnet::bm1684 {

constexpr uint64_t ceil_div(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

// Passes over the 64 lanes that `channels` need from the lane of the result on. A result address without the base of
// local memory is relative to it.
constexpr uint64_t lane_passes(const Command& command, uint64_t channels) {
  const uint64_t address = get(command, tiu::res0_addr);
  const uint64_t lane = (address < kLocalBase ? address : address - kLocalBase) / kLaneBytes;
  return (channels + lane + kLanes - 1) / kLanes;
}

// Groups of 16 (of 64) positions of the result plane: what a lane works on at once.
constexpr uint64_t positions_by(const Command& command, uint64_t group) {
  return ceil_div(get(command, tiu::res0_h) * get(command, tiu::res0_w), group);
}

// opd0 holds 32-bit elements; decides between the formulas of fp32 and int8.
constexpr bool has_wide_input(const Command& command) {
  const uint64_t code = get(command, tiu::opt_opd0_prec);
  return code == 2 || code == 4;
}

constexpr bool has_bias(const Command& command) { return get(command, tiu::tsk_opd_num) == 3; }

}  // namespace bmnet::bm1684
