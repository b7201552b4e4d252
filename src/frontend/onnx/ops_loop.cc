// Branches, and loops whose number of rounds is known: their bodies are imported once for every round.
#include <algorithm>
#include <limits>

#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {

Result<ValueId> stack(Call& call, const Values& values, int64_t axis) {
  BMNET_ASSIGN(const int64_t place, Call::normal_axis(axis, call.rank_of(values[0]) + 1));
  Values slices;
  for (const ValueId value : values) {
    Shape shape = call.shape_of(value);
    shape.insert(shape.begin() + place, 1);
    BMNET_ASSIGN(const ValueId slice, call.reshape(value, shape));
    slices.push_back(slice);
  }
  if (slices.size() == 1) return slices[0];
  return call.make("concat", {{"axis", place}}, slices);
}

namespace {

using onnx_file::GraphProto;

// ---- If

Result<Items> branch(Call& call, std::string_view name) {
  BMNET_ASSIGN(const GraphProto* graph, call.graph_of(name));
  return call.importer.import_body(*graph, call.scope, {}, {});
}

Result<bool> known_truth(const Call& call, const Item& item, std::string_view what) {
  const ValueId* value = std::get_if<ValueId>(&item);
  if (!value) return user_error("{} is a sequence, one truth value is expected", what);
  const Tensor* tensor = call.constant_of(*value);
  if (!tensor) return unsupported("{} is only known at run time", what);
  if (tensor->dtype() != DType::kBool || tensor->count() != 1) return user_error("{} must be one truth value", what);
  return tensor->data<bool>()[0];
}

Result<ValueId> choose(Call& call, ValueId condition, const Item& on_true, const Item& on_false) {
  const ValueId* yes = std::get_if<ValueId>(&on_true);
  const ValueId* no = std::get_if<ValueId>(&on_false);
  if (!yes || !no) return unsupported("its branches give sequences, and the condition is only known at run time");
  if (call.graph().info(*yes) != call.graph().info(*no))
    return unsupported("its branches give {} {} and {} {}, and the condition is only known at run time",
                       dtype_name(call.dtype_of(*yes)), to_string(call.shape_of(*yes)), dtype_name(call.dtype_of(*no)),
                       to_string(call.shape_of(*no)));
  return call.make("select", {}, {condition, *yes, *no});
}

// A known condition takes one branch. Else both are computed (operators have no side effects) and one result is
// selected.
Result<Items> if_then_else(Call& call) {
  BMNET_ASSIGN(const ValueId condition, call.tensor(0));
  if (call.constant_of(condition)) {
    BMNET_ASSIGN(const bool truth, known_truth(call, condition, "the condition"));
    return branch(call, truth ? "then_branch" : "else_branch");
  }
  BMNET_ASSIGN(const Items on_true, branch(call, "then_branch"));
  BMNET_ASSIGN(const Items on_false, branch(call, "else_branch"));
  if (on_true.size() != on_false.size())
    return user_error("the branches have {} and {} outputs", on_true.size(), on_false.size());
  BMNET_ASSIGN(const ValueId scalar, call.reshape(condition, {}));
  Items items;
  for (size_t i = 0; i < on_true.size(); ++i) {
    BMNET_ASSIGN(const ValueId value, choose(call, scalar, on_true[i], on_false[i]));
    items.emplace_back(value);
  }
  return items;
}

// ---- Loop and Scan

// What the rounds hand on: values carried from one to the next, and one tensor a round for each collected output.
struct Rounds {
  Items carried;
  std::vector<Values> collected;

  // Takes a round's outputs: the carried ones, then those to collect.
  Status take(std::span<const Item> outputs) {
    std::copy_n(outputs.begin(), carried.size(), carried.begin());
    for (size_t i = 0; i < collected.size(); ++i) {
      const ValueId* value = std::get_if<ValueId>(&outputs[carried.size() + i]);
      if (!value) return unsupported("the body gives a sequence where a tensor is collected");
      collected[i].push_back(*value);
    }
    return {};
  }
};

Status check_body(const GraphProto& body, size_t inputs, size_t outputs, size_t first_output) {
  if (static_cast<size_t>(body.input_size()) != inputs)
    return user_error("the body has {} inputs, {} are expected", body.input_size(), inputs);
  if (static_cast<size_t>(body.output_size()) != outputs + first_output)
    return user_error("the body has {} outputs, {} are expected", body.output_size(), outputs + first_output);
  return {};
}

Result<Items> loop(Call& call) {
  BMNET_ASSIGN(const GraphProto* body, call.graph_of("body"));
  Rounds rounds;
  for (size_t i = 2; i < call.input_count(); ++i) {
    BMNET_ASSIGN(Item item, call.item(i));
    rounds.carried.push_back(std::move(item));
  }
  if (call.output_count() < rounds.carried.size())
    return user_error("{} outputs for {} carried values", call.output_count(), rounds.carried.size());
  BMNET_TRY(check_body(*body, 2 + rounds.carried.size(), call.output_count(), 1));
  rounds.collected.resize(call.output_count() - rounds.carried.size());

  int64_t limit = std::numeric_limits<int64_t>::max();
  if (call.has(0)) {
    BMNET_ASSIGN(const ValueId number, call.tensor(0));
    BMNET_ASSIGN(limit, call.known_integer(number, "the number of rounds"));
  }
  const bool conditional = call.has(1);
  bool go_on = true;
  if (conditional) {
    BMNET_ASSIGN(const Item condition, call.item(1));
    BMNET_ASSIGN(go_on, known_truth(call, condition, "the condition"));
  }
  for (int64_t round = 0; round < limit && go_on; ++round) {
    BMNET_TRY(call.importer.count_round());
    Items inputs = {call.constant<int64_t>({}, {round}), call.truth(true)};
    inputs.insert(inputs.end(), rounds.carried.begin(), rounds.carried.end());
    const std::string prefix = fmt::format("{}/{}", call.node_name(), round);
    BMNET_ASSIGN(const Items outputs, call.importer.import_body(*body, call.scope, prefix, inputs));
    BMNET_TRY(rounds.take(std::span(outputs).subspan(1)));
    // Without a condition among the inputs, only the number of rounds counts.
    if (!conditional && call.has(0)) continue;
    BMNET_ASSIGN(go_on, known_truth(call, outputs[0], fmt::format("whether the loop ends after round {}", round)));
  }
  Items results = rounds.carried;
  for (size_t i = 0; i < rounds.collected.size(); ++i) {
    if (rounds.collected[i].empty()) return unsupported("the loop runs zero rounds, so its output {} is empty", i);
    BMNET_ASSIGN(const ValueId stacked, stack(call, rounds.collected[i], 0));
    results.emplace_back(stacked);
  }
  return results;
}

// One of the inputs that Scan takes apart.
struct Scanned {
  ValueId value;
  int64_t axis, extent;
  bool backward;

