// The kinds of archives there are, and what they tell about the user's own source.
#include "frontend/pytorch/testing.h"

namespace bmnet::frontend::pytorch::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// PyTorch 1.0: model.json, tensors as files, free functions instead of classes.
std::string old_archive(const std::string& dims) {
  return zip(
      {{"net/model.json",
        R"({"protoVersion": "1", "mainModule": {"name": "net", "torchscriptArena": {"key": "code/net.py"}, "submodules":
               [{"name": "linear", "parameters": [{"name": "weight", "tensorId": "0"}]}]}, "tensors": [{"dims": )" +
            dims + R"(, "offset": "1", "strides": ["1"], "dataType": "FLOAT", "data": {"key": "tensors/0"}}]})"},
       {"net/code/net.py",
        "op_version_set = 0\ndef forward(self,\n    x: Tensor) -> Tensor:\n  return torch.mul(x, "
        "self.linear.weight)\n"},
       {"net/tensors/0", bytes_of({9, 2, 3})}});
}

TEST(layouts, of_pytorch_1_0) {
  EXPECT_THAT(values(run(old_archive(R"(["2"])"), {floats({2}, {1, 1})})[0]), ElementsAre(2, 3));
}
TEST(layouts, of_pytorch_1_0_with_a_tensor_beyond_its_file) {
  EXPECT_THAT(refusal(old_archive(R"(["3"])")), HasSubstr("net.pt: "));
}

TEST(layouts, of_mobile_archives_whose_bytecode_is_not_needed) {
  const std::string code =
      "class M(Module):\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return torch.neg(x)\n";
  EXPECT_THAT(values(run(zip({{"m/data.pkl", kEmptyModule},
                              {"m/code/__torch__.py", code},
                              {"m/constants.pkl", kEmptyTuple},
                              {"m/bytecode.pkl", "not read"},
                              {"m/mobile_debug_handles.pkl", "not read"}}),
                         {floats({2}, {1, 2})})[0]),
              ElementsAre(-1, -2));
}
TEST(layouts, of_mobile_archives_without_code) {
  EXPECT_THAT(refusal(zip({{"m/data.pkl", kEmptyModule}, {"m/constants.pkl", kEmptyTuple}, {"m/bytecode.pkl", "x"}})),
              HasSubstr("has no method forward"));
}

// ---- Where the user's source has it

std::string text(const std::string& value) {
  std::string pickled = "X";
  put(pickled, static_cast<uint32_t>(value.size()));
  return pickled + value;
}
std::string small(int value) { return std::string("K") + static_cast<char>(value); }

// One record: from the first byte of the code on, the source is `source`, from its byte `start`.
std::string debug_pickle(const std::string& source, const std::string& file, int first_line, int start) {
  const std::string origin = "(" + text(source) + text(file) + small(first_line) + "t";
  return "\x80\x02((" + small(0) + "(" + origin + small(start) + small(start + 1) + "t" + "tt.";
}
std::string branching(const std::string& debug) {
  const std::string code =
      "class M(Module):\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n"
      "    if bool(torch.gt(torch.sum(x), 0)):\n      y = torch.neg(x)\n    else:\n      y = x\n    return y\n";
  return zip({{"m/data.pkl", kEmptyModule},
              {"m/code/__torch__.py", code},
              {"m/code/__torch__.py.debug_pkl", debug},
              {"m/constants.pkl", kEmptyTuple}});
}

TEST(control_flow, by_computed_data_is_refused_with_the_line_of_the_users_source) {
  const std::string source = "def forward(self, x):\n    if x.sum() > 0:\n        return -x\n";
  EXPECT_THAT(refusal(branching(debug_pickle(source, "my_net.py", 40, 26))),
              HasSubstr("code/__torch__.py line 4 (my_net.py line 41): bool(tensor): its value is computed"));
}
TEST(control_flow, is_refused_with_the_archives_line_where_the_debug_data_is_damaged) {
  EXPECT_THAT(refusal(branching("damaged")), HasSubstr("code/__torch__.py line 4: bool(tensor)"));
}

}  // namespace
}  // namespace bmnet::frontend::pytorch::test
