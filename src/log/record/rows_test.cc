#include "log/record/rows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/limits.h"
#include "log/record/record_testing.h"
#include "log/record/row.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::inference;
using testing::Room;

const Release kRelease{"1.0.0", "fraud-scorer", "1.0.0", "aa"};

std::vector<Record> records_of(Stream& stream) {
  std::vector<Record> found;
  EXPECT_TRUE(stream.read_from(0, 1'000'000, [&](const Record& record) {
    if (record.kind != Kind::kControl) found.push_back(record);
  }));
  return found;
}

// What a client would send that had the rows of these records.
Bytes rows_of(const std::vector<Record>& records) {
  std::vector<Release> releases;
  for (const Record& record : records)
    if (record.release != nullptr && std::find(releases.begin(), releases.end(), *record.release) == releases.end())
      releases.push_back(*record.release);
  RowsWriter writer(releases);
  for (const Record& record : records) {
    std::uint16_t number = 0;
    for (std::size_t i = 0; i < releases.size(); ++i)
      if (record.release != nullptr && releases[i] == *record.release) number = static_cast<std::uint16_t>(i + 1);
    writer.add(record.row, number);
  }
  return writer.take();
}

bool has_extra(const Record& record) {
  Row row;
  EXPECT_TRUE(decode_row(*record.schema, record.row, row));
  return !row.extra.empty();
}

rc::Gen<std::string> any_features() {
  return rc::gen::exec([] {
    std::string out = "{";
    const auto member = [&](const std::string& name, const std::string& value) {
      out += (out.size() > 1 ? ",\"" : "\"") + name + "\":" + value;
    };
    if (*rc::gen::arbitrary<bool>()) member("age", std::to_string(*rc::gen::inRange(-100, 100)));
    if (*rc::gen::arbitrary<bool>()) member("amount", std::to_string(*rc::gen::inRange(0, 1000)) + ".25");
    if (*rc::gen::arbitrary<bool>()) member("sex", *rc::gen::element<std::string>("\"female\"", "\"\"", "\"ü\"", "null"));
    if (*rc::gen::arbitrary<bool>()) member("mixed", *rc::gen::element<std::string>("1", "\"one\"", "true", "[1]"));
    if (*rc::gen::arbitrary<bool>()) member("big", *rc::gen::element<std::string>("9007199254740993", "7"));
    return out + "}";
  });
}

// The binary way keeps exactly what the lines' way keeps: same rows, same subjects' keys, same meaning.
RC_GTEST_PROP(Rows, a_row_sent_in_binary_is_kept_as_its_line_would_be, ()) {
  std::string lines;
  const auto n = *rc::gen::inRange(1, 12);
  for (int i = 0; i < n; ++i) lines += inference("e" + std::to_string(i), *any_features());
  Room by_lines, in_binary;
  StreamConfig config{.name = "fraud-api"};
  config.subject = *rc::gen::element<std::string>("", "sex", "mixed");
  RC_ASSERT(admit(by_lines.stream(config), lines).has_value());
  RC_ASSERT(admit(in_binary.stream(config), lines).has_value());  // opens the same schemas
  const std::vector<Record> first = records_of(by_lines.stream(config));
  const auto receipt = admit(in_binary.stream(config), rows_of(first), {}, BatchForm::kRows);
  RC_ASSERT(receipt.has_value());
  const std::vector<Record> both = records_of(in_binary.stream(config));
  RC_ASSERT(both.size() == 2 * first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    const Record& kept = both[first.size() + i];
    // What has no column goes through the reader of lines, in the order of its names.
    if (!has_extra(first[i])) RC_ASSERT(kept.row == first[i].row);
    RC_ASSERT(canonical_json(kept.fields()) == canonical_json(first[i].fields()));
    RC_ASSERT(kept.release != nullptr && *kept.release == *first[i].release);
    RC_ASSERT(kept.leaf == leaf_of(kept));
  }
}

