// Any bytes as an HDF5 file: everything in it is read, or refused. hdf5_fuzz src/frontend/hdf5/corpus
#include "frontend/hdf5/file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = bmnet::frontend::hdf5::File::open({data, size}, nullptr);
  if (!file) return 0;
  (void)file->text_attribute("", "model_config");
  for (const std::string& path : file->data_sets("")) (void)file->read(path);
  return 0;
}
