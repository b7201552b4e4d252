// Walks the nodes of a TensorFlow graph and of the functions it calls, and makes the network from them.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "frontend/options.h"
#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {

// Where the values of variables come from.
class Variables {
 public:
  virtual ~Variables() = default;
  // `name`: of the variable in the graph.
  virtual Result<Tensor> read(const std::string& name) = 0;
};

// One graph: the model's, or the body of a function.
struct Scope {
  std::string prefix;  // of node names inside functions: "caller/"
  int depth = 0;
  std::map<std::string, const tensorflow_file::NodeDef*, std::less<>> nodes;
  std::vector<const tensorflow_file::NodeDef*> order;  // as in the file
  std::map<std::string, Values, std::less<>> values;   // results of nodes by their name
};

// What is to be made into a network.
struct Source {
  tensorflow_file::GraphDef* graph = nullptr;
  Bytes file;  // that the graph was read from
  std::shared_ptr<const void> owner;
  Variables* variables = nullptr;            // null: the model is frozen
  std::vector<std::string> inputs, outputs;  // the model's own: names of values; empty: by the graph's form
};

class Importer {
 public:
  Importer(Source source, const ImportOptions& options, std::string network_name)
      : source_(std::move(source)), options_(options), builder_(std::move(network_name)), blockers_(options) {}

  // The whole graph.
  Result<nn::Model> run();
  // One operator that stands in no graph, for models that are no graphs; its node has neither inputs nor functions.
  Result<Values> apply(const tensorflow_file::NodeDef& node, Values inputs);
  nn::GraphBuilder& builder() { return builder_; }

  // A value in a layout; what was made once is used again.
  Result<ValueId> in_layout(const Value& value, bool channels_first);
  // The results of a function of the library.
  Result<Values> call_function(const std::string& function, const std::string& name, const Values& arguments,
                               Scope& caller);
  // Lists of tensors, which exist at import only; an element that nobody set is -1. They are never changed: operators
  // that set an element make a new list. Errors: too many elements in all.
  Result<Value> new_list(std::vector<ValueId> elements);
  const std::vector<ValueId>& list(const Value& value) const { return lists_[static_cast<size_t>(value.list)]; }
  Result<Tensor> constant(const tensorflow_file::TensorProto& proto);
  Result<Tensor> variable(const std::string& name);
  void warn(const std::string& remark) const {
    if (options_.warn) options_.warn(remark);
  }

 private:
  using Nodes = google::protobuf::RepeatedPtrField<tensorflow_file::NodeDef>;

  Status enter(Nodes& nodes, Scope& scope);
  Result<std::vector<std::string>> network_outputs() const;
  Status declare_inputs(Scope& scope, const std::vector<std::string>& outputs);
  Result<TensorInfo> input_info(const Scope& scope, const std::string& name, size_t position);
  Status import_needed(Scope& scope, const std::vector<std::string>& outputs);
  Result<std::vector<const tensorflow_file::NodeDef*>> needed_in_order(const Scope& scope,
                                                                       const std::vector<std::string>& outputs) const;
  Status import_node(const tensorflow_file::NodeDef& node, Scope& scope);
  Status refuse_node(const tensorflow_file::NodeDef& node, Scope& scope, const std::string& name, Error error);
  Result<Values> convert_node(const tensorflow_file::NodeDef& node, Scope& scope, const std::string& name);
  Result<Values> convert_call(const tensorflow_file::NodeDef& node, const Row& row, Scope& scope,
                              const std::string& name, Values inputs);
  Result<Value> lookup(const Scope& scope, std::string_view reference) const;
  const tensorflow_file::FunctionDef* find_function(std::string_view name) const;

  Source source_;
  const ImportOptions& options_;
  nn::GraphBuilder builder_;
  Blockers blockers_;
  std::map<std::pair<ValueId, bool>, ValueId> layouts_;
  std::map<std::string, Value> inputs_;  // the network's, by value name: they hide what the graph would compute
  int64_t node_count_ = 0;
  std::deque<std::vector<ValueId>> lists_;
  int64_t list_elements_ = 0;
};

// A reference to a value: "node", "node:1", in functions "node:result:1"; "^node" (order only) gives an empty node.
struct Reference {
  std::string_view node;
  std::string_view result;
  int64_t index = 0;
};
Reference parse_reference(std::string_view text);

// "node:0" and "node" are one value; this is "node".
std::string plain_name(std::string_view name);

// Rewrites what stands for something simpler at inference: dropout becomes its input, SpaceToBatchND - Conv2D -
// BatchToSpaceND a convolution with dilation.
void simplify(google::protobuf::RepeatedPtrField<tensorflow_file::NodeDef>& nodes);

}  // namespace bmnet::frontend::tensorflow
