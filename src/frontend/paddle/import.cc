#include "frontend/paddle/import.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "base/file.h"
#include "frontend/blockers.h"
#include "frontend/inputs.h"
#include "frontend/paddle/call.h"
#include "frontend/paddle/params.h"
#include "frontend/paddle/pir.h"
#include "frontend/protobuf/message.h"

namespace bmnet::frontend {
namespace {

namespace fs = std::filesystem;
using paddle::Params;
using paddle_file::BlockDesc;
using paddle_file::OpDesc;
using paddle_file::ProgramDesc;
using paddle_file::VarDesc;

constexpr int kTensor = 7;

const SupportedOp kControl[] = {
    {"conditional_block", "", "", "its operators", "a condition known from shapes and constants"},
    {"select_input", "", "", "", "a mask known from shapes and constants"},
    {"while", "", "", "its operators", "conditions known from shapes and constants"},
};

// Names of the parameters, sorted as a combined file has them.
std::vector<std::string> parameter_names(const BlockDesc& block) {
  std::set<std::string> names;
  for (const VarDesc& var : block.vars())
    if (var.persistable() && var.type().type() == kTensor) names.insert(var.name());
  return {names.begin(), names.end()};
}

class Importer {
 public:
  Importer(const ProgramDesc& program, const Params& params, const ImportOptions& options,
           const std::string& graph_name)
      : program_(program),
        block_(program.blocks(0)),
        params_(params),
        options_(options),
        graph_(graph_name),
        blockers_(options) {}

  Result<nn::Model> run() {
    const std::vector<std::string> outputs = options_.output_names.empty() ? fetched() : options_.output_names;
    if (outputs.empty()) return user_error("the program fetches nothing; name outputs with --output_names");
    BMNET_TRY(declare_inputs());
    const std::vector<bool> needed = needed_ops(outputs);
    for (int i = 0; i < block_.ops_size(); ++i)
      if (needed[i]) BMNET_TRY(import_op(block_.ops(i)));
    for (const std::string& name : outputs) {
      const auto value = scope_.find(name);
      if (value == scope_.end()) return user_error("output '{}' is not a variable that an operator gives", name);
      if (value->second != Blockers::kRefused) BMNET_TRY(graph_.output(name, value->second));
    }
    return blockers_.finish(graph_);
  }

 private:
  // Variables of the feed (output Out) or fetch (input X) operators, by column.
  std::vector<std::string> columns(std::string_view type) const {
    std::vector<std::pair<int64_t, std::string>> found;
    for (const OpDesc& op : block_.ops()) {
      if (op.type() != type) continue;
      const auto names =
          type == "feed" ? paddle::arguments_of(op.outputs(), "Out") : paddle::arguments_of(op.inputs(), "X");
      int64_t column = 0;
      for (const auto& attribute : op.attrs())
        if (attribute.name() == "col") column = attribute.i();
      if (!names.empty()) found.emplace_back(column, names.front());
    }
    std::ranges::sort(found);
    std::vector<std::string> names;
    for (const auto& [column, name] : found) names.push_back(name);
    return names;
  }
  std::vector<std::string> fetched() const { return columns("fetch"); }

  Result<TensorInfo> input_info(const std::string& name, size_t position) const {
    TensorInfo info;
    StatedShape stated;
    for (const VarDesc& var : block_.vars()) {
      if (var.name() != name) continue;
      const auto& tensor = var.type().lod_tensor().tensor();
      BMNET_ASSIGN(info.dtype, paddle::dtype_of_number(tensor.data_type()));
      stated.dims.assign(tensor.dims().begin(), tensor.dims().end());
    }
    // A batch that the program leaves open is 1.
    if (stated.dims.size() > 1 && stated.dims[0] == -1 && !options_.batch) stated.dims[0] = 1;
    BMNET_ASSIGN(info.shape, input_shape(options_, name, position, stated));
    return info;
  }

