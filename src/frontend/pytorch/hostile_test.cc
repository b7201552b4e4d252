// Damaged and hostile archives: each gives one clear message.
#include "frontend/pytorch/archive.h"
#include "frontend/pytorch/code.h"
#include "frontend/pytorch/pickle.h"
#include "frontend/pytorch/testing.h"

namespace bmnet::frontend::pytorch::test {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string pickle_error(const std::string& pickle) {
  const auto value =
      read_pickle(as_bytes(pickle), [](const std::string& type, const std::string&, int64_t count) -> Result<Tensor> {
        if (type != "FloatStorage") return user_error("storage of {}", type);
        return Tensor({DType::kF32, {std::min<int64_t>(count, 16)}});
      });
  return value ? "it is not refused" : value.error().message;
}

// A tensor over a storage of 16 floats: offset 0, size and strides as pickled tuples.
std::string tensor_pickle(const std::string& size, const std::string& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
         "0X\x03\0\0\0cpuK\x10tQK\0"s +
         size + strides + "\x89}tR."s;
}

TEST(pickle, refuses_to_run_code) {
  EXPECT_THAT(pickle_error("cos\nsystem\n(X\x02\0\0\0lstR."s), HasSubstr("names 'os.system', which is not data"));
  EXPECT_THAT(pickle_error("cbuiltins\neval\n."), HasSubstr("builtins.eval"));
  EXPECT_THAT(pickle_error("c__builtin__\nexec\n."), HasSubstr("__builtin__.exec"));
  EXPECT_THAT(pickle_error("ctorch.hub\nload\n."), HasSubstr("torch.hub.load"));
  EXPECT_THAT(pickle_error("c__torch__\nM\n)R."), HasSubstr("a call of '__torch__.M'"));
  EXPECT_THAT(pickle_error("(S'x'\nios\nsystem\n."), HasSubstr("is not one PyTorch writes"));
}

TEST(pickle, refuses_recursion) {
  EXPECT_THAT(pickle_error("]q\0h\0a."s), HasSubstr("contains itself"));
  EXPECT_THAT(pickle_error("]q\0(h\0ttq\1h\0h\1a."s), testing::Not(HasSubstr("it is not refused")));
  EXPECT_THAT(pickle_error("}q\0K\1h\0s."s), HasSubstr("contains itself"));
}

TEST(pickle, refuses_endless_nesting) {
  EXPECT_THAT(pickle_error("N" + std::string(1000, '\x85') + "."), HasSubstr("nest deeper"));
}

// Each of the lists holds the one before twice: 2 to the 100th items if they were copied.
TEST(pickle, shares_what_is_repeated) {
  std::string bomb = "]q\0"s;
  for (int i = 0; i < 100; ++i)
    bomb += "h"s + static_cast<char>(i) + "h"s + static_cast<char>(i) + "\x86q"s + static_cast<char>(i + 1);
  EXPECT_EQ(pickle_error(bomb + "."), "it is not refused");
}

TEST(pickle, refuses_tensors_beyond_their_storage) {
  EXPECT_EQ(pickle_error(tensor_pickle("K\4K\4\x86"s, "K\4K\1\x86"s)), "it is not refused");
  EXPECT_THAT(pickle_error(tensor_pickle("K\5K\4\x86"s, "K\4K\1\x86"s)), HasSubstr("beyond its storage"));
  const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s;
  EXPECT_THAT(pickle_error(tensor_pickle(huge + huge + "\x86", "K\4K\1\x86"s)), HasSubstr("a tensor of size"));
  EXPECT_THAT(pickle_error(tensor_pickle("K\2K\2\x86"s, huge + "K\1\x86"s)), HasSubstr("beyond its storage"));
  // Four billion elements out of one, by strides of 0.
  EXPECT_THAT(pickle_error(tensor_pickle("J\0\0\1\0J\0\0\1\0\x86"s, "K\0K\0\x86"s)), HasSubstr("expand beyond"));
}

TEST(pickle, refuses_every_truncation) {
  const std::string whole = tensor_pickle("K\4K\4\x86"s, "K\4K\1\x86"s);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(pickle_error(whole.substr(0, size)), "it is not refused") << size;
}

TEST(archive, reads_stored_and_deflated_entries) {
  const std::string file = zip({{"m/a", "stored"}, {"m/b", std::string(1000, 'x'), true}});
  const auto archive = Archive::open(as_bytes(file), nullptr);
  ASSERT_TRUE(archive) << archive.error().message;
  const auto stored = archive->read("a");
  ASSERT_TRUE(stored);
  EXPECT_EQ(as_text(stored->bytes), "stored");
  EXPECT_TRUE(stored->bytes.data() >= as_bytes(file).data() &&
              stored->bytes.data() < as_bytes(file).data() + file.size());
  const auto packed = archive->read("b");
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_EQ(packed->bytes.size(), 1000u);
}

TEST(archive, refuses_zip_bombs) {
  const std::string file = zip({{"m/a", "x", true, 0x7FFFFFFF}});
  const auto content = Archive::open(as_bytes(file), nullptr)->read("a");
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("a zip bomb"));
}

