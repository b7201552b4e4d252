#include "frontend/caffe/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/file.h"
#include "base/stored_elements.h"
#include "frontend/caffe/caffemodel.pb.h"
#include "frontend/protobuf/message.h"

namespace bmnet::caffe {
namespace {

using proto::ModelBlob;

// The elements of a blob as they stand in the file: one run of values of one type.
struct Run {
  DType dtype;
  Bytes bytes;
};

template <typename T>
Run run_of(DType dtype, const google::protobuf::RepeatedField<T>& values) {
  return {dtype, {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)}};
}

// The runs of all fields that may hold elements. A sane blob has one.
Result<std::vector<Run>> runs_of(const ModelBlob& blob, Bytes file) {
  std::vector<Run> runs;
  if (blob.data_size() > 0) runs.push_back(run_of(DType::kF32, blob.data()));
  if (blob.double_data_size() > 0) runs.push_back(run_of(DType::kF64, blob.double_data()));
  for (Bytes bytes : protobuf::borrowed_payloads(blob, file, ModelBlob::kDataFieldNumber))
    runs.push_back({DType::kF32, bytes});
  for (Bytes bytes : protobuf::borrowed_payloads(blob, file, ModelBlob::kDoubleDataFieldNumber))
    runs.push_back({DType::kF64, bytes});

  std::vector<Bytes> raw = protobuf::borrowed_payloads(blob, file, ModelBlob::kRawDataFieldNumber);
  if (blob.has_raw_data() && !blob.raw_data().empty()) raw.push_back(as_bytes(blob.raw_data()));
  constexpr DType kRawTypes[] = {DType::kF64, DType::kF32, DType::kF16};
  if (!raw.empty() && (blob.raw_data_type() < 0 || blob.raw_data_type() > 2)) {
    return unsupported("raw data of type {}; double (0), float (1) and half (2) are known", blob.raw_data_type());
  }
  for (Bytes bytes : raw) runs.push_back({kRawTypes[blob.raw_data_type()], bytes});
  return runs;
}

Shape legacy_shape(const ModelBlob& blob) { return {blob.num(), blob.channels(), blob.height(), blob.width()}; }

// The stated shape; a blob without one is a vector of its elements.
Result<Shape> shape_of(const ModelBlob& blob, int64_t elements) {
  Shape shape{elements};
  if (blob.has_shape()) {
    shape.assign(blob.shape().dim().begin(), blob.shape().dim().end());
  } else if (blob.has_num() || blob.has_channels() || blob.has_height() || blob.has_width()) {
    shape = legacy_shape(blob);
  }
  if (!is_sane_shape(shape)) return user_error("its shape is {}", to_string(shape));
  if (element_count(shape) != elements)
    return user_error("its shape {} has {} elements, the file holds {}", to_string(shape), element_count(shape),
                      elements);
  return shape;
}

float half_to_float(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 1023;
  float value = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                              : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  if (exponent == 31)
    value = mantissa ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  return half & 0x8000 ? -value : value;
}

template <typename Stored, typename Convert>
void convert(Bytes from, std::span<float> to, Convert convert_one) {
  for (size_t i = 0; i < to.size(); ++i) {
    Stored value;
    std::memcpy(&value, from.data() + i * sizeof value, sizeof value);
    to[i] = convert_one(value);
  }
}

Tensor to_f32(const Run& run, Shape shape) {
  if (run.dtype == DType::kF32) return copy_of_elements({DType::kF32, std::move(shape)}, run.bytes.data());
  Tensor tensor({DType::kF32, std::move(shape)});
  if (run.dtype == DType::kF64)
    convert<double>(run.bytes, tensor.data<float>(), [](double value) { return static_cast<float>(value); });
  if (run.dtype == DType::kF16) convert<uint16_t>(run.bytes, tensor.data<float>(), half_to_float);
  return tensor;
}

Result<Tensor> read_blob(const ModelBlob& blob, Bytes file, const std::shared_ptr<const void>& owner) {
  BMNET_ASSIGN(const std::vector<Run> runs, runs_of(blob, file));
  if (runs.empty()) return user_error("it has no data");
  if (runs.size() > 1) return unsupported("its data stand in {} pieces", runs.size());
  const Run& run = runs.front();
  if (run.bytes.size() % byte_size(run.dtype) != 0)
    return user_error("its {} bytes are no whole number of elements", run.bytes.size());
  BMNET_ASSIGN(Shape shape, shape_of(blob, run.bytes.size() / byte_size(run.dtype)));

  const bool in_file = run.bytes.data() >= file.data() && run.bytes.data() < file.data() + file.size();
  if (run.dtype != DType::kF32 || !in_file) return to_f32(run, std::move(shape));
  return shared_or_copied({DType::kF32, std::move(shape)}, run.bytes.data(), owner);
}

template <typename Blobs>
Status add_layer(Weights& weights, const std::string& name, const Blobs& blobs, Bytes file,
                 const std::shared_ptr<const void>& owner) {
  if (blobs.empty()) return {};
  std::vector<Tensor> tensors;
  for (const ModelBlob& blob : blobs) {
    auto tensor = read_blob(blob, file, owner);
    if (!tensor) return with_context(fmt::format("layer '{}', blob {}", name, tensors.size()), tensor.error());
    tensors.push_back(*std::move(tensor));
  }
  weights.insert_or_assign(name, std::move(tensors));
  return {};
}

Status add_layers(Weights& weights, const proto::ModelFile& model, Bytes file,
                  const std::shared_ptr<const void>& owner) {
  for (const auto& layer : model.layers()) {
    BMNET_TRY(add_layer(weights, layer.name(), layer.blobs(), file, owner));
    BMNET_TRY(add_layer(weights, layer.layer().name(), layer.layer().blobs(), file, owner));
  }
  for (const auto& layer : model.layer()) BMNET_TRY(add_layer(weights, layer.name(), layer.blobs(), file, owner));
  return {};
}

bool looks_like_text(Bytes content) {
  const Bytes head = content.first(std::min<size_t>(content.size(), 256));
  return !head.empty() && std::all_of(head.begin(), head.end(),
                                      [](uint8_t c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

bool is_sane_shape(std::span<const int64_t> dims) {
  int64_t count = 1;
  for (int64_t dim : dims) {
    if (dim < 1 || dim > kMaxElements / count) return false;
    count *= dim;
  }
  return true;
}

Result<Weights> parse_weights(Bytes content, std::string_view what, const std::shared_ptr<const void>& owner) {
  if (content.empty()) return user_error("{}: the file is empty", what);
  if (looks_like_text(content)) {
    return user_error("{}: a text file; a binary caffemodel is needed here (were prototxt and caffemodel exchanged?)",
                      what);
  }
  proto::ModelFile model;
  BMNET_TRY(protobuf::read_message(content, what, model));
  if (model.layer_size() == 0 && model.layers_size() == 0)
    return user_error("{}: no layer in it; a caffemodel is needed here", what);
  Weights weights;
  if (auto status = add_layers(weights, model, content, owner); !status) return with_context(what, status.error());
  return weights;
}

Result<Weights> read_weights(const std::filesystem::path& caffemodel) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(caffemodel));
  BMNET_ASSIGN(Weights weights, parse_weights(file.bytes(), caffemodel.filename().string(), file.owner()));
  // Floats that stand at odd places of the file have to be copied: then they need not be in memory twice.
  for (auto& [layer, blobs] : weights) {
    for (Tensor& blob : blobs) {
      if (reinterpret_cast<uintptr_t>(blob.raw()) % alignof(float) == 0) continue;
      Tensor aligned(blob.info());
      std::memcpy(aligned.raw(), blob.raw(), blob.bytes());
      file.release({static_cast<const uint8_t*>(blob.raw()), blob.bytes()});
      blob = std::move(aligned);
    }
  }
  return weights;
}

}  // namespace bmnet::caffe