  Status declare_inputs() {
    for (const auto& [name, tensor] : params_) scope_[name] = graph_.constant(name, tensor);
    for (const auto& [name, tensor] : options_.fixed_inputs) {
      scope_[name] = graph_.constant(name, tensor);
      given_.insert(name);
    }
    std::vector<std::string> names = options_.input_names.empty() ? columns("feed") : options_.input_names;
    std::erase_if(names, [&](const std::string& name) { return given_.contains(name); });
    BMNET_TRY(check_given_shapes(options_, names));
    for (size_t i = 0; i < names.size(); ++i) {
      const auto is_declared = [&](const VarDesc& var) { return var.name() == names[i]; };
      if (std::ranges::none_of(block_.vars(), is_declared))
        return user_error("the program has no variable '{}' to take as an input", names[i]);
      BMNET_ASSIGN(TensorInfo info, input_info(names[i], i));
      if (!given_.insert(names[i]).second) return user_error("input '{}' is named twice", names[i]);
      scope_[names[i]] = graph_.input(names[i], std::move(info));
    }
    return {};
  }

  // Operators that the outputs depend on. Those whose results are given as inputs are not.
  std::vector<bool> needed_ops(const std::vector<std::string>& outputs) const {
    std::set<std::string, std::less<>> wanted(outputs.begin(), outputs.end());
    std::vector<bool> needed(block_.ops_size(), false);
    for (int i = block_.ops_size(); i-- > 0;) {
      const OpDesc& op = block_.ops(i);
      if (op.type() == "feed" || op.type() == "fetch") continue;
      for (const auto& output : op.outputs())
        for (const std::string& name : output.arguments())
          if (wanted.contains(name) && !given_.contains(name) && !params_.contains(name)) needed[i] = true;
      if (!needed[i]) continue;
      for (const auto& input : op.inputs()) wanted.insert(input.arguments().begin(), input.arguments().end());
    }
    return needed;
  }

  // ---- control flow whose course is known

  Result<bool> known_condition(const OpDesc& op, std::string_view parameter) const {
    const auto names = paddle::arguments_of(op.inputs(), parameter);
    const auto value = names.empty() ? scope_.end() : scope_.find(names[0]);
    if (value == scope_.end()) return user_error("its input {} has no value", parameter);
    if (value->second == Blockers::kRefused) return behind_blocker();
    const Tensor* known = graph_.constant_value(value->second);
    if (!known || known->dtype() != DType::kBool || known->count() != 1)
      return unsupported(
          "its condition depends on the data; only control flow whose course follows from shapes and constants can be "
          "compiled");
    return known->data<bool>()[0];
  }

  Status import_block(const OpDesc& op) {
    constexpr int kMostOps = 100'000, kMostDepth = 32;
    int index = -1;
    for (const auto& attribute : op.attrs())
      if (attribute.name() == "sub_block") index = attribute.block_idx();
    if (index < 1 || index >= program_.blocks_size()) return user_error("its block {} does not exist", index);
    if (++depth_ > kMostDepth) return unsupported("blocks within blocks, more than {} deep", kMostDepth);
    for (const OpDesc& inner : program_.blocks(index).ops()) {
      if (++unrolled_ops_ > kMostOps) return unsupported("it runs for more than {} operators", kMostOps);
      BMNET_TRY(import_op(inner));
    }
    --depth_;
    return {};
  }

  // One of the inputs X, by the number in Mask.
  Status import_selection(const OpDesc& op) {
    const auto names = paddle::arguments_of(op.inputs(), "X"), mask = paddle::arguments_of(op.inputs(), "Mask");
    const auto found = mask.empty() ? scope_.end() : scope_.find(mask[0]);
    const Tensor* known = found == scope_.end() ? nullptr : graph_.constant_value(found->second);
    if (!known || known->dtype() != DType::kI32 || known->count() != 1)
      return unsupported("which of its inputs counts depends on the data");
    const int32_t chosen = known->data<int32_t>()[0];
    const auto results = paddle::arguments_of(op.outputs(), "Out");
    if (chosen < 0 || chosen >= std::ssize(names) || results.empty())
      return user_error("it chooses input {} of {}", chosen, names.size());
    const auto value = scope_.find(names[chosen]);
    if (value == scope_.end()) return user_error("variable '{}' has no value", names[chosen]);
    scope_[results[0]] = value->second;
    return {};
  }

