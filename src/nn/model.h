// A network inside the compiler: one nn graph in MLIR, and the way out of it. No MLIR in this header.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/status.h"
#include "op/graph.h"

namespace bmnet::nn {

// Owns the graph and everything it refers to (weights stay borrowed from the mapped model file). Cheap to move.
class Model {
 public:
  struct Impl;  // nn/ir.h
  explicit Model(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  std::string name() const;
  void rename(const std::string& name);

  // The graph as plain data; its constants share the model's memory and keep it alive.
  Result<op::Graph> to_graph() const;

  // UModel (nn/umodel.h): the file is mapped, its checksum verified, weights are not copied. Errors name the file: it
  // is of another kind, of another version, cut off or damaged; its network breaks a rule of an operator.
  Status save(const std::filesystem::path& path) const;
  static Result<Model> load(const std::filesystem::path& path);

  // Text form; constants over 64 elements are elided when `elide_weights`.
  std::string to_text(bool elide_weights = true) const;

  Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace bmnet::nn
