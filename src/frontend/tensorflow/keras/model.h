// Keras models: an HDF5 file with the architecture as JSON (attribute model_config) and the weights below the group
// model_weights. Sequential and functional models, models inside of models, layers that are called several times.
#pragma once

#include <map>
#include <set>

#include "frontend/tensorflow/importer.h"
#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {

// What is known of a model besides its layers.
struct ModelSource {
  const Json* model = nullptr;  // {"class_name": …, "config": …}
  Weights weights;
  int version = 2;           // of Keras
  bool tensorflow_2 = true;  // it was TensorFlow 2's Keras, or later
};

class ModelImporter : public LayerConverter {
 public:
  ModelImporter(ModelSource source, const ImportOptions& options, const std::string& network_name);

  Result<nn::Model> run();

  Result<Values> convert(const LayerEntry& entry, const std::string& name, const Operands& operands,
                         const Weights& weights) override;
  Importer& importer() override { return importer_; }
  int version() const override { return source_.version; }
  bool is_tensorflow_2() const override { return source_.tensorflow_2; }

 private:
  using Place = std::pair<size_t, int64_t>;  // layer, call
  struct Evaluation {
    const Network& network;
    std::map<Place, Values> values;
    std::set<Place> given;  // their values are there from the start
    std::string prefix;     // of names: "outer/"
    Weights weights;
    bool nested = false;
  };

  Status declare_inputs(Evaluation& evaluation);
  Result<TensorInfo> input_info(const LayerEntry& entry, size_t position) const;
  Result<std::vector<Reference>> chosen_outputs(const Network& network) const;
  Status evaluate(Evaluation& evaluation, const std::vector<Reference>& outputs);
  Result<std::vector<Place>> needed_in_order(const Evaluation& evaluation, const std::vector<Reference>& outputs) const;
  Status call_layer(Evaluation& evaluation, Place place);
  Result<Operands> resolve(const Evaluation& evaluation, const LayerCall& call) const;
  Result<Value> lookup(const Evaluation& evaluation, const Reference& reference) const;
  Result<Values> call_model(const LayerEntry& entry, const std::string& name, const Operands& operands,
                            const Weights& weights);

  ModelSource source_;
  const ImportOptions& options_;
  tensorflow_file::GraphDef no_graph_;
  Importer importer_;
  int depth_ = 0;      // of models inside of models
  int64_t calls_ = 0;  // of layers so far
};

// `bytes`: a whole .h5 file. Errors begin with `name`.
Result<nn::Model> import_h5(Bytes bytes, const std::string& name, std::shared_ptr<const void> owner,
                            const ImportOptions& options, const std::string& network_name);

// The architecture alone. Its weights are absent: ImportOptions::random_weights draws up to `weight_limit` elements.
Result<nn::Model> import_config(std::string_view json, const ImportOptions& options, int64_t weight_limit = 0);

}  // namespace bmnet::frontend::tensorflow::keras
