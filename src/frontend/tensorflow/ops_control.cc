// Constants, variables, names for other values, control flow that is decided at import, calls of functions.
#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr int kMaxRounds = 4096;  // of a loop that is unrolled

Result<Values> constant(Call& call) {
  const auto* value = call.attribute("value");
  if (!value) return user_error("the constant has no value");
  BMNET_ASSIGN(Tensor tensor, call.importer.constant(value->tensor()));
  return Values{{call.graph().constant(call.node_name(), std::move(tensor)), false}};
}

Result<Values> identity(Call& call) { return call.values(); }

Result<Values> first(Call& call) { return Values{call.value(0)}; }

// A placeholder that did not become an input of the network.
Result<Values> placeholder(Call& call) {
  return user_error("the placeholder '{}' is needed, but it is not among the chosen input names", call.node_name());
}

// Inside the graph a variable is its value.
Result<Values> variable(Call& call) {
  std::string name = call.text("shared_name", "");
  if (name.empty()) name = call.node_name();
  BMNET_ASSIGN(Tensor tensor, call.importer.variable(name));
  return Values{{call.graph().constant(call.node_name(), std::move(tensor)), false}};
}

Result<bool> condition(Call& call, size_t i) {
  BMNET_ASSIGN(const std::vector<int64_t> values, call.integers_of(i, "the condition"));
  if (values.size() != 1) return unsupported("a condition of {} elements", values.size());
  return values[0] != 0;
}

// Data goes to output 1 when the condition holds, else to output 0.
Result<Values> fork(Call& call) {
  BMNET_ASSIGN(const bool taken, condition(call, 1));
  Values results(2);
  results[taken ? 1 : 0] = call.value(0);
  return results;
}

Result<Values> merge(Call& call) {
  for (size_t i = 0; i < call.input_count(); ++i)
    if (!call.value(i).dead())
      return Values{call.value(i), {call.integers_constant(DType::kI32, {}, {static_cast<int64_t>(i)}), false}};
  return Values(2);
}

Result<std::string> function_name(Call& call, std::string_view attribute) {
  const auto* function = call.attribute(attribute);
  if (!function) return user_error("attribute '{}' is missing", attribute);
  return function->func().name();
}

Result<Values> call_function(Call& call) {
  BMNET_ASSIGN(const std::string function, function_name(call, "f"));
  return call.importer.call_function(function, call.node_name(), call.values(), call.scope);
}

Result<Values> branch(Call& call) {
  BMNET_ASSIGN(const bool taken, condition(call, 0));
  BMNET_ASSIGN(const std::string function, function_name(call, taken ? "then_branch" : "else_branch"));
  return call.importer.call_function(function, call.node_name(), {call.values().begin() + 1, call.values().end()},
                                     call.scope);
}

// Unrolled as long as the condition is known.
Result<Values> loop(Call& call) {
  BMNET_ASSIGN(const std::string test, function_name(call, "cond"));
  BMNET_ASSIGN(const std::string body, function_name(call, "body"));
  Values state = call.values();
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::string name = fmt::format("{}/{}", call.node_name(), round);
    BMNET_ASSIGN(const Values go_on, call.importer.call_function(test, name + "/cond", state, call.scope));
    const Tensor* known = go_on.size() == 1 && go_on[0].id >= 0 ? call.constant_of(go_on[0].id) : nullptr;
    if (!known || known->dtype() != DType::kBool || known->count() != 1)
      return unsupported("how often the loop runs is only known at run time");
    if (!known->data<bool>()[0]) return state;
    BMNET_ASSIGN(state, call.importer.call_function(body, name, state, call.scope));
  }
  return unsupported("the loop runs more than {} times", kMaxRounds);
}

Result<Values> refuse(Call& call) { return unsupported("{}", call.remark()); }

