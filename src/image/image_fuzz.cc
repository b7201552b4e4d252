// Any bytes as a picture: decoded, then resized, cropped and turned into a tensor; or refused with one message that
// names it. Chunks of PNG files carry checksums, which most mutations put right again.
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "image/image.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace bmnet {
namespace {

constexpr int64_t kMaxPixels = 1 << 14;

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

// A chunk: length of its data, type, data, checksum of type and data.
void right_checksums(uint8_t* file, size_t size) {
  for (size_t chunk = 8; size >= 12 && chunk <= size - 12;) {
    const size_t length = big_endian(file + chunk);
    if (length > size - 12 - chunk) return;
    const auto checksum = static_cast<uint32_t>(crc32_z(0, file + chunk + 4, 4 + length));
    for (int i = 0; i < 4; ++i) file[chunk + 8 + length + i] = static_cast<uint8_t>(checksum >> (24 - 8 * i));
    chunk += 12 + length;
  }
}

void decode(Bytes file) {
  const Result<Image> image = decode_image(file, "fuzz", kMaxPixels);
  if (!image) {
    if (!image.error().message.starts_with("fuzz: ") || image.error().message.find('\n') != std::string::npos)
      std::abort();
    return;
  }
  if (image->pixels.size() != static_cast<size_t>(image->height * image->width * 3)) std::abort();
  const Image small = resize(*image, 3, 5);
  if (!to_tensor(centre_crop(small, 2, 2), 3) || !to_tensor(*image, 1)) std::abort();
}

}  // namespace
}  // namespace bmnet

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 && size > 8 && std::memcmp(data, "\x89PNG", 4) == 0) bmnet::right_checksums(data, size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bmnet::decode({data, size});
  return 0;
}
