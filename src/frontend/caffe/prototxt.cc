#include "frontend/caffe/prototxt.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "frontend/caffe/upgrade.h"

namespace bmnet::caffe {
namespace {

namespace pb = google::protobuf;

constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr int kMaxDepth = 64;
constexpr size_t kMaxWarnings = 100;

// Keeps the first error and the warnings; lines and columns count from 1.
class Messages : public pb::io::ErrorCollector {
 public:
  Messages(std::string_view file, Warnings& warnings) : file_(file), warnings_(warnings) {}

  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (error_.empty()) error_ = place(line, column) + message;
  }
  void AddWarning(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (warnings_.size() < kMaxWarnings) warnings_.push_back(place(line, column) + plain(message));
  }
  const std::string& error() const { return error_; }

 private:
  std::string place(int line, int column) const {
    return line < 0 ? fmt::format("{}: ", file_) : fmt::format("{}:{}:{}: ", file_, line + 1, column + 1);
  }
  // protobuf's sentence names the message by its full name; the user knows the short one.
  static std::string plain(std::string message) {
    constexpr std::string_view kPackage = "bmnet.caffe.proto.";
    for (size_t at; (at = message.find(kPackage)) != std::string::npos;) message.erase(at, kPackage.size());
    return message + " (ignored)";
  }

  std::string file_;
  Warnings& warnings_;
  std::string error_;
};

// protobuf skips unknown fields recursively, so nesting is bounded before it sees the text.
Status check_nesting(std::string_view text, std::string_view file) {
  int depth = 0;
  int line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '"' || c == '\'') {
      for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i) {
        if (text[i] == '\\') ++i;
      }
      if (i < text.size() && text[i] == '\n') ++line;
    } else if (c == '{' || c == '<' || c == '[') {
      if (++depth > kMaxDepth) return user_error("{}:{}: nested more than {} levels deep", file, line, kMaxDepth);
    } else if (c == '}' || c == '>' || c == ']') {
      --depth;
    }
  }
  return {};
}

Status check_is_text(std::string_view text, std::string_view file) {
  if (text.size() > kMaxBytes)
    return user_error("{}: {} bytes, too large for a network description", file, text.size());
  const auto binary = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v';
  };
  const auto at = std::find_if(text.begin(), text.end(), binary);
  if (at != text.end()) {
    return user_error("{}: byte {} is no text; a prototxt is needed here (were prototxt and caffemodel exchanged?)",
                      file, at - text.begin());
  }
  return check_nesting(text, file);
}

// Line of element `index` of the repeated field `name`, from 1.
int line_of(const pb::TextFormat::ParseInfoTree& tree, const char* name, int index) {
  return tree.GetLocation(proto::NetParameter::descriptor()->FindFieldByName(name), index).line + 1;
}

Status upgrade(Description& net, const pb::TextFormat::ParseInfoTree& places) {
  proto::NetParameter& param = net.param;
  if (param.layer_size() > 0 && param.layers_size() > 0) {
    return user_error("line {}: both `layer` and `layers`; a network is written in one generation of the format",
                      line_of(places, "layers", 0));
  }
  for (int i = 0; i < param.layer_size(); ++i) net.lines.push_back(line_of(places, "layer", i));
  for (int i = 0; i < param.layers_size(); ++i) {
    auto layer = upgrade_layer(param.layers(i));
    if (!layer) return with_context(fmt::format("line {}", line_of(places, "layers", i)), layer.error());
    *param.add_layer() = *std::move(layer);
    net.lines.push_back(line_of(places, "layers", i));
  }
  param.clear_layers();
  return {};
}

}  // namespace

Result<Description> read_prototxt(std::string_view text, std::string_view file, Warnings& warnings) {
  BMNET_TRY(check_is_text(text, file));
  Messages messages(file, warnings);
  pb::TextFormat::ParseInfoTree places;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&messages);
  parser.WriteLocationsTo(&places);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMaxDepth);

  Description net;
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &net.param)) return user_error("{}", messages.error());
  if (net.param.layer_size() == 0 && net.param.layers_size() == 0)
    return user_error("{}: no layer; a Caffe network description is needed here", file);
  if (auto status = upgrade(net, places); !status) return with_context(file, status.error());

  const int inputs = net.param.input_size();
  if (auto status = upgrade_inputs(net.param); !status) return with_context(file, status.error());
  net.lines.insert(net.lines.begin(), inputs, 0);
  return net;
}

}  // namespace bmnet::caffe
