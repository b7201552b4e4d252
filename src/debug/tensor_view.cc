#include "debug/tensor_view.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "base/number.h"
#include "target/bm1684/machine.h"

namespace bmnet::debug {
namespace {

using Space = bm1684::Access::Space;

struct ElementRow {
  std::string_view name, alias;
  int64_t bytes;
};
constexpr ElementRow kElements[] = {{"fp32", "f32", 4}, {"int32", "i32", 4}, {"int16", "i16", 2}, {"uint16", "u16", 2},
                                    {"int8", "i8", 1},  {"uint8", "u8", 1},  {"hex", "x", 4}};

const ElementRow& row_of(Element element) { return kElements[static_cast<size_t>(element)]; }

template <typename T>
T load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

constexpr int64_t kMaxDimension = int64_t{1} << 32;
constexpr size_t kMaxRank = 8;
constexpr int64_t kMaxColumns = 16;

int64_t dimension(const Shape& shape, size_t axis) { return axis < shape.size() ? shape[axis] : 1; }

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The comma-separated parts between brackets.
Result<std::vector<std::string_view>> parts_of(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']')
    return user_error("'{}': expected a list in brackets, such as [0,3,:,2:5]", text);
  text = text.substr(1, text.size() - 2);
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.push_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// An index, counted from the end when negative.
Result<int64_t> parse_index(std::string_view text, int64_t size, int64_t otherwise) {
  if (text.empty()) return otherwise;
  const bool negative = text.starts_with('-');
  BMNET_ASSIGN(const uint64_t number, parse_unsigned(text.substr(negative)));
  if (number > static_cast<uint64_t>(size)) return user_error("index {} is outside an axis of {}", text, size);
  return negative ? size - static_cast<int64_t>(number) : static_cast<int64_t>(number);
}

Result<Slice::Axis> parse_axis(std::string_view text, int64_t size) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    BMNET_ASSIGN(const int64_t index, parse_index(text, size, size));
    if (index == size) return user_error("index '{}' is outside an axis of {}", text, size);
    return Slice::Axis{index, index + 1};
  }
  BMNET_ASSIGN(const int64_t begin, parse_index(text.substr(0, colon), size, 0));
  BMNET_ASSIGN(const int64_t end, parse_index(text.substr(colon + 1), size, size));
  if (begin >= end) return user_error("'{}' selects nothing of an axis of {}", text, size);
  return Slice::Axis{begin, end};
}

// Counts `index` up inside `axes`; false after the last one.
bool next(std::vector<int64_t>& index, std::span<const Slice::Axis> axes) {
  for (size_t i = axes.size(); i-- > 0;) {
    if (++index[i] < axes[i].end) return true;
    index[i] = axes[i].begin;
  }
  return false;
}

}  // namespace

std::optional<Element> element_named(std::string_view name) {
  for (size_t i = 0; i < std::size(kElements); ++i)
    if (kElements[i].name == name || kElements[i].alias == name) return static_cast<Element>(i);
  return std::nullopt;
}

std::string_view element_name(Element element) { return row_of(element).name; }
int64_t element_bytes(Element element) { return row_of(element).bytes; }

double value_of(Element element, const uint8_t* bytes) {
  switch (element) {
    case Element::kF32:
      return load<float>(bytes);
    case Element::kI32:
      return load<int32_t>(bytes);
    case Element::kI16:
      return load<int16_t>(bytes);
    case Element::kU16:
      return load<uint16_t>(bytes);
    case Element::kI8:
      return load<int8_t>(bytes);
    case Element::kU8:
      return load<uint8_t>(bytes);
    case Element::kHex:
      return load<uint32_t>(bytes);
  }
  return 0;
}

std::string value_text(Element element, const uint8_t* bytes) {
  if (element == Element::kF32) return fmt::format("{:.6g}", load<float>(bytes));
  if (element == Element::kHex) return fmt::format("0x{:08x}", load<uint32_t>(bytes));
  return fmt::format("{}", static_cast<int64_t>(value_of(element, bytes)));
}

Result<TensorView> TensorView::create(const MemoryRange& start, Shape shape, Element element, Layout layout,
                                      const bm1684::Memory& memory) {
  const int64_t bytes = element_bytes(element), group = layout.interleave;
  if (group != 1 && group * bytes != 4)
    return user_error("{}n: {} batch items of {} bytes do not fill a word", group, group, bytes);
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size <= 0 || size > kMaxDimension / count)
      return user_error("shape {}: too large, or an axis of 0", bmnet::to_string(shape));
    count *= size;
  }
  TensorView view;
  view.element_ = element;
  view.interleave_ = group;
  view.local_ = start.space == Space::kLocal;
  view.lane_ = start.lane;
  const int64_t unit = bytes * group, batches = ceil_div(dimension(shape, 0), group);
  if (view.local_) {
    if (shape.size() > 4) return user_error("a tensor in local memory has at most 4 axes: N, C, H, W");
    const int64_t plane = dimension(shape, 2) * dimension(shape, 3), align = bm1684::kAlignBytes / unit;
    const int64_t rows = ceil_div(start.lane + dimension(shape, 1), bm1684::kLanes);
    view.channel_stride_ = layout.aligned ? ceil_div(plane, align) * align : plane;
    view.batch_stride_ = rows * view.channel_stride_;
    view.offset_ = static_cast<int64_t>(start.offset);
    const int64_t end = ((batches - 1) * view.batch_stride_ + (rows - 1) * view.channel_stride_ + plane) * unit;
    if (view.offset_ + end > bm1684::kLaneBytes)
      return user_error("shape {} from {} runs out of its lane", bmnet::to_string(shape), first_address(start));
    view.memory_ = memory.local;
  } else {
    MemoryRange whole = start;
    whole.bytes = static_cast<uint64_t>(count / dimension(shape, 0) * batches * unit);
    BMNET_ASSIGN(const MemoryRange inside, parse_range(to_string(whole), memory));
    view.memory_ = bytes_of(inside, memory).data();
  }
  view.shape_ = std::move(shape);
  return view;
}

