// TensorFlow models read natively: frozen GraphDef (binary .pb, text .pbtxt), SavedModel, and Keras models saved whole
// as HDF5 (.h5).
//
// Inputs and outputs keep the model's own layout (NHWC as a rule); inside, images are channels first, and transposes
// stand only where the two meet. Types: the network computes in f32. half, bfloat16 and double are imported as f32, u64
// as i64, quantized types as the integers they hold. Shapes are static: unknown dimensions must be fixed by
// ImportOptions::shapes or ::batch.
//
// Names: "node" is a node's first output, "node:1" its second; "node:0" is accepted for "node".
// Keras: the names are those of layers, "layer:1" is a layer's second result; an open batch is 1 unless options say
// more. Without ImportOptions::output_names a GraphDef's outputs are the nodes that nobody uses, a SavedModel's those
// of its signature serving_default (or of its only signature), a Keras model's its own.
#pragma once

#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// `path`: a GraphDef, a saved_model.pb or the folder that holds one, a Keras .h5. Big weights stay in the mapped file.
// Network name: ImportOptions::net_name, else the file's (the folder's) stem.
// Errors: kUser: the file is damaged, an option does not fit the model; kUnsupported: an operator or a form that cannot
// be compiled, among them training graphs and loops that only end at run time. The text names file, node, reason, cure.
Result<nn::Model> import_tensorflow(const std::filesystem::path& path, const ImportOptions& options = {});

// The same for a file that is already in memory; `name` stands for the file's name, a SavedModel's variables are looked
// for in `folder`. The model may refer to `content` as long as it lives.
Result<nn::Model> import_tensorflow(Bytes content, const std::string& name, const std::filesystem::path& folder,
                                    const ImportOptions& options = {});

// Whether a file that begins with these bytes is a GraphDef (binary or text), a SavedModel or HDF5.
bool looks_like_tensorflow(Bytes head);

// Every operator of the mapping table, by name, then the layers of Keras ("keras.Dense").
std::vector<SupportedOp> list_tensorflow_ops();
std::vector<SupportedOp> list_keras_layers();

}  // namespace bmnet::frontend
