// What a user may ask of any front end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend {

struct InputShape {
  std::string name;  // empty: the input at the same position
  Shape shape;       // every dimension >= 1, in the model's own layout
};

// A node that cannot be compiled.
struct Blocker {
  std::string node;    // its name in the model
  std::string op;      // as the framework calls it
  std::string reason;  // with the cure, where there is one
};

// What a front end finds out about a model that it cannot compile as a whole.
struct Survey {
  std::vector<Blocker> blockers;  // in the order of the model
};

struct ImportOptions {
  // Values of the model that become the network's inputs, in this order; what lies before them is cut off. Empty: the
  // model's own inputs.
  std::vector<std::string> input_names;
  // Values that become the outputs, in this order. Empty: the model's own outputs.
  std::vector<std::string> output_names;
  // Shapes of inputs. They fix dynamic dimensions and may replace those stated in the model.
  std::vector<InputShape> shapes;
  // First dimension of every input without an entry in `shapes`.
  std::optional<int64_t> batch;
  // Inputs that are no inputs of the network but have this value for good.
  std::map<std::string, Tensor> fixed_inputs;
  // Name of the network. Empty: the front end's choice, usually the file's stem.
  std::string net_name;
  // Weights the model does not bring are drawn from this seed: same seed, same weights. Without it they are an error.
  std::optional<uint64_t> random_weights;
  // Not null: all blockers are reported here, and an import that they would stop gives the part of the network in front
  // of them, with outputs where it would have to be cut.
  Survey* survey = nullptr;
  // Called with each remark that does not stop the import. Empty: remarks are dropped.
  std::function<void(const std::string&)> warn;
};

// "[1,3,224,224]", "[[1,3,4,4],[1,2]]", "[3,100],[5,10]", "(1,3,24,94)", "[(1,80,256)]", each optionally with the name
// of its input in front: "data:[1,3,224,224],mask:[1]". Blanks are ignored. "[]" is the shape of a scalar.
Result<std::vector<InputShape>> parse_shapes(std::string_view text);

// One operator of a framework as its front end knows it, for --list_ops and the operator reference.
struct SupportedOp {
  std::string name;        // as the framework calls it
  std::string versions;    // "1-10, 11-": ranges with different forms; empty where the framework has no versions
  std::string attributes;  // names, blank between
  std::string becomes;     // nn operators
  std::string remark;      // limits; empty: none
  bool refused = false;    // known, and never compiled: `remark` says why
};

}  // namespace bmnet::frontend
