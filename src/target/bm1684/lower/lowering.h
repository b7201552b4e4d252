// How an operator becomes commands. A lowering is written once, for a slice, and decides nothing about slices, places
// or order: it offers recipes, the planner chooses.
//
//   Lowering  constraints (each with the sentence shown to a user) and a function from a node to recipes
//   Recipe    one way to do the node: steps over DDR views, with scratch space in DDR between them
//   Step      a Kernel (work in local memory, for a slice) or a Move (DDR to DDR)
//   Kernel    says for a slice of its result which pieces of which views it needs in local memory, in which layout, and
//             emits the commands once it is told the places
//
// How to add one: docs/guide/lowering.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "op/graph.h"
#include "tile/builder.h"

namespace bmnet::bm1684 {

using tile::Dims;
using tile::Layout;
using tile::Local;

// What a view looks at: an operand or result of the node, scratch space of the recipe, or a coefficient.
struct Ref {
  enum class Kind : uint8_t { kInput, kOutput, kScratch, kCoefficient };
  Kind kind = Kind::kInput;
  int index = 0;
  bool operator==(const Ref&) const = default;
};

// A strided 4-D window on DDR; offset and strides in 32-bit words. A stride of zero repeats (sources only).
struct View {
  Ref ref;
  int64_t offset = 0;
  Dims shape{1, 1, 1, 1};
  Dims strides{1, 1, 1, 1};

  View part(const Dims& begin, const Dims& size) const;
  bool operator==(const View&) const = default;
};
View dense_view(Ref ref, const Dims& shape, int64_t offset = 0);

struct Range {
  int64_t begin = 0, size = 1;
  int64_t end() const { return begin + size; }
  bool operator==(const Range&) const = default;
};

// A part of a kernel's work: a box of the result, and a range of the axis that is summed over (input channels of a
// convolution, K of a matrix product). Ranges of depth come one after another for the same box: the first one starts
// the result, the others accumulate.
struct Slice {
  std::array<Range, 4> box;
  Range depth;
  bool first_depth = true, last_depth = true;

  Dims begin() const { return {box[0].begin, box[1].begin, box[2].begin, box[3].begin}; }
  Dims size() const { return {box[0].size, box[1].size, box[2].size, box[3].size}; }
};

// Constant data exactly as local memory wants it. Equal keys (inside a kernel) mean equal content.
struct Coefficient {
  std::string key;
  std::function<std::vector<float>()> make;
};

// One local tensor that a kernel needs for a slice. The planner chooses the place, loads inputs and coefficients,
// stores outputs; it does not load again what a place still holds (equal view and layout, equal key).
struct Need {
  enum class Role : uint8_t { kInput, kCoefficient, kWork, kOutput };
  Role role = Role::kWork;
  Dims shape{1, 1, 1, 1};  // in local memory
  Layout layout = Layout::kAligned;
  View view;  // kInput, kOutput: of the same shape unless `matrix`. kCoefficient: set by the planner
  enum class Transfer : uint8_t { kTensor, kMatrix, kMatrixTransposed } transfer = Transfer::kTensor;
  Coefficient coefficient;

  static Need input(const View& view, Layout layout = Layout::kAligned);
  static Need output(const View& view);
  static Need work(const Dims& shape, Layout layout = Layout::kAligned);
  // `lanes` runs of `words` words, one for every lane from 0.
  static Need coefficients(int64_t lanes, int64_t words, std::string key, std::function<std::vector<float>()> make);
  // A matrix view (rows = shape[2], columns = shape[3]) in sections of `width` columns.
  static Need matrix(const View& view, int64_t width, bool transposed = false);
  static Need matrix_output(const View& view, int64_t width);
  // A constant matrix, row-major.
  static Need matrix_coefficients(int64_t rows, int64_t columns, int64_t width, std::string key,
                                  std::function<std::vector<float>()> make);
};

// How an axis may be cut.
struct Axis {
  int64_t size = 1;
  int64_t grain = 1;     // cuts lie at multiples of it; 0: the axis stays whole
  int64_t limit = 4095;  // the largest piece the instructions can take
};

class Kernel {
 public:
  enum AxisIndex { kN, kC, kH, kW, kDepth, kAxes };

  virtual ~Kernel() = default;
  virtual std::array<Axis, kAxes> axes() const = 0;
  // The same number of needs, in the same order and roles, for every slice; the result stands first.
  virtual std::vector<Need> needs(const Slice& slice) const = 0;
  // `locals` are the places of `needs(slice)`, all starting in lane 0.
  virtual void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const = 0;
  // Multiply-accumulates are counted from the graph; this names the work in reports.
  virtual std::string_view name() const = 0;
};

// A transfer from DDR to DDR.
struct Move {
  enum class Kind : uint8_t { kCopy, kTransposeNc, kFill } kind = Kind::kCopy;
  View to, from;
  uint32_t bits = 0;  // kFill
};

using Step = std::variant<std::shared_ptr<const Kernel>, Move>;

struct Recipe {
  std::string name;
  std::vector<Step> steps;
  std::vector<int64_t> scratch_words;  // by Ref::index

  Ref add_scratch(int64_t words);
  void add(std::shared_ptr<const Kernel> kernel) { steps.emplace_back(std::move(kernel)); }
  void add(Move move) { steps.emplace_back(std::move(move)); }
};

// A node with what a lowering wants to know about it.
struct Problem {
  const op::Graph& graph;
  const op::Node& node;

  size_t inputs() const { return node.inputs.size(); }
  const TensorInfo& input(size_t i) const { return graph.values[node.inputs[i]].info; }
  const TensorInfo& output(size_t i = 0) const { return graph.values[node.outputs[i]].info; }
  // Null when operand i is absent or not constant.
  const Tensor* constant(size_t i) const;
  const std::string& name() const { return node.name; }

  int64_t integer(std::string_view name, int64_t otherwise = 0) const {
    return node.attributes.get_or<int64_t>(name, otherwise);
  }
  float real(std::string_view name, float otherwise = 0) const {
    return node.attributes.get_or<float>(name, otherwise);
  }
  bool flag(std::string_view name, bool otherwise = false) const {
    return node.attributes.get_or<bool>(name, otherwise);
  }
  std::string text(std::string_view name) const { return node.attributes.get_or<std::string>(name, ""); }
  std::vector<int64_t> integers(std::string_view name) const {
    return node.attributes.get_or<std::vector<int64_t>>(name, {});
  }
};

inline constexpr Ref input_ref(int i) { return {Ref::Kind::kInput, i}; }
inline constexpr Ref output_ref(int i = 0) { return {Ref::Kind::kOutput, i}; }

struct Constraint {
  std::string_view text;  // "the weights must be constant"
  bool (*holds)(const Problem&);
};

struct Lowering {
  std::string_view op;
  // False: every operand and result must be f32. True: any type, as the 32-bit words that DDR holds (i64 and bool are
  // held as i32 there).
  bool moves_words = false;
  std::span<const Constraint> constraints;
  // The ways to do the node; never empty when the constraints hold.
  std::vector<Recipe> (*recipes)(const Problem&);
};

// All lowerings, in the order of lowerings.def.
std::span<const Lowering> lowerings();
// Null when the operator has no form on the chip.
const Lowering* find_lowering(std::string_view op);
// The sentence of the first constraint that the node violates; empty when it can be lowered.
std::string refusal(const Problem& problem);

}  // namespace bmnet::bm1684
