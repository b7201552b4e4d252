// Matrix product.
#include "target/bm1684/exec/matmul.h"

#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {
namespace {

Status check(const Command& command) {
  BMNET_TRY(
      require_nonzero(command, {&tiu::opd0_n, &tiu::opd0_c, &tiu::opd0_w, &tiu::opd1_w, &tiu::res0_c, &tiu::res0_w}));
  if (get(command, tiu::opd1_w) > get(command, tiu::opd0_w))
    return user_error("opd1_w is {}: the last section of the left matrix cannot be wider than opd0_w {}",
                      get(command, tiu::opd1_w), get(command, tiu::opd0_w));
  return {};
}

Status place_operands(const Command& command, MatmulCommand& matmul) {
  const bool integer = has_integer_result(command);
  const Base base = integer ? Base::kRequired : Base::kImplied;
  const uint64_t stored_rows = matmul.transposed ? matmul.depth : matmul.rows;
  const uint64_t stored_columns = matmul.transposed ? matmul.rows : matmul.depth;
  const uint64_t width = get(command, tiu::res0_w);
  if (!matmul.constant_left) {
    BMNET_ASSIGN(matmul.left, place_matrix("opd0", get(command, tiu::opd0_addr), base, integer ? kI8 : kF32,
                                           stored_rows, stored_columns, get(command, tiu::opd0_w)));
  }
  BMNET_ASSIGN(matmul.right, place_matrix("opd1", get(command, tiu::opd1_addr), base, integer ? kI8 : kF32,
                                          matmul.depth, matmul.columns, width));
  if (matmul.has_bias) {
    BMNET_ASSIGN(matmul.bias, place_matrix("opd2", get(command, tiu::opd2_addr), base, integer ? kI16 : kF32, 1,
                                           matmul.columns, width));
  }
  const Layout layout = !integer ? kF32 : matmul.wide_result ? kI16 : kI8;
  BMNET_ASSIGN(matmul.result, place_matrix("res0", get(command, tiu::res0_addr), Base::kRequired, layout, matmul.rows,
                                           matmul.columns, width));
  if (integer && matmul.accumulate) {
    BMNET_ASSIGN(matmul.old, place_matrix("res0", get(command, tiu::res0_addr), Base::kRequired, kI16, matmul.rows,
                                          matmul.columns, width));
  }
  return {};
}

Result<MatmulCommand> decode(const Command& command) {
  BMNET_TRY(check(command));
  MatmulCommand matmul;
  const uint64_t stored_rows = get(command, tiu::opd0_n);
  const uint64_t stored_columns =
      (get(command, tiu::opd0_c) - 1) * get(command, tiu::opd0_w) + get(command, tiu::opd1_w);
  matmul.transposed = get(command, tiu::opt_left_tran);
  matmul.rows = matmul.transposed ? stored_columns : stored_rows;
  matmul.depth = matmul.transposed ? stored_rows : stored_columns;
  matmul.columns = get(command, tiu::res0_c) * get(command, tiu::res0_w);
  matmul.constant_left = get(command, tiu::opt_opd0_const);
  matmul.left_constant = static_cast<uint32_t>(get(command, tiu::opd0_addr));
  matmul.has_bias = has_bias(command);
  matmul.accumulate = get(command, tiu::opt_res_add);
  matmul.left_signed = get(command, tiu::opt_opd0_sign);
  matmul.right_signed = get(command, tiu::opt_opd1_sign);
  matmul.bias_signed = get(command, tiu::opt_opd2_sign);
  matmul.old_signed = get(command, tiu::opt_res_add_sign);
  matmul.relu = get(command, tiu::opt_relu);
  matmul.wide_result = get(command, tiu::opt_res0_prec) == 3;
  matmul.right_shift = static_cast<int>(get(command, tiu::opt_right_shift));
  matmul.left_shift = static_cast<int>(get(command, tiu::opt_left_shift));
  BMNET_TRY(place_operands(command, matmul));
  BMNET_TRY(check_work({matmul.rows, matmul.columns, matmul.depth}));
  return matmul;
}

}  // namespace

Status execute_matmul(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const MatmulCommand matmul, decode(command));
  has_integer_result(command) ? run_matmul_i8(matmul, memory) : run_matmul_f32(matmul, memory);
  return {};
}

Result<uint64_t> cycles_matmul(const Command& command) {
  const bool wide = has_wide_input(command);
  const uint64_t depth = (get(command, tiu::opd0_c) - 1) * get(command, tiu::opd0_w) + get(command, tiu::opd1_w);
  const uint64_t blocks = get(command, tiu::opd0_n) * lane_passes(command, get(command, tiu::res0_c)) *
                          ceil_div(get(command, tiu::res0_w), wide ? 16 : 64);
  return blocks * (depth + (wide ? 6 : 5) + (has_bias(command) ? 2 : 0) + (get(command, tiu::opt_res_add) ? 2 : 0));
}

Result<std::vector<Access>> accesses_matmul(const Command& command) {
  BMNET_ASSIGN(const MatmulCommand matmul, decode(command));
  std::vector<Access> accesses;
  if (!matmul.constant_left) append_accesses(matmul.left, false, accesses);
  append_accesses(matmul.right, false, accesses);
  if (matmul.has_bias) append_accesses(matmul.bias, false, accesses);
  if (matmul.accumulate) append_accesses(has_integer_result(command) ? matmul.old : matmul.result, false, accesses);
  append_accesses(matmul.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
