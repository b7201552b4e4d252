// Replays the fuzz target on small models made here: whole, mutated byte by byte, and with every integer of the file
// replaced by extreme ones. For a longer hunt, write the models to a folder and give it to the fuzzer:
//   BMNET_CORPUS=corpus build/bin/bmnet_frontend_onnx_test --gtest_filter=onnx_fuzz.*
//   build-fuzz/bin/onnx_fuzz corpus
#include "frontend/onnx/onnx_fuzz.cc"

#include <cstring>
#include <filesystem>
#include <functional>
#include <random>

#include "base/file.h"
#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

using op::test::f32;
using op::test::i64;
using op::test::noise;
using op::test::u8;
using Ints = std::vector<int64_t>;

Net image_net() {
  Net net(13);
  net.input("x", {1, 2, 6, 6})
      .constant("w", noise({4, 1, 3, 3}))
      .constant("slope", noise({4}))
      .constant("pads", i64({8}, {0, 0, 1, 1, 0, 0, 1, 1}));
  net.constant("scales", f32({4}, {1, 1, 2, 2})).constant("parts", i64({2}, {1, 3}));
  net.node("Conv", {"x", "w"}, {"c"},
           {{"group", 2}, {"strides", Ints{1, 1}}, {"dilations", Ints{1, 1}}, {"pads", Ints{1, 1, 1, 1}}});
  net.node("PRelu", {"c", "slope"}, {"r"})
      .node("MaxPool", {"r"}, {"p"}, {{"kernel_shape", Ints{2, 2}}, {"ceil_mode", 1}, {"pads", Ints{0, 0, 1, 1}}});
  net.node("Pad", {"p", "pads"}, {"q"})
      .node("Resize", {"q", "", "scales"}, {"u"})
      .node("Split", {"u", "parts"}, {"a", "b"}, {{"axis", 1}});
  net.node("ConvTranspose", {"a", "w1"}, {"d"}, {{"output_padding", Ints{1, 1}}, {"strides", Ints{2, 2}}})
      .constant("w1", noise({1, 2, 2, 2}));
  net.node("ReduceMean", {"d"}, {"m"}, {{"axes", Ints{2, 3}}})
      .node("LRN", {"b"}, {"n"}, {{"size", 3}})
      .node("Softmax", {"n"}, {"s"}, {{"axis", -1}});
  return net.output("m").output("s");
}

Net shape_net() {
  Net net(13);
  net.input("x", {2, 3, 4})
      .constant("zero", i64({1}, {0}))
      .constant("one", i64({1}, {1}))
      .constant("big", i64({1}, {INT64_MAX}));
  net.constant("k", i64({1}, {2}))
      .constant("repeats", i64({3}, {1, 2, 1}))
      .constant("to", i64({4}, {2, 2, 3, 4}))
      .constant("depth", i64({}, {5}));
  net.node("Shape", {"x"}, {"s"})
      .node("Slice", {"s", "zero", "one"}, {"n"})
      .node("Concat", {"n", "minus"}, {"shape"}, {{"axis", 0}});
  net.node("Constant", {}, {"minus"}, {{"value_ints", Ints{-1}}})
      .node("Reshape", {"x", "shape"}, {"y"})
      .node("TopK", {"y", "k"}, {"v", "i"});
  net.node("Tile", {"x", "repeats"}, {"t"})
      .node("Expand", {"x", "to"}, {"e"})
      .node("Transpose", {"x"}, {"p"}, {{"perm", Ints{2, 0, 1}}});
  net.node("Gather", {"p", "i"}, {"g"}, {{"axis", 2}})
      .node("ConstantOfShape", {"s"}, {"f"})
      .node("OneHot", {"i", "depth", "values"}, {"h"});
  net.constant("values", f32({2}, {0, 1}))
      .node("EyeLike", {"y"}, {"eye"}, {{"k", 1}})
      .node("CumSum", {"x", "zero"}, {"sum"});
  net.node("Einsum", {"x", "p"}, {"em"}, {{"equation", "abc,cad->bd"}});
  for (const char* name : {"v", "t", "e", "g", "f", "h", "eye", "sum", "em"}) net.output(name);
  return net;
}