// clang-format off
constexpr Row kRows[] = {
    {"Const", 0, 0, "value:v dtype:t", constant, "", "constant", ""},
    {"Placeholder", 0, 0, "dtype:t shape:h", placeholder, "", "network input", ""},
    {"PlaceholderV2", 0, 0, "dtype:t shape:h", placeholder, "", "network input", ""},
    {"PlaceholderWithDefault", 1, 1, "dtype:t shape:h", identity, "", "", "its default, or an input by --input_names"},
    {"Identity", 1, 1, "", identity, "", "", "", true},
    {"IdentityN", 1, kAny, "", identity, "", "", "", true},
    {"Snapshot", 1, 1, "", identity, "", "", "", true},
    {"StopGradient", 1, 1, "", identity, "", "", "", true},
    {"PreventGradient", 1, 1, "", identity, "", "", ""},
    {"Print", 1, kAny, "", first, "", "", ""},
    {"CheckNumerics", 1, 1, "", identity, "", "", ""},
    {"EnsureShape", 1, 1, "", identity, "", "", ""},
    {"Enter", 1, 1, "", identity, "", "", "outside of loops"},
    {"Exit", 1, 1, "", identity, "", "", "outside of loops"},
    {"LoopCond", 1, 1, "", identity, "", "", "outside of loops"},
    {"ReadVariableOp", 1, 1, "", identity, "", "", ""},
    {"Variable", 0, 0, "shared_name:s", variable, "", "constant", "value from the SavedModel"},
    {"VariableV2", 0, 0, "shared_name:s", variable, "", "constant", "value from the SavedModel"},
    {"VarHandleOp", 0, 0, "shared_name:s", variable, "", "constant", "value from the SavedModel"},
    {"Switch", 2, 2, "", fork, "", "", "condition known at import", true},
    {"RefSwitch", 2, 2, "", fork, "", "", "condition known at import", true},
    {"Merge", 1, kAny, "", merge, "merge", "", "one branch taken", true},
    {"PartitionedCall", 0, kAny, "f:n", call_function, "", "", "inlined", true},
    {"StatefulPartitionedCall", 0, kAny, "f:n", call_function, "", "", "inlined", true},
    {"If", 1, kAny, "then_branch:n else_branch:n", branch, "", "", "condition known at import", true},
    {"StatelessIf", 1, kAny, "then_branch:n else_branch:n", branch, "", "", "condition known at import", true},
    {"While", 1, kAny, "cond:n body:n", loop, "", "", "unrolled; conditions known at import", true},
    {"StatelessWhile", 1, kAny, "cond:n body:n", loop, "", "", "unrolled; conditions known at import", true},
};

