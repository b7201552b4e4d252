// libFuzzer target of the PyTorch front end. Any bytes are an archive; all tensors that forward takes are [1,3,4,4].
//
// Bytes changed at random end at an entry's checksum. So most mutations take the archive apart, change one entry and
// write a right archive again; some change the archive itself.
#include <algorithm>
#include <cstring>
#include <optional>
#include <random>

#include "frontend/fuzz.h"
#include "frontend/pytorch/archive.h"
#include "frontend/pytorch/import.h"
#include "frontend/pytorch/zip_writer.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace bmnet::frontend::pytorch {
namespace {

using test::ZipEntry;

// The names of the entries that the archives of the corpus have, as far as the front end asks for them.
constexpr const char* kNames[] = {"data.pkl",    "code/__torch__.py", "constants.pkl", "data/0",    "data/1",
                                  "constants/0", "model.json",        "code/m.py",     "tensors/0", "attributes.pkl"};

std::vector<ZipEntry> entries_of(Bytes file) {
  std::vector<ZipEntry> entries;
  const auto archive = Archive::open(file, nullptr);
  if (!archive) return entries;
  for (const char* name : kNames)
    if (const auto content = archive->read(name))
      entries.push_back({std::string("m/") + name, std::string(as_text(content->bytes))});
  return entries;
}

std::optional<std::string> with_a_changed_entry(Bytes file, size_t max_size, std::minstd_rand& random) {
  std::vector<ZipEntry> entries = entries_of(file);
  if (entries.empty()) return std::nullopt;
  const size_t chosen = random() % entries.size();
  std::string& content = entries[chosen].content;
  const size_t size = content.size();
  content.resize(size + 64 + size / 4);
  content.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(content.data()), size, content.size()));
  if (random() % 16 == 0) entries[chosen].deflate = true;
  if (random() % 64 == 0) entries[chosen].claimed_size = static_cast<uint32_t>(random());
  std::string changed = test::zip(entries);
  if (changed.size() > max_size) return std::nullopt;
  return changed;
}

}  // namespace
}  // namespace bmnet::frontend::pytorch

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  std::minstd_rand random(seed);
  if (random() % 32) {
    if (const auto changed = bmnet::frontend::pytorch::with_a_changed_entry({data, size}, max_size, random)) {
      std::memcpy(data, changed->data(), changed->size());
      return changed->size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bmnet::frontend::ImportOptions options;
  options.shapes = {{"", {1, 3, 4, 4}}};
  return bmnet::frontend::import_or_abort({"fuzz.pt"}, [&] {
    return bmnet::frontend::import_pytorch(bmnet::Bytes(data, size), nullptr, "fuzz.pt", options);
  });
}
