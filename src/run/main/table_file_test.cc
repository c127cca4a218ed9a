#include "run/main/table_file.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "base/simulated_files.h"

namespace firebreak::cli {
namespace {

std::string packed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

Result<Table> table_of(const std::string& content, const std::string& name = "t.csv") {
  SimulatedFiles files;
  EXPECT_TRUE(write_plain(files, name, content));
  return read_table(files, name);
}

TEST(TableFile, reads_quotes_line_ends_and_empty_cells) {
  const auto table = table_of("a,\"b, c\"\r\n1,\"say \"\"so\"\"\"\n,2\n\"line\nbreak\",3");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->names, (std::vector<std::string>{"a", "b, c"}));
  ASSERT_EQ(table->rows.size(), 3u);
  EXPECT_EQ(table->rows[0][1], "say \"so\"");
  EXPECT_EQ(table->rows[1][0], "");
  EXPECT_EQ(table->rows[2][0], "line\nbreak");
}

TEST(TableFile, passes_blank_lines_over) {
  const auto table = table_of("\n\r\na,b\n1,2\n\n3,\n  \n\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table->rows, (std::vector<std::vector<std::string>>{{"1", "2"}, {"3", ""}}));
  EXPECT_EQ(table_of("a\n1\n\n2\n")->rows.size(), 3u);  // of one column: a value that is missing
  EXPECT_EQ(table_of("\n{\"a\":1}\n\n{\"a\":2}\n", "t.ndjson")->rows.size(), 2u);
}

TEST(TableFile, says_what_a_file_is_that_is_no_table) {
  using namespace std::string_literals;
  const std::pair<std::string, const char*> cases[] = {
      {"\x1f\x8b\x08rest", "is packed with gzip: unpack it"},
      {packed("a,b\n1,2\n"), "is packed with zstd: give it a name that ends in .zst"},
      {"PK\x03\x04rest", "is a ZIP archive or a spreadsheet"},
      {"\xff\xfe"s + "a\0,\0"s, "is UTF-16 or no text: save it as UTF-8"},
      {"a\0,\0b\0"s, "is UTF-16 or no text"},
      {"a,b\r1,2\r3,4\r", "ends its lines with CR alone"},
      {"", "is empty"},
      {"\n \n", "is empty"},
      {"[{\"a\":1},\n{\"a\":2}]\n", "is one JSON array: an object a line"},
  };
  for (const auto& [content, words] : cases)
    for (const char* const name : {"t.csv", "t.ndjson"}) {
      const auto table = table_of(content, name);
      ASSERT_FALSE(table) << words;
      EXPECT_NE(table.error().message.find(words), std::string::npos) << table.error().message;
    }
}

TEST(TableFile, takes_octets_that_are_no_utf8_as_latin1) {
  const auto table = table_of("na\xefve,x\n\xc3\xa9,\xe9\n\xed\xa0\x80,\xff\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->names[0], "na\xc3\xafve");
  EXPECT_EQ(table->rows[0], (std::vector<std::string>{"\xc3\xa9", "\xc3\xa9"}));
  EXPECT_EQ(table->rows[1][0], "\xc3\xad\xc2\xa0\xc2\x80");  // a surrogate is no character
}

TEST(TableFile, unpacks_one_frame_and_several) {
  const auto table = table_of(packed("a\n1\n") + packed("2\n"), "t.csv.zst");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows, (std::vector<std::vector<std::string>>{{"1"}, {"2"}}));
}

TEST(TableFile, refuses_what_is_cut_or_damaged) {
  const std::string whole = packed("a\n1\n2\n3\n4\n5\n");
  EXPECT_EQ(table_of(whole.substr(0, whole.size() - 3), "t.csv.zst").error().code, Code::kCorrupt);
  EXPECT_EQ(table_of("no zstd at all", "t.csv.zst").error().code, Code::kCorrupt);
  EXPECT_EQ(table_of("a,b\n1\n").error().message, "t.csv, row 0: 1 cells under 2 names");
  EXPECT_EQ(table_of("a\n\"open\n").error().code, Code::kInvalid);
}

TEST(TableFile, names_the_separator_of_a_file_that_has_no_commas) {
  EXPECT_NE(table_of("a;b\n1;2\n").error().message.find("t.csv: its columns seem to be separated by ';' ('a;b')"), std::string::npos);
  EXPECT_NE(table_of("\"a\";\"b\"\r\n1,5;2\r\n").error().message.find("separated by ';'"), std::string::npos);
  EXPECT_NE(table_of("\"a\";b\n1;2\n").error().message.find("separated by ';'"), std::string::npos);
  EXPECT_NE(table_of("\xef\xbb\xbf" "a\tb\n1\t2\n").error().message.find("separated by tabs"), std::string::npos);
  EXPECT_NE(table_of(packed("a|b\n1|2\n"), "t.csv.zst").error().message.find("separated by '|'"), std::string::npos);
  EXPECT_EQ(table_of("\"a;b\"\n1\n")->names, std::vector<std::string>{"a;b"});  // meant
  EXPECT_EQ(table_of("a;b,c\n1,2\n")->names.size(), 2u);
  EXPECT_EQ(table_of("a\n1;2\n")->rows[0][0], "1;2");
}

TEST(TableFile, reads_objects_a_line_and_flattens_them) {
  const auto table = table_of("{\"a\":1,\"in\":{\"b\":\"x\",\"deep\":{\"c\":true}}}\n\n{\"in\":{\"b\":null},\"late\":[1,2]}", "t.ndjson");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->names, (std::vector<std::string>{"a", "in.b", "in.deep.c", "late"}));
  EXPECT_EQ(table->rows, (std::vector<std::vector<std::string>>{{"1", "x", "true", ""}, {"", "", "", "[1,2]"}}));
  EXPECT_EQ(table_of(packed("{\"a\":0.5}\n"), "t.jsonl.zst")->rows, (std::vector<std::vector<std::string>>{{"0.5"}}));
}

TEST(TableFile, names_the_row_that_is_no_object) {
  EXPECT_EQ(table_of("{\"a\":1}\n[1]\n", "t.ndjson").error().message, "t.ndjson, row 1: no JSON object");
  EXPECT_EQ(table_of("{\"a\":1,\"a\":2}\n", "t.ndjson").error().message, "t.ndjson, row 0: 'a' appears twice");
  EXPECT_EQ(table_of("{\"a\":{\"b\":1},\"a.b\":2}\n", "t.ndjson").error().code, Code::kInvalid);
  EXPECT_EQ(table_of("{\"a\":NaN}\n", "t.ndjson").error().code, Code::kInvalid);
}

TEST(TableFile, rows_that_are_longer_than_a_piece_come_whole) {
  const std::string wide(2U << 20, 'x');
  const auto table = table_of("a,b\n1,\"" + wide + "\"\n2,y\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows[0][1].size(), wide.size());
  EXPECT_EQ(table->rows[1][1], "y");
  EXPECT_EQ(table_of("a\n" + std::string(17U << 20, 'x') + "\n").error().code, Code::kTooLarge);
}

TEST(TableFile, takes_rows_and_conditions) {
  const Table table{{"x", "kind"}, {{"1", "a"}, {"", "a"}, {"3", "b"}, {"4", "a"}}};
  const auto cells = cells_of(table, "x", *parse_rows("1:4"), *parse_condition("kind=a"));
  ASSERT_TRUE(cells);
  EXPECT_EQ(cells->values, std::vector<std::string>{"4"});
  EXPECT_EQ(cells->rows, std::vector<std::uint64_t>{3});
  EXPECT_EQ(cells_of(table, "x", *parse_rows("2:"), {})->values.size(), 2u);
  EXPECT_FALSE(cells_of(table, "x", *parse_rows("0:5"), {}));
  EXPECT_FALSE(cells_of(table, "y", {}, {}));
}

TEST(TableFile, says_what_is_wrong_with_words) {
  EXPECT_FALSE(parse_rows("5"));
  EXPECT_FALSE(parse_rows("5:5"));
  EXPECT_FALSE(parse_rows("a:b"));
  EXPECT_FALSE(parse_rows("-1:2"));
  EXPECT_FALSE(parse_condition("=x"));
  EXPECT_FALSE(parse_condition("x"));
  EXPECT_EQ(numbers_of({{"1", "x"}, {4, 7}}).error().message, "row 7: 'x' is no number");
  EXPECT_FALSE(numbers_of({{"nan"}, {0}}));
  EXPECT_EQ(*numbers_of({{"-1e3", "0.5"}, {0, 1}}), (std::vector<double>{-1000, 0.5}));
}

}  // namespace
}  // namespace firebreak::cli
