// Caffe networks, read natively: prototxt (text) and caffemodel (weights) of BVLC Caffe, of its SSD fork and of common
// layers of other forks; all generations of the format.
//
// The network is taken as Caffe runs it for inference: phase TEST, level 0, no stage. Dropout, Split and Silence
// vanish; losses and accuracies are left out together with their labels, SoftmaxWithLoss counts as Softmax. Data layers
// become inputs; where they do not state their size, ImportOptions::shapes must.
//
// Inputs and outputs have the names of their blobs. Outputs are all blobs that no layer consumes, in alphabetical order
// (Caffe's own), or those of ImportOptions::output_names. Where layers work in place, a blob's name means its last
// value.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// An empty `caffemodel` means no weights: right for networks without parameters, or with ImportOptions::random_weights.
// Weights missing from a caffemodel are an error unless random_weights is set.
// Network name: ImportOptions::net_name, else the prototxt's `name`, else the file's stem.
// Errors: kUser: a file is damaged or breaks the format's rules, an option does not fit the network; kUnsupported: a
// layer that cannot be compiled. The text names file, line or byte, layer, reason, cure.
Result<nn::Model> import_caffe(const std::filesystem::path& prototxt, const std::filesystem::path& caffemodel,
                               const ImportOptions& options = {});

// The same for files already in memory; `name` stands for the prototxt's name. The model does not refer to the
// arguments afterwards.
Result<nn::Model> import_caffe(std::string_view prototxt, Bytes caffemodel, const std::string& name,
                               const ImportOptions& options = {});

// Every layer type of the mapping table, by name.
std::vector<SupportedOp> list_caffe_ops();

}  // namespace bmnet::frontend
