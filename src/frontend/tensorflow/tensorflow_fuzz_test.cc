// Replays the fuzz target on small graphs made here: whole, mutated byte by byte, and with the integers of constants
// and attributes replaced by extreme ones.
#include "frontend/tensorflow/tensorflow_fuzz.cc"

#include <cstring>
#include <filesystem>
#include <random>

#include "frontend/tensorflow/testing.h"
#include "frontend/testing.h"

namespace bmnet::frontend::tensorflow::test {
namespace {

using op::test::f32;
using op::test::i32;
using op::test::noise;
using op::test::u8;
using Ints = std::vector<int64_t>;

Net image_net() {
  Net net;
  net.input("x", {1, 6, 6, 2}).constant("w", noise({3, 3, 2, 4})).constant("b", noise({4}));
  net.node("Conv2D", "c", {"x", "w"},
           {{"strides", Ints{1, 1, 1, 1}}, {"dilations", Ints{1, 1, 1, 1}}, {"padding", "SAME"}});
  net.node("BiasAdd", "a", {"c", "b"}).node("Relu6", "r", {"a"});
  net.node("MaxPool", "p", {"r"}, {{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", "SAME"}});
  net.constant("size", i32({2}, {5, 7})).node("ResizeBilinear", "u", {"p", "size"}, {{"align_corners", true}});
  net.constant("pads", i32({4, 2}, {0, 0, 1, 1, 2, 2, 0, 0}))
      .node("MirrorPad", "m", {"p", "pads"}, {{"mode", "SYMMETRIC"}});
  net.constant("block", i32({2}, {2, 2})).constant("edges", i32({2, 2}, {0, 0, 0, 0}));
  net.node("SpaceToBatchND", "s", {"r", "block", "edges"}).node("BatchToSpaceND", "t", {"s", "block", "edges"});
  net.constant("back", i32({4}, {1, 12, 12, 2})).constant("v", noise({3, 3, 2, 4}));
  net.node("Conv2DBackpropInput", "d", {"back", "v", "r"}, {{"strides", Ints{1, 2, 2, 1}}, {"padding", "SAME"}});
  return net;
}

Net shape_net() {
  Net net;
  net.input("x", {2, 3, 4}).node("Shape", "s", {"x"}).constant("one", i32({1}, {1})).constant("two", i32({1}, {2}));
  net.node("StridedSlice", "n", {"s", "one", "two", "one"}, {{"shrink_axis_mask", 1}, {"ellipsis_mask", 0}});
  net.constant("rest", i32({}, {-1})).node("Pack", "to", {"n", "rest"}).node("Reshape", "y", {"x", "to"});
  net.constant("axis", i32({}, {1})).node("Split", "parts", {"axis", "x"}, {{"num_split", 3}});
  net.node("ConcatV2", "joined", {"parts", "parts:2", "axis"}).constant("sizes", i32({2}, {1, 2}));
  net.node("SplitV", "pieces", {"x", "sizes", "axis"}, {{"num_split", 2}}).constant("k", i32({}, {2}));
  net.node("TopKV2", "top", {"x", "k"}).node("OneHot", "hot", {"top:1", "k", "high", "low"}, {{"axis", -1}});
  net.constant("high", f32({}, {1})).constant("low", f32({}, {0})).constant("repeats", i32({3}, {1, 2, 1}));
  net.node("Tile", "tiled", {"x", "repeats"})
      .constant("start", i32({}, {0}))
      .node("Range", "range", {"start", "k", "axis"});
  net.node("GatherV2", "g", {"x", "range", "axis"}, {{"batch_dims", 0}}).node("Fill", "filled", {"repeats", "high"});
  net.node("Add", "sum", {"filled", "filled"}).constant("q", u8({2}, {0, 9}));
  net.node("Dequantize", "real", {"q", "low", "high"}, {{"mode", "MIN_FIRST"}})
      .node("Unpack", "rows", {"x"}, {{"axis", 1}});
  net.constant("begin", i32({3}, {0, 1, 0})).constant("extent", i32({3}, {-1, 2, 3}));
  net.node("Slice", "slice", {"x", "begin", "extent"});
  return net;
}

Net loop_net() {
  Net net;
  net.input("x", {3, 2})
      .constant("shape", i32({1}, {2}))
      .constant("three", i32({}, {3}))
      .constant("zero", i32({}, {0}));
  net.node("TensorListFromTensor", "in", {"x", "shape"}).node("TensorListReserve", "out", {"shape", "three"});
  net.node("While", "loop", {"zero", "in", "out"}, {{"cond", function("go_on")}, {"body", function("step")}});
  net.node("TensorListStack", "y", {"loop:2", "shape"}).node("TensorListLength", "n", {"loop:1"});
  net.constant("lengths", i32({2}, {1, 3})).node("ReverseSequence", "turned", {"y", "lengths"}, {{"batch_dim", 1}});
  net.constant("axis", i32({}, {1})).node("Roll", "rolled", {"turned", "n", "axis"});
  net.node("MatrixBandPart", "band", {"rolled", "zero", "three"}).node("MatrixDiagPart", "diagonal", {"band"});
  net.constant("state", noise({3, 1})).constant("w", noise({3, 4})).constant("b", noise({4})).constant("p", noise({1}));
  net.node("LSTMBlockCell", "cell", {"band", "state", "state", "w", "p", "p", "p", "b"}, {{"cell_clip", 2.0f}});
  net.constant("image", noise({1, 4, 4, 1})).constant("boxes", noise({2, 4})).constant("of", i32({2}, {0, 0}));
  net.constant("size", i32({2}, {2, 3})).node("CropAndResize", "parts", {"image", "boxes", "of", "size"});
  for (const char* name : {"go_on", "step"}) {
    FunctionDef& body = *net.graph.mutable_library()->add_function();
    body.mutable_signature()->set_name(name);
    for (const char* argument : {"i", "from", "to"}) body.mutable_signature()->add_input_arg()->set_name(argument);
    *body.add_node_def() = node_of("Const", "one", {}, {{"value", i32({}, {1})}, {"dtype", DT_INT32}});
    *body.add_node_def() = node_of("AddV2", "next", {"i", "one:output:0"});
    *body.add_node_def() = node_of("TensorListLength", "length", {"from"});
    *body.add_node_def() = node_of("Less", "less", {"i", "length:length:0"});
    *body.add_node_def() = node_of("TensorListGetItem", "get", {"from", "i", "one:output:0"});
    *body.add_node_def() = node_of("TensorListSetItem", "set", {"to", "i", "get:item:0"});
    const bool test = name == std::string("go_on");
    const std::vector<std::string> results = test ? std::vector<std::string>{"less:z:0"}
                                                  : std::vector<std::string>{"next:z:0", "from", "set:output_handle:0"};
    for (const std::string& result : results) {
      body.mutable_signature()->add_output_arg()->set_name(result);
      (*body.mutable_ret())[result] = result;
    }
  }
  return net;
}

void replay(const std::string& file) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(file.data()), file.size());
}

TEST(tensorflow_fuzz, the_corpus_is_accepted) {
  for (const Net& net : {image_net(), shape_net(), loop_net()}) {
    const auto graph = import_graph(net);
    EXPECT_TRUE(graph) << graph.error().message;
  }
}

TEST(tensorflow_fuzz, the_files_of_the_corpus_are_networks_or_refused) {
  size_t files = 0, networks = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(bmnet::test::source_file("src/frontend/tensorflow/corpus"))) {
    const std::string file = *read_text(entry.path());
    replay(file);
    ++files, networks += import_fuzz_input(as_bytes(file)).has_value();
  }
  EXPECT_GE(files, 5u);
  EXPECT_GE(networks, 3u);
}

TEST(tensorflow_fuzz, survives_mutated_bytes) {
  std::mt19937 random(3);
  for (const Net& net : {image_net(), shape_net(), loop_net()}) {
    const std::string file = net.graph.SerializeAsString();
    for (int i = 0; i < 500; ++i) replay(frontend::test::mutated(file, random));
  }
}

TEST(tensorflow_fuzz, survives_extreme_integers) {
  for (Net net : {image_net(), shape_net(), loop_net()})
    for (NodeDef& node : *net.graph.mutable_node())
      for (auto& [key, attribute] : *node.mutable_attr()) {
        const AttrValue before = attribute;
        for (const int64_t extreme :
             {int64_t{-7}, int64_t{0}, int64_t{1} << 20, int64_t{INT32_MAX}, INT64_MAX, INT64_MIN}) {
          if (attribute.has_i()) attribute.set_i(extreme);
          for (int i = 0; i < before.list().i_size(); ++i) {
            attribute.mutable_list()->set_i(i, extreme);
            replay(net.graph.SerializeAsString());
            attribute = before;
          }
          if (attribute.has_tensor() && before.tensor().dtype() == DT_INT32)
            for (size_t i = 0; i < before.tensor().tensor_content().size(); i += 4) {
              std::string content = before.tensor().tensor_content();
              const int32_t value = static_cast<int32_t>(std::clamp<int64_t>(extreme, INT32_MIN, INT32_MAX));
              std::memcpy(content.data() + i, &value, sizeof value);
              attribute.mutable_tensor()->set_tensor_content(content);
              replay(net.graph.SerializeAsString());
              attribute = before;
            }
          replay(net.graph.SerializeAsString());
          attribute = before;
        }
      }
}

}  // namespace
}  // namespace bmnet::frontend::tensorflow::test
