#include "target/bm1684/lower/spatial.h"

#include <algorithm>

#include "target/bm1684/lower/movement.h"

namespace bmnet::bm1684 {

WindowPiece window_piece(const WindowAxis& axis, const Range& output) {
  const int64_t step = axis.inserted + 1;
  // Positions in the image with its inserted zeros, relative to its first element.
  const int64_t first = output.begin * axis.stride - axis.begin_pad;
  const int64_t end = (output.end() - 1) * axis.stride - axis.begin_pad + axis.reach();
  const int64_t begin_element = first <= 0 ? 0 : tile::ceil_div(first, step);
  const int64_t last_element = std::min(axis.input - 1, (end - 1) / step);
  return {.input = {begin_element, last_element - begin_element + 1},
          .begin_pad = begin_element * step - first,
          .end_pad = end - (last_element * step + 1)};
}

bool windows_meet_input(const WindowAxis& axis) {
  const int64_t step = axis.inserted + 1, extent = (axis.input - 1) * step + 1;
  // A window that lies between two elements, or outside the image, sees padding only.
  return axis.reach() >= step && axis.begin_pad < axis.reach() &&
         (axis.output - 1) * axis.stride - axis.begin_pad < extent;
}

Dims image_dims(const Shape& shape) {
  const auto at = [&](size_t i) { return i < shape.size() ? shape[i] : 1; };
  if (shape.size() == 3) return {at(0), at(1), 1, at(2)};
  return {at(0), at(1), at(2), at(3)};
}

WindowAxes window_axes(const Problem& problem, std::span<const int64_t> kernel) {
  const auto strides = problem.integers("strides"), pads = problem.integers("pads"),
             dilations = problem.integers("dilations");
  const Shape &input = problem.input(0).shape, &output = problem.output().shape;
  const size_t spatial = kernel.size();
  WindowAxes axes;
  for (size_t i = 0; i < spatial; ++i) {
    WindowAxis& axis = axes[2 - spatial + i];
    axis.input = input[2 + i];
    axis.output = output[2 + i];
    axis.kernel = kernel[i];
    // A single window does not move.
    axis.stride = i < strides.size() && axis.output > 1 ? strides[i] : 1;
    axis.dilation = i < dilations.size() ? dilations[i] : 1;
    axis.begin_pad = i < pads.size() ? pads[i] : 0;
  }
  return axes;
}

tile::Window window_of(const WindowAxes& axes, const WindowPiece& vertical, const WindowPiece& horizontal) {
  tile::Window window;
  const WindowPiece* pieces[] = {&vertical, &horizontal};
  for (int i : {0, 1}) {
    window.kernel[i] = axes[i].kernel;
    window.stride[i] = axes[i].stride;
    window.dilation[i] = axes[i].dilation;
    window.inserted[i] = axes[i].inserted;
    window.begin_pad[i] = pieces[i]->begin_pad;
    window.end_pad[i] = pieces[i]->end_pad;
  }
  return window;
}

WindowAxes padded_axes(const WindowAxes& axes) {
  WindowAxes result = axes;
  for (WindowAxis& axis : result) {
    axis.input = (axis.output - 1) * axis.stride + axis.reach();
    axis.begin_pad = 0;
    axis.inserted = 0;
  }
  return result;
}

View add_padding(Recipe& recipe, const View& source, const WindowAxes& axes, uint32_t fill_bits) {
  const WindowAxes padded = padded_axes(axes);
  const Dims shape = {source.shape[0], source.shape[1], padded[0].input, padded[1].input};
  const View target = dense_view(recipe.add_scratch(tile::count(shape)), shape);
  add_fill(recipe, target, fill_bits);
  Dims from{}, to{}, size = source.shape, step_strides = target.strides;
  for (int i : {0, 1}) {
    const WindowAxis& axis = axes[i];
    const int64_t step = axis.inserted + 1;
    // Element e lies at begin_pad + e * step of the padded image.
    const int64_t first = axis.begin_pad >= 0 ? 0 : tile::ceil_div(-axis.begin_pad, step);
    const int64_t room = padded[i].input - 1 - axis.begin_pad;
    const int64_t last = room < 0 ? -1 : std::min(axis.input - 1, room / step);
    from[2 + i] = first;
    to[2 + i] = axis.begin_pad + first * step;
    size[2 + i] = std::max<int64_t>(0, last - first + 1);
    step_strides[2 + i] *= step;
  }
  if (tile::count(size) == 0) return target;
  View interior = target.part(to, size);
  interior.strides = step_strides;
  add_copy(recipe, interior, source.part(from, size));
  return target;
}

}  // namespace bmnet::bm1684
