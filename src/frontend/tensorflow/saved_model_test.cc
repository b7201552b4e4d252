// SavedModels: signatures, variables, the checkpoint's table.
#include <filesystem>
#include <fstream>

#include "frontend/fuzz.h"
#include "frontend/tensorflow/checkpoint.h"
#include "frontend/tensorflow/fuzz.h"
#include "frontend/tensorflow/testing.h"

namespace bmnet::frontend::tensorflow::test {
namespace {

namespace fs = std::filesystem;
using op::test::f32;
using op::test::floats;
using op::test::i32;
using testing::ElementsAre;
using testing::HasSubstr;

std::string varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}
std::string fixed(uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

using Entries = std::vector<std::pair<std::string, std::string>>;

// A block whose keys share what they can with the key before.
std::string block_of(const Entries& entries) {
  std::string block, last;
  for (const auto& [key, value] : entries) {
    size_t shared = 0;
    while (shared < std::min(key.size(), last.size()) && key[shared] == last[shared]) ++shared;
    block += varint(shared) + varint(key.size() - shared) + varint(value.size()) + key.substr(shared) + value;
    last = key;
  }
  return block + fixed(0, 4) + fixed(1, 4);  // one restart, at 0
}

// As one literal.
std::string snappy(const std::string& text) {
  return varint(text.size()) + static_cast<char>(61 << 2) + fixed(text.size() - 1, 2) + text;
}

std::string table_of(const Entries& entries, bool compressed = false) {
  const std::string data = compressed ? snappy(block_of(entries)) : block_of(entries);
  std::string file = data + std::string(1, compressed ? 1 : 0) + fixed(0, 4);
  const std::string index = block_of({{entries.back().first, varint(0) + varint(data.size())}});
  const uint64_t index_place = file.size();
  file += index + fixed(0, 5);
  std::string footer = varint(0) + varint(0) + varint(index_place) + varint(index.size());
  footer.resize(40);
  return file + footer + fixed(0xdb4775248b80fb57, 8);
}

TEST(checkpoint, reads_tables_with_shared_prefixes) {
  const auto table = read_table(as_bytes(table_of({{"dense/bias", "1"}, {"dense/kernel", "2"}})));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(*table, (std::map<std::string, std::string>{{"dense/bias", "1"}, {"dense/kernel", "2"}}));
}

TEST(checkpoint, reads_compressed_blocks) {
  const auto table = read_table(as_bytes(table_of({{"a", std::string(300, 'x')}}, true)));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->at("a"), std::string(300, 'x'));
}

TEST(checkpoint, snappy_copies_may_overlap) {
  // "ab", then 6 bytes from 2 back.
  const std::string data = varint(8) + static_cast<char>(1 << 2) + "ab" + static_cast<char>((6 - 4) << 2 | 1) + "\x02";
  const auto text = snappy_uncompressed(as_bytes(data));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "abababab");
}

TEST(checkpoint, snappy_refuses_copies_from_before_the_start) {
  const std::string data = varint(8) + static_cast<char>(0) + "a" + static_cast<char>((6 - 4) << 2 | 1) + "\x09";
  EXPECT_FALSE(snappy_uncompressed(as_bytes(data)));
}

TEST(checkpoint, refuses_tables_cut_off_or_damaged_anywhere) {
  const std::string table = table_of({{"dense/bias", "1"}, {"dense/kernel", "2"}}, true);
  for (size_t size = 0; size < table.size(); ++size) EXPECT_FALSE(read_table(as_bytes(table.substr(0, size))));
  for (size_t i = 0; i < table.size(); ++i) {
    std::string damaged = table;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    (void)read_table(as_bytes(damaged));  // must end, whatever it says
  }
}

// A result of 64 MiB from a few bytes: each copy doubles what is there.
TEST(checkpoint, snappy_bombs_are_refused) {
  const auto refusal = [](const std::string& data) {
    const auto text = snappy_uncompressed(as_bytes(data));
    return text ? "unpacked" : text.error().message;
  };
  EXPECT_EQ(refusal(varint(uint64_t{1} << 40) + '\0' + "a"), "snappy data of 1099511627776 bytes");
  // 64 bytes from 1 back, a million times, where 100 bytes are told.
  std::string copies = varint(100) + '\0' + "a";
  for (int i = 0; i < 1000000; ++i) copies += static_cast<char>(63 << 2 | 2) + fixed(1, 2);
  EXPECT_EQ(refusal(copies), "snappy data is damaged");
  EXPECT_EQ(refusal(varint(100) + '\0' + "a"), "snappy data is cut off");
}

// Every key says that it is the one before and one letter more: 2^31 bytes of keys in 64 KiB.
TEST(checkpoint, a_table_whose_keys_grow_without_end_is_refused) {
  std::string block;
  for (uint64_t i = 0; i < 16000; ++i) block += varint(i) + varint(1) + varint(0) + "k";
  std::string file = block + fixed(0, 4) + fixed(1, 4) + std::string(5, '\0');
  const std::string index = block_of({{"k", varint(0) + varint(block.size() + 8)}});
  const uint64_t index_place = file.size();
  file += index + fixed(0, 5);
  std::string footer = varint(0) + varint(0) + varint(index_place) + varint(index.size());
  footer.resize(40);
  const auto table = read_table(as_bytes(file + footer + fixed(0xdb4775248b80fb57, 8)));
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message, HasSubstr("bytes of keys: the file is damaged"));
}

