// Geometry shared by convolution and pooling: which input a slice of the output looks at.
#pragma once

#include "target/bm1684/lower/lowering.h"

namespace bmnet::bm1684 {

inline constexpr int64_t kMaxPad = 15, kMaxStride = 15, kMaxDilation = 16, kMaxInserted = 15;

// A spatial axis of a window operator.
struct WindowAxis {
  int64_t input = 1, output = 1;
  int64_t kernel = 1, stride = 1, dilation = 1;
  int64_t begin_pad = 0;  // may be negative (cropping)
  int64_t inserted = 0;   // zeros between input elements

  int64_t reach() const { return (kernel - 1) * dilation + 1; }
  // Padding behind the last element that some window of the output sees; may be negative.
  int64_t end_pad() const { return (output - 1) * stride - begin_pad + reach() - ((input - 1) * (inserted + 1) + 1); }
};

// Input elements that the outputs of a range see, and the padding that remains around them.
struct WindowPiece {
  Range input;
  int64_t begin_pad = 0, end_pad = 0;
};
// Requires that every window meets at least one input element (windows_meet_input).
WindowPiece window_piece(const WindowAxis& axis, const Range& output);
bool windows_meet_input(const WindowAxis& axis);

using WindowAxes = std::array<WindowAxis, 2>;  // vertical, horizontal

// The axes of a node with attributes kernel/strides/pads/dilations over 1 or 2 spatial axes; 1-D operators have
// height 1. Shapes are N, C, spatial….
WindowAxes window_axes(const Problem& problem, std::span<const int64_t> kernel);
// N, C, H, W of a shape with up to two spatial axes (missing ones are 1; a single one is W).
Dims image_dims(const Shape& shape);

tile::Window window_of(const WindowAxes& axes, const WindowPiece& vertical, const WindowPiece& horizontal);

// Axes after the input was padded in DDR: no padding left, nothing cropped.
WindowAxes padded_axes(const WindowAxes& axes);
// Adds the steps that make `source` (N, C, H, W) padded for `axes` in scratch space, and gives the view of that.
View add_padding(Recipe& recipe, const View& source, const WindowAxes& axes, uint32_t fill_bits);

}  // namespace bmnet::bm1684
