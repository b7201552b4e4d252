// Suppression of overlapping boxes: multiclass_nms, matrix_nms, box_nms, multibox_detection.
#include "op/nms.h"

#include <cmath>
#include <numeric>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

Status check_threshold(std::string_view what, float value) {
  if (value >= 0) return {};
  return user_error("{} {} is negative", what, value);
}

// What multiclass_nms and matrix_nms share: boxes [N,M,4] and scores [N,C,M] to at most keep_top_k rows an image.
struct Head {
  int64_t background = 0, top_k = 0, keep_top_k = 0;
  float score_threshold = 0, pixel = 0;
  int64_t images = 0, classes = 0, boxes = 0;
};

Result<Head> read_head(const Attributes& attributes, const Shape& scores) {
  Head head;
  BMNET_ASSIGN(head.background, attributes.get<int64_t>("background_label"));
  BMNET_ASSIGN(head.score_threshold, attributes.get<float>("score_threshold"));
  BMNET_ASSIGN(head.top_k, attributes.get<int64_t>("nms_top_k"));
  BMNET_ASSIGN(head.keep_top_k, attributes.get<int64_t>("keep_top_k"));
  BMNET_ASSIGN(const bool pixel_edges, attributes.get<bool>("pixel_edges"));
  BMNET_TRY(check_range("keep_top_k", head.keep_top_k, 1, 1 << 24));
  head.pixel = pixel_edges ? 1.0f : 0.0f;
  head.images = scores[0], head.classes = scores[1], head.boxes = scores[2];
  return head;
}

Result<Infos> infer_head(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(check_f32(inputs[0], "boxes"));
  BMNET_TRY(check_f32(inputs[1], "scores"));
  BMNET_TRY(check_rank(inputs[1], "scores", 3));
  BMNET_ASSIGN(const Head head, read_head(attributes, inputs[1].shape));
  BMNET_TRY(check_shape(inputs[0], "boxes", {head.images, head.boxes, 4}));
  const int64_t rows = head.images * head.keep_top_k;
  return checked({{DType::kF32, {rows, 6}}, {DType::kI64, {rows}}, {DType::kI64, {head.images}}});
}

std::vector<Box> boxes_of(const float* values, int64_t count) {
  std::vector<Box> boxes(count);
  for (int64_t i = 0; i < count; ++i)
    boxes[i] = {values[i * 4], values[i * 4 + 1], values[i * 4 + 2], values[i * 4 + 3]};
  return boxes;
}

// Writes what `find` gives for each image: find(boxes, scores of the image) -> candidates in the order of the rows.
template <typename Find>
Status write_rows(const Head& head, std::span<const Tensor> inputs, std::span<Tensor> outputs, Find&& find) {
  int64_t row = 0;
  for (int64_t n = 0; n < head.images; ++n) {
    const std::vector<Box> boxes = boxes_of(pointer<float>(inputs[0]) + n * head.boxes * 4, head.boxes);
    const std::vector<Candidate> found = find(boxes, pointer<float>(inputs[1]) + n * head.classes * head.boxes);
    for (const Candidate& one : found) {
      const Box& box = boxes[one.box];
      const float values[6] = {static_cast<float>(one.label), one.score, box.xmin, box.ymin, box.xmax, box.ymax};
      std::copy_n(values, 6, pointer<float>(outputs[0]) + row * 6);
      pointer<int64_t>(outputs[1])[row++] = n * head.boxes + one.box;
    }
    pointer<int64_t>(outputs[2])[n] = std::ssize(found);
  }
  for (; row < outputs[1].count(); ++row) {
    pointer<float>(outputs[0])[row * 6] = -1;
    pointer<int64_t>(outputs[1])[row] = -1;
  }
  return {};
}

Result<SuppressionRule> read_rule(const Attributes& attributes, float pixel) {
  SuppressionRule rule{.pixel = pixel};
  BMNET_ASSIGN(rule.threshold, attributes.get<float>("nms_threshold"));
  BMNET_ASSIGN(rule.eta, attributes.get<float>("eta"));
  BMNET_TRY(check_threshold("nms_threshold", rule.threshold));
  if (!(rule.eta > 0 && rule.eta <= 1)) return user_error("eta {} is not in (0, 1]", rule.eta);
  return rule;
}

