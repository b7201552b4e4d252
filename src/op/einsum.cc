#include <algorithm>
#include <map>

#include "op/family.h"
#include "op/kernel.h"
#include "op/macs.h"

namespace bmnet::op {
namespace {

// Labels are letters; the axes an ellipsis stands for are labelled 0, 1, … from the left of the broadcast axes.
using Label = int;
using Term = std::vector<Label>;
constexpr Label kEllipsis = -1;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Result<Term> parse_term(std::string_view text) {
  Term term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text.substr(i, 3) == "...") {
      if (std::count(term.begin(), term.end(), kEllipsis)) return user_error("two ellipses in the term \"{}\"", text);
      term.push_back(kEllipsis);
      i += 2;
    } else if (is_letter(text[i])) {
      term.push_back(text[i]);
    } else {
      return user_error("'{}' in the term \"{}\" is not a label", text[i], text);
    }
  }
  return term;
}

// The equation with every term expanded to one label an axis.
struct Equation {
  std::vector<Term> inputs;
  Term output;
  std::map<Label, int64_t> extents;

  std::vector<Label> summed() const {
    std::vector<Label> labels;
    for (const auto& [label, extent] : extents)
      if (!std::count(output.begin(), output.end(), label)) labels.push_back(label);
    return labels;
  }
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

// Replaces the ellipsis by the last `rank` of the ellipsis axes, of which there are `most`.
Term expand(const Term& term, int64_t rank, int64_t most) {
  Term expanded;
  for (Label label : term) {
    if (label != kEllipsis) {
      expanded.push_back(label);
    } else {
      for (int64_t i = most - rank; i < most; ++i) expanded.push_back(static_cast<Label>(i));
    }
  }
  return expanded;
}

// Without "->": the ellipsis, then the labels that occur once, in alphabetical order.
Term implicit_output(const std::vector<Term>& inputs) {
  std::map<Label, int> uses;
  Term output;
  bool ellipsis = false;
  for (const Term& term : inputs)
    for (Label label : term) label == kEllipsis ? void(ellipsis = true) : void(++uses[label]);
  if (ellipsis) output.push_back(kEllipsis);
  for (const auto& [label, count] : uses)
    if (count == 1) output.push_back(label);
  return output;
}

Status bind_extents(Equation& equation, const std::vector<Shape>& shapes) {
  for (size_t i = 0; i < shapes.size(); ++i)
    for (size_t axis = 0; axis < shapes[i].size(); ++axis) {
      const int64_t extent = shapes[i][axis];
      const auto [it, added] = equation.extents.emplace(equation.inputs[i][axis], extent);
      if (added || it->second == extent || extent == 1) continue;
      if (it->second != 1)
        return user_error("axis {} of operand {} has {} elements, another axis of that label has {}", axis, i, extent,
                          it->second);
      it->second = extent;
    }
  return {};
}

Result<Equation> read_equation(const Attributes& attributes, const std::vector<Shape>& shapes) {
  BMNET_ASSIGN(const std::string text, attributes.get<std::string>("equation"));
  const size_t arrow = text.find("->");
  const std::string_view left = std::string_view(text).substr(0, arrow);
  Equation equation;
  std::vector<Term> terms;
  for (std::string_view part : split(left, ',')) {
    BMNET_ASSIGN(Term term, parse_term(part));
    terms.push_back(std::move(term));
  }
  if (terms.size() != shapes.size())
    return user_error("equation \"{}\" has {} terms for {} operands", text, terms.size(), shapes.size());

  int64_t most = 0;
  std::vector<int64_t> ranks;
  for (size_t i = 0; i < terms.size(); ++i) {
    const bool ellipsis = std::count(terms[i].begin(), terms[i].end(), kEllipsis) > 0;
    const int64_t rank = static_cast<int64_t>(shapes[i].size() + ellipsis) - static_cast<int64_t>(terms[i].size());
    if (rank < 0 || (!ellipsis && rank != 0))
      return user_error("equation \"{}\" does not fit operand {} of shape {}", text, i, to_string(shapes[i]));
    ranks.push_back(rank);
    most = std::max(most, rank);
  }
  for (size_t i = 0; i < terms.size(); ++i) equation.inputs.push_back(expand(terms[i], ranks[i], most));
  BMNET_TRY(bind_extents(equation, shapes));

  Term output = implicit_output(terms);
  if (arrow != std::string::npos) {
    BMNET_ASSIGN(output, parse_term(std::string_view(text).substr(arrow + 2)));
  }
  equation.output = expand(output, most, most);
  for (size_t i = 0; i < equation.output.size(); ++i) {
    const Label label = equation.output[i];
    if (!equation.extents.contains(label))
      return user_error("equation \"{}\": a label of the result has no source", text);
    if (std::count(equation.output.begin(), equation.output.end(), label) > 1)
      return user_error("equation \"{}\": a label stands twice in the result", text);
  }
  return equation;
}

std::vector<Shape> shapes_of(const auto& inputs) {
  std::vector<Shape> shapes;
  for (const auto& input : inputs) {
    if constexpr (requires { input.info(); })
      shapes.push_back(input.shape());
    else
      shapes.push_back(input.shape);
  }
  return shapes;
}

Shape extents_of(const Equation& equation, const std::vector<Label>& labels) {
  Shape shape;
  for (Label label : labels) shape.push_back(equation.extents.at(label));
  return shape;
}

Result<Infos> infer_einsum(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1, 8));
  for (const TensorInfo& input : inputs) BMNET_TRY(check_f32(input, "an operand"));
  BMNET_ASSIGN(const Equation equation, read_equation(attributes, shapes_of(inputs)));
  return result(DType::kF32, extents_of(equation, equation.output));
}

