// A Caffe network put in order: the layers inference needs, each blob with one producer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "frontend/caffe/prototxt.h"
#include "frontend/options.h"

namespace bmnet::caffe {

// One value. A layer that works in place makes a new one under the same name.
struct Blob {
  std::string name;        // in the prototxt
  std::string value_name;  // unique in the network: the blob's name for its last value, else "<blob>@<layer>"
};

using BlobId = int;  // index into Net::blobs

struct Layer {
  proto::LayerParameter param;
  int line = 0;  // in the prototxt; 0 unknown
  std::vector<BlobId> bottoms;
  std::vector<BlobId> tops;
};

struct Input {
  BlobId blob;
  std::optional<Shape> shape;  // as the prototxt states it
};

struct Output {
  std::string name;  // of the blob, or of the layer where the user named that
  BlobId blob;
};

struct Net {
  std::vector<Blob> blobs;
  std::vector<Input> inputs;  // in the order of the prototxt, or of ImportOptions::input_names
  std::vector<Layer> layers;  // in execution order; only what the outputs depend on
  std::vector<Output> outputs;
};

// "line 12: layer 'conv1' (Convolution)", for messages.
std::string describe(const proto::LayerParameter& layer, int line);

// Chooses the layers of inference, connects them, and cuts the network at the inputs and outputs the options name.
// Errors: a bottom nobody produces (or only a later layer), a top produced twice, an unknown name in the options.
Result<Net> make_net(const Description& description, const frontend::ImportOptions& options, Warnings& warnings);

}  // namespace bmnet::caffe