Result<Infos> infer_multiclass_nms(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_ASSIGN(Infos infos, infer_head(attributes, inputs));
  BMNET_TRY(read_rule(attributes, 0));
  return infos;
}

Status multiclass_nms(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Head head, read_head(attributes, inputs[1].shape()));
  BMNET_ASSIGN(const SuppressionRule rule, read_rule(attributes, head.pixel));
  return write_rows(head, inputs, outputs, [&](const std::vector<Box>& boxes, const float* scores) {
    std::vector<Candidate> found;
    for (int64_t label = 0; label < head.classes; ++label) {
      if (label == head.background) continue;
      const auto candidates =
          best_of_class(scores + label * head.boxes, 1, head.boxes, label, head.score_threshold, head.top_k);
      const std::vector<Candidate> kept = suppress(rule, candidates, boxes);
      found.insert(found.end(), kept.begin(), kept.end());
    }
    keep_best(found, head.keep_top_k);
    return found;
  });
}

struct Decay {
  bool gaussian = false;
  float sigma = 0, post_threshold = 0;

  float factor(float common, float most) const {
    return gaussian ? std::exp((most * most - common * common) * sigma) : (1 - common) / (1 - most);
  }
};

Result<Decay> read_decay(const Attributes& attributes) {
  Decay decay;
  BMNET_ASSIGN(decay.gaussian, attributes.get<bool>("gaussian"));
  BMNET_ASSIGN(decay.sigma, attributes.get<float>("sigma"));
  BMNET_ASSIGN(decay.post_threshold, attributes.get<float>("post_threshold"));
  if (std::isnan(decay.sigma)) return user_error("sigma is not a number");
  return decay;
}

Result<Infos> infer_matrix_nms(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_ASSIGN(Infos infos, infer_head(attributes, inputs));
  BMNET_TRY(read_decay(attributes));
  return infos;
}

// `candidates` come best first; those that stay are appended to `found` with their new scores.
void decay_scores(const Decay& decay, float pixel, const std::vector<Candidate>& candidates,
                  const std::vector<Box>& boxes, std::vector<Candidate>& found) {
  std::vector<float> most(candidates.size(), 0);  // largest overlap of each with its betters
  for (size_t i = 0; i < candidates.size(); ++i) {
    float least = 1;
    for (size_t j = 0; j < i; ++j) {
      const float common = overlap(boxes[candidates[i].box], boxes[candidates[j].box], pixel);
      most[i] = std::max(most[i], common);
      least = std::min(least, decay.factor(common, most[j]));
    }
    Candidate one = candidates[i];
    one.score *= least;
    if (one.score > decay.post_threshold) found.push_back(one);
  }
}

Status matrix_nms(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Head head, read_head(attributes, inputs[1].shape()));
  BMNET_ASSIGN(const Decay decay, read_decay(attributes));
  return write_rows(head, inputs, outputs, [&](const std::vector<Box>& boxes, const float* scores) {
    std::vector<Candidate> found;
    for (int64_t label = 0; label < head.classes; ++label) {
      if (label == head.background) continue;
      const auto candidates =
          best_of_class(scores + label * head.boxes, 1, head.boxes, label, head.score_threshold, head.top_k);
      decay_scores(decay, head.pixel, candidates, boxes, found);
    }
    std::sort(found.begin(), found.end(), better);
    if (std::ssize(found) > head.keep_top_k) found.resize(head.keep_top_k);
    return found;
  });
}

// Columns of a table of boxes.
struct Table {
  float overlap_threshold = 0, valid_threshold = 0;
  int64_t top_k = 0, coord_start = 0, score_index = 0, id_index = 0, background = 0;
  bool force = false, center = false;
};

