// Networks that exist for several frameworks with the same weights: compiled from each, they give the same outputs on
// the simulated chip.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/testing.h"
#include "tool/compile.h"
#include "tool/device_compare.h"
#include "tool/golden.h"

namespace bmnet {
namespace {

namespace fs = std::filesystem;

// How a framework wants the picture that the first member of the family takes as [1,c,h,w].
enum class Layout {
  kChannelsFirst,
  kChannelsLast,
  kMirrored,  // channels in the other order, height and width exchanged
};

struct Member {
  std::string program, model, weight;  // below the models
  std::vector<std::string> outputs;    // in the order of the family
  Layout layout = Layout::kChannelsFirst;
  bool logits = false;  // the family's outputs are their softmax
};

struct Family {
  std::string name;
  std::vector<Member> members;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

Family mtcnn(int n, std::vector<std::string> caffe, std::vector<std::string> mxnet) {
  const std::string net = fmt::format("mtcnn_det{0}/det{0}", n);
  return {fmt::format("mtcnn_det{}", n),
          {{"bmnetc", "caffe/" + net + ".prototxt", "caffe/" + net + ".caffemodel", std::move(caffe)},
           {"bmnetm", "mxnet/" + net + "-symbol.json", "mxnet/" + net + "-0001.params", std::move(mxnet),
            Layout::kMirrored}}};
}

const Family kFamilies[] = {
    mtcnn(1, {"conv4-2", "prob1"}, {"conv4_2", "prob1"}),
    mtcnn(2, {"conv5-2", "prob1"}, {"conv5_2", "prob1"}),
    mtcnn(3, {"conv6-2", "conv6-3", "prob1"}, {"conv6_2", "conv6_3", "prob1"}),
    {"facemask_ssd",
     {{"bmnetc",
       "caffe/facemask_ssd/face_mask_detection.prototxt",
       "caffe/facemask_ssd/face_mask_detection.caffemodel",
       {"loc_branch_concat", "cls_branch_concat"}},
      {"bmnett",
       "tensorflow/facemask_ssd/face_mask_detection.pb",
       "",
       {"loc_branch_concat_1/concat", "cls_branch_concat_1/concat"},
       Layout::kChannelsLast},
      {"bmpaddle", "paddle/facemask_ssd", "", {"save_infer_model/scale_0.tmp_0", "save_infer_model/scale_1.tmp_0"}}}},
    {"ppocr_det_v3",
     {{"bmneto", "onnx/ppocr_det_v3/ppocr_det_v3.onnx", "", {"sigmoid_0.tmp_0"}},
      {"bmpaddle", "paddle/ppocr_det_v3", "", {"sigmoid_0.tmp_0"}}}},
    {"squeezenet_v1_1",
     {{"bmnetc",
       "caffe/squeezenet_v1_1/deploy.prototxt",
       "caffe/squeezenet_v1_1/squeezenet_v1.1_fp16r.caffemodel",
       {"prob"}},
      {"bmneto", "onnx/squeezenet_v1_1/squeezenet_v1_1.onnx", "", {"logits"}, Layout::kChannelsFirst, true},
      {"bmnetp",
       "torchscript/squeezenet_v1_1/squeezenet_v1_1_traced.pt",
       "",
       {"output_0"},
       Layout::kChannelsFirst,
       true}}},
};

Tensor in_layout(const Tensor& picture, Layout layout) {
  if (layout == Layout::kChannelsFirst) return picture;
  const int64_t c = picture.shape()[1], h = picture.shape()[2], w = picture.shape()[3];
  const bool last = layout == Layout::kChannelsLast;
  Tensor result({DType::kF32, last ? Shape{1, h, w, c} : Shape{1, c, w, h}});
  for (int64_t k = 0; k < c; ++k)
    for (int64_t y = 0; y < h; ++y)
      for (int64_t x = 0; x < w; ++x)
        result.data<float>()[last ? (y * w + x) * c + k : ((c - 1 - k) * w + x) * h + y] =
            picture.data<float>()[(k * h + y) * w + x];
  return result;
}

std::vector<float> softmax(std::vector<float> values) {
  const float highest = *std::ranges::max_element(values);
  double sum = 0;
  for (float& value : values) sum += value = std::exp(value - highest);
  for (float& value : values) value = static_cast<float>(value / sum);
  return values;
}

// The family's outputs from this member on the simulator.
Result<std::vector<std::vector<float>>> outputs_of(const Member& member, const fs::path& models,
                                                   const Tensor& picture) {
  const Tensor input = in_layout(picture, member.layout);
  tool::CompileFlags flags;
  flags.model = models / member.model;
  if (!member.weight.empty()) flags.weight = models / member.weight;
  flags.shapes = to_string(input.shape());
  Progress silent(Progress::Style::kQuiet);
  BMNET_ASSIGN(const tool::Compilation compiled,
               tool::compile_model(*tool::front_end_of_program(member.program), flags, silent));
  const std::string name = compiled.source.values[compiled.source.inputs[0]].name;
  BMNET_ASSIGN(const tool::DeviceOutputs device,
               tool::run_on_device(compiled.compiled.model, std::vector{NamedTensor{name, input}}));
  std::vector<std::vector<float>> outputs;
  for (const std::string& wanted : member.outputs) {
    const auto found = std::ranges::find(device.outputs, wanted, &NamedTensor::name);
    if (found == device.outputs.end()) return user_error("no output '{}'", wanted);
    const auto data = found->tensor.data<float>();
    const std::vector<float> values(data.begin(), data.end());
    outputs.push_back(member.logits ? softmax(values) : values);
  }
  return outputs;
}

class families : public testing::TestWithParam<Family> {};

TEST_P(families, agree_with_each_other) {
  const fs::path models = test::shared_file("models");
  if (!fs::exists(models)) GTEST_SKIP() << models << " is absent";
  const std::vector<Member>& members = GetParam().members;
  const auto sets = tool::read_data_sets((models / members[0].model).parent_path() / "golden.npz");
  ASSERT_TRUE(sets) << sets.error().message;
  const Tensor picture = sets->at("rand").inputs[0].tensor;
  const auto expected = outputs_of(members[0], models, picture);
  ASSERT_TRUE(expected) << expected.error().message;
  for (size_t i = 1; i < members.size(); ++i) {
    const auto outputs = outputs_of(members[i], models, picture);
    ASSERT_TRUE(outputs) << members[i].model << ": " << outputs.error().message;
    for (size_t k = 0; k < expected->size(); ++k) {
      const std::vector<float>&want = (*expected)[k], &have = (*outputs)[k];
      ASSERT_EQ(have.size(), want.size()) << members[i].outputs[k];
      float highest = 0, difference = 0;
      for (size_t at = 0; at < want.size(); ++at) {
        highest = std::max(highest, std::abs(want[at]));
        difference = std::max(difference, std::abs(want[at] - have[at]));
      }
      EXPECT_LE(difference, 1e-6f + 1e-5f * highest) << members[i].model << " " << members[i].outputs[k];
      std::printf("%s %s: largest difference %.2g of %.3g\n", members[i].model.c_str(), members[i].outputs[k].c_str(),
                  difference, highest);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(shared, families, testing::ValuesIn(kFamilies),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace bmnet