  Result<ValueId> element(Call& call, int64_t round) const {
    BMNET_ASSIGN(const ValueId slice, call.slice(value, axis, backward ? extent - 1 - round : round, 1));
    Shape shape = call.shape_of(slice);
    shape.erase(shape.begin() + axis);
    return call.reshape(slice, shape);
  }
};

// Element i of an optional list attribute with one entry for each of `count`.
Result<int64_t> entry(const Call& call, std::string_view name, size_t i, size_t count) {
  const std::vector<int64_t> entries = call.integers(name);
  if (entries.empty()) return 0;
  if (entries.size() != count) return user_error("{} has {} elements, {} are expected", name, entries.size(), count);
  return entries[i];
}

Result<std::vector<Scanned>> scanned_inputs(Call& call, size_t first, size_t count) {
  std::vector<Scanned> scanned;
  for (size_t i = 0; i < count; ++i) {
    BMNET_ASSIGN(const ValueId value, call.tensor(first + i));
    BMNET_ASSIGN(int64_t axis, entry(call, "scan_input_axes", i, count));
    BMNET_ASSIGN(axis, Call::normal_axis(axis, call.rank_of(value)));
    BMNET_ASSIGN(const int64_t direction, entry(call, "scan_input_directions", i, count));
    scanned.push_back({value, axis, call.shape_of(value)[axis], direction != 0});
    if (scanned[i].extent != scanned[0].extent)
      return user_error("the scanned inputs have {} and {} elements", scanned[0].extent, scanned[i].extent);
  }
  return scanned;
}

Result<Items> scan(Call& call) {
  BMNET_ASSIGN(const GraphProto* body, call.graph_of("body"));
  BMNET_ASSIGN(const int64_t count, call.required_integer("num_scan_inputs"));
  const size_t inputs = call.input_count();
  if (count < 1 || static_cast<size_t>(count) > inputs)
    return user_error("num_scan_inputs is {}, the node has {} inputs", count, inputs);
  Rounds rounds;
  for (size_t i = 0; i + count < inputs; ++i) {
    BMNET_ASSIGN(Item item, call.item(i));
    rounds.carried.push_back(std::move(item));
  }
  if (call.output_count() < rounds.carried.size())
    return user_error("{} outputs for {} states", call.output_count(), rounds.carried.size());
  BMNET_TRY(check_body(*body, inputs, call.output_count(), 0));
  rounds.collected.resize(call.output_count() - rounds.carried.size());
  BMNET_ASSIGN(const std::vector<Scanned> scanned, scanned_inputs(call, rounds.carried.size(), count));

  for (int64_t round = 0; round < scanned[0].extent; ++round) {
    BMNET_TRY(call.importer.count_round());
    Items values = rounds.carried;
    for (const Scanned& input : scanned) {
      BMNET_ASSIGN(const ValueId element, input.element(call, round));
      values.emplace_back(element);
    }
    const std::string prefix = fmt::format("{}/{}", call.node_name(), round);
    BMNET_ASSIGN(const Items outputs, call.importer.import_body(*body, call.scope, prefix, values));
    BMNET_TRY(rounds.take(outputs));
  }
  Items results = rounds.carried;
  for (size_t i = 0; i < rounds.collected.size(); ++i) {
    Values& elements = rounds.collected[i];
    if (elements.empty()) return unsupported("there is nothing to scan, so output {} is empty", i);
    BMNET_ASSIGN(const int64_t direction, entry(call, "scan_output_directions", i, rounds.collected.size()));
    if (direction) std::ranges::reverse(elements);
    BMNET_ASSIGN(const int64_t axis, entry(call, "scan_output_axes", i, rounds.collected.size()));
    BMNET_ASSIGN(const ValueId stacked, stack(call, elements, axis));
    results.emplace_back(stacked);
  }
  return results;
}

Result<Items> old_scan(Call&) {
  return unsupported("Scan of operator set 8 has batches of sequences; export the model with operator set 9 or newer");
}

// clang-format off
constexpr Row kRows[] = {
    {"If", 1, 1, 1, kAny, "then_branch:g else_branch:g", nullptr, "", "select", "constant condition, or branches of equal shapes", if_then_else},
    {"Loop", 1, 0, kAny, kAny, "body:g", nullptr, "", "", "number of rounds known when compiling", loop},
    {"Scan", 8, 0, kAny, kAny, "*", nullptr, "", "", "export with operator set 9", old_scan},
    {"Scan", 9, 1, kAny, kAny, "body:g num_scan_inputs:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is", nullptr, "", "slice, concat", "", scan},
};
// clang-format on

}  // namespace

std::span<const Row> loop_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
