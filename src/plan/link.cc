#include "plan/link.h"

#include "base/sha256.h"
#include "plan/memory.h"
#include "target/bm1684/lower/movement.h"
#include "target/bm1684/machine.h"
#include "tile/builder.h"

namespace bmnet::plan {
namespace {

constexpr uint64_t kCoefficientAlignment = 128;

class Linker {
 public:
  Linker(const Network& network, const Choices& choices)
      : network_(network), graph_(network.graph), choices_(choices), program_(linked_.program) {}

  Result<Linked> run() {
    list_sub_nets();
    BMNET_TRY(append_sub_nets());
    pin_inputs_and_outputs();
    assign_addresses();
    return std::move(linked_);
  }

 private:
  using Kind = tile::Buffer::Kind;

  void list_sub_nets() {
    auto& sub_nets = linked_.sub_nets;
    for (const SubNetNodes& sub_net : choices_.sub_nets)
      sub_nets.push_back({.place = sub_net.place, .nodes = sub_net.nodes});
    if (network_.copied_outputs.empty()) return;
    if (sub_nets.empty() || sub_nets.back().place != Place::kTpu)
      sub_nets.push_back({.place = Place::kTpu, .nodes = {}});
    sub_nets.back().copies_outputs = true;
  }

  // Lays the sub-nets out one after the other and notes when buffers are in use.
  Status append_sub_nets() {
    for (op::ValueId value : graph_.inputs) activation(value);
    for (LinkedSubNet& sub_net : linked_.sub_nets) {
      sub_net.first_op = program_.ops.size();
      for (int32_t node : sub_net.nodes) append_node(node, sub_net.place);
      if (sub_net.copies_outputs) BMNET_TRY(append_output_copies());
      sub_net.last_op = program_.ops.size();
    }
    ++position_;
    return {};
  }

  void append_node(int32_t node, Place place) {
    const NodeChoice& choice = choices_.nodes[node];
    ++position_;
    // A value between a node and its epilogue never reaches DDR.
    if (!choice.merged)
      for (op::ValueId value : graph_.nodes[node].inputs)
        if (!graph_.values[value].constant) touch(activation(value));
    if (choice.epilogue < 0)
      for (op::ValueId value : graph_.nodes[node].outputs) touch(activation(value));
    if (place == Place::kTpu && !choice.is_alias && !choice.merged) append(choice.plan.program);
  }

  void append(const tile::Program& part) {
    std::vector<tile::BufferId> ids(part.buffers.size(), -1);
    for (size_t i = 0; i < ids.size(); ++i) {
      const tile::Buffer& buffer = part.buffers[i];
      if (buffer.kind == Kind::kActivation) touch(ids[i] = activation(buffer.value));
      if (buffer.kind == Kind::kScratch) ids[i] = add(buffer);
      if (buffer.kind == Kind::kCoefficient && buffer.content) ids[i] = coefficient(buffer);
    }
    for (tile::Op op : part.ops) {
      if (op.source >= 0) op.source = ids[op.source];
      if (op.destination >= 0) op.destination = ids[op.destination];
      program_.ops.push_back(op);
    }
  }

  Status append_output_copies() {
    for (const size_t output : network_.copied_outputs) {
      ++position_;
      const op::ValueId value = choices_.root[graph_.outputs[output]];
      const int64_t words = graph_.values[value].info.count();
      BMNET_ASSIGN(const tile::BufferId from, copy_source(value));
      const tile::BufferId to = add({Kind::kActivation, network_.names[value] + ".copy", words * 4, -1, nullptr});
      linked_.output_copies.push_back({output, to});
      bm1684::Recipe recipe;
      const int64_t sizes[] = {words};
      bm1684::add_copy(recipe, sizes, {bm1684::output_ref(), 0, {1}}, {bm1684::input_ref(0), 0, {1}});
      tile::Builder build(program_, -1);
      for (const bm1684::Step& step : recipe.steps) {
        const auto& move = std::get<bm1684::Move>(step);
        build.copy({to, move.to.offset, move.to.shape, move.to.strides},
                   {from, move.from.offset, move.from.shape, move.from.strides});
      }
      BMNET_TRY(build.status());
    }
    return {};
  }