int64_t macs_einsum(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  const auto equation = read_equation(attributes, shapes_of(inputs));
  if (!equation || inputs.size() < 2) return 0;
  return bounded_product({bounded_product(extents_of(*equation, equation->output)),
                          bounded_product(extents_of(*equation, equation->summed()))});
}

// Strides of a walk over `labels` in an operand whose axes are labelled by `term`; a repeated label walks the diagonal.
Shape label_strides(const Term& term, const Shape& shape, const std::vector<Label>& labels) {
  const Shape own = strides_of(shape);
  Shape strides(labels.size(), 0);
  for (size_t i = 0; i < labels.size(); ++i)
    for (size_t axis = 0; axis < term.size(); ++axis)
      if (term[axis] == labels[i] && shape[axis] != 1) strides[i] += own[axis];
  return strides;
}

// Adds a * b over all `extents` into `sums`.
void accumulate(const std::vector<double>& a, const Shape& a_strides, const float* b, const Shape& b_strides,
                const Shape& out_strides, const Shape& extents, std::vector<double>& sums) {
  for_each_row<3>(extents, {a_strides, b_strides, out_strides}, [&](const auto& offset, int64_t n, const auto& step) {
    const double* x = a.data() + offset[0];
    const float* y = b + offset[1];
    double* sum = sums.data() + offset[2];
    for (int64_t i = 0; i < n; ++i) sum[i * step[2]] += x[i * step[0]] * y[i * step[1]];
  });
}

// Contracts operand by operand from the left; a label is summed as soon as nothing further needs it.
Status einsum(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Equation equation, read_equation(attributes, shapes_of(inputs)));
  Term left;  // labels of the product so far: a single one to begin with
  std::vector<double> product = {1.0};
  for (size_t i = 0; i < inputs.size(); ++i) {
    Term all = left;
    for (Label label : equation.inputs[i])
      if (!std::count(all.begin(), all.end(), label)) all.push_back(label);
    Term kept;
    const bool last = i + 1 == inputs.size();
    for (Label label : last ? equation.output : all) {
      bool needed = std::count(equation.output.begin(), equation.output.end(), label) > 0;
      for (size_t later = i + 1; later < inputs.size(); ++later)
        needed |= std::count(equation.inputs[later].begin(), equation.inputs[later].end(), label) > 0;
      if (needed) kept.push_back(label);
    }
    Term order = kept;  // the walk: kept labels outside, summed ones inside
    for (Label label : all)
      if (!std::count(kept.begin(), kept.end(), label)) order.push_back(label);
    const Shape kept_extents = extents_of(equation, kept);
    BMNET_TRY(check_info({DType::kF64, kept_extents}));
    std::vector<double> sums(element_count(kept_extents), 0.0);
    accumulate(product, label_strides(left, extents_of(equation, left), order), pointer<float>(inputs[i]),
               label_strides(equation.inputs[i], inputs[i].shape(), order), label_strides(kept, kept_extents, order),
               extents_of(equation, order), sums);
    product = std::move(sums);
    left = std::move(kept);
  }
  std::copy(product.begin(), product.end(), pointer<float>(outputs[0]));
  return {};
}

constexpr OpSpec kOps[] = {{"einsum", infer_einsum, einsum, macs_einsum}};

}  // namespace

std::span<const OpSpec> einsum_ops() { return kOps; }

}  // namespace bmnet::op