// Whatever a client makes of a row: it is refused, or it is the one row of what it says.
RC_GTEST_PROP(Rows, a_damaged_row_is_refused_or_means_what_it_holds, ()) {
  Room room;
  Stream& stream = room.stream();
  RC_ASSERT(admit(stream, inference("e1", R"({"age":56,"sex":"female","ok":true,"x":1.5})")).has_value());
  const Record good = records_of(stream).front();
  Bytes row = good.row;
  const auto changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes; ++i)
    row[*rc::gen::inRange<std::size_t>(2, row.size())] = static_cast<char>(*rc::gen::inRange(0, 256));
  if (*rc::gen::arbitrary<bool>()) row.resize(*rc::gen::inRange<std::size_t>(0, row.size()));
  RowsWriter writer({kRelease});
  writer.add(row, 1);
  const auto receipt = admit(stream, writer.take(), {}, BatchForm::kRows);
  RC_CLASSIFY(receipt.has_value(), "taken");
  if (!receipt) return;
  const Record kept = stream.read(receipt->last).value();
  const auto again = admit(stream, canonical_json(kept.fields()) + "\n");
  RC_ASSERT(again.has_value());
  const Record line = stream.read(again->last).value();
  if (line.schema->id == kept.schema->id) RC_ASSERT(line.row == kept.row);
  RC_ASSERT(canonical_json(line.fields()) == canonical_json(kept.fields()));
}

TEST(Rows, hashed_fields_are_hashed_and_dropped_ones_dropped_whatever_the_form) {
  Room plain, careful;
  ASSERT_TRUE(admit(plain.stream(), inference("e1", R"({"age":56,"sex":"female"})")));
  StreamConfig config{.name = "fraud-api"};
  config.fields = {{"sex", {.keep = Keep::kHash}}, {"age", {.keep = Keep::kDrop}}};
  Stream& stream = careful.stream(config);
  ASSERT_TRUE(admit(stream, inference("e1", R"({"age":56,"sex":"female"})")));
  const Record kept = records_of(stream).front();
  // A client that writes the column in the clear, under the stream's own schema.
  const Bytes row = [&] {
    Bytes out = kept.row;
    const std::string hashed = string_or(*find(kept.fields(), "features"), "sex");
    const std::size_t at = out.find(hashed), length = out.find(std::string("\x4c\0\0\0", 4));
    EXPECT_NE(at, Bytes::npos);
    EXPECT_NE(length, Bytes::npos);
    out.replace(at, hashed.size(), "female");
    out.replace(length, 4, std::string("\x06\0\0\0", 4));
    return out;
  }();
  RowsWriter writer({kRelease});
  writer.add(row, 1);
  const auto receipt = admit(stream, writer.take(), {}, BatchForm::kRows);
  ASSERT_TRUE(receipt) << receipt.error().message;
  const Record again = stream.read(receipt->last).value();
  EXPECT_EQ(again.row, kept.row);
}

TEST(Rows, names_the_record_and_the_field_that_is_wrong) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("e1")));
  const Record good = records_of(stream).front();
  const auto send = [&](const Bytes& second) {
    RowsWriter writer({kRelease});
    writer.add(good.row, 1);
    writer.add(second, 1);
    const std::uint64_t before = stream.size();
    const auto receipt = admit(stream, writer.take(), {}, BatchForm::kRows);
    EXPECT_FALSE(receipt);
    EXPECT_EQ(stream.size(), before) << "nothing of a refused batch is kept";
    return receipt.error();
  };
  Bytes nan = good.row;
  const std::size_t age = nan.find(std::string("\0\0\0\0\0\0\x4c\x40", 8));
  ASSERT_NE(age, Bytes::npos);
  nan.replace(age, 8, std::string("\0\0\0\0\0\0\xf8\x7f", 8));
  const Error number = send(nan);
  EXPECT_EQ(number.line, 2U);
  EXPECT_EQ(number.pointer, "/features/age");
  Bytes other = good.row;
  other[0] = 99;
  EXPECT_EQ(send(other).code, Code::kConflict);
  EXPECT_EQ(send(good.row.substr(0, good.row.size() / 2)).line, 2U);
  Bytes twice = good.row + "{\"a\":1}trailing";
  EXPECT_EQ(send(twice).line, 2U);
}

TEST(Rows, a_batch_that_is_cut_anywhere_is_refused) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("e1")));
  const Bytes whole = rows_of(records_of(stream));
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_FALSE(admit(stream, whole.substr(0, size), {}, BatchForm::kRows)) << size << " octets";
  EXPECT_TRUE(admit(stream, whole, {}, BatchForm::kRows));
}

}  // namespace
}  // namespace firebreak::record
