// Tensors in local memory: where the elements of an operand lie (docs/reference/ISA.md, "Layouts").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

// `unit` bytes hold the elements of `pack` batch items; strides count units. An aligned channel is a multiple of
// `align` units.
struct Layout {
  uint32_t unit, pack, element, align;
};
inline constexpr Layout kF32 = {4, 1, 4, 32};
inline constexpr Layout kF32x2 = {8, 2, 4, 32};  // fp32 convolution weights: batch = input channel
inline constexpr Layout kI8x4 = {4, 4, 1, 32};   // "4N"
inline constexpr Layout kI16x4 = {8, 4, 2, 32};  // 16-bit results of convolution
inline constexpr Layout kI8 = {1, 1, 1, 128};    // "1N"
inline constexpr Layout kI16 = {2, 1, 2, 64};

struct Shape {
  uint64_t n = 1, c = 1, h = 1, w = 1;
  uint64_t elements() const { return n * c * h * w; }
};

struct Strides {
  uint64_t n = 0, c = 0, h = 0, w = 0;  // in units of the layout
};

enum class Spacing { kAligned, kCompact };

// A placed tensor. Channel c lies in lane (start + c) % 64 and there in channel slot (start + c) / 64.
struct Operand {
  Layout layout = kF32;
  Shape shape;
  Strides stride;
  uint32_t start = 0;
  uint32_t base = 0;  // byte in the lane

  uint32_t lane(uint64_t c) const { return (start + c) % kLanes; }
  // Byte in the lane of element (n, c, h, w).
  uint64_t byte(uint64_t n, uint64_t c, uint64_t h = 0, uint64_t w = 0) const {
    const uint64_t units = n / layout.pack * stride.n + (start + c) / kLanes * stride.c + h * stride.h + w * stride.w;
    return base + layout.unit * units + layout.element * (n % layout.pack);
  }
  // The bytes [begin, end) of a lane contain all elements.
  uint64_t begin() const { return byte(0, 0); }
  uint64_t end() const;
};

// How the 32-bit address of an operand is understood: fp32 sources may come without the base of local memory.
enum class Base { kRequired, kImplied };

// The tensor at `address`, aligned to its elements and inside its lanes; an error names `name` (the field's prefix:
// "opd0"). Explicit strides, when
// given, replace those of `spacing`. A tensor with more elements than local memory has room for (possible only where
// strides fold it onto itself) is refused: this bounds the work of a command.
Result<Operand> place(std::string_view name, uint64_t address, Base base, const Layout& layout, const Shape& shape,
                      Spacing spacing, const std::optional<Strides>& strides = {});

// A matrix: `columns` columns in sections of `width`, one section a channel. The last section may be shorter.
struct Matrix {
  Operand sections;
  uint64_t columns = 0;

  uint64_t width() const { return sections.shape.w; }
  uint64_t last_width() const { return columns - (sections.shape.c - 1) * width(); }
};
Result<Matrix> place_matrix(std::string_view name, uint64_t address, Base base, const Layout& layout, uint64_t rows,
                            uint64_t columns, uint64_t width);

// Appends the exact boxes of bytes that hold the elements of `operand`.
void append_accesses(const Operand& operand, bool write, std::vector<Access>& out);
void append_accesses(const Matrix& matrix, bool write, std::vector<Access>& out);

// The bytes of all lanes, as they were when the instruction began: local memory itself, or a copy of the part that an
// operand uses when the result overlaps it.
class LaneView {
 public:
  explicit LaneView(const Memory& memory) : origin_(memory.local), last_(memory.local + kLocalBytes) {}
  LaneView(const Memory& memory, const Operand& source, const Operand& result);

  const uint8_t* at(uint32_t lane, uint64_t byte) const { return origin_ + lane * pitch_ + byte - shift_; }
  const uint8_t* at(const Operand& operand, uint64_t n, uint64_t c, uint64_t h = 0, uint64_t w = 0) const {
    return at(operand.lane(c), operand.byte(n, c, h, w));
  }
  // Bytes that may be read from `pointer` on without leaving the underlying memory.
  size_t readable(const uint8_t* pointer) const { return static_cast<size_t>(last_ - pointer); }

 private:
  std::vector<uint8_t> copy_;
  const uint8_t* origin_;
  const uint8_t* last_;
  size_t pitch_ = kLaneBytes;
  uint64_t shift_ = 0;
};

// Where a result element is written.
inline uint8_t* result_at(const Memory& memory, const Operand& result, uint64_t n, uint64_t c, uint64_t h = 0,
                          uint64_t w = 0) {
  return memory.local + size_t{result.lane(c)} * kLaneBytes + result.byte(n, c, h, w);
}

// An 8 or 16-bit result is computed in integers, every other one on 32-bit words.
inline bool has_integer_result(const Command& command) {
  const uint64_t precision = get(command, tiu::opt_res0_prec);
  return precision == 0 || precision == 3;
}

// The sizes of an instruction must not be zero.
Status require_nonzero(const Command& command, std::initializer_list<const Field*> fields);

// A command of more multiply-adds than this is refused: it would keep the simulator busy for minutes, and no tensor
// that fits into local memory needs it.
inline constexpr uint64_t kMaxWork = uint64_t{1} << 40;
Status check_work(std::initializer_list<uint64_t> factors);

}  // namespace bmnet::bm1684
