// Golden data beside a model: reading it, and holding a device's outputs against it.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/npz.h"
#include "op/compare.h"
#include "op/graph.h"

namespace bmnet::tool {

// The bound for outputs where the chip's arithmetic alone misses the golden's own tolerance: relative to the maximum.
inline constexpr double kChipBound = 1e-3;

struct DataSet {
  std::vector<NamedTensor> inputs, outputs;
};

// The sets of an .npz by name. Keys are <set>/in/<name> and <set>/out/<name>, or in/<name> and out/<name> for the one
// set "".
Result<std::map<std::string, DataSet>> read_data_sets(const std::filesystem::path& path);

// What was compared, and how far it agrees.
struct Judgement {
  op::Difference difference;  // of the worst output
  std::string where;          // "name (operator)"
  bool quantized = false;     // 8-bit integers: one step more or less is the arithmetic before the rounding

  bool within_chip_bound() const {
    return difference.relative() <= kChipBound || (quantized && difference.max_abs <= 1);
  }
  std::string to_text() const;
};

// The worst of the graph's outputs that the set has golden data for. `graph` is the one the front end read.
Result<Judgement> judge(const op::Graph& graph, const DataSet& set, std::span<const NamedTensor> device,
                        op::Tolerance tolerance = {});

}  // namespace bmnet::tool
