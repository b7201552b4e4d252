// The operators that cannot be compiled, each with its reason.
#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> refuse(Call& call) { return unsupported("{}", call.remark()); }

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
    {"ConstantFill", kExperimental},
    {"CumProd", kMissing},
    {"GRUUnit", kExperimental},
    {"GivenTensorFill", kExperimental},
    {"ImageDecoder", "pictures are decoded outside the network"},
    {"LoopIndexTensor", kExperimental},
    {"Multinomial", kRandom},
    {"NegativeLogLikelihoodLoss", kTraining},
    {"ParametricSoftplus", kExperimental},
    {"RandomNormal", kRandom},
    {"RandomNormalLike", kRandom},
    {"RandomUniform", kRandom},
    {"RandomUniformLike", kRandom},
    {"RegexFullMatch", kString},
    {"Scale", kExperimental},
    {"SoftmaxCrossEntropyLoss", kTraining},
    {"StringConcat", kString},
    {"StringNormalizer", kString},
    {"StringSplit", kString},
    {"TfIdfVectorizer", kString},
    {"Unique", kDataDependent},
};

}  // namespace

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
