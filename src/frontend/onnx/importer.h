// Walks the graphs of an ONNX file and makes the network from them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "frontend/blockers.h"
#include "frontend/limits.h"
#include "frontend/onnx/call.h"
#include "frontend/onnx/file.h"
#include "frontend/options.h"

namespace bmnet::frontend::onnx {

// Names that are known at one level: of the model's graph, of a branch (which also sees its parent's) or of a function.
struct Scope {
  Scope* parent = nullptr;
  int64_t opset = 0;
  std::string prefix;  // of node names inside functions: "caller/"
  int depth = 0;
  std::map<std::string, Item, std::less<>> values;
  std::map<std::string, const onnx_file::TensorProto*, std::less<>> initializers;  // not yet read
  std::map<std::string, const onnx_file::SparseTensorProto*, std::less<>> sparse_initializers;
  std::set<std::string, std::less<>> used;  // names that outputs or needed nodes refer to
};

class Importer {
 public:
  Importer(ModelFile& file, const ImportOptions& options, std::string network_name)
      : file_(file), options_(options), builder_(std::move(network_name)), blockers_(options) {}

  Result<nn::Model> run();

  // What the outputs of a branch or of a loop's body stand for. Its nodes see `parent`'s names and, as its own inputs,
  // `inputs`; `prefix` tells its nodes from those of other rounds.
  Result<Items> import_body(const onnx_file::GraphProto& graph, Scope& parent, const std::string& prefix,
                            const Items& inputs);
  // Counts a round of a loop; an error when there are too many.
  Status count_round();
  bool is_used(const Scope& scope, std::string_view name) const { return scope.used.contains(name); }
  // A tensor attribute as a constant's data.
  Result<Tensor> tensor(const onnx_file::TensorProto& proto) { return file_.tensor(proto); }
  Result<Tensor> sparse_tensor(const onnx_file::SparseTensorProto& proto) { return file_.sparse_tensor(proto); }

 private:
  using Nodes = google::protobuf::RepeatedPtrField<onnx_file::NodeProto>;

  Status declare_inputs(Scope& scope);
  Result<TensorInfo> input_info(const std::string& name, size_t position);
  const onnx_file::ValueInfoProto* value_info(std::string_view name) const;
  Status declare_initializers(const onnx_file::GraphProto& graph, Scope& scope);
  Status import_nodes(const Nodes& nodes, Scope& scope, const std::vector<std::string>& outputs);
  Result<std::vector<int>> needed_in_order(const Nodes& nodes, Scope& scope, const std::vector<std::string>& outputs);
  Status import_node(const onnx_file::NodeProto& node, Scope& scope);
  Status refuse_node(const onnx_file::NodeProto& node, Scope& scope, const std::string& name, Error error);
  Result<Items> convert_node(const onnx_file::NodeProto& node, Scope& scope, const std::string& name);
  Result<Items> inline_function(const onnx_file::FunctionProto& function, const onnx_file::NodeProto& node,
                                Scope& scope, const std::string& name);
  const onnx_file::FunctionProto* find_function(const onnx_file::NodeProto& node) const;
  Result<Item> lookup(Scope& scope, const std::string& name);
  Result<ValueId> lookup_tensor(Scope& scope, const std::string& name);
  Result<Items> lookup_all(Scope& scope, const std::vector<std::string>& names);

  ModelFile& file_;
  const ImportOptions& options_;
  nn::GraphBuilder builder_;
  Blockers blockers_;
  int64_t node_count_ = 0;
  int64_t rounds_ = 0;
};

}  // namespace bmnet::frontend::onnx
