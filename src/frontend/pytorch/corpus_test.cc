// The fuzzer's corpus: each file gives a network or one clear message.
#include "base/file.h"
#include "frontend/pytorch/testing.h"

namespace bmnet::frontend::pytorch::test {
namespace {

TEST(corpus, gives_networks_or_clear_messages) {
  size_t files = 0, networks = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(bmnet::test::source_file("src/frontend/pytorch/corpus"))) {
    const auto content = read_text(entry.path());
    ASSERT_TRUE(content) << content.error().message;
    const auto model = import_bytes(*content, {{1, 3, 4, 4}});
    if (!model) {
      EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message;
      EXPECT_TRUE(model.error().message.starts_with("net.pt: ")) << model.error().message;
    }
    ++files;
    networks += model ? 1 : 0;
  }
  EXPECT_GE(files, 5u);
  EXPECT_GE(networks, 3u);
}

}  // namespace
}  // namespace bmnet::frontend::pytorch::test