TEST(archive, notices_damage) {
  std::string file = zip({{"m/a", "stored"}});
  file[file.find("stored")] = 'S';
  const auto content = Archive::open(as_bytes(file), nullptr)->read("a");
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("checksum"));
}

TEST(damaged_files, truncations_and_flipped_bits_never_do_harm) {
  const std::string whole = module("x: Tensor", {"return torch.relu(x)"});
  ASSERT_TRUE(import_bytes(whole, {{2}}));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("net.pt: "));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto model = import_bytes(flipped, {{2}});
    if (!model) EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message;
  }
}

TEST(hostile_code, is_bounded) {
  EXPECT_THAT(refusal(module("x: Tensor", {"while True:", "  pass", "return x"})), HasSubstr("too long to unroll"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return (self).forward(x, )"})), HasSubstr("calls nest deeper"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return " + std::string(5000, '(') + "x" + std::string(5000, ')')})),
              HasSubstr("nest deeper"));
  EXPECT_THAT(refusal(module("x: Tensor", {"l = []", "for i in range(100000):", "  l = [l]", "return x"})),
              HasSubstr("nest deeper"));
  EXPECT_THAT(refusal(module("x: Tensor", {"l = [1]", "for i in range(100):", "  l = torch.add(l, l)", "return x"})),
              HasSubstr("a list grows"));
  EXPECT_THAT(refusal(module("x: Tensor",
                             {"for i in range(100000):", "  x = torch.unsqueeze(torch.squeeze(x, 0), 0)", "return x"}),
                      {{1, 2}}),
              HasSubstr("levels deep"));
  EXPECT_THAT(refusal(module("x: Tensor", {"n = 9223372036854775807", "return torch.zeros([n, n])"})),
              HasSubstr("line 6: shape"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.add(torch.add(9223372036854775807, 1), x)"})),
              HasSubstr("exceeds 64 bits"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.floor_divide(1, 0)"})), HasSubstr("divided by 0"));
  EXPECT_THAT(refusal(module("x: Tensor", {"import os", "return x"})), HasSubstr("'import' is not part of"));
}

// Blocks inside blocks, in calls inside calls: each depth is allowed, their product is not.
TEST(hostile_code, cannot_exhaust_the_stack) {
  std::vector<std::string> lines;
  std::string indent;
  for (int i = 0; i < 150; ++i, indent += " ") lines.push_back(indent + "if True:");
  lines.push_back(indent + "return (self).forward(x, )");
  EXPECT_THAT(refusal(module("x: Tensor", lines)), HasSubstr("nest deeper"));
}

TEST(hostile_code, cannot_ask_for_endless_tables) {
  EXPECT_THAT(
      refusal(module("x: Tensor", {"a, b, = torch.max_pool1d_with_indices(x, [9000000], [1], [4500000])", "return b"}),
              {{1, 1, 16}}),
      HasSubstr("net.pt: "));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.arange(0, 1, 0)"})), HasSubstr("torch.arange"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.repeat_interleave(x, 1000000000)"})), HasSubstr("times"));
}

TEST(refusals, name_all_unknown_operators_at_once) {
  EXPECT_THAT(
      refusal(module("x: Tensor", {"y = torch.fft_fft(x)", "z = torch.relu_(y)", "return torch.frobnicate(z)"})),
      AllOf(HasSubstr("2 nodes cannot be compiled"), HasSubstr("torch.fft_fft is not supported"),
            HasSubstr("code/__torch__.py line 7: torch.frobnicate is not supported")));
}

TEST(refusals, name_line_operator_and_reason) {
  EXPECT_THAT(refusal(module("x: Tensor", {"y = torch.sum(x)", "if bool(torch.gt(y, 0)):", "  x = torch.neg(x)",
                                           "else:", "  pass", "return x"})),
              HasSubstr("code/__torch__.py line 6: bool(tensor): its value is computed from the input"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.fft_fft(x)"})), HasSubstr("torch.fft_fft is not supported"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return x"}), {}), HasSubstr("input 'x' has no shape"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.rand([2])"})), HasSubstr("torch.rand"));
  EXPECT_THAT(refusal(module("x: Tensor", {"return torch.dropout(x, 0.5, True)"})), HasSubstr("model.eval()"));
  EXPECT_THAT(refusal(zip({{"m/data.pkl", kEmptyModule}})), HasSubstr("torch.jit.save"));
}

}  // namespace
}  // namespace bmnet::frontend::pytorch::test
