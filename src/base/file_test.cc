#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

namespace bmnet {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class file : public ::testing::Test {
 protected:
  file() : folder_(::testing::TempDir() + "bmnet_file_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~file() override { fs::remove_all(folder_); }
  size_t files_in_folder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

TEST_F(file, is_read_back_as_written) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "hello"));
  EXPECT_EQ(*read_text(folder_ / "a.txt"), "hello");
}

TEST_F(file, is_written_from_several_chunks) {
  const Bytes chunks[] = {as_bytes("one "), as_bytes(""), as_bytes("two")};
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", chunks));
  EXPECT_EQ(*read_text(folder_ / "a.txt"), "one two");
}

TEST_F(file, leaves_no_temporary_file_behind) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "hello"));
  EXPECT_EQ(files_in_folder(), 1u);
}

TEST_F(file, an_empty_file_maps_to_no_bytes) {
  ASSERT_TRUE(write_file_atomically(folder_ / "empty", ""));
  EXPECT_TRUE(MappedFile::open(folder_ / "empty")->bytes().empty());
}

TEST_F(file, a_mapping_outlives_its_handle_and_its_file) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "hello"));
  std::shared_ptr<const void> owner;
  std::string_view text;
  {
    MappedFile mapped = *MappedFile::open(folder_ / "a.txt");
    owner = mapped.owner();
    text = mapped.text();
  }
  fs::remove(folder_ / "a.txt");
  EXPECT_EQ(text, "hello");
}

TEST_F(file, released_pages_are_read_again) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", std::string(100000, 'x')));
  const MappedFile mapped = *MappedFile::open(folder_ / "a.txt");
  mapped.release(mapped.bytes().subspan(1));
  mapped.release(mapped.bytes().first(3));
  EXPECT_EQ(mapped.text(), std::string(100000, 'x'));
}

TEST_F(file, a_reader_keeps_the_old_content_while_a_writer_replaces_it) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "old"));
  MappedFile mapped = *MappedFile::open(folder_ / "a.txt");
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "new"));
  EXPECT_EQ(mapped.text(), "old");
}

TEST_F(file, a_read_only_file_can_be_mapped) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "hello"));
  fs::permissions(folder_ / "a.txt", fs::perms::owner_read);
  EXPECT_EQ(*read_text(folder_ / "a.txt"), "hello");
}

TEST_F(file, replacing_keeps_the_permissions) {
  ASSERT_TRUE(write_file_atomically(folder_ / "run", "old"));
  fs::permissions(folder_ / "run", fs::perms::owner_all);
  ASSERT_TRUE(write_file_atomically(folder_ / "run", "new"));
  EXPECT_EQ(fs::status(folder_ / "run").permissions(), fs::perms::owner_all);
}

TEST_F(file, writing_through_a_link_keeps_the_link) {
  ASSERT_TRUE(write_file_atomically(folder_ / "target", "old"));
  fs::create_symlink("target", folder_ / "link");
  ASSERT_TRUE(write_file_atomically(folder_ / "link", "new"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(*read_text(folder_ / "target"), "new");
}

TEST_F(file, refuses_a_missing_file) {
  EXPECT_THAT(MappedFile::open(folder_ / "none").error().message,
              EndsWith("none: cannot open: No such file or directory"));
}

TEST_F(file, refuses_to_read_a_folder) {
  EXPECT_THAT(MappedFile::open(folder_).error().message, EndsWith("is a folder, not a file"));
}

TEST_F(file, refuses_to_read_a_pipe_without_waiting) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(MappedFile::open(folder_ / "pipe").error().message, EndsWith("is not a regular file"));
}

TEST_F(file, refuses_to_write_over_a_folder) {
  EXPECT_THAT(write_file_atomically(folder_, "x").error().message, HasSubstr("is a folder"));
}

TEST_F(file, refuses_to_write_into_a_missing_folder) {
  EXPECT_THAT(write_file_atomically(folder_ / "none" / "a", "x").error().message,
              EndsWith("none/a: cannot create: No such file or directory"));
}

TEST_F(file, a_full_disk_keeps_the_old_content) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "old"));
  // A file size limit fails in write(2), as a full disk does.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = write_file_atomically(folder_ / "a.txt", std::string(10000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(status.error().message, EndsWith("a.txt: cannot write: File too large"));
  EXPECT_EQ(*read_text(folder_ / "a.txt"), "old");
  EXPECT_EQ(files_in_folder(), 1u);
}

TEST_F(file, writes_to_a_device_directly) {
  EXPECT_EQ(write_file_atomically("/dev/full", "x").error().message,
            "/dev/full: cannot write: No space left on device");
}

}  // namespace
}  // namespace bmnet
