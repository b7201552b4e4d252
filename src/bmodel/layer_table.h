// Which commands belong to which layer of the user's model, and where its tensors lie: kept in a BModel
// (NetParameter.net_profile, which the vendor's runtime treats as opaque), so that traps, traces, profiles, dumps and
// the debugger can name both.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

struct LayerTable {
  struct Layer {
    std::string name;   // of the user's node
    std::string op;     // operator, for example "conv"
    std::string place;  // "tpu" or "cpu"
    int64_t macs = 0;   // multiply-accumulates of the operator, not of its padding
    std::string note;   // why it runs where it runs; may be empty
    bool operator==(const Layer&) const = default;
  };
  // `count` consecutive commands of one engine belong to `layer`.
  struct Run {
    uint32_t layer = 0, count = 0;
    bool operator==(const Run&) const = default;
  };
  // One per command group of the stage, in order; index 0 the TIU stream, 1 the GDMA stream.
  using Group = std::array<std::vector<Run>, 2>;

  // An input of the network or a result of one of its layers, stored 1N.
  struct Tensor {
    std::string name;         // of the user's value
    int32_t layer = -1;       // that computes it; -1: an input of the network
    int32_t written_by = -1;  // the layer after whose last command it lies at `address`: another one than `layer` when
                              // layers are merged or share bytes; -1: an input, or another view of one
    DataType type = DataType::kFloat32;
    Shape shape;           // at least one dimension, none of them 0
    uint64_t address = 0;  // in DDR, as the commands of the file assume; later layers may use the same bytes. 0: the
                           // tensor never leaves local memory
    bool operator==(const Tensor&) const = default;
  };

  std::vector<Layer> layers;
  std::vector<Group> groups;
  std::vector<Tensor> tensors;  // in the order of execution; empty in files of older versions

  // Index of the layer of a command, or -1 when the table does not say.
  int64_t layer_of(uint32_t group, uint32_t engine, uint32_t command) const;
  bool operator==(const LayerTable&) const = default;
};

// CBOR behind a tag of our own; a blob that is not ours gives an empty table.
std::vector<uint8_t> encode(const LayerTable& table);
Result<LayerTable> decode_layer_table(std::span<const uint8_t> blob);

}  // namespace bmnet::bmodel