Result<Table> read_table(const Attributes& attributes) {
  Table table;
  BMNET_ASSIGN(table.overlap_threshold, attributes.get<float>("overlap_threshold"));
  BMNET_ASSIGN(table.valid_threshold, attributes.get<float>("valid_threshold"));
  BMNET_ASSIGN(table.top_k, attributes.get<int64_t>("top_k"));
  BMNET_ASSIGN(table.coord_start, attributes.get<int64_t>("coord_start"));
  BMNET_ASSIGN(table.score_index, attributes.get<int64_t>("score_index"));
  BMNET_ASSIGN(table.id_index, attributes.get<int64_t>("id_index"));
  BMNET_ASSIGN(table.background, attributes.get<int64_t>("background_id"));
  BMNET_ASSIGN(table.force, attributes.get<bool>("force_suppress"));
  BMNET_ASSIGN(table.center, attributes.get<bool>("center_point_box"));
  return table;
}

Result<Infos> infer_box_nms(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(check_f32(inputs[0], "the input"));
  BMNET_TRY(check_rank(inputs[0], "the input", 3));
  BMNET_ASSIGN(const Table table, read_table(attributes));
  const int64_t width = inputs[0].shape[2];
  BMNET_TRY(check_range("coord_start", table.coord_start, 0, width - 4));
  BMNET_TRY(check_range("score_index", table.score_index, 0, width - 1));
  BMNET_TRY(check_range("id_index", table.id_index, -1, width - 1));
  return result(DType::kF32, inputs[0].shape);
}

// The numbers of the rows that stay, best first.
std::vector<int64_t> kept_rows(const Table& table, const float* rows, int64_t count, int64_t width) {
  const auto label = [&](int64_t row) { return table.id_index < 0 ? 0.0f : rows[row * width + table.id_index]; };
  std::vector<Candidate> candidates =
      best_of_class(rows + table.score_index, width, count, 0, table.valid_threshold, -1);
  if (table.id_index >= 0)
    std::erase_if(candidates,
                  [&](const Candidate& one) { return label(one.box) == static_cast<float>(table.background); });
  if (table.top_k > 0 && std::ssize(candidates) > table.top_k) candidates.resize(table.top_k);
  const auto box = [&](int64_t row) {
    const float* b = rows + row * width + table.coord_start;
    if (table.center) return Box{b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2};
    return Box{b[0], b[1], b[2], b[3]};
  };
  std::vector<int64_t> kept;
  for (const Candidate& one : candidates)
    if (std::none_of(kept.begin(), kept.end(), [&](int64_t other) {
          return (table.force || label(one.box) == label(other)) &&
                 overlap(box(one.box), box(other)) > table.overlap_threshold;
        }))
      kept.push_back(one.box);
  return kept;
}

Status box_nms(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Table table, read_table(attributes));
  const int64_t count = inputs[0].shape()[1], width = inputs[0].shape()[2];
  std::fill_n(pointer<float>(outputs[0]), outputs[0].count(), -1.0f);
  for (int64_t n = 0; n < inputs[0].shape()[0]; ++n) {
    const float* rows = pointer<float>(inputs[0]) + n * count * width;
    float* out = pointer<float>(outputs[0]) + n * count * width;
    for (const int64_t row : kept_rows(table, rows, count, width)) out = std::copy_n(rows + row * width, width, out);
  }
  return {};
}

struct Multibox {
  bool clip = false, force = false;
  float threshold = 0, nms_threshold = 0;
  int64_t top_k = 0;
  std::vector<float> variances;
};

Result<Multibox> read_multibox(const Attributes& attributes) {
  Multibox m;
  BMNET_ASSIGN(m.clip, attributes.get<bool>("clip"));
  BMNET_ASSIGN(m.force, attributes.get<bool>("force_suppress"));
  BMNET_ASSIGN(m.threshold, attributes.get<float>("threshold"));
  BMNET_ASSIGN(m.nms_threshold, attributes.get<float>("nms_threshold"));
  BMNET_ASSIGN(m.top_k, attributes.get<int64_t>("top_k"));
  BMNET_ASSIGN(m.variances, attributes.get<std::vector<float>>("variances"));
  if (m.variances.size() != 4) return user_error("variances has {} values, 4 are needed", m.variances.size());
  return m;
}

