// Commands of the tensor unit. All fp32.
#include "tile/builder_state.h"

namespace bmnet::tile {
namespace {

using bm1684::Engine;
using bm1684::Field;
namespace t = bm1684::tiu;

// Instruction families, tsk_typ.
enum Family : int64_t {
  kConv = 0,
  kWindow = 1,
  kMatmul = 2,
  kArith = 3,
  kLookup = 6,
  kScalar = 8,
  kSfu = 9,
  kLinear = 10,
  kCompare = 13
};
enum WindowOperation : int64_t { kWindowSum = 1, kWindowMax = 4 };
enum CompareOperation : int64_t { kCompareMax = 22, kCompareSelect = 23 };

constexpr int64_t kFloat = 2;            // precision code
constexpr int64_t kExplicitStrides = 3;  // short_*_str code

CommandDraft draft_of(std::string_view what, Family family, int64_t operation, int64_t operands = 2) {
  CommandDraft draft(Engine::kTiu, what);
  draft.put(t::tsk_typ, family).put(t::tsk_eu_typ, operation).put(t::tsk_opd_num, operands);
  for (const Field* field : {&t::opt_res0_prec, &t::opt_opd0_prec, &t::opt_opd1_prec, &t::opt_opd2_prec})
    draft.put(*field, kFloat);
  for (const Field* field : {&t::opt_relu, &t::opt_opd1_sign, &t::opt_opd2_sign}) draft.put(*field, 1);
  return draft;
}

// Where the description of one operand stands in the command.
struct Slot {
  const Field &address, &constant, &strided, &n_stride, &c_stride, &h_stride, &w_stride;
};
const Slot kResult = {t::res0_addr,  t::rsvd0,      t::short_res0_str, t::res0_n_str,
                      t::res0_c_str, t::res0_h_str, t::res0_w_str};
const Slot kOperand0 = {t::opd0_addr,  t::opt_opd0_const, t::short_opd0_str, t::opd0_n_str,
                        t::opd0_c_str, t::opd0_h_str,     t::opd0_w_str};
const Slot kOperand1 = {t::opd1_addr,  t::opt_opd1_const, t::short_opd1_str, t::opd1_n_str,
                        t::opd1_c_str, t::opd1_h_str,     t::opd1_w_str};

void put_result_size(CommandDraft& draft, const Dims& s) {
  draft.put(t::res0_n, s[0]).put(t::res0_c, s[1]).put(t::res0_h, s[2]).put(t::res0_w, s[3]);
}

void put_strides(CommandDraft& draft, const Slot& slot, const Dims& strides) {
  draft.put(slot.strided, kExplicitStrides);
  draft.put(slot.n_stride, strides[0])
      .put(slot.c_stride, strides[1])
      .put(slot.h_stride, strides[2])
      .put(slot.w_stride, strides[3]);
}

void put_local(CommandDraft& draft, const Slot& slot, const Local& local) {
  draft.require_inside(local);
  draft.put(slot.address, local.address());
}

// An operand of arith, broadcast to `shape` where its own extent is 1.
void put_broadcast(CommandDraft& draft, const Slot& slot, const Operand& operand, const Dims& shape) {
  if (operand.constant) {
    draft.put(slot.constant, 1).put(slot.address, operand.bits);
    return;
  }
  put_local(draft, slot, operand.local);
  Dims strides = operand.local.strides;
  bool broadcasts = false;
  for (int i : {0, 2, 3}) {
    draft.require(operand.local.shape[i] == shape[i] || operand.local.shape[i] == 1,
                  "operand does not broadcast to the result");
    if (shape[i] == 1) {
      strides[i] = 1;
    } else if (operand.local.shape[i] == 1 || strides[i] == 0) {
      strides[i] = 0;
      broadcasts = true;
    }
  }
  draft.require(operand.local.shape[1] == shape[1], "operands have another number of channels");
  if (broadcasts || !operand.local.is_aligned()) put_strides(draft, slot, strides);
}

void put_aligned(CommandDraft& draft, const Slot& slot, const Operand& operand, const Dims& shape) {
  if (operand.constant) {
    draft.put(slot.constant, 1).put(slot.address, operand.bits);
    return;
  }
  put_local(draft, slot, operand.local);
  draft.require(operand.local.shape == shape, "operand has another shape");
  draft.require(operand.local.is_aligned(), "operand is not aligned");
}

void put_per_channel(CommandDraft& draft, const Slot& slot, const Operand& operand, const Local& result) {
  if (operand.constant) {
    draft.put(slot.constant, 1).put(slot.address, operand.bits);
    return;
  }
  put_local(draft, slot, operand.local);
  draft.require(operand.local.shape == Dims{1, result.shape[1], 1, 1}, "per-channel operand has another shape");
  draft.require(operand.local.lane == result.lane &&
                    (operand.local.strides[1] == 1 || operand.local.lane + operand.local.shape[1] <= bm1684::kLanes),
                "per-channel operand is not compact");
}

const Slot kOperand2 = {t::opd2_addr,  t::opt_opd2_const, t::short_opd2_str, t::opd2_n_str,
                        t::opd2_c_str, t::opd2_h_str,     t::opd2_w_str};
const Slot kOperand3 = {t::opd3_addr, t::opt_opd3_const, t::rsvd0, t::rsvd0, t::rsvd0, t::rsvd0, t::rsvd0};

void put_window(CommandDraft& draft, const Window& window, const Local& result, const Local& input) {
  draft.put(t::opd1_h, window.kernel[0]).put(t::opd1_w, window.kernel[1]);
  draft.put(t::res_op_y_str, window.stride[0]).put(t::res_op_x_str, window.stride[1]);
  draft.put(t::opd1_y_ins0, window.dilation[0] - 1).put(t::opd1_x_ins0, window.dilation[1] - 1);
  draft.put(t::opd0_y_ins0, window.inserted[0]).put(t::opd0_x_ins0, window.inserted[1]);
  draft.put(t::opd0_up_pad, window.begin_pad[0]).put(t::opd0_lf_pad, window.begin_pad[1]);
  draft.put(t::opd0_dn_pad, window.end_pad[0]).put(t::opd0_rt_pad, window.end_pad[1]);
  draft.put(t::opd0_h, input.shape[2]).put(t::opd0_w, input.shape[3]);
  for (int axis : {0, 1}) {
    const int64_t extent =
        (input.shape[2 + axis] - 1) * (window.inserted[axis] + 1) + 1 + window.begin_pad[axis] + window.end_pad[axis];
    const int64_t reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    draft.require(window.stride[axis] > 0 && extent >= reach &&
                      (extent - reach) / window.stride[axis] + 1 == result.shape[2 + axis],
                  "the windows do not give the size of the result");
    draft.require(extent < 65536, "the padded input is too large");
  }
}

void require_result(CommandDraft& draft, const Local& result) {
  draft.require(result.is_aligned() && result.offset % bm1684::kAlignBytes == 0, "result is not aligned");
}

CommandDraft draft_window(std::string_view what, int64_t operation, const Local& result, const Local& input,
                          const Window& window) {
  CommandDraft draft = draft_of(what, kWindow, operation);
  require_result(draft, result);
  draft.require(input.is_aligned() && input.offset % bm1684::kAlignBytes == 0 && input.lane == result.lane,
                "input is not aligned");
  draft.require(input.shape[0] == result.shape[0] && input.shape[1] == result.shape[1],
                "input and result differ in batch or channels");
  put_result_size(draft, result.shape);
  put_window(draft, window, result, input);
  put_local(draft, kResult, result);
  put_local(draft, kOperand0, input);
  return draft;
}

}  // namespace

void Builder::conv(const Local& result, const Local& input, const Local& weights, const std::optional<Local>& bias,
                   const Window& window, bool accumulate) {
  CommandDraft draft = draft_of("conv", kConv, 0, bias ? 3 : 2);
  require_result(draft, result);
  draft.require(weights.offset % 8 == 0 && weights.lane == result.lane, "weights start at a bad place");
  draft.require(!bias || bias->lane == result.lane, "bias starts in another lane");
  draft.require(input.shape[0] == result.shape[0], "input and result differ in batch");
  put_result_size(draft, result.shape);
  put_window(draft, window, result, input);
  draft.put(t::opd0_c, input.shape[1]).put(t::opt_res_add, accumulate);
  if (!input.is_aligned()) put_strides(draft, kOperand0, input.strides);
  put_local(draft, kResult, result);
  put_local(draft, kOperand0, input);
  put_local(draft, kOperand1, weights);
  if (bias) put_local(draft, kOperand2, *bias);
  append(draft);
}

void Builder::depthwise(const Local& result, const Local& input, const Local& weights, const std::optional<Local>& bias,
                        const Window& window) {
  CommandDraft draft = draft_window("depthwise", kWindowSum, result, input, window);
  draft.require(weights.lane == result.lane && (!bias || bias->lane == result.lane),
                "weights or bias start in another lane");
  draft.put(t::tsk_opd_num, bias ? 3 : 2);
  put_local(draft, kOperand1, weights);
  if (bias) put_local(draft, kOperand2, *bias);
  append(draft);
}

void Builder::window_sum(const Local& result, const Local& input, float weight, const Window& window) {
  CommandDraft draft = draft_window("window_sum", kWindowSum, result, input, window);
  draft.put(t::opt_opd1_const, 1).put(t::opd1_addr, std::bit_cast<uint32_t>(weight));
  append(draft);
}

void Builder::window_max(const Local& result, const Local& input, const Window& window) {
  CommandDraft draft = draft_window("window_max", kWindowMax, result, input, window);
  draft.require(window.dilation == std::array<int64_t, 2>{1, 1} && window.inserted == std::array<int64_t, 2>{0, 0},
                "max pooling has no dilation");
  draft.put(t::tsk_opd_num, 1);
  append(draft);
}

void Builder::matmul(const Local& result, const Local& left, const Local& right, int64_t depth,
                     const std::optional<Local>& bias, bool accumulate) {
  CommandDraft draft = draft_of("matmul", kMatmul, 0, bias ? 3 : 2);
  draft.require(left.shape[0] == result.shape[0] && right.shape[0] == depth, "matrix sizes do not fit");
  draft.require(right.shape[1] == result.shape[1] && right.shape[3] == result.shape[3],
                "sections of right and result differ");
  draft.require(ceil_div(depth, left.shape[3]) == left.shape[1], "sections of the left matrix do not give its depth");
  for (const Local* matrix : {&result, &left, &right}) require_result(draft, *matrix);
  draft.put(t::opd0_n, left.shape[0]).put(t::opd0_c, left.shape[1]).put(t::opd0_w, left.shape[3]);
  draft.put(t::opd1_w, depth - (left.shape[1] - 1) * left.shape[3]);
  draft.put(t::res0_c, result.shape[1]).put(t::res0_w, result.shape[3]).put(t::opt_res_add, accumulate);
  put_local(draft, kResult, result);
  put_local(draft, kOperand0, left);
  put_local(draft, kOperand1, right);
  if (bias) put_local(draft, kOperand2, *bias);
  append(draft);
}

void Builder::arith(Arith op, const Local& result, const Operand& a, const Operand& b, uint32_t third) {
  CommandDraft draft = draft_of("arith", kArith, static_cast<int64_t>(op), op == Arith::kCopy ? 1 : 2);
  put_result_size(draft, result.shape);
  put_local(draft, kResult, result);
  if (!result.is_aligned()) put_strides(draft, kResult, result.strides);
  put_broadcast(draft, kOperand0, a, result.shape);
  if (op != Arith::kCopy) put_broadcast(draft, kOperand1, b, result.shape);
  draft.put(t::opd2_addr, third);
  append(draft);
}

void Builder::scalar(Scalar op, const Local& result, const Operand& a, const Operand& b, bool accumulate) {
  CommandDraft draft = draft_of("scalar", kScalar, static_cast<int64_t>(op));
  put_result_size(draft, result.shape);
  put_aligned(draft, kResult, result, result.shape);
  put_aligned(draft, kOperand0, a, result.shape);
  put_aligned(draft, kOperand1, b, result.shape);
  draft.put(t::opt_res_add, accumulate);
  append(draft);
}

void Builder::sfu(Sfu op, const Local& result, const Local& x, int terms, uint32_t table) {
  CommandDraft draft = draft_of("sfu", kSfu, static_cast<int64_t>(op));
  put_result_size(draft, result.shape);
  put_aligned(draft, kResult, result, result.shape);
  put_aligned(draft, kOperand0, x, result.shape);
  if (op == Sfu::kTaylor) draft.put(t::opd1_n, terms).put(t::opd1_addr, table);
  append(draft);
}

void Builder::lookup(const Local& result, const Local& index, uint32_t table, int words) {
  CommandDraft draft = draft_of("lookup", kLookup, 0);
  put_result_size(draft, result.shape);
  put_aligned(draft, kResult, result, result.shape);
  put_aligned(draft, kOperand0, index, result.shape);
  draft.put(t::opd1_addr, table).put(t::opd1_h, ceil_div(words, 32));
  append(draft);
}

void Builder::linear(Linear op, const Local& result, const Local& x, const Operand& scale, const Operand& offset,
                     bool accumulate) {
  CommandDraft draft = draft_of("linear", kLinear, static_cast<int64_t>(op), op == Linear::kMac ? 3 : 2);
  put_result_size(draft, result.shape);
  put_aligned(draft, kResult, result, result.shape);
  put_aligned(draft, kOperand0, x, result.shape);
  put_per_channel(draft, kOperand1, offset, result);
  if (op == Linear::kMac) put_per_channel(draft, kOperand2, scale, result);
  draft.put(t::opt_res_add, accumulate);
  append(draft);
}

void Builder::select_greater(const Local& result, const Operand& a, const Operand& b, const Operand& c,
                             const Operand& d) {
  CommandDraft draft = draft_of("select_greater", kCompare, kCompareSelect);
  put_result_size(draft, result.shape);
  put_aligned(draft, kResult, result, result.shape);
  draft.put(t::res1_addr, result.address());
  put_aligned(draft, kOperand0, a, result.shape);
  put_aligned(draft, kOperand1, b, result.shape);
  put_aligned(draft, kOperand2, c, result.shape);
  put_aligned(draft, kOperand3, d, result.shape);
  append(draft);
}

void Builder::max(const Local& result, const Operand& a, const Operand& b) {
  CommandDraft draft = draft_of("max", kCompare, kCompareMax);
  put_result_size(draft, result.shape);
  put_aligned(draft, kResult, result, result.shape);
  put_aligned(draft, kOperand0, a, result.shape);
  put_aligned(draft, kOperand1, b, result.shape);
  append(draft);
}

void Builder::append(const CommandDraft& draft) {
  if (!status_) return;
  if (!draft.status) {
    status_ = draft.status;
    return;
  }
  program_.ops.push_back(draft.op);
  program_.ops.back().layer = layer_;
}

}  // namespace bmnet::tile
