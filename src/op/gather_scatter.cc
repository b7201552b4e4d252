// Operators that read or write where indices say: gather, gather_elements, gather_nd, scatter_nd, scatter_elements,
// one_hot. An index outside its axis is an error of the model's data; one_hot alone has a value for it.
#include <algorithm>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

// The indices as i64, negative ones counted from the end of an axis of `extent`; refuses those outside.
Result<std::vector<int64_t>> read_indices(const Tensor& indices, int64_t extent) {
  std::vector<int64_t> places(indices.count());
  int64_t wrong = 0;
  bool all_inside = true;
  BMNET_TRY(IndexTypes::visit(indices.dtype(), [&]<typename T>() {
    const T* in = pointer<T>(indices);
    for (size_t i = 0; i < places.size(); ++i) {
      places[i] = in[i] < 0 ? in[i] + extent : static_cast<int64_t>(in[i]);
      if (places[i] >= 0 && places[i] < extent) continue;
      wrong = in[i];
      all_inside = false;
    }
  }));
  if (!all_inside) return user_error("index {} is outside an axis of {} elements", wrong, extent);
  return places;
}

Result<Infos> infer_gather(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(IndexTypes::check(inputs[1], "indices"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape &in = inputs[0].shape, &indices = inputs[1].shape;
  BMNET_TRY(check_axis("axis", axis, in.size()));
  Shape shape(in.begin(), in.begin() + axis);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), in.begin() + axis + 1, in.end());
  return result(inputs[0].dtype, std::move(shape));
}

Status gather(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape& in = inputs[0].shape();
  BMNET_ASSIGN(const std::vector<int64_t> places, read_indices(inputs[1], in[axis]));
  const int64_t outer = extent_between(in, 0, axis);
  const size_t unit = byte_size(inputs[0].dtype()) * extent_between(in, axis + 1, in.size());
  const char* from = static_cast<const char*>(inputs[0].raw());
  char* to = static_cast<char*>(outputs[0].raw());
  if (outputs[0].bytes() == 0) return {};
  for (int64_t o = 0; o < outer; ++o, from += in[axis] * unit)
    for (int64_t place : places) {
      std::memcpy(to, from + place * unit, unit);
      to += unit;
    }
  return {};
}

// Of indices that address single elements along `axis`: same rank as input, no larger on the other axes.
Status check_element_indices(const TensorInfo& input, const TensorInfo& indices, int64_t axis) {
  BMNET_TRY(IndexTypes::check(indices, "indices"));
  BMNET_TRY(check_axis("axis", axis, input.shape.size()));
  BMNET_TRY(check_rank(indices, "indices", input.shape.size()));
  for (size_t i = 0; i < input.shape.size(); ++i)
    if (static_cast<int64_t>(i) != axis && indices.shape[i] > input.shape[i])
      return user_error("indices of shape {} exceed the input of shape {} on axis {}", to_string(indices.shape),
                        to_string(input.shape), i);
  return {};
}

Result<Infos> infer_gather_elements(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_TRY(check_element_indices(inputs[0], inputs[1], axis));
  return result(inputs[0].dtype, inputs[1].shape);
}

// Calls visit(number of the index, offset of the element in a tensor of `shape`) for all indices of `indices_shape`,
// whose values along `axis` are `places`.
void for_each_element(const Shape& shape, const Shape& indices_shape, int64_t axis, const std::vector<int64_t>& places,
                      auto visit) {
  Shape strides = strides_of(shape);
  const int64_t along = std::exchange(strides[axis], 0);
  for_each_row<2>(indices_shape, {strides_of(indices_shape), strides},
                  [&](const auto& offset, int64_t n, const auto& step) {
                    for (int64_t i = 0; i < n; ++i) {
                      const int64_t number = offset[0] + i * step[0];
                      visit(number, offset[1] + i * step[1] + places[number] * along);
                    }
                  });
}

Status gather_elements(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape& in = inputs[0].shape();
  BMNET_ASSIGN(const std::vector<int64_t> places, read_indices(inputs[1], in[axis]));
  visit_size(inputs[0].dtype(), [&]<typename T>() {
    const T* from = pointer<T>(inputs[0]);
    T* to = pointer<T>(outputs[0]);
    for_each_element(in, inputs[1].shape(), axis, places, [&](int64_t number, int64_t at) { to[number] = from[at]; });
  });
  return {};
}

// Index vectors: the last axis of `indices` addresses axes [batch_dims, batch_dims + depth) of a tensor.
struct Vectors {
  int64_t depth;                 // length of a vector
  int64_t unit;                  // elements of an addressed slice
  std::vector<int64_t> offsets;  // of every vector's slice
};

