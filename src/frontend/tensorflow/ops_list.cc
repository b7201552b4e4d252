// Lists of tensors, by which loops collect and hand out their steps. They exist at import only: a loop that is unrolled
// leaves plain slices and concatenations.
#include <algorithm>

#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr int64_t kMaxLength = 1 << 16;

Result<std::vector<ValueId>> list_of(Call& call, size_t i) {
  if (call.value(i).list < 0) return user_error("input {} is no list of tensors", i);
  return call.importer.list(call.value(i));
}

Result<Values> listed(Call& call, std::vector<ValueId> elements) {
  BMNET_ASSIGN(const Value list, call.importer.new_list(std::move(elements)));
  return Values{list};
}

Result<ValueId> tensor_in(Call& call, size_t i) {
  if (call.value(i).list >= 0) return unsupported("a list in a list");
  return call.plain(i);
}

// element_shape, num_elements: nobody set them yet.
Result<Values> reserve(Call& call) {
  BMNET_ASSIGN(const int64_t length, call.integer_of(1, "the number of elements"));
  if (call.kind() == "empty") return listed(call, {});
  if (length < 0 || length > kMaxLength) return unsupported("a list of {} tensors", length);
  return listed(call, std::vector<ValueId>(static_cast<size_t>(length), -1));
}

// Slices along the first axis.
Result<Values> from_tensor(Call& call) {
  BMNET_ASSIGN(const ValueId x, tensor_in(call, 0));
  Shape shape = call.shape_of(x);
  if (shape.empty() || shape[0] > kMaxLength) return unsupported("a list of the slices of {}", to_string(shape));
  const Shape slice(shape.begin() + 1, shape.end());
  std::vector<ValueId> elements;
  for (int64_t i = 0; i < shape[0]; ++i) {
    BMNET_ASSIGN(const ValueId part, call.slice(x, 0, i, 1));
    BMNET_ASSIGN(const ValueId element, call.reshape(part, slice));
    elements.push_back(element);
  }
  return listed(call, std::move(elements));
}

Result<size_t> index_of(Call& call, size_t i, size_t size) {
  BMNET_ASSIGN(const int64_t index, call.integer_of(i, "the index of a list's element"));
  if (index < 0 || index >= static_cast<int64_t>(size)) return user_error("element {} of a list of {}", index, size);
  return static_cast<size_t>(index);
}

Result<Values> get_item(Call& call) {
  BMNET_ASSIGN(const std::vector<ValueId> list, list_of(call, 0));
  BMNET_ASSIGN(const size_t index, index_of(call, 1, list.size()));
  if (list[index] < 0) return user_error("element {} of the list was never set", index);
  return Values{{list[index], false}};
}

Result<Values> set_item(Call& call) {
  BMNET_ASSIGN(std::vector<ValueId> list, list_of(call, 0));
  BMNET_ASSIGN(const size_t index, index_of(call, 1, list.size()));
  BMNET_ASSIGN(list[index], tensor_in(call, 2));
  return listed(call, std::move(list));
}

Result<Values> push_back(Call& call) {
  BMNET_ASSIGN(std::vector<ValueId> list, list_of(call, 0));
  BMNET_ASSIGN(const ValueId element, tensor_in(call, 1));
  list.push_back(element);
  return listed(call, std::move(list));
}

Result<Values> length(Call& call) {
  BMNET_ASSIGN(const std::vector<ValueId> list, list_of(call, 0));
  return Values{{call.integers_constant(DType::kI32, {}, {static_cast<int64_t>(list.size())}), false}};
}

// All elements, one behind the other along a new first axis.
Result<Values> stack(Call& call) {
  BMNET_ASSIGN(const std::vector<ValueId> list, list_of(call, 0));
  if (list.empty()) return unsupported("an empty list as a tensor");
  if (std::ranges::find(list, -1) != list.end()) return user_error("an element of the list was never set");
  Shape shape = call.shape_of(list[0]);
  shape.insert(shape.begin(), 1);
  std::vector<ValueId> parts;
  for (const ValueId element : list) {
    if (call.shape_of(element) != call.shape_of(list[0])) return user_error("the list's elements differ in shape");
    BMNET_ASSIGN(const ValueId part, call.reshape(element, shape));
    parts.push_back(part);
  }
  if (parts.size() == 1) return Values{{parts[0], false}};
  return call.finish("concat", {{"axis", int64_t{0}}}, parts);
}

// clang-format off
constexpr Row kRows[] = {
    {"EmptyTensorList", 2, 2, "", reserve, "empty", "", "at import"},
    {"TensorListFromTensor", 2, 2, "", from_tensor, "", "slice reshape", "at import"},
    {"TensorListGetItem", 2, 3, "", get_item, "", "", "index known at import", true},
    {"TensorListLength", 1, 1, "", length, "", "constant", "at import", true},
    {"TensorListPushBack", 2, 2, "", push_back, "", "", "at import", true},
    {"TensorListReserve", 2, 2, "", reserve, "", "", "length known at import"},
    {"TensorListSetItem", 3, 3, "", set_item, "", "", "index known at import", true},
    {"TensorListStack", 1, 2, "", stack, "", "concat reshape", "at import", true},
};
// clang-format on

}  // namespace

std::span<const Row> list_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
