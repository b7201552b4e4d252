// Sequences of tensors and optional values. Their lengths are known while importing, so nothing of them is left in the
// network.
#include <algorithm>

#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

constexpr int64_t kMaxLength = 1 << 16;

// Input i as a place in a sequence of `length` elements; negative ones count from the end.
Result<int64_t> position(const Call& call, size_t i, int64_t length) {
  BMNET_ASSIGN(const ValueId value, call.tensor(i));
  BMNET_ASSIGN(const int64_t place, call.known_integer(value, "the position"));
  if (place < -length || place >= length)
    return user_error("position {} does not exist in a sequence of {} tensors", place, length);
  return place < 0 ? place + length : place;
}

Result<Items> construct(Call& call) {
  Values values;
  for (size_t i = 0; i < call.input_count(); ++i) {
    BMNET_ASSIGN(const ValueId value, call.tensor(i));
    values.push_back(value);
  }
  return Items{values};
}

Result<Items> empty(Call&) { return Items{Values{}}; }

Result<Items> at(Call& call) {
  BMNET_ASSIGN(const Values values, call.sequence(0));
  BMNET_ASSIGN(const int64_t place, position(call, 1, static_cast<int64_t>(values.size())));
  return Items{values[place]};
}

Result<Items> insert(Call& call) {
  BMNET_ASSIGN(Values values, call.sequence(0));
  BMNET_ASSIGN(const ValueId value, call.tensor(1));
  if (values.size() >= kMaxLength) return unsupported("a sequence of more than {} tensors", kMaxLength);
  auto place = static_cast<int64_t>(values.size());
  if (call.has(2)) {
    // One place more than there are elements: behind the last.
    BMNET_ASSIGN(const ValueId given, call.tensor(2));
    BMNET_ASSIGN(const int64_t wanted, call.known_integer(given, "the position"));
    if (wanted < -place || wanted > place)
      return user_error("position {} does not exist in a sequence of {} tensors", wanted, place);
    place = wanted < 0 ? wanted + place : wanted;
  }
  values.insert(values.begin() + place, value);
  return Items{values};
}

Result<Items> erase(Call& call) {
  BMNET_ASSIGN(Values values, call.sequence(0));
  if (values.empty()) return user_error("the sequence is empty, nothing can be erased");
  auto place = static_cast<int64_t>(values.size()) - 1;
  if (call.has(1)) {
    BMNET_ASSIGN(place, position(call, 1, static_cast<int64_t>(values.size())));
  }
  values.erase(values.begin() + place);
  return Items{values};
}

Result<Items> length(Call& call) {
  BMNET_ASSIGN(const Values values, call.sequence(0));
  return Items{call.constant<int64_t>({}, {static_cast<int64_t>(values.size())})};
}

Result<Items> concat(Call& call) {
  BMNET_ASSIGN(const Values values, call.sequence(0));
  if (values.empty()) return user_error("the sequence is empty, there is nothing to join");
  BMNET_ASSIGN(const int64_t axis, call.required_integer("axis"));
  if (call.integer("new_axis", 0)) {
    BMNET_ASSIGN(const ValueId joined, stack(call, values, axis));
    return Items{joined};
  }
  BMNET_ASSIGN(const int64_t normal, Call::normal_axis(axis, call.rank_of(values[0])));
  BMNET_ASSIGN(const Values joined, call.finish("concat", {{"axis", normal}}, values));
  return Items{joined[0]};
}

// Lengths of the parts: all of the given ones, or equal ones with a shorter last.
Result<Shape> part_lengths(const Call& call, int64_t extent) {
  if (!call.has(1)) return Shape(extent, 1);
  BMNET_ASSIGN(const ValueId split, call.tensor(1));
  BMNET_ASSIGN(Shape lengths, call.known_integers(split, "the lengths of the parts"));
  if (call.rank_of(split) == 0) {
    if (lengths[0] < 1) return user_error("parts of length {}", lengths[0]);
    const int64_t each = std::min(lengths[0], extent);
    lengths.assign((extent + each - 1) / each, each);
    lengths.back() = extent - each * (static_cast<int64_t>(lengths.size()) - 1);
  }
  int64_t sum = 0;
  for (const int64_t part : lengths) {
    if (part < 1) return user_error("a part of length {}", part);
    sum += part;
  }
  if (sum != extent) return user_error("parts of {} elements in all, the axis has {}", sum, extent);
  return lengths;
}