Status check_vectors(const TensorInfo& input, const TensorInfo& indices, size_t batch_dims) {
  BMNET_TRY(IndexTypes::check(indices, "indices"));
  BMNET_TRY(check_rank(input, "the input", 1, kMaxRank));
  BMNET_TRY(check_rank(indices, "indices", batch_dims + 1, kMaxRank));
  const int64_t depth = indices.shape.back(), free = static_cast<int64_t>(input.shape.size() - batch_dims);
  if (depth < 1 || depth > free)
    return user_error("index vectors of {} values do not address {} axes of shape {}", depth, free,
                      to_string(input.shape));
  return {};
}

Result<Vectors> read_vectors(const Shape& shape, const Tensor& indices, size_t batch_dims) {
  const size_t depth = indices.shape().back();
  const Shape strides = strides_of(shape);
  Vectors vectors{static_cast<int64_t>(depth), extent_between(shape, batch_dims + depth, shape.size()), {}};
  const int64_t count = depth ? indices.count() / static_cast<int64_t>(depth) : 0;
  const int64_t batches = extent_between(shape, 0, batch_dims);
  const int64_t batch_size = extent_between(shape, batch_dims, shape.size());
  vectors.offsets.resize(count);
  for (int64_t v = 0; v < count; ++v)
    vectors.offsets[v] = v / std::max<int64_t>(1, count / std::max<int64_t>(1, batches)) * batch_size;
  for (size_t d = 0; d < depth; ++d) {
    const int64_t extent = shape[batch_dims + d];
    int64_t wrong = 0;
    bool all_inside = true;
    BMNET_TRY(IndexTypes::visit(indices.dtype(), [&]<typename T>() {
      const T* in = pointer<T>(indices) + d;
      for (int64_t v = 0; v < count; ++v) {
        const int64_t value = in[v * depth], place = value < 0 ? value + extent : value;
        if (place < 0 || place >= extent) wrong = value, all_inside = false;
        vectors.offsets[v] += std::clamp<int64_t>(place, 0, std::max<int64_t>(0, extent - 1)) * strides[batch_dims + d];
      }
    }));
    if (!all_inside) return user_error("index {} is outside an axis of {} elements", wrong, extent);
  }
  return vectors;
}

Result<Infos> infer_gather_nd(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_ASSIGN(const int64_t batch_dims, attributes.get<int64_t>("batch_dims"));
  const Shape &in = inputs[0].shape, &indices = inputs[1].shape;
  BMNET_TRY(check_range("batch_dims", batch_dims, 0, std::max<int64_t>(0, static_cast<int64_t>(in.size()) - 1)));
  BMNET_TRY(check_vectors(inputs[0], inputs[1], batch_dims));
  for (int64_t axis = 0; axis < batch_dims; ++axis)
    if (in[axis] != indices[axis])
      return user_error("batch axis {} has {} elements in the input, {} in indices", axis, in[axis], indices[axis]);
  Shape shape(indices.begin(), indices.end() - 1);
  shape.insert(shape.end(), in.begin() + batch_dims + indices.back(), in.end());
  return result(inputs[0].dtype, std::move(shape));
}

Status gather_nd(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t batch_dims, attributes.get<int64_t>("batch_dims"));
  BMNET_ASSIGN(const Vectors vectors, read_vectors(inputs[0].shape(), inputs[1], batch_dims));
  visit_size(inputs[0].dtype(), [&]<typename T>() {
    T* to = pointer<T>(outputs[0]);
    for (int64_t offset : vectors.offsets) to = std::copy_n(pointer<T>(inputs[0]) + offset, vectors.unit, to);
  });
  return {};
}

// How an update meets the element that is there.
template <typename T>
void combine(const std::string& reduction, T& element, T update) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;
  if (reduction == "add")
    element = static_cast<T>(static_cast<Wide>(element) + static_cast<Wide>(update));
  else if (reduction == "mul")
    element = static_cast<T>(static_cast<Wide>(element) * static_cast<Wide>(update));
  else if (reduction == "max")
    element = update > element || update != update ? update : element;
  else if (reduction == "min")
    element = update < element || update != update ? update : element;
}

Status check_scatter(const Attributes& attributes, const TensorInfo& input, const TensorInfo& updates) {
  BMNET_TRY(check_same_dtype(input, "the input", updates, "updates"));
  BMNET_ASSIGN(const std::string reduction, choice(attributes, "reduction", {"none", "add", "mul", "max", "min"}));
  return reduction == "none" ? Status{} : NumberTypes::check(input, "the input of a reduction");
}

// Copies the input, then calls scatter(place(number, offset)) … : `visit_all` visits every (number of the update
// element, offset in the output) in order.
Status scatter(const std::string& reduction, const Tensor& input, const Tensor& updates, Tensor& output,
               auto visit_all) {
  if (input.bytes()) std::memcpy(output.raw(), input.raw(), input.bytes());
  if (reduction != "none")
    return NumberTypes::visit(input.dtype(), [&]<typename T>() {
      visit_all(
          [&](int64_t number, int64_t at) { combine(reduction, pointer<T>(output)[at], pointer<T>(updates)[number]); });
    });
  visit_size(input.dtype(), [&]<typename T>() {
    visit_all([&](int64_t number, int64_t at) { pointer<T>(output)[at] = pointer<T>(updates)[number]; });
  });
  return {};
}

