// Damaged and hostile archives: each gives one clear message.
#include "frontend/pytorch/archive.h"
#include "frontend/pytorch/code.h"
#include "frontend/pytorch/pickle.h"
#include "frontend/pytorch/testing.h"
#include "nn/limits.h"

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

// Every opcode that can name, make or change an object of any class.
TEST(pickle, refuses_to_run_code_by_other_opcodes) {
  const auto expect_refused = [](const std::string& pickle) {
    EXPECT_THAT(pickle_error(pickle), HasSubstr("is not one PyTorch writes")) << pickle;
  };
  expect_refused("\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.");  // STACK_GLOBAL
  expect_refused("\x82\x01.");                                     // EXT1, EXT2, EXT4: a registered class
  expect_refused("\x83\x01\x01.");
  expect_refused("\x84\x01\x01\x01\x01.");
  expect_refused("(c__torch__\nM\nS'x'\no.");  // OBJ
  expect_refused("c__torch__\nM\n)}\x92.");    // NEWOBJ_EX
  expect_refused("Pevil\n.");                  // PERSID
  expect_refused("\x97.");                     // NEXT_BUFFER
}

TEST(pickle, refuses_states_for_what_is_no_object) {
  EXPECT_THAT(pickle_error("ccollections\nOrderedDict\n)R}b."), HasSubstr("state for something that is no object"));
  EXPECT_THAT(pickle_error("cos\nsystem\n}b."), HasSubstr("os.system"));
  EXPECT_THAT(pickle_error("ccollections\nOrderedDict\n)\x81."), HasSubstr("an object of something that is no class"));
  EXPECT_THAT(pickle_error("c__torch__.M\nX\n)\x81}K\1K\2sb."), HasSubstr("an attribute's name is int"));
  EXPECT_THAT(pickle_error("K\1)R."), HasSubstr("a call of int"));
}

TEST(pickle, refuses_lengths_beyond_the_file) {
  for (const std::string& code : {"X\xff\xff\xff\xff"s, "\x8c\xff"s, "\x8a\x08"s, "G"s, "J\xff"s, "r\xff"s, "cos"s})
    EXPECT_THAT(pickle_error(code + "a"), HasSubstr("the pickle is cut off")) << code;
  EXPECT_THAT(pickle_error("\x8a\xff" + std::string(300, '\x7f')), HasSubstr("an integer of 255 bytes"));
  for (const std::string& code :
       {"\x8b\xff\xff\xff\x7f"s, "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f"s, "B\xff\xff\xff\xff"s})
    EXPECT_THAT(pickle_error(code), HasSubstr("is not one PyTorch writes")) << code;
}

TEST(pickle, refuses_to_take_from_an_empty_stack) {
  for (const std::string& code : {"."s, "0"s, "t"s, "\x87"s, "a"s, "u"s, "R"s, "b"s, "Q"s, "q\1"s, "h\1"s, "(0"s})
    EXPECT_NE(pickle_error(code + "."), "it is not refused") << code;
}

// A text of 64 KiB, put into a list five thousand times: it would be copied each time.
TEST(pickle, refuses_to_repeat_texts_without_end) {
  std::string bomb = "]X\0\0\1\0"s + std::string(65536, 'x') + "q\0"s;
  for (int i = 0; i < 5000; ++i) bomb += "h\0"s;
  EXPECT_THAT(pickle_error(bomb + "."), HasSubstr("a pickle bomb"));
}

TEST(pickle, refuses_recursion) {
  EXPECT_THAT(pickle_error("]q\0h\0a."s), HasSubstr("contains itself"));
  EXPECT_THAT(pickle_error("]q\0(h\0ttq\1h\0h\1a."s), testing::Not(HasSubstr("it is not refused")));
  EXPECT_THAT(pickle_error("}q\0K\1h\0s."s), HasSubstr("contains itself"));
  EXPECT_THAT(pickle_error("c__torch__.M\nX\n)\x81q\0h\0b."s), HasSubstr("an object contains itself"));
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

// One entry of 1 MiB, packed into 1 KiB, under many names.
std::string overlapping_zip(int names) {
  const std::string one = zip({{"m/0000", std::string(1 << 20, 'x'), true}});
  const size_t directory = one.find("PK\1\2"), end = one.find("PK\5\6");
  std::string file = one.substr(0, directory);
  for (int i = 0; i < names; ++i) {
    std::string entry = one.substr(directory, end - directory);
    entry.replace(entry.size() - 4, 4, fmt::format("{:04}", i));
    file += entry;
  }
  const auto size = static_cast<uint32_t>(file.size() - directory);
  std::string tail = one.substr(end);
  for (const size_t count : {8, 10}) std::memcpy(&tail[count], &names, 2);
  std::memcpy(&tail[12], &size, 4);
  return file + tail;
}

TEST(archive, refuses_entries_that_lie_over_each_other) {
  EXPECT_TRUE(Archive::open(as_bytes(overlapping_zip(1)), nullptr));
  const auto bomb = Archive::open(as_bytes(overlapping_zip(5000)), nullptr);
  ASSERT_FALSE(bomb);
  EXPECT_THAT(bomb.error().message, HasSubstr("lies over another one or is cut off: a zip bomb"));
}

TEST(archive, refuses_sizes_that_are_not_true) {
  for (const uint32_t claimed : {1u, 999u, 1001u, 100000u}) {
    const std::string file = zip({{"m/a", std::string(1000, 'x'), true, claimed}});
    const auto content = Archive::open(as_bytes(file), nullptr)->read("a");
    ASSERT_FALSE(content) << claimed;
    EXPECT_THAT(content.error().message, HasSubstr("entry 'a'"));
  }
  const std::string stored = zip({{"m/a", "stored", false, 7}});
  EXPECT_THAT(Archive::open(as_bytes(stored), nullptr)->read("a").error().message, HasSubstr("its sizes differ"));
}

TEST(archive, reads_thousands_of_entries) {
  std::vector<ZipEntry> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("m/{}", i), "x"});
  const std::string file = zip(entries);
  const auto archive = Archive::open(as_bytes(file), nullptr);
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_TRUE(archive->read("19999"));
  entries.push_back({"m/7", "again"});
  EXPECT_THAT(Archive::open(as_bytes(zip(entries)), nullptr).error().message, HasSubstr("stands twice"));
}

