#include "frontend/tensorflow/import.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "base/file.h"
#include "frontend/protobuf/message.h"
#include "frontend/tensorflow/importer.h"
#include "frontend/tensorflow/keras/model.h"
#include "frontend/tensorflow/saved_model.h"

namespace bmnet::frontend {
namespace {

using namespace tensorflow;
using tensorflow_file::GraphDef;

// The first thing that the text parser says.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

Status read_text_graph(Bytes content, const std::string& name, GraphDef& graph) {
  google::protobuf::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(protobuf::kMaxDepth);
  const std::string text(as_text(content));
  if (!parser.ParseFromString(text, &graph)) return user_error("{}: {}", name, error.text);
  return {};
}

bool is_text(Bytes head) {
  const Bytes start = head.first(std::min<size_t>(head.size(), 4096));
  return std::ranges::none_of(start, [](uint8_t c) { return c < 9 || (c > 13 && c < 32); });
}

// The number at `position`, which moves behind it; 0 when it does not end.
uint64_t varint_at(Bytes bytes, size_t& position) {
  uint64_t value = 0;
  for (int shift = 0; position < bytes.size() && shift < 64; shift += 7) {
    const uint8_t byte = bytes[position++];
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return 0;
}

// saved_model_schema_version 1, then a meta graph; an ONNX file has a short text in that place.
bool is_saved_model(Bytes head) {
  if (head.size() < 5 || head[0] != 0x08 || head[1] != 1 || head[2] != 0x12) return false;
  size_t position = 3;
  return varint_at(head, position) > 0 && position < head.size() && head[position] == 0x0A;
}

// A node that begins with its name and its operator.
bool is_binary_graph(Bytes head) {
  if (head.size() < 6 || head[0] != 0x0A) return false;
  size_t position = 1;
  if (varint_at(head, position) == 0 || position >= head.size() || head[position] != 0x0A) return false;
  ++position;
  const uint64_t name = varint_at(head, position);
  if (name == 0 || !contains(head, position, name + 3)) return false;
  position += name;
  if (head[position] != 0x12) return false;
  ++position;
  const uint64_t op = varint_at(head, position);
  if (op == 0 || !contains(head, position, op)) return false;
  return std::ranges::all_of(head.subspan(position, op), [](uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '>' ||
           c == '.';
  });
}

bool is_text_graph(Bytes head) {
  const std::string_view text = as_text(head);
  return is_text(head) && (text.find("node {") != text.npos || text.find("node{") != text.npos) &&
         text.find("op:") != text.npos;
}

Status check_format(Bytes content, const std::string& name) {
  if (content.empty()) return user_error("{}: the file is empty", name);
  if (as_text(content).starts_with("version https://git-lfs"))
    return user_error("{}: a Git LFS pointer, not the file itself: run 'git lfs pull'", name);
  if (as_text(content).starts_with("PK\x03\x04"))
    return unsupported("{}: a zip archive, as Keras 3 writes .keras files; save the model as HDF5: model.save('x.h5')",
                       name);
  return {};
}

std::string network_name(const std::string& name, const ImportOptions& options) {
  if (!options.net_name.empty()) return options.net_name;
  const std::filesystem::path path(name);
  if (path.filename() == "saved_model.pb" && path.has_parent_path()) return path.parent_path().filename().string();
  return path.stem().string();
}

// The same with plain names of values.
ImportOptions with_plain_names(ImportOptions options) {
  for (std::string& name : options.input_names) name = plain_name(name);
  for (std::string& name : options.output_names) name = plain_name(name);
  for (InputShape& given : options.shapes) given.name = plain_name(given.name);
  std::map<std::string, Tensor> fixed;
  for (auto& [name, tensor] : options.fixed_inputs) fixed.insert_or_assign(plain_name(name), std::move(tensor));
  options.fixed_inputs = std::move(fixed);
  return options;
}

Result<nn::Model> import_content(Bytes content, const std::string& name, const std::filesystem::path& folder,
                                 std::shared_ptr<const void> owner, const ImportOptions& given) {
  BMNET_TRY(check_format(content, name));
  const ImportOptions options = with_plain_names(given);
  if (hdf5::looks_like_hdf5(content))
    return keras::import_h5(content, name, std::move(owner), options, network_name(name, options));
  Source source;
  source.file = content;
  source.owner = std::move(owner);
  GraphDef graph;
  SavedModelFile saved;
  if (is_saved_model(content)) {
    BMNET_TRY(saved.read(content, name, folder));
    source.graph = &saved.graph();
    source.variables = &saved;
    source.inputs = saved.inputs();
    source.outputs = saved.outputs();
    if (saved.outputs().empty() && options.output_names.empty() && saved.signatures().size() > 1)
      return unsupported("{}: none of the signatures {} is serving_default; choose by --output_names, for example {}",
                         name, fmt::join(saved.signatures(), ", "), fmt::join(saved.example_outputs(), ","));
  } else {
    if (is_text(content)) {
      BMNET_TRY(read_text_graph(content, name, graph));
    } else {
      BMNET_TRY(protobuf::read_message(content, name, graph));
    }
    if (graph.node().empty())
      return user_error("{}: not a TensorFlow graph: it has no nodes; the file is of another format or cut off", name);
    source.graph = &graph;
  }
  Importer importer(std::move(source), options, network_name(name, options));
  auto model = importer.run();
  if (!model) return with_context(name, std::move(model).error());
  return model;
}

}  // namespace

bool looks_like_tensorflow(Bytes head) {
  return is_binary_graph(head) || is_saved_model(head) || is_text_graph(head) || hdf5::looks_like_hdf5(head);
}

Result<nn::Model> import_tensorflow(const std::filesystem::path& path, const ImportOptions& options) {
  const std::filesystem::path file = std::filesystem::is_directory(path) ? path / "saved_model.pb" : path;
  BMNET_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  return import_content(mapped.bytes(), file.string(), file.parent_path(), mapped.owner(), options);
}

Result<nn::Model> import_tensorflow(Bytes content, const std::string& name, const std::filesystem::path& folder,
                                    const ImportOptions& options) {
  return import_content(content, name, folder, nullptr, options);
}

}  // namespace bmnet::frontend