TensorView TensorView::of_host(const Tensor& tensor, Element element) {
  TensorView view;
  view.memory_ = static_cast<const uint8_t*>(tensor.raw());
  view.shape_ = tensor.shape();
  view.element_ = element;
  return view;
}

const uint8_t* TensorView::at(std::span<const int64_t> index) const {
  const int64_t bytes = element_bytes(element_), unit = bytes * interleave_;
  const auto axis = [&](size_t i) { return i < index.size() ? index[i] : 0; };
  const int64_t n = axis(0), in_word = n % interleave_ * bytes;
  if (local_) {
    const int64_t channel = lane_ + axis(1);
    const int64_t word = n / interleave_ * batch_stride_ + channel / bm1684::kLanes * channel_stride_ +
                         axis(2) * dimension(shape_, 3) + axis(3);
    return memory_ + channel % bm1684::kLanes * int64_t{bm1684::kLaneBytes} + offset_ + word * unit + in_word;
  }
  int64_t word = n / interleave_;
  for (size_t i = 1; i < shape_.size(); ++i) word = word * shape_[i] + index[i];
  return memory_ + word * unit + in_word;
}

Result<Slice> parse_slice(std::string_view text, const Shape& shape) {
  Slice slice;
  for (const int64_t size : shape) slice.axes.push_back({0, size});
  if (text.empty()) return slice;
  BMNET_ASSIGN(const auto parts, parts_of(text));
  if (parts.size() > shape.size())
    return user_error("{} indices for a tensor of {} axes: {}", parts.size(), shape.size(), bmnet::to_string(shape));
  for (size_t i = 0; i < parts.size(); ++i) {
    BMNET_ASSIGN(slice.axes[i], parse_axis(parts[i], shape[i]));
  }
  return slice;
}

Result<Shape> parse_shape(std::string_view text) {
  BMNET_ASSIGN(const auto parts, parts_of(text));
  if (parts.size() > kMaxRank) return user_error("a tensor has at most {} axes", kMaxRank);
  Shape shape;
  for (const std::string_view part : parts) {
    BMNET_ASSIGN(const uint64_t size, parse_unsigned(part));
    if (size == 0 || size > static_cast<uint64_t>(kMaxDimension)) return user_error("'{}' is no size of an axis", part);
    shape.push_back(static_cast<int64_t>(size));
  }
  return shape;
}

std::string table(const TensorView& view, const Slice& slice, int64_t limit) {
  if (view.shape().empty()) return value_text(view.element(), view.at({})) + "\n";
  const std::span<const Slice::Axis> axes = slice.axes;
  const Slice::Axis last = axes.back();
  std::vector<int64_t> index;
  int64_t rows = 1;
  for (const Slice::Axis& axis : axes) index.push_back(axis.begin);
  for (const Slice::Axis& axis : axes.first(axes.size() - 1)) rows *= axis.end - axis.begin;
  std::string text;
  for (int64_t row = 0; row < std::min(rows, limit); ++row) {
    text += fmt::format("[{}]", fmt::join(index, ","));
    for (int64_t i = last.begin; i < std::min(last.end, last.begin + kMaxColumns); ++i) {
      index.back() = i;
      text += " " + value_text(view.element(), view.at(index));
    }
    if (last.end - last.begin > kMaxColumns) text += fmt::format(" … {} more", last.end - last.begin - kMaxColumns);
    text += '\n';
    index.back() = last.begin;
    next(index, axes.first(axes.size() - 1));
  }
  if (rows > limit) text += fmt::format("… {} more rows\n", rows - limit);
  return text;
}

std::string run_of_values(const MemoryRange& range, Element element, const bm1684::Memory& memory) {
  const size_t step = static_cast<size_t>(element_bytes(element)), per_line = 32 / step > 8 ? 16 : 8;
  const std::span<const uint8_t> bytes = bytes_of(range, memory);
  std::string text;
  for (size_t i = 0; i * step < bytes.size(); ++i) {
    MemoryRange place = range;
    place.offset += i * step;
    if (i % per_line == 0) text += fmt::format("{}{}:", i ? "\n" : "", first_address(place));
    text += " " + value_text(element, &bytes[i * step]);
  }
  return text + "\n";
}

std::string summary(const TensorView& view) {
  Slice all;
  for (const int64_t size : view.shape()) all.axes.push_back({0, size});
  std::vector<int64_t> index(view.shape().size(), 0);
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  int64_t count = 0, zeros = 0, nans = 0;
  do {
    const double value = value_of(view.element(), view.at(index));
    ++count;
    zeros += value == 0;
    if (std::isnan(value)) {
      ++nans;
      continue;
    }
    low = std::min(low, value), high = std::max(high, value), sum += value;
  } while (next(index, all.axes));
  if (nans == count) return "nothing but NaNs";
  std::string text = fmt::format("min {:.6g} max {:.6g} mean {:.6g}, {:.3g} % zeros", low, high,
                                 sum / static_cast<double>(count - nans),
                                 100.0 * static_cast<double>(zeros) / static_cast<double>(count));
  if (nans) text += fmt::format(", {} NaNs", nans);
  return text;
}

}  // namespace bmnet::debug
