// Rewriting nodes before they are converted.
#include <functional>

#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {
namespace {

using tensorflow_file::NodeDef;
using Nodes = google::protobuf::RepeatedPtrField<NodeDef>;

class Simplifier {
 public:
  explicit Simplifier(Nodes& nodes) : nodes_(nodes) {
    for (NodeDef& node : nodes) by_name_.emplace(node.name(), &node);
  }

  void run() {
    for (NodeDef& node : nodes_) {
      if (node.op() == "Mul" || node.op() == "SelectV2") remove_dropout(node);
      if (node.op() == "BatchToSpaceND") make_dilated(node);
    }
  }

 private:
  const NodeDef* input(const NodeDef& node, int i) const {
    if (i >= node.input_size()) return nullptr;
    const Reference reference = parse_reference(node.input(i));
    const auto found = by_name_.find(std::string(reference.node));
    return found == by_name_.end() ? nullptr : found->second;
  }

  // x / keep or x * (1 / keep).
  static bool is_scaling(const NodeDef& node) {
    return (node.op() == "RealDiv" || node.op() == "Mul") && node.input_size() >= 2;
  }

  // Whether the node is random noise compared with a rate: Floor(keep + noise), noise >= rate, Cast of it.
  bool is_drop_mask(const NodeDef* node, int steps = 0) const {
    if (!node || steps > 8) return false;
    const std::string& op = node->op();
    if (op == "RandomUniform") return steps > 1;
    if (op != "Floor" && op != "GreaterEqual" && op != "Cast" && op != "Add" && op != "AddV2" && op != "Mul" &&
        op != "Sub" && op != "Identity")
      return false;
    if (steps == 0 && op != "Floor" && op != "Cast" && op != "GreaterEqual") return false;
    return is_drop_mask(input(*node, 0), steps + 1) || is_drop_mask(input(*node, 1), steps + 1);
  }

  void remove_dropout(NodeDef& node) {
    for (const int mask : {0, 1}) {
      const bool select = node.op() == "SelectV2";
      if (select && mask == 1) return;
      const NodeDef* scaled = input(node, select ? 1 : 1 - mask);
      if (!scaled || !is_scaling(*scaled) || !is_drop_mask(input(node, mask))) continue;
      const std::string x = scaled->input(0);
      node.set_op("Identity");
      node.clear_input();
      node.add_input(x);
      return;
    }
  }

  // SpaceToBatchND(x, block, paddings) - convolution of stride 1 without padding - BatchToSpaceND(block, crops).
  void make_dilated(NodeDef& node) {
    const NodeDef* conv = input(node, 0);
    if (!conv || (conv->op() != "Conv2D" && conv->op() != "DepthwiseConv2dNative")) return;
    const NodeDef* split = input(*conv, 0);
    if (!split || split->op() != "SpaceToBatchND" || split->input_size() < 3 || node.input_size() < 3 ||
        conv->input_size() < 2)
      return;
    const auto attribute = [&](const char* name) {
      const auto found = conv->attr().find(name);
      return found == conv->attr().end() ? nullptr : &found->second;
    };
    const auto* padding = attribute("padding");
    if (!padding || padding->s() != "VALID") return;
    if (const auto* format = attribute("data_format"); format && format->s() != "NHWC") return;
    for (const char* name : {"strides", "dilations"})
      if (const auto* list = attribute(name))
        for (const int64_t i : list->list().i())
          if (i != 1) return;
    const std::vector<std::string> inputs = {split->input(0), conv->input(1), split->input(1),
                                             split->input(2), node.input(1),  node.input(2)};
    node.set_op(conv->op() == "Conv2D" ? "bmnet.DilatedConv2D" : "bmnet.DilatedDepthwiseConv2D");
    node.clear_input();
    node.clear_attr();
    for (const std::string& name : inputs) node.add_input(name);
  }

  Nodes& nodes_;
  std::map<std::string, NodeDef*> by_name_;
};

}  // namespace

void simplify(Nodes& nodes) { Simplifier(nodes).run(); }

}  // namespace bmnet::frontend::tensorflow