// A folder of TensorFlow 2's form: a signature that calls a function with a variable.
class saved_model : public testing::Test {
 protected:
  saved_model() {
    folder_ = fs::temp_directory_path() /
              fmt::format("bmnet_saved_model_{}", testing::UnitTest::GetInstance()->random_seed() + ::getpid());
    fs::create_directories(folder_ / "variables");
  }
  ~saved_model() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  void write_graph(const std::vector<std::string>& signatures = {"serving_default"}) {
    Net net;
    net.input("serving_default_x", {-1, 2});
    net.node("VarHandleOp", "kernel", {}, {{"shared_name", "dense/kernel"}});
    net.node("StatefulPartitionedCall", "call", {"serving_default_x", "kernel"}, {{"f", function("body")}});
    FunctionDef& body = *net.graph.mutable_library()->add_function();
    body.mutable_signature()->set_name("body");
    for (const char* name : {"x", "resource"}) body.mutable_signature()->add_input_arg()->set_name(name);
    body.mutable_signature()->add_output_arg()->set_name("identity");
    *body.add_node_def() = node_of("ReadVariableOp", "read", {"resource"});
    *body.add_node_def() = node_of("MatMul", "product", {"x", "read:value:0"});
    (*body.mutable_ret())["identity"] = "product:product:0";
    SavedModel model;
    model.set_saved_model_schema_version(1);
    MetaGraphDef& meta = *model.add_meta_graphs();
    meta.mutable_meta_info_def()->add_tags("serve");
    *meta.mutable_graph_def() = net.graph;
    for (const std::string& name : signatures) {
      SignatureDef& signature = (*meta.mutable_signature_def())[name];
      (*signature.mutable_inputs())["x"].set_name("serving_default_x:0");
      (*signature.mutable_outputs())["y"].set_name("call:0");
    }
    write("saved_model.pb", model.SerializeAsString());
  }

  void write_variables(const std::string& graph_name) {
    const std::vector<float> kernel = {1, 2, 3, 4};
    std::string data(reinterpret_cast<const char*>(kernel.data()), 16);
    TrackableObjectGraph objects;
    auto& attribute = *objects.add_nodes()->add_attributes();
    attribute.set_full_name(graph_name);
    attribute.set_checkpoint_key("layer/kernel/.ATTRIBUTES/VARIABLE_VALUE");
    const std::string text = objects.SerializeAsString();
    const std::string table = varint(text.size()) + fixed(0, 4) + text;
    BundleHeaderProto header;
    header.set_num_shards(1);
    BundleEntryProto variable, names;
    variable.set_dtype(DT_FLOAT);
    to_proto({2, 2}, *variable.mutable_shape());
    variable.set_size(16);
    names.set_dtype(DT_STRING);
    names.set_offset(16);
    names.set_size(static_cast<int64_t>(table.size()));
    write("variables/variables.data-00000-of-00001", data + table);
    write("variables/variables.index", table_of({{"", header.SerializeAsString()},
                                                 {"_CHECKPOINTABLE_OBJECT_GRAPH", names.SerializeAsString()},
                                                 {attribute.checkpoint_key(), variable.SerializeAsString()}}));
  }

  Result<op::Graph> import_folder() {
    ImportOptions options;
    options.batch = 1;
    BMNET_ASSIGN(const nn::Model model, import_tensorflow(folder_, options));
    return model.to_graph();
  }

  fs::path folder_;
};

// Also a seed: BMNET_CORPUS=corpus build/bin/bmnet_frontend_tensorflow_test --gtest_filter=saved_model.*
TEST_F(saved_model, can_be_one_input_of_the_fuzzer) {
  write_graph();
  write_variables("dense/kernel");
  const std::string graph = *read_text(folder_ / "saved_model.pb"),
                    index = *read_text(folder_ / "variables/variables.index"),
                    data = *read_text(folder_ / "variables/variables.data-00000-of-00001");
  const std::string input = "\xff" + fixed(graph.size(), 4) + fixed(index.size(), 4) + graph + index + data;
  const auto model = import_fuzz_input(as_bytes(input));
  EXPECT_TRUE(model) << model.error().message;
  if (const char* corpus = std::getenv("BMNET_CORPUS"))
    ASSERT_TRUE(write_file_atomically(fs::path(corpus) / "saved_model", input));
  for (size_t i = 0; i < input.size(); ++i) {  // damaged anywhere
    std::string damaged = input;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    const auto other = import_fuzz_input(as_bytes(damaged));
    if (!other) EXPECT_TRUE(is_good_refusal(other.error(), {"fuzz.pb"})) << other.error().message;
  }
}

TEST_F(saved_model, reads_variables_by_the_checkpoints_objects) {
  write_graph();
  write_variables("dense/kernel");
  const auto graph = import_folder();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->output_names, (std::vector<std::string>{"call"}));
  const auto outputs = evaluate(*graph, {f32({1, 2}, {1, 10})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_THAT(floats((*outputs)[0]), ElementsAre(31, 42));
}

TEST_F(saved_model, names_a_variable_that_is_missing) {
  write_graph();
  write_variables("other/kernel");
  const auto graph = import_folder();
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("variable 'dense/kernel' is not in the checkpoint"));
}

TEST_F(saved_model, takes_the_only_signature) {
  write_graph({"predict"});
  write_variables("dense/kernel");
  const auto graph = import_folder();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->output_names, (std::vector<std::string>{"call"}));
}

TEST_F(saved_model, asks_which_of_several_signatures_is_meant) {
  write_graph({"train", "predict"});
  write_variables("dense/kernel");
  EXPECT_THAT(import_folder().error().message,
              HasSubstr("none of the signatures predict, train is serving_default; choose by --output_names, for "
                        "example call"));
  ImportOptions options;
  options.batch = 1;
  options.output_names = {"call:0"};
  EXPECT_TRUE(import_tensorflow(folder_, options));
}

TEST_F(saved_model, says_when_the_variables_are_missing) {
  write_graph();
  const auto graph = import_folder();
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("variables.index"));
}

}  // namespace
}  // namespace bmnet::frontend::tensorflow::test
