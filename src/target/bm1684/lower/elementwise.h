// Element-wise kernels with broadcast operands, and how their axes are spread over lanes.
#pragma once

#include "target/bm1684/lower/lowering.h"

namespace bmnet::bm1684 {

// Axes of an element-wise computation with the strides of every tensor, row-major. Tensor 0 is the result; a stride of
// zero means broadcast.
struct Nest {
  std::vector<int64_t> sizes;                 // outermost first
  std::vector<std::vector<int64_t>> strides;  // [tensor][axis], in words
};

// result and operands of numpy broadcasting, with axes merged where all tensors allow it.
Nest broadcast_nest(const Shape& result, std::span<const Shape> operands);
// Drops axes of size 1 and merges neighbours that are one axis for every tensor.
void merge_axes(Nest& nest);

// A nest brought to n, c, h, w.
struct Arrangement {
  Dims shape{1, 1, 1, 1};
  std::vector<Dims> strides;     // [tensor]
  std::vector<int64_t> offsets;  // [tensor], words
};

// The promising ways, most promising first; each is a list of parts that together cover the nest (a second part is the
// rest that does not fill all lanes; outer axes beyond the fourth are unrolled into parts). Empty when it would take
// too many parts.
std::vector<std::vector<Arrangement>> arrangements(const Nest& nest);

// Local tensors of an element-wise kernel for one slice. Operands have extent 1 on broadcast axes n, h, w; on a
// broadcast channel axis they have stride 0.
struct ElementwiseLocals {
  Local result;
  std::vector<Local> operands;
  std::vector<Local> work;  // of the result's shape
};
using ElementwiseEmitter = std::function<void(tile::Builder&, const ElementwiseLocals&)>;

// Recipes for result = f(operands), one per arrangement. `operands` names the views; strides come from the nest.
std::vector<Recipe> elementwise_recipes(std::string name, const Nest& nest, std::span<const Ref> operands, int work,
                                        ElementwiseEmitter emit);

}  // namespace bmnet::bm1684