Result<Infos> infer_scatter_nd(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 3));
  BMNET_TRY(check_scatter(attributes, inputs[0], inputs[2]));
  BMNET_TRY(check_vectors(inputs[0], inputs[1], 0));
  const Shape &in = inputs[0].shape, &indices = inputs[1].shape;
  Shape expected(indices.begin(), indices.end() - 1);
  expected.insert(expected.end(), in.begin() + indices.back(), in.end());
  BMNET_TRY(check_shape(inputs[2], "updates", expected));
  return result(inputs[0].dtype, in);
}

Status scatter_nd(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string reduction, attributes.get<std::string>("reduction"));
  BMNET_ASSIGN(const Vectors vectors, read_vectors(inputs[0].shape(), inputs[1], 0));
  return scatter(reduction, inputs[0], inputs[2], outputs[0], [&](auto place) {
    int64_t number = 0;
    for (int64_t offset : vectors.offsets)
      for (int64_t i = 0; i < vectors.unit; ++i) place(number++, offset + i);
  });
}

Result<Infos> infer_scatter_elements(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 3));
  BMNET_TRY(check_scatter(attributes, inputs[0], inputs[2]));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_TRY(check_element_indices(inputs[0], inputs[1], axis));
  BMNET_TRY(check_shape(inputs[2], "updates", inputs[1].shape));
  return result(inputs[0].dtype, inputs[0].shape);
}

Status scatter_elements(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string reduction, attributes.get<std::string>("reduction"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape& in = inputs[0].shape();
  BMNET_ASSIGN(const std::vector<int64_t> places, read_indices(inputs[1], in[axis]));
  return scatter(reduction, inputs[0], inputs[2], outputs[0],
                 [&](auto place) { for_each_element(in, inputs[1].shape(), axis, places, place); });
}

Result<Infos> infer_one_hot(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(NumberTypes::check(inputs[0], "indices"));
  BMNET_ASSIGN(const int64_t depth, attributes.get<int64_t>("depth"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_ASSIGN(const std::string to, attributes.get<std::string>("to"));
  BMNET_ASSIGN(const DType dtype, parse_dtype(to));
  for (const char* name : {"on_value", "off_value"}) BMNET_TRY(attributes.get<float>(name));
  BMNET_TRY(check_range("depth", depth, 1, kMaxExtent));
  BMNET_TRY(check_axis("axis", axis, inputs[0].shape.size() + 1));
  if (dtype != DType::kBool) BMNET_TRY(NumberTypes::check({dtype, {}}, "the result"));
  Shape shape = inputs[0].shape;
  shape.insert(shape.begin() + axis, depth);
  return result(dtype, std::move(shape));
}

Status one_hot(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t depth, attributes.get<int64_t>("depth"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_ASSIGN(const float on_value, attributes.get<float>("on_value"));
  BMNET_ASSIGN(const float off_value, attributes.get<float>("off_value"));
  const Tensor& indices = inputs[0];
  const int64_t inner = extent_between(indices.shape(), axis, indices.shape().size());
  std::vector<int64_t> places(indices.count());
  BMNET_TRY(NumberTypes::visit(indices.dtype(), [&]<typename T>() {
    for (size_t i = 0; i < places.size(); ++i) places[i] = number_cast<int64_t>(pointer<T>(indices)[i]);
  }));
  const auto fill = [&]<typename T>(T on, T off) {
    T* out = pointer<T>(outputs[0]);
    std::fill_n(out, outputs[0].count(), off);
    for (int64_t i = 0; i < indices.count(); ++i) {
      const int64_t place = places[i] < 0 ? places[i] + depth : places[i];
      if (place >= 0 && place < depth) out[(i / inner * depth + place) * inner + i % inner] = on;
    }
  };
  if (outputs[0].dtype() == DType::kBool) return fill(uint8_t{on_value != 0}, uint8_t{off_value != 0}), Status{};
  return NumberTypes::visit(outputs[0].dtype(),
                            [&]<typename T>() { fill(number_cast<T>(on_value), number_cast<T>(off_value)); });
}

constexpr OpSpec kOps[] = {
    {"gather", infer_gather, gather},
    {"gather_elements", infer_gather_elements, gather_elements},
    {"gather_nd", infer_gather_nd, gather_nd},
    {"scatter_nd", infer_scatter_nd, scatter_nd},
    {"scatter_elements", infer_scatter_elements, scatter_elements},
    {"one_hot", infer_one_hot, one_hot},
};

}  // namespace

std::span<const OpSpec> gather_scatter_ops() { return kOps; }

}  // namespace bmnet::op