// A zip64 end record whose fields are `directory_size`, `directory_offset`, `count`, found at `place`.
std::string zip64(uint64_t count, uint64_t directory_size, uint64_t directory_offset, uint64_t place = 0) {
  std::string file;
  put<uint32_t>(file, 0x06064b50), put<uint64_t>(file, 44), put<uint16_t>(file, 45), put<uint16_t>(file, 45);
  put<uint32_t>(file, 0), put<uint32_t>(file, 0), put(file, count), put(file, count);
  put(file, directory_size), put(file, directory_offset);
  put<uint32_t>(file, 0x07064b50), put<uint32_t>(file, 0), put(file, place), put<uint32_t>(file, 1);
  put<uint32_t>(file, 0x06054b50), put<uint32_t>(file, 0), put<uint16_t>(file, 0xFFFF), put<uint16_t>(file, 0xFFFF);
  put<uint32_t>(file, 0xFFFFFFFF), put<uint32_t>(file, 0xFFFFFFFF), put<uint16_t>(file, 0);
  return file;
}

TEST(archive, refuses_lying_zip64_records) {
  const auto refusal_of = [](const std::string& file) {
    const auto archive = Archive::open(as_bytes(file), nullptr);
    return archive ? "opened" : archive.error().message;
  };
  EXPECT_EQ(refusal_of(zip64(0, 0, 0)), "opened");
  EXPECT_THAT(refusal_of(zip64(0, 0, 0, UINT64_MAX)), HasSubstr("the zip64 end record is damaged"));
  EXPECT_THAT(refusal_of(zip64(0, 0, 0, 40)), HasSubstr("the zip64 end record is damaged"));
  EXPECT_THAT(refusal_of(zip64(UINT64_MAX, 0, 0)), HasSubstr("too small for 18446744073709551615 entries"));
  EXPECT_THAT(refusal_of(zip64(0, UINT64_MAX, 8)), HasSubstr("outside the file"));
  EXPECT_THAT(refusal_of(zip64(0, 8, UINT64_MAX)), HasSubstr("outside the file"));
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
  EXPECT_THAT(refusal(module("x: Tensor", {"l = [1]", "l[0] = l", "return x"})), HasSubstr("a list contains itself"));
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

// Each line is short; what it copies or walks through is not.
TEST(hostile_code, cannot_copy_without_end) {
  const nn::SmallModels small({.steps = 1 << 14});
  EXPECT_THAT(
      refusal(module("x: Tensor", {"l = [1]", "for i in range(19):", "  l = torch.add(l, l)",
                                   "for i in range(1000000):", "  m = torch.slice(l, 0, 500000, 1)", "return x"})),
      HasSubstr("without end"));
  EXPECT_THAT(
      refusal(module("x: Tensor", {"s = '0123456789abcdef'", "for i in range(15):", "  s = torch.add(s, s)", "l = []",
                                   "for i in range(1000000):", "  l = torch.append(l, s)", "return x"})),
      HasSubstr("net.pt: "));
  EXPECT_THAT(refusal(module("x: Tensor", {"l = []", "for i in range(100):", "  l = [l, l]", "return l"})),
              HasSubstr("without end"));
}

TEST(hostile_code, counts_to_the_end_of_the_integers) {
  EXPECT_THAT(refusal(module("x: Tensor", {"for i in range(9223372036854775800, 9223372036854775807, 5):", "  y = i",
                                           "return torch.add(x, torch.sub(y, 9223372036854775805))"})),
              testing::Eq("it is not refused"));
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