  Status import_control(const OpDesc& op) {
    if (op.type() == "select_input") return import_selection(op);
    const std::string_view parameter = op.type() == "while" ? "Condition" : "Cond";
    BMNET_ASSIGN(bool goes_on, known_condition(op, parameter));
    while (goes_on) {
      BMNET_TRY(import_block(op));
      if (op.type() != "while") return {};
      BMNET_ASSIGN(goes_on, known_condition(op, parameter));
    }
    return {};
  }

  // ---- operators

  Status import_op(const OpDesc& op) {
    const paddle::Row* row = paddle::find_row(op.type());
    const auto first_output = [&]() -> std::string {
      for (const auto& output : op.outputs())
        if ((!row || output.parameter() == row->result) && output.arguments_size()) return output.arguments(0);
      return "?";
    };
    const std::string node = first_output();
    const std::string label = fmt::format("operator {} ('{}')", op.type(), node);
    const bool control = std::ranges::find(kControl, op.type(), &SupportedOp::name) != std::end(kControl);
    constexpr std::string_view kUnknown = "it is not supported; --list_ops shows those that are";
    if (!control && (!row || !row->convert))
      return refuse_op(op, node, label, unsupported("{}", row ? row->remark : kUnknown).value());
    if (has_refused_operand(op)) return refuse_op(op, node, label, behind_blocker().value());
    if (control) {
      auto status = import_control(op);
      return status ? Status() : refuse_op(op, node, label, std::move(status).error());
    }
    paddle::Call call(graph_, *row, op, node, scope_);
    auto values = row->convert(call);
    if (!values) return refuse_op(op, node, label, std::move(values).error());
    const auto names = paddle::arguments_of(op.outputs(), row->result);
    if (names.size() > values->size())
      return user_error("{}: {} results, it gives {}", label, names.size(), values->size());
    for (size_t i = 0; i < names.size(); ++i)
      if (!given_.contains(names[i])) scope_[names[i]] = (*values)[i];
    return {};
  }

  bool has_refused_operand(const OpDesc& op) const {
    for (const auto& input : op.inputs())
      for (const std::string& name : input.arguments())
        if (const auto value = scope_.find(name); value != scope_.end() && value->second == Blockers::kRefused)
          return true;
    return false;
  }

  // Goes on behind an operator that cannot be compiled; other errors end the import.
  Status refuse_op(const OpDesc& op, const std::string& node, const std::string& label, Error error) {
    if (!is_behind_blocker(error)) {
      const std::string reason = error.message;
      error.message = fmt::format("{}: {}", label, reason);
      if (error.kind != ErrorKind::kUnsupported) return tl::unexpected(std::move(error));
      BMNET_TRY(blockers_.add({node, op.type(), reason}, error.message));
    }
    for (const auto& input : op.inputs())
      for (const std::string& name : input.arguments())
        if (const auto value = scope_.find(name); value != scope_.end()) blockers_.cut_behind({&value->second, 1});
    for (const auto& output : op.outputs())
      for (const std::string& name : output.arguments())
        if (!given_.contains(name)) scope_[name] = Blockers::kRefused;
    return {};
  }