  Result<tile::BufferId> copy_source(op::ValueId value) {
    const op::Value& source = graph_.values[value];
    if (!source.constant) {
      const tile::BufferId buffer = activation(value);
      touch(buffer);
      return buffer;
    }
    BMNET_ASSIGN(auto content, words_of(*source.constant));
    return coefficient({Kind::kCoefficient, network_.names[value], source.info.count() * 4, -1,
                        std::make_shared<const std::vector<uint8_t>>(std::move(content))});
  }

  // --- buffers

  tile::BufferId add(const tile::Buffer& buffer) {
    const tile::BufferId id = program_.add(buffer);
    lifetimes_.resize(program_.buffers.size());
    if (buffer.kind != Kind::kCoefficient) lifetimes_.back() = {buffer.bytes, position_, position_};
    return id;
  }

  void touch(tile::BufferId buffer) { lifetimes_[buffer].last = position_; }

  tile::BufferId activation(op::ValueId value) {
    const op::ValueId root = choices_.root[value];
    auto [entry, is_new] = linked_.activations.try_emplace(root, -1);
    if (is_new)
      entry->second =
          add({Kind::kActivation, network_.names[root], graph_.values[root].info.count() * 4, root, nullptr});
    return entry->second;
  }

  // Equal contents share a place.
  tile::BufferId coefficient(const tile::Buffer& buffer) {
    auto [entry, is_new] = coefficients_.try_emplace(sha256(*buffer.content), -1);
    if (is_new) entry->second = add(buffer);
    return entry->second;
  }

  // Inputs and outputs keep their places for the whole run: the runtime copies into and out of them.
  void pin_inputs_and_outputs() {
    const auto pin = [&](tile::BufferId buffer) { lifetimes_[buffer] = {lifetimes_[buffer].bytes, 0, position_}; };
    for (op::ValueId value : graph_.inputs) pin(activation(value));
    std::vector<bool> is_copied(graph_.outputs.size(), false);
    for (const OutputCopy& copy : linked_.output_copies) {
      is_copied[copy.output] = true;
      pin(copy.buffer);
    }
    for (size_t i = 0; i < is_copied.size(); ++i)
      if (!is_copied[i]) pin(activation(graph_.outputs[i]));
  }

  // Coefficients come first, one behind the other; activations and scratch follow, packed by lifetime.
  void assign_addresses() {
    std::vector<uint8_t>& blob = linked_.coefficients;
    linked_.addresses.assign(program_.buffers.size(), 0);
    std::vector<Lifetime> lifetimes;
    std::vector<size_t> packed;
    for (size_t i = 0; i < program_.buffers.size(); ++i) {
      const tile::Buffer& buffer = program_.buffers[i];
      if (buffer.kind != Kind::kCoefficient) {
        packed.push_back(i);
        lifetimes.push_back(lifetimes_[i]);
        continue;
      }
      blob.resize(tile::round_up(static_cast<int64_t>(blob.size()), kCoefficientAlignment), 0);
      linked_.addresses[i] = bm1684::kContextStart + blob.size();
      blob.insert(blob.end(), buffer.content->begin(), buffer.content->end());
    }
    const Packing packing = pack(lifetimes, bm1684::kDdrPage);
    linked_.activation_start =
        bm1684::kContextStart + tile::round_up(static_cast<int64_t>(blob.size()), bm1684::kDdrPage);
    linked_.activation_bytes = packing.bytes;
    for (size_t k = 0; k < packed.size(); ++k)
      linked_.addresses[packed[k]] = linked_.activation_start + packing.offsets[k];
  }

  const Network& network_;
  const op::Graph& graph_;
  const Choices& choices_;
  Linked linked_;
  tile::Program& program_;
  std::vector<Lifetime> lifetimes_;  // by buffer
  int32_t position_ = 0;             // in the order of execution
  std::map<Sha256, tile::BufferId> coefficients_;
};

}  // namespace

Result<Linked> link(const Network& network, const Choices& choices) { return Linker(network, choices).run(); }

}  // namespace bmnet::plan
