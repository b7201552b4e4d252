// The boxes that a [yolo] or [region] layer encodes, in the row layout of import.h.
#include <cmath>

#include "frontend/darknet/network.h"
#include "nn/limits.h"

namespace bmnet::frontend::darknet {
namespace {

using Integers = std::vector<int64_t>;

struct Head {
  int64_t classes = 0;
  std::vector<float> anchors;  // pairs of width and height, relative to the image
  double scale_xy = 1;
  bool new_coords = false;  // centre and size are stated without sigmoid and exp
  bool softmax_classes = false;
};

Result<Head> read_head(const Network& network, const Section& section, int64_t cells_w, int64_t cells_h) {
  Head head;
  BMNET_ASSIGN(head.classes, section.integer("classes", 20));
  BMNET_ASSIGN(head.scale_xy, section.number("scale_x_y", 1));
  BMNET_ASSIGN(const int64_t new_coords, section.integer("new_coords", 0));
  head.new_coords = new_coords != 0;
  BMNET_ASSIGN(const std::vector<double> anchors, section.numbers("anchors"));
  BMNET_ASSIGN(const std::vector<double> mask, section.numbers("mask"));
  BMNET_ASSIGN(const int64_t count, section.integer("num", 1));
  const bool region = section.type == "region";
  BMNET_ASSIGN(const int64_t softmax, section.integer("softmax", 0));
  head.softmax_classes = region && softmax != 0;
  // [region] states anchors in cells, [yolo] in pixels of the network's input.
  const double unit_w = static_cast<double>(region ? cells_w : network.width);
  const double unit_h = static_cast<double>(region ? cells_h : network.height);
  std::vector<double> chosen = mask;
  const double given = static_cast<double>(anchors.size() / 2);
  if (chosen.empty())
    for (int64_t i = 0; i < count; ++i) {
      chosen.push_back(static_cast<double>(i));
      if (chosen.back() >= given) break;  // refused below
    }
  for (double index : chosen) {
    if (index < 0 || index >= given)
      return user_error("line {}: [{}] uses anchor {}, there are {}", section.line, section.type, index, given);
    const auto at = static_cast<size_t>(index) * 2;
    head.anchors.push_back(static_cast<float>(anchors[at] / unit_w));
    head.anchors.push_back(static_cast<float>(anchors[at + 1] / unit_h));
  }
  if (head.classes < 1 || head.anchors.empty())
    return user_error("line {}: [{}] has no classes or no anchors", section.line, section.type);
  return head;
}

class Decoder {
 public:
  Decoder(Network& network, const std::string& name) : builder_(network.builder), name_(name) {}

  Result<ValueId> unary(const char* kind, ValueId x, float alpha = 0, float beta = 0) {
    return builder_.create1("unary", name_, {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}}, {x},
                            name_);
  }
  Result<ValueId> binary(const char* kind, ValueId a, ValueId b) {
    return builder_.create1("binary", name_, {{"kind", std::string(kind)}}, {a, b}, name_);
  }
  // Columns [begin, begin + count) of the last axis.
  Result<ValueId> columns(ValueId x, int64_t begin, int64_t count) {
    Shape sizes = builder_.info(x).shape;
    Integers starts(sizes.size(), 0), steps(sizes.size(), 1);
    starts.back() = begin, sizes.back() = count;
    return builder_.create1("slice", name_, {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {x}, name_);
  }
  Result<ValueId> reshape(ValueId x, Integers shape) {
    return builder_.create1("reshape", name_, {{"shape", std::move(shape)}}, {x}, name_);
  }

  nn::GraphBuilder& builder_;
  const std::string& name_;
};

// Cell corners [1,H,W,1,2] and steps so that (offset + corner) * step is relative to the image.
Tensor corners(int64_t h, int64_t w) {
  Tensor tensor({DType::kF32, {1, h, w, 1, 2}});
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      tensor.data<float>()[(y * w + x) * 2] = static_cast<float>(x);
      tensor.data<float>()[(y * w + x) * 2 + 1] = static_cast<float>(y);
    }
  return tensor;
}

}  // namespace

Result<ValueId> decode_detections(Network& network, const Section& section, const std::string& name, ValueId raw) {
  const Shape s = network.shape(raw);
  if (s.size() != 4) return user_error("line {}: {}: its input is not an image", section.line, name);
  BMNET_ASSIGN(const Head head, read_head(network, section, s[3], s[2]));
  const int64_t boxes = static_cast<int64_t>(head.anchors.size()) / 2, entries = 5 + head.classes;
  if (s[1] != boxes * entries)
    return user_error("line {}: {}: {} channels, but {} anchors of 5 + {} values need {}", section.line, name, s[1],
                      boxes, head.classes, boxes * entries);
  Decoder d(network, name);
  BMNET_ASSIGN(ValueId x, d.reshape(raw, {s[0], boxes, entries, s[2], s[3]}));
  BMNET_ASSIGN(x, network.builder.create1("transpose", name, {{"permutation", Integers{0, 3, 4, 1, 2}}}, {x}, name));

  BMNET_ASSIGN(ValueId centre, d.columns(x, 0, 2));
  if (!head.new_coords) {
    BMNET_ASSIGN(centre, d.unary("sigmoid", centre));
  }
  const auto scale = static_cast<float>(head.scale_xy);
  if (scale != 1) {
    BMNET_ASSIGN(centre, d.unary("linear", centre, scale, -(scale - 1) / 2));
  }
  const std::vector<float> steps = {1.0f / static_cast<float>(s[3]), 1.0f / static_cast<float>(s[2])};
  BMNET_TRY(nn::reserve_constant(Shape{s[2], s[3], 2}, DType::kF32));
  BMNET_ASSIGN(centre, d.binary("add", centre, network.builder.constant(name + ".corners", corners(s[2], s[3]))));
  BMNET_ASSIGN(centre,
               d.binary("mul", centre, network.builder.constant(name + ".steps", Tensor::of<float>({2}, steps))));

  BMNET_ASSIGN(ValueId size, d.columns(x, 2, 2));
  if (head.new_coords) {  // (2 t)²
    BMNET_ASSIGN(size, d.unary("linear", size, 2, 0));
    BMNET_ASSIGN(size, d.unary("square", size));
  } else {
    BMNET_ASSIGN(size, d.unary("exp", size));
  }
  BMNET_ASSIGN(
      size,
      d.binary("mul", size, network.builder.constant(name + ".anchors", Tensor::of<float>({boxes, 2}, head.anchors))));

  BMNET_ASSIGN(ValueId objectness, d.columns(x, 4, 1));
  BMNET_ASSIGN(ValueId scores, d.columns(x, 5, head.classes));
  if (!head.new_coords) {
    BMNET_ASSIGN(objectness, d.unary("sigmoid", objectness));
  }
  if (head.softmax_classes) {
    BMNET_ASSIGN(scores, network.builder.create1("softmax", name, {{"axis", int64_t{4}}}, {scores}, name));
  } else if (!head.new_coords) {
    BMNET_ASSIGN(scores, d.unary("sigmoid", scores));
  }
  BMNET_ASSIGN(scores, d.binary("mul", scores, objectness));
  const std::vector<ValueId> parts = {centre, size, objectness, scores};
  BMNET_ASSIGN(const std::vector<ValueId> rows,
               network.builder.create("concat", name, {{"axis", int64_t{4}}}, parts, {&name, 1}));
  return d.reshape(rows[0], {s[0], s[2] * s[3] * boxes, entries});
}

}  // namespace bmnet::frontend::darknet
