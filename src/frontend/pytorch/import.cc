#include "frontend/pytorch/import.h"

#include <algorithm>

#include "base/file.h"
#include "frontend/blockers.h"
#include "frontend/inputs.h"
#include "frontend/pytorch/effort.h"
#include "frontend/pytorch/evaluator.h"
#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"
#include "frontend/pytorch/scan.h"

namespace bmnet::frontend {
namespace {

using namespace pytorch;

Items make_inputs(const Function& forward, Tensors& tensors, const ImportOptions& options) {
  Items inputs;
  size_t index = 0;
  std::vector<std::string> names;
  for (size_t i = 1; i < forward.parameters.size(); ++i) {
    const Parameter& parameter = forward.parameters[i];
    names.push_back(parameter.name);
    if (const auto fixed = options.fixed_inputs.find(parameter.name); fixed != options.fixed_inputs.end()) {
      auto cell = std::make_shared<Cell>();
      cell->host = fixed->second;
      cell->name = parameter.name;
      inputs.emplace_back(std::move(cell));
      ++index;
      continue;
    }
    if (parameter.annotation != "Tensor" && parameter.has_default) break;
    if (parameter.annotation != "Tensor" && parameter.annotation != "Optional[Tensor]")
      refuse("input '{}' of forward is {}; only tensors can be inputs of a network", parameter.name,
             parameter.annotation);
    const Shape* shape = given_shape(options, parameter.name, index++);
    if (!shape && parameter.has_default) break;
    if (!shape)
      reject("input '{}' has no shape: a TorchScript archive does not know it; give --shapes=[1,3,224,224]",
             parameter.name);
    inputs.emplace_back(tensors.hold(tensors.builder().input(parameter.name, {DType::kF32, *shape})));
  }
  if (const Status good = check_given_shapes(options, names); !good) reject("{}", good.error().message);
  return inputs;
}

void collect_outputs(Tensors& tensors, const Value& value, std::vector<ValueId>& outputs) {
  if (outputs.size() > 65536) refuse("forward returns more than 65536 tensors");
  Effort::spend(1);
  if (Cell* cell = value.ref<Cell>()) {
    outputs.push_back(tensors.read(*cell));
  } else if (const Items* items = value.items()) {
    for (const Value& item : *items) collect_outputs(tensors, item, outputs);
  } else if (const Dict* dict = value.ref<Dict>()) {
    for (const auto& [key, item] : dict->items) collect_outputs(tensors, item, outputs);
  } else if (value.as<int64_t>() || value.as<double>() || value.as<bool>()) {
    refuse("forward returns {}; only tensors can be outputs of a network", type_name(value));
  } else if (!value.is_none()) {
    refuse("forward returns {}", type_name(value));
  }
}

void declare_outputs(Tensors& tensors, const std::vector<ValueId>& outputs, const ImportOptions& options) {
  const auto declare = [&](const std::string& name, ValueId value) {
    if (const Status good = tensors.builder().output(name, value); !good) throw Refusal{good.error()};
  };
  if (options.output_names.empty()) {
    for (size_t i = 0; i < outputs.size(); ++i) declare(fmt::format("output_{}", i), outputs[i]);
    return;
  }
  for (const std::string& name : options.output_names) {
    size_t index = 0;
    while (index < outputs.size() && name != fmt::format("output_{}", index)) ++index;
    if (index == outputs.size())
      reject("there is no output '{}'; the outputs are output_0 to output_{}", name, outputs.size() - 1);
    declare(name, outputs[index]);
  }
}

// The refusal that ended the evaluation and the operators elsewhere in the program that would end it too.
Error with_other_blockers(Program& program, Error refusal, const ImportOptions& options) {
  std::vector<Blocker> unknown;
  try {
    unknown = unknown_operators(program);
  } catch (const Refusal&) {  // a file that the evaluation did not reach is damaged: what was found first counts
  }
  // Where the evaluation met an unknown operator, it is one of them.
  const auto is_unknown = [&](const Blocker& blocker) { return refusal.message.starts_with(blocker.node + ":"); };
  Blockers blockers(options);
  std::string first = "program";
  if (const auto same = std::ranges::find_if(unknown, is_unknown); same != unknown.end()) first = same->op;
  const size_t colon = refusal.message.find(": ");
  const std::string node = colon == std::string::npos ? "forward" : refusal.message.substr(0, colon);
  const std::string reason = colon == std::string::npos ? refusal.message : refusal.message.substr(colon + 2);
  Status status = blockers.add({node, first, reason}, refusal.message);
  for (const Blocker& blocker : unknown)
    if (status && !is_unknown(blocker))
      status = blockers.add(blocker, fmt::format("{}: {} is not supported", blocker.node, blocker.op));
  return status ? blockers.error() : status.error();
}

Result<nn::Model> import_program(Archive archive, const std::string& name, const ImportOptions& options) {
  const Effort effort;
  Program program = Program::load(std::move(archive));
  const Function* forward = program.find_method(program.root()->type, "forward");
  if (!forward) reject("the archive's module {} has no method forward", program.root()->type);
  if (!options.input_names.empty()) refuse("--input_names: a TorchScript network cannot be cut at its inputs");
  nn::GraphBuilder builder(options.net_name.empty() ? std::filesystem::path(name).stem().string() : options.net_name);
  Tensors tensors(builder);
  Evaluator evaluator(program, tensors);
  Items inputs = make_inputs(*forward, tensors, options);
  Value result;
  try {
    result = evaluator.call_method(program.root(), "forward", std::move(inputs));
  } catch (Refusal& refusal) {
    if (refusal.error.kind != ErrorKind::kUnsupported) throw;
    return tl::unexpected(with_other_blockers(program, std::move(refusal.error), options));
  }
  std::vector<ValueId> outputs;
  collect_outputs(tensors, result, outputs);
  if (outputs.empty()) refuse("forward returns no tensor");
  declare_outputs(tensors, outputs, options);
  return builder.finish();
}

}  // namespace

Result<nn::Model> import_pytorch(Bytes archive, std::shared_ptr<const void> owner, const std::string& name,
                                 const ImportOptions& options) {
  try {
    auto model = import_program(take(Archive::open(archive, std::move(owner))), name, options);
    if (!model) return with_context(name, std::move(model).error());
    return model;
  } catch (Refusal& refusal) {
    return with_context(name, std::move(refusal.error));
  }
}

Result<nn::Model> import_pytorch(const std::filesystem::path& path, const ImportOptions& options) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  return import_pytorch(file.bytes(), file.owner(), path.string(), options);
}

bool is_torchscript(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return file && looks_like_torchscript(file->bytes());
}

std::vector<SupportedOp> list_pytorch_ops() { return list_ops(); }

}  // namespace bmnet::frontend
