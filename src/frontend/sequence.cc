#include "frontend/sequence.h"

#include <numeric>

#include "nn/limits.h"

namespace bmnet::frontend {

Result<ValueId> mirrored_steps(Emitter& node, const Shape& x, ValueId lengths, int64_t time, int64_t batch) {
  if (time == batch) return user_error("time and batch are the same axis {}", time);
  if (node.shape_of(lengths) != Shape{x[batch]})
    return user_error("lengths of shape {} for {} sequences", to_string(node.shape_of(lengths)), x[batch]);
  Shape along_time(x.size(), 1), along_batch(x.size(), 1);
  along_time[time] = x[time];
  along_batch[batch] = x[batch];
  BMNET_TRY(nn::reserve_constant(along_time, DType::kI64));
  std::vector<int64_t> steps(x[time]);
  std::iota(steps.begin(), steps.end(), 0);
  const ValueId t = node.constant(along_time, steps);
  BMNET_ASSIGN(ValueId length, node.cast(lengths, DType::kI64));
  BMNET_ASSIGN(length, node.reshape(length, along_batch));
  BMNET_ASSIGN(const ValueId one, node.scalar(DType::kI64, 1));
  BMNET_ASSIGN(const ValueId last, node.binary("sub", length, one));
  BMNET_ASSIGN(const ValueId mirrored, node.binary("sub", last, t));
  BMNET_ASSIGN(const ValueId inside, node.make("compare", {{"kind", std::string("lt")}}, {t, length}));
  BMNET_ASSIGN(const ValueId source, node.make("select", {}, {inside, mirrored, t}));
  return node.broadcast(source, x);
}

}  // namespace bmnet::frontend