  const ProgramDesc& program_;
  const BlockDesc& block_;
  const Params& params_;
  const ImportOptions& options_;
  nn::GraphBuilder graph_;
  Blockers blockers_;
  paddle::Scope scope_;
  std::set<std::string, std::less<>> given_;  // inputs of the network and fixed ones
  int depth_ = 0, unrolled_ops_ = 0;
};

constexpr size_t kHead = 256;  // bytes that tell a JSON program

Result<ProgramDesc> read_program(Bytes file, const std::string& name) {
  if (paddle::looks_like_json_program(as_text(file.first(std::min<size_t>(file.size(), kHead))))) {
    auto program = paddle::read_json_program(as_text(file));
    if (!program) return with_context(name, std::move(program).error());
    return program;
  }
  ProgramDesc program;
  BMNET_TRY(protobuf::read_message(file, name, program));
  if (program.blocks_size() == 0) return user_error("{}: it is no Paddle program: it has no blocks", name);
  return program;
}

Result<nn::Model> import_program(const ProgramDesc& program, const Params& params, const std::string& name,
                                 const ImportOptions& options) {
  const std::string graph_name = options.net_name.empty() ? fs::path(name).stem().string() : options.net_name;
  auto model = Importer(program, params, options, graph_name).run();
  if (!model) return with_context(name, std::move(model).error());
  return model;
}

Result<Params> read_combined(const fs::path& path, const std::vector<std::string>& names) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  auto params = paddle::parse_params(file.bytes(), file.owner(), names);
  if (!params) return with_context(path.filename().string(), std::move(params).error());
  return params;
}

Result<Params> read_separate(const fs::path& folder, const std::vector<std::string>& names) {
  Params params;
  for (const std::string& name : names) {
    const fs::path file_name(name);
    if (file_name.is_absolute() || std::ranges::find(file_name, fs::path("..")) != file_name.end())
      return user_error("parameter '{}' does not name a file beside the program", name);
    BMNET_ASSIGN(Params one, read_combined(folder / file_name, {name}));
    params.merge(one);
  }
  return params;
}

// The combined parameters beside a program; empty when there are none.
fs::path combined_beside(const fs::path& program) {
  for (fs::path candidate : {fs::path(program).replace_extension(".pdiparams"), program.parent_path() / "__params__",
                             program.parent_path() / "params"})
    if (fs::is_regular_file(candidate)) return candidate;
  return {};
}

bool is_json_program(const fs::path& path) {
  if (path.extension() != ".json") return false;
  std::ifstream stream(path, std::ios::binary);
  std::string head(kHead, ' ');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  return paddle::looks_like_json_program(head);
}

}  // namespace

fs::path find_paddle_program(const fs::path& path) {
  if (fs::is_directory(path)) {
    if (fs::is_regular_file(path / "__model__")) return path / "__model__";
    std::vector<fs::path> programs;
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
      if (it->path().extension() == ".pdmodel" || is_json_program(it->path())) programs.push_back(it->path());
    return programs.size() == 1 ? programs[0] : fs::path();
  }
  if (is_json_program(path)) return path;
  if (path.filename() != "__model__" && path.extension() != ".pdmodel") return {};
  std::ifstream stream(path, std::ios::binary);
  return stream.get() == 0x0A ? path : fs::path();  // a program begins with a block
}

Result<nn::Model> import_paddle(const fs::path& model, const fs::path& params, const ImportOptions& options) {
  const fs::path found = fs::is_directory(model) ? find_paddle_program(model) : model;
  if (found.empty())
    return user_error("{}: the folder holds no __model__ and no single .pdmodel or JSON program", model.string());
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(found));
  const std::string name = found.filename().string();
  BMNET_ASSIGN(const ProgramDesc program, read_program(file.bytes(), name));
  const std::vector<std::string> names = parameter_names(program.blocks(0));
  const fs::path combined = params.empty() ? combined_beside(found) : params;
  Params tensors;
  if (fs::is_directory(combined)) {
    BMNET_ASSIGN(tensors, read_separate(combined, names));
  } else if (!combined.empty()) {
    BMNET_ASSIGN(tensors, read_combined(combined, names));
  } else {
    BMNET_ASSIGN(tensors, read_separate(found.parent_path(), names));
  }
  return import_program(program, tensors, name, options);
}

Result<nn::Model> import_paddle(Bytes program, Bytes params, const std::string& name, const ImportOptions& options) {
  BMNET_ASSIGN(const ProgramDesc description, read_program(program, name));
  const auto copy = std::make_shared<std::vector<uint8_t>>(params.begin(), params.end());
  auto tensors = paddle::parse_params(*copy, copy, parameter_names(description.blocks(0)));
  if (!tensors) return with_context("params", std::move(tensors).error());
  return import_program(description, *tensors, name, options);
}

std::vector<SupportedOp> list_paddle_ops() {
  std::vector<SupportedOp> ops(std::begin(kControl), std::end(kControl));
  auto families = paddle::families();
  families.push_back(paddle::refused_rows());
  for (const auto& rows : families)
    for (const paddle::Row& row : rows)
      ops.push_back({std::string(row.name), "", std::string(row.attributes), std::string(row.becomes),
                     std::string(row.remark), !row.convert});
  std::ranges::sort(ops, {}, &SupportedOp::name);
  return ops;
}

}  // namespace bmnet::frontend