Result<Infos> infer_multibox_detection(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 3));
  BMNET_TRY(check_f32(inputs[0], "probability"));
  BMNET_TRY(check_f32(inputs[1], "location"));
  BMNET_TRY(check_f32(inputs[2], "anchor"));
  BMNET_TRY(check_rank(inputs[0], "probability", 3));
  BMNET_TRY(read_multibox(attributes));
  const int64_t images = inputs[0].shape[0], anchors = inputs[0].shape[2];
  BMNET_TRY(check_shape(inputs[1], "location", {images, anchors * 4}));
  BMNET_TRY(check_shape(inputs[2], "anchor", {1, anchors, 4}));
  return result(DType::kF32, {images, anchors, 6});
}

Box decode(const Multibox& m, const float* anchor, const float* location) {
  const float width = anchor[2] - anchor[0], height = anchor[3] - anchor[1];
  const float x = location[0] * m.variances[0] * width + (anchor[0] + anchor[2]) / 2;
  const float y = location[1] * m.variances[1] * height + (anchor[1] + anchor[3]) / 2;
  const float w = std::exp(location[2] * m.variances[2]) * width / 2;
  const float h = std::exp(location[3] * m.variances[3]) * height / 2;
  const auto edge = [&](float at) { return m.clip ? std::max(0.0f, std::min(1.0f, at)) : at; };
  return {edge(x - w), edge(y - h), edge(x + w), edge(y + h)};
}

// Every anchor whose best class reaches the threshold, in the anchors' order.
std::vector<Candidate> best_classes(const Multibox& m, const float* probability, int64_t classes, int64_t anchors) {
  std::vector<Candidate> found;
  for (int64_t a = 0; a < anchors; ++a) {
    Candidate best{-1, -1, a};
    for (int64_t c = 1; c < classes; ++c)
      if (const float score = probability[c * anchors + a]; score > best.score) best = {score, c - 1, a};
    if (best.label >= 0 && best.score >= m.threshold) found.push_back(best);
  }
  return found;
}

// Marks dropped rows (best first) with label -1.
void mark_suppressed(const Multibox& m, std::vector<Candidate>& rows, const std::vector<Box>& boxes) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (m.top_k > 0 && i >= static_cast<size_t>(m.top_k)) rows[i].label = -1;
    for (size_t j = 0; j < i && rows[i].label >= 0; ++j) {
      if (rows[j].label < 0 || !(m.force || rows[i].label == rows[j].label)) continue;
      if (overlap(boxes[rows[i].box], boxes[rows[j].box]) >= m.nms_threshold) rows[i].label = -1;
    }
  }
}

Status multibox_detection(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Multibox m, read_multibox(attributes));
  const Shape& shape = inputs[0].shape();
  const int64_t classes = shape[1], anchors = shape[2];
  std::fill_n(pointer<float>(outputs[0]), outputs[0].count(), -1.0f);
  for (int64_t n = 0; n < shape[0]; ++n) {
    std::vector<Candidate> rows = best_classes(m, pointer<float>(inputs[0]) + n * classes * anchors, classes, anchors);
    std::vector<Box> boxes(anchors);
    for (const Candidate& one : rows)
      boxes[one.box] =
          decode(m, pointer<float>(inputs[2]) + one.box * 4, pointer<float>(inputs[1]) + (n * anchors + one.box) * 4);
    if (m.nms_threshold > 0 && m.nms_threshold <= 1) {
      std::sort(rows.begin(), rows.end(),
                [](const auto& a, const auto& b) { return a.score != b.score ? a.score > b.score : a.box < b.box; });
      mark_suppressed(m, rows, boxes);
    }
    float* out = pointer<float>(outputs[0]) + n * anchors * 6;
    for (const Candidate& one : rows) {
      const Box& box = boxes[one.box];
      const float values[6] = {static_cast<float>(one.label), one.score, box.xmin, box.ymin, box.xmax, box.ymax};
      out = std::copy_n(values, 6, out);
    }
  }
  return {};
}

constexpr OpSpec kOps[] = {
    {"multiclass_nms", infer_multiclass_nms, multiclass_nms},
    {"matrix_nms", infer_matrix_nms, matrix_nms},
    {"box_nms", infer_box_nms, box_nms},
    {"multibox_detection", infer_multibox_detection, multibox_detection},
};

}  // namespace

std::span<const OpSpec> nms_ops() { return kOps; }

}  // namespace bmnet::op