Net other_net() {
  Net net(13);
  net.input("x", {3, 2, 4}).input("q", {1, 2, 4, 4}, DType::kU8).input("boxes", {1, 6, 4}).input("scores", {1, 2, 6});
  net.constant("w", noise({1, 12, 4}))
      .constant("r", noise({1, 12, 3}))
      .node("LSTM", {"x", "w", "r"}, {"y", "h"}, {{"hidden_size", 3}});
  net.constant("kernel", u8({2, 2, 1, 1}, {1, 2, 3, 4}))
      .node("ConvInteger", {"q", "kernel"}, {"ci"})
      .constant("most", i64({}, {3}));
  net.node("NonMaxSuppression", {"boxes", "scores", "most"}, {"kept"});
  onnx_file::GraphProto branch;
  add_node(branch, "Neg", {"x"}, {"t"});
  branch.add_output()->set_name("t");
  net.input("c", {1}, DType::kBool).node("If", {"c"}, {"z"}, {{"then_branch", branch}, {"else_branch", branch}});
  return net.output("h").output("ci").output("kept").output("z");
}

std::vector<onnx_file::ModelProto> corpus() { return {image_net().model, shape_net().model, other_net().model}; }

void replay(const std::string& file) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(file.data()), file.size());
}

// Calls `use` with the whole model after each integer field in turn has been replaced.
void replace_integers(google::protobuf::Message& message, int64_t replacement, const std::function<void()>& use) {
  const auto* type = message.GetDescriptor();
  const auto* reflect = message.GetReflection();
  for (int f = 0; f < type->field_count(); ++f) {
    const auto* field = type->field(f);
    const int count = field->is_repeated() ? reflect->FieldSize(message, field) : reflect->HasField(message, field);
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == field->CPPTYPE_MESSAGE) {
        replace_integers(*(field->is_repeated() ? reflect->MutableRepeatedMessage(&message, field, i)
                                                : reflect->MutableMessage(&message, field)),
                         replacement, use);
      } else if (field->cpp_type() == field->CPPTYPE_INT64) {
        const int64_t before =
            field->is_repeated() ? reflect->GetRepeatedInt64(message, field, i) : reflect->GetInt64(message, field);
        const auto set = [&](int64_t value) {
          field->is_repeated() ? reflect->SetRepeatedInt64(&message, field, i, value)
                               : reflect->SetInt64(&message, field, value);
        };
        set(replacement);
        use();
        set(before);
      }
    }
  }
}

TEST(onnx_fuzz, the_corpus_is_accepted) {
  const auto models = corpus();
  for (size_t i = 0; i < models.size(); ++i) {
    const std::string file = models[i].SerializeAsString();
    const auto model = import_onnx(as_bytes(file), "seed.onnx", ".");
    EXPECT_TRUE(model) << model.error().message;
    if (const char* folder = std::getenv("BMNET_CORPUS"))
      ASSERT_TRUE(write_file_atomically(std::filesystem::path(folder) / fmt::format("seed{}.onnx", i), file));
  }
}

TEST(onnx_fuzz, survives_mutated_bytes) {
  std::mt19937 random(3);
  for (const auto& model : corpus()) {
    const std::string file = model.SerializeAsString();
    for (int i = 0; i < 500; ++i) replay(frontend::test::mutated(file, random));
  }
}

TEST(onnx_fuzz, survives_extreme_integers) {
  for (onnx_file::ModelProto& model : corpus())
    for (const int64_t extreme : {int64_t{-1}, int64_t{0}, int64_t{3}, int64_t{1} << 20, int64_t{INT32_MAX},
                                  int64_t{1} << 40, INT64_MAX, INT64_MIN})
      replace_integers(model, extreme, [&] { replay(model.SerializeAsString()); });
}

// The shapes, pads and repeats that stand in tensors rather than in attributes.
TEST(onnx_fuzz, survives_extreme_integers_in_tensors) {
  for (onnx_file::ModelProto& model : corpus())
    for (auto& tensor : *model.mutable_graph()->mutable_initializer()) {
      if (tensor.data_type() != TensorProto::INT64) continue;
      const std::string before = tensor.raw_data();
      for (size_t place = 0; place < before.size(); place += sizeof(int64_t))
        for (const int64_t extreme :
             {int64_t{-7}, int64_t{0}, int64_t{1} << 20, int64_t{1} << 40, INT64_MAX, INT64_MIN}) {
          std::string changed = before;
          std::memcpy(changed.data() + place, &extreme, sizeof extreme);
          tensor.set_raw_data(changed);
          replay(model.SerializeAsString());
        }
      tensor.set_raw_data(before);
    }
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
