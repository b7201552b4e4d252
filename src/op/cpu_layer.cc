#include "op/cpu_layer.h"

#include <cstring>
#include <type_traits>

namespace bmnet::op {
namespace {

constexpr uint32_t kMaxRank = 8, kMaxOperands = 1024;

class Writer {
 public:
  template <typename T>
  void number(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes({reinterpret_cast<const uint8_t*>(&value), sizeof value});
  }
  void bytes(std::span<const uint8_t> data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void block(std::span<const uint8_t> data) {
    number(static_cast<uint64_t>(data.size()));
    bytes(data);
  }
  void info(const TensorInfo& info) {
    number(static_cast<uint8_t>(info.dtype));
    number(static_cast<uint8_t>(info.shape.size()));
    for (int64_t size : info.shape) number(size);
  }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  std::vector<uint8_t> out_;
};

// Every function fails for good once the bytes have run out.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> in) : in_(in) {}
  bool good() const { return good_; }

  template <typename T>
  T number() {
    T value{};
    const auto data = bytes(sizeof value);
    if (good_) std::memcpy(&value, data.data(), sizeof value);
    return value;
  }
  std::span<const uint8_t> bytes(uint64_t size) {
    if (!good_ || size > in_.size()) {
      good_ = false;
      return {};
    }
    const auto head = in_.first(size);
    in_ = in_.subspan(size);
    return head;
  }
  std::span<const uint8_t> block() { return bytes(number<uint64_t>()); }
  TensorInfo info() {
    TensorInfo info;
    const auto dtype = number<uint8_t>();
    good_ = good_ && dtype <= static_cast<uint8_t>(DType::kBF16);
    if (good_) info.dtype = static_cast<DType>(dtype);
    const auto rank = number<uint8_t>();
    good_ = good_ && rank <= kMaxRank;
    int64_t count = 1;
    for (int i = 0; good_ && i < rank; ++i) {
      info.shape.push_back(number<int64_t>());
      good_ = good_ && info.shape.back() >= 0 && !__builtin_mul_overflow(count, info.shape.back(), &count) &&
              count < (int64_t{1} << 40);
    }
    return info;
  }
  uint32_t operands() {
    const auto count = number<uint32_t>();
    good_ = good_ && count <= kMaxOperands;
    return good_ ? count : 0;
  }

 private:
  std::span<const uint8_t> in_;
  bool good_ = true;
};

std::span<const uint8_t> raw_bytes(const Tensor& tensor) {
  return {static_cast<const uint8_t*>(tensor.raw()), tensor.bytes()};
}

}  // namespace

DType storage_type(DType dtype) {
  return dtype == DType::kI64 || dtype == DType::kBool || dtype == DType::kU32 ? DType::kI32 : dtype;
}

std::vector<uint8_t> encode(const CpuLayer& layer) {
  Writer body;
  body.block({reinterpret_cast<const uint8_t*>(layer.op.data()), layer.op.size()});
  body.block(to_cbor(layer.attributes));
  body.number(static_cast<uint32_t>(layer.inputs.size()));
  for (const CpuLayer::Operand& operand : layer.inputs) {
    body.info(operand.info);
    body.number(static_cast<uint8_t>(operand.constant.has_value()));
    if (operand.constant) body.block(raw_bytes(*operand.constant));
  }
  body.number(static_cast<uint32_t>(layer.outputs.size()));
  for (const TensorInfo& info : layer.outputs) body.info(info);
  const std::vector<uint8_t> content = body.take();
  Writer parameter;
  parameter.number(kCpuLayerNumber);
  parameter.number(static_cast<uint32_t>(content.size()));
  parameter.bytes(content);
  return parameter.take();
}

Result<CpuLayer> decode_cpu_layer(std::span<const uint8_t> parameter) {
  Reader header(parameter);
  const auto number = header.number<int32_t>();
  Reader in(header.bytes(header.number<uint32_t>()));
  if (!header.good()) return user_error("CPU layer: the parameter is cut off");
  if (number != kCpuLayerNumber) return user_error("CPU layer: number {} is none of this library", number);
  CpuLayer layer;
  const auto name = in.block();
  layer.op.assign(name.begin(), name.end());
  const auto attributes = in.block();
  if (!in.good()) return user_error("CPU layer: the parameter is damaged");
  BMNET_ASSIGN(layer.attributes, from_cbor(attributes));
  for (uint32_t i = in.operands(); i > 0 && in.good(); --i) {
    CpuLayer::Operand operand;
    operand.info = in.info();
    if (in.number<uint8_t>() != 0) {
      const auto content = in.block();
      if (!in.good() || content.size() != operand.info.bytes())
        return user_error("CPU layer {}: a constant has another size than its shape", layer.op);
      operand.constant = Tensor(operand.info);
      if (!content.empty()) std::memcpy(operand.constant->raw(), content.data(), content.size());
    }
    layer.inputs.push_back(std::move(operand));
  }
  for (uint32_t i = in.operands(); i > 0 && in.good(); --i) layer.outputs.push_back(in.info());
  if (!in.good()) return user_error("CPU layer {}: the parameter is damaged", layer.op);
  return layer;
}

}  // namespace bmnet::op
