// Reads the text description of a Caffe network, of any generation, into one form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "frontend/caffe/caffe.pb.h"

namespace bmnet::caffe {

using Warnings = std::vector<std::string>;

// A network as the user wrote it, upgraded: `param` holds V2 layers only (`layer`), and the old header (`input`,
// `input_dim`, `input_shape`) stands as Input layers in front.
struct Description {
  proto::NetParameter param;
  std::vector<int> lines;  // where layer i begins in the text, from 1; 0 for an Input layer made from the header
};

// `file` names the text in messages. Errors carry line and column. Fields this project does not know are left out, each
// with a warning that names it.
Result<Description> read_prototxt(std::string_view text, std::string_view file, Warnings& warnings);

}  // namespace bmnet::caffe
