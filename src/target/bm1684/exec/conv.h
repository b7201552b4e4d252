// What the convolution instruction's executors share; internal to exec/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/scratch.h"
#include "target/bm1684/exec/window_axis.h"

namespace bmnet::bm1684 {

// A checked convolution command. Output position p (row-major over the full output image of y.outputs() x x.outputs())
// is word p of the result plane; the result keeps the first `positions` of them.
struct ConvCommand {
  WindowAxis y, x;
  uint64_t batch = 0, in_channels = 0, out_channels = 0, positions = 0;
  bool winograd = false;
  bool rotate = false;  // kernel reversed in both directions
  bool accumulate = false, has_bias = false, constant_weight = false;
  bool input_signed = false, weight_signed = false, bias_signed = false, relu = false, wide_result = false;
  uint32_t weight_constant = 0;
  int right_shift = 0;
  Operand input, weight, bias, result;  // weight and bias only where present

  uint64_t taps() const { return y.kernel * x.kernel; }
  uint64_t depth() const { return taps() * in_channels; }  // products of one output
  bool result_signed() const { return !relu && (input_signed || weight_signed || (has_bias && bias_signed)); }
  // Where tap (ky, kx), in the order of visits, lies in the stored kernel.
  uint64_t stored_y(uint64_t ky) const { return rotate ? y.kernel - 1 - ky : ky; }
  uint64_t stored_x(uint64_t kx) const { return rotate ? x.kernel - 1 - kx : kx; }
};

void run_conv_f32(const ConvCommand& conv, Memory& memory);
void run_conv_i8(const ConvCommand& conv, Memory& memory);
void run_winograd_f32(const ConvCommand& conv, Memory& memory);
void run_winograd_i8(const ConvCommand& conv, Memory& memory);

// For a range of output positions: which input elements meet each kernel tap, so that input planes can be laid out as
// the rows of a matrix (taps x positions). An element is `words` 32-bit words in both.
class PatchMap {
 public:
  // Positions are counted along rows of `width`. Planes have the given strides, in words.
  PatchMap(const WindowAxis& y, const WindowAxis& x, uint64_t width, uint64_t row_stride, uint64_t column_stride,
           uint64_t words);

  void select(uint64_t first_position, uint64_t positions, uint64_t row_words);
  // Writes row `tap` for one plane: `row_words` words, `fill` where there is no input element.
  void copy_row(const uint32_t* plane, uint64_t tap, uint32_t fill, uint32_t* row) const;

 private:
  struct Piece {
    uint64_t from, from_step;
    uint32_t to, to_step, count;  // in words, but for count
  };

  WindowAxis y_, x_;
  uint64_t width_, row_stride_, column_stride_, words_, row_words_ = 0;
  std::vector<Piece> pieces_;
  std::vector<uint32_t> end_;    // of each tap's pieces
  std::vector<uint8_t> partly_;  // the tap's pieces do not cover the row
};

}  // namespace bmnet::bm1684
