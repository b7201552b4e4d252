// Tensors as they lie in the chip's memories, element by element and as text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "debug/memory_range.h"

namespace bmnet::debug {

enum class Element : uint8_t { kF32, kI32, kI16, kU16, kI8, kU8, kHex };

std::optional<Element> element_named(std::string_view name);  // "fp32", "int8" … and "f32", "i8" …; "hex": words
std::string_view element_name(Element element);
int64_t element_bytes(Element element);
std::string value_text(Element element, const uint8_t* bytes);
double value_of(Element element, const uint8_t* bytes);

// How the elements of a tensor follow each other.
struct Layout {
  // Batch items that share a 32-bit word: 1, or 2 / 4 for 16-bit / 8-bit elements (store modes 2N and 4N).
  int64_t interleave = 1;
  // In local memory: every channel starts at a multiple of 128 bytes; else channels have no gaps.
  bool aligned = true;
};

class TensorView {
 public:
  // In local memory (N, C, H, W; missing axes are 1): channel c lies in lane (lane + c) mod 64, in that lane's row of
  // channels (lane + c) div 64. Elsewhere: dense, row-major, any rank. `start.bytes` is not used. Refused: a tensor
  // that runs out of its lane or memory, interleaving that does not fill words, more than four axes in local memory.
  static Result<TensorView> create(const MemoryRange& start, Shape shape, Element element, Layout layout,
                                   const bm1684::Memory& memory);

  // A tensor in host memory; it must outlive the view.
  static TensorView of_host(const Tensor& tensor, Element element);

  const Shape& shape() const { return shape_; }
  Element element() const { return element_; }
  const uint8_t* at(std::span<const int64_t> index) const;

 private:
  const uint8_t* memory_ = nullptr;  // kLocal: of all lanes; else at the first element
  bool local_ = false;
  int lane_ = 0;
  int64_t offset_ = 0;
  Shape shape_;
  Element element_ = Element::kF32;
  int64_t interleave_ = 1;
  int64_t channel_stride_ = 0, batch_stride_ = 0;  // in words of interleaved elements
};

// A part of a tensor: for every axis the indices [begin, end).
struct Slice {
  struct Axis {
    int64_t begin = 0, end = 0;
  };
  std::vector<Axis> axes;
};

// "[0,3,:,2:5]" as NumPy reads it, without steps; axes that are not named are whole, "" is everything.
Result<Slice> parse_slice(std::string_view text, const Shape& shape);
// "[1,64,7,7]": up to 8 sizes, none of them 0.
Result<Shape> parse_shape(std::string_view text);

// One line a row of the last axis, with the index of its first element: "[0,3,0,2] 1.5 -2 0.25". Long rows are cut, and
// tables after `rows` lines, and say so.
inline constexpr int64_t kMaxRows = 32;
std::string table(const TensorView& view, const Slice& slice, int64_t rows = kMaxRows);
// A range as values of one type, with the address of every line.
std::string run_of_values(const MemoryRange& range, Element element, const bm1684::Memory& memory);
// "min -1.25 max 3.5 mean 0.125, 12.5 % zeros" and the number of NaNs when there are any.
std::string summary(const TensorView& view);

}  // namespace bmnet::debug
