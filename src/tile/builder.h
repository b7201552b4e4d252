// Appends commands to a Program, one function per kind of command. Ranges are checked against the field widths and the
// limits of the machine; the first violation is kept (`status`) and later calls do nothing, so that lowerings need no
// checks of their own. A violation is a bug of the caller: planners only choose slices that fit.
#pragma once

#include <bit>
#include <optional>

#include "base/status.h"
#include "tile/program.h"

namespace bmnet::tile {

// An operand of an element-wise command: a tensor or the same 32-bit value everywhere.
struct Operand {
  Operand(const Local& tensor) : local(tensor) {}                                 // NOLINT: conversions are the point
  Operand(float value) : constant(true), bits(std::bit_cast<uint32_t>(value)) {}  // NOLINT
  static Operand pattern(uint32_t bits) {
    Operand operand(0.0f);
    operand.bits = bits;
    return operand;
  }
  bool constant = false;
  uint32_t bits = 0;
  Local local;
};

// Window geometry of convolution and pooling; index 0 is the vertical axis, 1 the horizontal one.
struct Window {
  std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1}, begin_pad{0, 0}, end_pad{0, 0};
  std::array<int64_t, 2> inserted{0, 0};  // zeros between input rows / columns
};

// Operation codes of the instruction families (tsk_eu_typ).
enum class Arith : uint8_t {
  kMul = 0,
  kMac = 1,
  kAdd = 2,
  kSub = 3,
  kMax = 4,
  kMin = 5,
  kShift = 6,
  kAnd = 7,
  kOr = 8,
  kXor = 9,
  kSelectGreater = 10,
  kSelectEqual = 11,
  kDivide = 12,
  kCopy = 19
};
enum class Sfu : uint8_t { kTaylor = 13, kToInt = 14, kIntExponent = 15, kPowerOfTwo = 16, kRsqrt = 17 };
enum class Scalar : uint8_t { kMul = 0, kAdd = 2, kSub = 3, kDivide = 12 };
enum class Linear : uint8_t { kMac = 1, kSquareSum = 20, kSquareDifference = 21 };

class CommandDraft;

class Builder {
 public:
  Builder(Program& program, int32_t layer) : program_(program), layer_(layer) {}

  const Status& status() const { return status_; }

  // --- GDMA; shapes of source and destination agree unless the text says otherwise -------------------------------
  void load(const Local& to, const Box& from);
  void store(const Box& to, const Local& from);
  void copy(const Box& to, const Box& from);      // DDR to DDR; shapes may differ when the element counts are equal
  void move(const Local& to, const Local& from);  // local to local
  // to[c][n][h][w] = from[n][c][h][w]
  void transpose_nc(const Box& to, const Box& from);
  void fill(const Local& to, uint32_t bits);
  void fill(const Box& to, uint32_t bits);
  // A matrix in DDR: rows = from.shape[2] (stride strides[2]), columns = from.shape[3] (contiguous). In local memory:
  // row = n, column j = channel j div w, position j mod w, where w = to.shape[3]. `transposed`: the DDR holds the
  // transposed matrix.
  void load_matrix(const Local& to, const Box& from, bool transposed = false);
  void store_matrix(const Box& to, const Local& from);

  // --- TIU ---------------------------------------------------------------------------------------------------------
  // Weights: pairs of input channels, word = 2*((ic/2 * rows + row)*KH*KW + kh*KW + kw) + ic%2 in the lane of their
  // output channel; rows = ceil((lane + OC)/64). `input` may have any strides. `result` is aligned, starts in the lane
  // of `weights`. bias: compact (1,OC,1,1).
  void conv(const Local& result, const Local& input, const Local& weights, const std::optional<Local>& bias,
            const Window& window, bool accumulate = false);
  // Weights compact (1,C,KH,KW), bias compact (1,C,1,1); all in the same lanes, input and result aligned.
  void depthwise(const Local& result, const Local& input, const Local& weights, const std::optional<Local>& bias,
                 const Window& window);
  // Sum over every window times `weight`; padding counts as 0.
  void window_sum(const Local& result, const Local& input, float weight, const Window& window);
  // Padding never wins; dilation and inserted zeros do not exist.
  void window_max(const Local& result, const Local& input, const Window& window);
  // Matrices in the layout of load_matrix: left (rows, sections, 1, width) with `depth` columns, right (depth, …) and
  // result (rows, …) with equal sections. bias: one row.
  void matmul(const Local& result, const Local& left, const Local& right, int64_t depth,
              const std::optional<Local>& bias, bool accumulate = false);
  // result = op(a, b). Operands may have extent 1 where the result has more on n, h, w (broadcast); on c a stride of
  // zero repeats the same row of channels. kSelect*: a > b (a == b) ? third : 0. kMac: result += a * b. kCopy: b is not
  // used.
  void arith(Arith op, const Local& result, const Operand& a, const Operand& b, uint32_t third = 0);
  void copy(const Local& result, const Local& a) { arith(Arith::kCopy, result, a, 0.0f); }
  // All aligned; `accumulate` adds the old result.
  void scalar(Scalar op, const Local& result, const Operand& a, const Operand& b, bool accumulate = false);
  // kTaylor: sum over i < terms of table[i] * x^(i+1), table at an offset inside L2.
  void sfu(Sfu op, const Local& result, const Local& x, int terms = 0, uint32_t table = 0);
  void lookup(const Local& result, const Local& index, uint32_t table, int words);
  // kMac: scale[c] * x + offset[c]; others: (x + offset[c])^2, (x - offset[c])^2. Per-channel operands compact
  // (1,C,1,1).
  void linear(Linear op, const Local& result, const Local& x, const Operand& scale, const Operand& offset,
              bool accumulate = false);
  // result = a > b ? c : d; unordered counts as not greater.
  void select_greater(const Local& result, const Operand& a, const Operand& b, const Operand& c, const Operand& d);
  // result = a > b ? a : b
  void max(const Local& result, const Operand& a, const Operand& b);

 private:
  void append(const CommandDraft& draft);

  Program& program_;
  int32_t layer_;
  Status status_;
};

}  // namespace bmnet::tile
