// Any bytes as a TorchScript archive: imported, or refused with one message that names the file.
#include <cstdlib>

#include "frontend/pytorch/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bmnet::frontend::ImportOptions options;
  options.shapes = {{"", {1, 3, 4, 4}}};
  const auto model = bmnet::frontend::import_pytorch(bmnet::Bytes(data, size), nullptr, "fuzz.pt", options);
  if (model ? !model->to_graph().has_value() : !model.error().message.starts_with("fuzz.pt: ")) std::abort();
  return 0;
}