Result<Items> split(Call& call) {
  BMNET_ASSIGN(const ValueId whole, call.tensor(0));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank_of(whole)));
  const int64_t extent = call.shape_of(whole)[axis];
  if (extent > kMaxLength) return unsupported("a sequence of more than {} tensors", kMaxLength);
  BMNET_ASSIGN(const Shape lengths, part_lengths(call, extent));
  const bool drop_axis = !call.has(1) && !call.integer("keepdims", 1);
  Values parts;
  int64_t start = 0;
  for (const int64_t part : lengths) {
    BMNET_ASSIGN(ValueId value, call.slice(whole, axis, start, part));
    start += part;
    if (drop_axis) {
      Shape shape = call.shape_of(value);
      shape.erase(shape.begin() + axis);
      BMNET_ASSIGN(value, call.reshape(value, shape));
    }
    parts.push_back(value);
  }
  return Items{parts};
}

// The body is imported once for every element of the first sequence; other sequences give their element of that place.
Result<Items> map(Call& call) {
  BMNET_ASSIGN(const onnx_file::GraphProto* body, call.graph_of("body"));
  BMNET_ASSIGN(const Values first, call.sequence(0));
  if (static_cast<size_t>(body->input_size()) != call.input_count())
    return user_error("the body has {} inputs, the node {}", body->input_size(), call.input_count());
  std::vector<Values> results(call.output_count());
  for (size_t i = 0; i < first.size(); ++i) {
    BMNET_TRY(call.importer.count_round());
    Items inputs;
    for (size_t k = 0; k < call.input_count(); ++k) {
      BMNET_ASSIGN(const Item item, call.item(k));
      const Values* other = std::get_if<Values>(&item);
      if (other && other->size() != first.size())
        return user_error("input {} has {} tensors, the first sequence {}", k, other->size(), first.size());
      inputs.push_back(other ? Item((*other)[i]) : item);
    }
    BMNET_ASSIGN(const Items outputs,
                 call.importer.import_body(*body, call.scope, fmt::format("{}/{}", call.node_name(), i), inputs));
    if (outputs.size() != results.size())
      return user_error("the body has {} outputs, the node {}", outputs.size(), results.size());
    for (size_t k = 0; k < outputs.size(); ++k) {
      const ValueId* value = std::get_if<ValueId>(&outputs[k]);
      if (!value) return user_error("output {} of the body is a sequence, a tensor is expected", k);
      results[k].push_back(*value);
    }
  }
  return Items(results.begin(), results.end());
}

// ---- optional values: there or not is known here as well

Result<Items> same(Call& call) {
  if (!call.has(0)) return unsupported("an optional value that is empty; leave the input out instead");
  BMNET_ASSIGN(Item item, call.item(0));
  return Items{std::move(item)};
}

Result<Items> has_element(Call& call) { return Items{call.truth(call.has(0))}; }

// clang-format off
constexpr Row kRows[] = {
    {"ConcatFromSequence", 11, 1, 1, 1, "axis:i new_axis:i", nullptr, "", "concat", "", concat},
    {"Optional", 15, 0, 1, 1, "type:tp", nullptr, "", "", "not empty", same},
    {"OptionalGetElement", 15, 1, 1, 1, "", nullptr, "", "", "", same},
    {"OptionalHasElement", 15, 0, 1, 1, "", nullptr, "", "constant", "", has_element},
    {"SequenceAt", 11, 2, 2, 1, "", nullptr, "", "", "constant position", at},
    {"SequenceConstruct", 11, 1, kAny, 1, "", nullptr, "", "", "", construct},
    {"SequenceEmpty", 11, 0, 0, 1, "dtype:i", nullptr, "", "", "", empty},
    {"SequenceErase", 11, 1, 2, 1, "", nullptr, "", "", "constant position", erase},
    {"SequenceInsert", 11, 2, 3, 1, "", nullptr, "", "", "constant position", insert},
    {"SequenceLength", 11, 1, 1, 1, "", nullptr, "", "constant", "", length},
    {"SequenceMap", 17, 1, kAny, kAny, "body:g", nullptr, "", "", "", map},
    {"SplitToSequence", 11, 1, 2, 1, "axis:i keepdims:i", nullptr, "", "slice", "constant lengths", split},
};
// clang-format on

}  // namespace

std::span<const Row> sequence_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
