#include "frontend/tensorflow/saved_model.h"

#include <algorithm>

#include "frontend/protobuf/message.h"
#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {
namespace {

using tensorflow_file::MetaGraphDef;
using tensorflow_file::SignatureDef;

MetaGraphDef* serving_graph(tensorflow_file::SavedModel& model) {
  for (MetaGraphDef& graph : *model.mutable_meta_graphs())
    for (const std::string& tag : graph.meta_info_def().tags())
      if (tag == "serve") return &graph;
  return model.meta_graphs_size() ? model.mutable_meta_graphs(0) : nullptr;
}

const SignatureDef* serving_signature(const MetaGraphDef& graph) {
  const auto& signatures = graph.signature_def();
  if (const auto found = signatures.find("serving_default"); found != signatures.end()) return &found->second;
  const SignatureDef* only = nullptr;
  for (const auto& [name, signature] : signatures) {
    if (name.starts_with("__saved_model")) continue;
    if (only) return nullptr;
    only = &signature;
  }
  return only;
}

// By key: protobuf's maps have no order of their own.
std::vector<std::string> value_names(const google::protobuf::Map<std::string, tensorflow_file::TensorInfo>& infos) {
  std::map<std::string, std::string> ordered;
  for (const auto& [key, info] : infos) ordered[key] = info.name();
  std::vector<std::string> names;
  for (const auto& [key, name] : ordered)
    if (!name.empty()) names.push_back(plain_name(name));
  return names;
}

}  // namespace

Status SavedModelFile::read(Bytes content, const std::string& name, std::filesystem::path folder) {
  folder_ = std::move(folder);
  BMNET_TRY(protobuf::read_message(content, name, model_));
  meta_graph_ = serving_graph(model_);
  if (!meta_graph_ || meta_graph_->graph_def().node().empty())
    return user_error("{}: the SavedModel holds no graph; the file is cut off", name);
  if (const SignatureDef* signature = serving_signature(*meta_graph_)) {
    inputs_ = value_names(signature->inputs());
    outputs_ = value_names(signature->outputs());
  }
  for (const auto& [key, signature] : meta_graph_->signature_def())
    if (!key.starts_with("__saved_model")) signatures_.push_back(key);
  std::ranges::sort(signatures_);  // protobuf's maps have no order of their own
  if (!signatures_.empty()) example_outputs_ = value_names(meta_graph_->signature_def().at(signatures_[0]).outputs());
  return {};
}

Result<Tensor> SavedModelFile::read(const std::string& variable) {
  if (!checkpoint_) {
    BMNET_ASSIGN(checkpoint_, Checkpoint::open(folder_ / "variables" / "variables"));
  }
  return checkpoint_->tensor(variable);
}

}  // namespace bmnet::frontend::tensorflow
