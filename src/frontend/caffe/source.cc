#include "frontend/caffe/source.h"

#include <algorithm>

namespace bmnet::caffe {
namespace {

using proto::LayerParameter;

Shape to_shape(const proto::BlobShape& shape) { return {shape.dim().begin(), shape.dim().end()}; }

// Caffe gives one shape for all tops, or one for each.
template <typename Repeated>
const typename Repeated::value_type* one_or_each(const Repeated& values, int index) {
  if (values.empty()) return nullptr;
  return &values[values.size() == 1 ? 0 : std::min(index, values.size() - 1)];
}

std::optional<Shape> input_shape(const LayerParameter& layer, int top) {
  const auto* shape = one_or_each(layer.input_param().shape(), top);
  if (!shape) return std::nullopt;
  return to_shape(*shape);
}

std::optional<Shape> dummy_data_shape(const LayerParameter& layer, int top) {
  const auto& dummy = layer.dummy_data_param();
  if (const auto* shape = one_or_each(dummy.shape(), top)) return to_shape(*shape);
  Shape shape;
  for (const auto* dims : {&dummy.num(), &dummy.channels(), &dummy.height(), &dummy.width()}) {
    const uint32_t* dim = one_or_each(*dims, top);
    if (!dim) return std::nullopt;
    shape.push_back(*dim);
  }
  return shape;
}

std::optional<Shape> memory_data_shape(const LayerParameter& layer, int top) {
  const auto& data = layer.memory_data_param();
  if (top > 0) return Shape{data.batch_size()};
  return Shape{data.batch_size(), data.channels(), data.height(), data.width()};
}

std::optional<Shape> image_data_shape(const LayerParameter& layer, int top) {
  const auto& images = layer.image_data_param();
  if (top > 0) return Shape{images.batch_size()};
  const uint32_t crop = layer.transform_param().crop_size();
  const int64_t height = crop ? crop : images.new_height();
  const int64_t width = crop ? crop : images.new_width();
  if (height == 0 || width == 0) return std::nullopt;
  return Shape{images.batch_size(), images.is_color() ? 3 : 1, height, width};
}

}  // namespace

std::optional<Shape> stated_shape(const LayerParameter& layer, int top) {
  if (layer.type() == "Input") return input_shape(layer, top);
  if (layer.type() == "DummyData") return dummy_data_shape(layer, top);
  if (layer.type() == "MemoryData") return memory_data_shape(layer, top);
  if (layer.type() == "ImageData") return image_data_shape(layer, top);
  return std::nullopt;
}

}  // namespace bmnet::caffe
