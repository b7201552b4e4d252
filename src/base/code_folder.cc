#include "base/code_folder.h"

#include <dlfcn.h>
#include <link.h>

namespace bmnet {

std::filesystem::path folder_of_code(const void* symbol) {
  Dl_info info;
  link_map* object = nullptr;
  if (!dladdr1(symbol, &info, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) || !object) return {};
  // The program itself has no name here, and the one it was called by need not be a path.
  const std::filesystem::path file = object->l_name[0] ? object->l_name : "/proc/self/exe";
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file, error);
  return error ? std::filesystem::path() : real.parent_path();
}

}  // namespace bmnet