#define BMNET_TRAINING(name) {name, 0, kAny, "", refuse, "", "nothing", "it belongs to training; freeze the graph for inference"}
#define BMNET_REFUSED(name, reason) {name, 0, kAny, "", refuse, "", "nothing", reason}
constexpr Row kRefused[] = {
    BMNET_TRAINING("ApplyAdam"),
    BMNET_TRAINING("ApplyGradientDescent"),
    BMNET_TRAINING("ApplyMomentum"),
    BMNET_TRAINING("ApplyRMSProp"),
    BMNET_TRAINING("ResourceApplyAdam"),
    BMNET_TRAINING("ResourceApplyGradientDescent"),
    BMNET_TRAINING("ResourceApplyKerasMomentum"),
    BMNET_TRAINING("ResourceApplyMomentum"),
    BMNET_TRAINING("Assign"),
    BMNET_TRAINING("AssignAdd"),
    BMNET_TRAINING("AssignSub"),
    BMNET_TRAINING("AssignVariableOp"),
    BMNET_TRAINING("AssignAddVariableOp"),
    BMNET_TRAINING("AssignSubVariableOp"),
    BMNET_TRAINING("AvgPoolGrad"),
    BMNET_TRAINING("BiasAddGrad"),
    BMNET_TRAINING("Conv2DBackpropFilter"),
    BMNET_TRAINING("DepthwiseConv2dNativeBackpropFilter"),
    BMNET_TRAINING("FusedBatchNormGrad"),
    BMNET_TRAINING("FusedBatchNormGradV3"),
    BMNET_TRAINING("MaxPoolGrad"),
    BMNET_TRAINING("EluGrad"),
    BMNET_TRAINING("LeakyReluGrad"),
    BMNET_TRAINING("Relu6Grad"),
    BMNET_TRAINING("SoftplusGrad"),
    BMNET_TRAINING("ResizeBilinearGrad"),
    BMNET_TRAINING("RsqrtGrad"),
    BMNET_TRAINING("SqrtGrad"),
    BMNET_TRAINING("Conv3DBackpropFilterV2"),
    BMNET_TRAINING("ResourceApplyAdagradV2"),
    BMNET_TRAINING("ResourceApplyRMSProp"),
    BMNET_TRAINING("ReluGrad"),
    BMNET_TRAINING("SigmoidGrad"),
    BMNET_TRAINING("TanhGrad"),
    BMNET_TRAINING("SparseSoftmaxCrossEntropyWithLogits"),
    BMNET_TRAINING("SoftmaxCrossEntropyWithLogits"),
    BMNET_REFUSED("RestoreV2", "it reads a checkpoint at run time; freeze the graph"),
    BMNET_REFUSED("SaveV2", "it writes a checkpoint; freeze the graph"),
    BMNET_REFUSED("IteratorGetNext", "data pipelines cannot be compiled; name its value as an input with --input_names and --shapes"),
    BMNET_REFUSED("IteratorV2", "data pipelines cannot be compiled; name the value behind it with --input_names"),
    BMNET_REFUSED("ParseExample", "data pipelines cannot be compiled; name the value behind it with --input_names"),
    BMNET_REFUSED("DecodeJpeg", "pictures are decoded outside of the network; name the value behind it with --input_names"),
    BMNET_REFUSED("DecodePng", "pictures are decoded outside of the network; name the value behind it with --input_names"),
    BMNET_REFUSED("RandomUniform", "random numbers at inference; only dropout, which is removed, may use them"),
    BMNET_REFUSED("RandomStandardNormal", "random numbers at inference cannot be compiled"),
    BMNET_REFUSED("TruncatedNormal", "random numbers at inference cannot be compiled"),
    BMNET_REFUSED("NextIteration", "loops cannot be compiled; unroll them"),
    BMNET_REFUSED("TensorArrayV3", "loops over tensor arrays cannot be compiled; unroll them"),
    BMNET_REFUSED("TensorArrayGatherV3", "loops over tensor arrays cannot be compiled; unroll them, or save the model by TensorFlow 2"),
    BMNET_REFUSED("TensorArrayReadV3", "loops over tensor arrays cannot be compiled; unroll them, or save the model by TensorFlow 2"),
    BMNET_REFUSED("TensorArrayScatterV3", "loops over tensor arrays cannot be compiled; unroll them, or save the model by TensorFlow 2"),
    BMNET_REFUSED("TensorArraySizeV3", "loops over tensor arrays cannot be compiled; unroll them, or save the model by TensorFlow 2"),
    BMNET_REFUSED("TensorArrayWriteV3", "loops over tensor arrays cannot be compiled; unroll them, or save the model by TensorFlow 2"),
    BMNET_REFUSED("CudnnRNN", "weights in cuDNN's form; save the model with LSTM or GRU layers"),
    BMNET_REFUSED("CudnnRNNV2", "weights in cuDNN's form; save the model with LSTM or GRU layers"),
    BMNET_REFUSED("CudnnRNNV3", "weights in cuDNN's form; save the model with LSTM or GRU layers"),
    BMNET_REFUSED("FakeQuantWithMinMaxVarsPerChannel", "ranges for every channel; one range is supported"),
    BMNET_REFUSED("QuantizedConv2D", "arithmetic on quantized tensors; give the model in floats"),
    BMNET_REFUSED("QuantizedMatMul", "arithmetic on quantized tensors; give the model in floats"),
    BMNET_REFUSED("QuantizeV2", "arithmetic on quantized tensors; give the model in floats"),
    BMNET_REFUSED("RandomUniformInt", "random numbers at inference cannot be compiled"),
    BMNET_REFUSED("Multinomial", "random numbers at inference cannot be compiled"),
    BMNET_REFUSED("LookupTableFindV2", "tables cannot be compiled; cut the network before them with --output_names"),
    BMNET_REFUSED("Where", "the size of its result is only known at run time; cut the network before it with --output_names"),
    BMNET_REFUSED("Unique", "the size of its result is only known at run time; cut the network before it with --output_names"),
    BMNET_REFUSED("CombinedNonMaxSuppression", "cut the network before it with --output_names"),
    BMNET_REFUSED("HashTableV2", "tables cannot be compiled; cut the network before them with --output_names"),
    BMNET_REFUSED("PyFunc", "it calls Python"),
    BMNET_REFUSED("Assert", "a check has no value"),
    BMNET_REFUSED("NoOp", "it has no value"),
};
#undef BMNET_TRAINING
#undef BMNET_REFUSED
// clang-format on

}  // namespace

std::span<const Row> control_rows() { return kRows; }
std::span<const Row> refused_rows() { return kRefused; }

}  // namespace bmnet::frontend::tensorflow
