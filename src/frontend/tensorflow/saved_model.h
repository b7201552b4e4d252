// A SavedModel: the graph of its signature, and its variables.
#pragma once

#include <filesystem>
#include <optional>

#include "frontend/tensorflow/checkpoint.h"
#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {

class SavedModelFile : public Variables {
 public:
  // `folder` holds variables/variables.index; it is opened when the first variable is read. The meta graph is the one
  // with the tag "serve", or the first; the signature serving_default, or the only one.
  // Errors begin with `name`.
  Status read(Bytes content, const std::string& name, std::filesystem::path folder);

  tensorflow_file::GraphDef& graph() { return *meta_graph_->mutable_graph_def(); }
  // Plain names of values, in the order of the signature's keys.
  const std::vector<std::string>& inputs() const { return inputs_; }
  const std::vector<std::string>& outputs() const { return outputs_; }

  // Names of the signatures, and what the first of them gives.
  const std::vector<std::string>& signatures() const { return signatures_; }
  const std::vector<std::string>& example_outputs() const { return example_outputs_; }

  Result<Tensor> read(const std::string& variable) override;

 private:
  tensorflow_file::SavedModel model_;
  tensorflow_file::MetaGraphDef* meta_graph_ = nullptr;
  std::filesystem::path folder_;
  std::optional<Checkpoint> checkpoint_;
  std::vector<std::string> inputs_, outputs_, signatures_, example_outputs_;
};

}  // namespace bmnet::frontend::tensorflow
