#include "frontend/darknet/weights.h"

#include <cstring>

#include "base/stored_elements.h"
#include "frontend/limits.h"
#include "nn/limits.h"

namespace bmnet::frontend::darknet {
namespace {

constexpr size_t kVersionBytes = 12;
constexpr int32_t kNoVersion = 1000;  // from here on a version field is damaged, or means a transposed file

}  // namespace

Result<Weights> Weights::open(Bytes bytes, std::shared_ptr<const void> owner, std::string file) {
  int32_t version[3];
  if (bytes.size() < kVersionBytes + sizeof(int32_t))
    return user_error("{}: {} bytes, too short for the header of a Darknet weights file", file, bytes.size());
  std::memcpy(version, bytes.data(), kVersionBytes);
  const auto [major, minor, revision] = version;
  if (major < 0 || minor < 0 || major > 2 * kNoVersion || minor > 2 * kNoVersion)
    return user_error("{}: version {}.{} in the header: not a Darknet weights file", file, major, minor);
  Weights weights;
  weights.transposed_ = major > kNoVersion || minor > kNoVersion;
  const bool wide = major * 10 + minor >= 2 && major < kNoVersion && minor < kNoVersion;
  weights.next_ = kVersionBytes + (wide ? sizeof(int64_t) : sizeof(int32_t));
  if (bytes.size() < weights.next_) return user_error("{}: cut off in the header", file);
  weights.bytes_ = bytes;
  weights.owner_ = std::move(owner);
  weights.file_ = std::move(file);
  return weights;
}

Weights Weights::random(uint64_t seed) {
  Weights weights;
  weights.generator_.emplace(static_cast<uint32_t>(seed));
  return weights;
}

Result<Tensor> Weights::take(const std::string& what, Shape shape, float spread, bool positive) {
  if (const auto sane = checked_elements(shape); !sane) return with_context(what, sane.error());
  const TensorInfo info{DType::kF32, std::move(shape)};
  if (generator_) {
    if (const Status good = nn::reserve_constant(info.shape, info.dtype); !good)
      return with_context(what, good.error());
    Tensor tensor(info);
    for (float& value : tensor.data<float>()) {
      const float uniform = static_cast<float>((*generator_)() >> 8) * 0x1p-24f;  // [0,1)
      value = positive ? 0.5f + uniform : spread * (2 * uniform - 1);
    }
    return tensor;
  }
  if (!contains(bytes_, next_, info.bytes()))
    return user_error(
        "{}: ends at byte {}, but {} needs {} floats from byte {}: cut off, or made for another "
        "cfg; --output_names cuts the network in front of it",
        file_, bytes_.size(), what, info.count(), next_);
  const uint8_t* data = bytes_.data() + next_;
  next_ += info.bytes();
  return shared_or_copied(info, data, owner_);
}

size_t Weights::left() const { return (bytes_.size() - std::min(next_, bytes_.size())) / sizeof(float); }

}  // namespace bmnet::frontend::darknet
