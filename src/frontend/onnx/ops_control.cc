// Branches, and the operators that cannot be compiled, each with its reason.
#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> branch(Call& call, std::string_view name) {
  const auto* attribute = call.attribute(name);
  if (!attribute) return user_error("the required attribute '{}' is missing", name);
  return call.importer.import_branch(attribute->g(), call.scope);
}

// A known condition takes one branch. Else both are computed (operators have no side effects) and one result is
// selected.
Result<Values> if_then_else(Call& call) {
  if (const Tensor* condition = call.constant_of(call.in(0))) {
    if (condition->dtype() != DType::kBool || condition->count() != 1)
      return user_error("the condition must be one truth value");
    return branch(call, condition->data<bool>()[0] ? "then_branch" : "else_branch");
  }
  BMNET_ASSIGN(const Values on_true, branch(call, "then_branch"));
  BMNET_ASSIGN(const Values on_false, branch(call, "else_branch"));
  if (on_true.size() != on_false.size())
    return user_error("the branches have {} and {} outputs", on_true.size(), on_false.size());
  BMNET_ASSIGN(const ValueId condition, call.reshape(call.in(0), {}));
  Values values;
  for (size_t i = 0; i < on_true.size(); ++i) {
    if (call.graph().info(on_true[i]) != call.graph().info(on_false[i]))
      return unsupported("its branches give {} {} and {} {}, and the condition is only known at run time",
                         dtype_name(call.dtype_of(on_true[i])), to_string(call.shape_of(on_true[i])),
                         dtype_name(call.dtype_of(on_false[i])), to_string(call.shape_of(on_false[i])));
    BMNET_ASSIGN(const ValueId value, call.make("select", {}, {condition, on_true[i], on_false[i]}));
    values.push_back(value);
  }
  return values;
}

// clang-format off
constexpr Row kControl[] = {
    {"If", 1, 1, 1, kAny, "then_branch:g else_branch:g", if_then_else, "", "select", "constant condition, or branches of equal shapes"},
};
// clang-format on

Result<Values> refuse(Call& call) { return unsupported("{}", call.remark()); }

constexpr std::string_view kLoop = "loops cannot be compiled; export the model with the loop unrolled";
constexpr std::string_view kSequence =
    "sequences and optional values cannot be compiled; export the model with tensors only";
constexpr std::string_view kString = "strings cannot be compiled; do the text processing outside the network";
constexpr std::string_view kRandom = "random numbers would make every run differ; feed them as an input";
constexpr std::string_view kTraining = "it belongs to training; export the model for inference";
constexpr std::string_view kDataDependent =
    "the size of its result depends on the data; do this step outside the network";
constexpr std::string_view kMissing = "no operator of the compiler does this";
constexpr std::string_view kExperimental =
    "it was an experiment of the first ONNX versions; export the model again with a current exporter";

struct Refused {
  std::string_view name;
  std::string_view reason;
};
constexpr Refused kRefused[] = {
    {"ATen", kExperimental},
    {"Bernoulli", kRandom},
    {"BitCast", kMissing},
    {"ConcatFromSequence", kSequence},
    {"ConstantFill", kExperimental},
    {"CumProd", kMissing},
    {"GRUUnit", kExperimental},
    {"GivenTensorFill", kExperimental},
    {"ImageDecoder", "pictures are decoded outside the network"},
    {"Loop", kLoop},
    {"LoopIndexTensor", kExperimental},
    {"Multinomial", kRandom},
    {"NegativeLogLikelihoodLoss", kTraining},
    {"Optional", kSequence},
    {"OptionalGetElement", kSequence},
    {"OptionalHasElement", kSequence},
    {"ParametricSoftplus", kExperimental},
    {"RandomNormal", kRandom},
    {"RandomNormalLike", kRandom},
    {"RandomUniform", kRandom},
    {"RandomUniformLike", kRandom},
    {"RegexFullMatch", kString},
    {"Scale", kExperimental},
    {"Scan", kLoop},
    {"SequenceAt", kSequence},
    {"SequenceConstruct", kSequence},
    {"SequenceEmpty", kSequence},
    {"SequenceErase", kSequence},
    {"SequenceInsert", kSequence},
    {"SequenceLength", kSequence},
    {"SequenceMap", kSequence},
    {"SoftmaxCrossEntropyLoss", kTraining},
    {"SplitToSequence", kSequence},
    {"StringConcat", kString},
    {"StringNormalizer", kString},
    {"StringSplit", kString},
    {"TfIdfVectorizer", kString},
    {"Unique", kDataDependent},
};

}  // namespace

std::span<const Row> control_rows() { return kControl; }

std::span<const Row> refused_rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> made;
    for (const Refused& refused : kRefused)
      made.push_back({refused.name, 1, 0, kAny, kAny, "*", refuse, "", "", refused.reason});
    return made;
  }();
  return rows;
}

}  // namespace bmnet::frontend::onnx
