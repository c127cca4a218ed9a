// Properties of rows and of the way there and back.
#include "log/record/row.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"
#include "base/limits.h"
#include "log/record/diagnose.h"
#include "log/record/frames.h"
#include "log/record/record_testing.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::inference;
using testing::Room;

Schema some_schema() {
  return {3, Kind::kInference,
          {{"/time", ColumnType::kTime}, {"/id", ColumnType::kText}, {"/disposition", ColumnType::kDisposition},
           {"/features/age", ColumnType::kNumber}, {"/features/sex", ColumnType::kText},
           {"/features/new", ColumnType::kFlag}, {"/features/big", ColumnType::kInteger}, {"/source", ColumnType::kText},
           {"/caller", ColumnType::kText}}};
}

TEST(Row, has_the_octets_of_the_format_page) {
  std::vector<Cell> cells(9);
  cells[0] = {true, 1772854057823000, {}};
  cells[1] = {true, 0, "e1"};
  cells[2] = {true, 0, {}};
  cells[3] = {true, std::bit_cast<std::uint64_t>(56.0), {}};
  cells[4] = {true, 0, "female"};
  Bytes row;
  encode_row(some_schema(), cells, R"({"region":"eu"})", row);
  EXPECT_EQ(to_hex(row),
            "0300e00118eb5ac0664c060002000000000000000000004c4006000000653166656d616c657b22726567696f6e223a226575227d");
  Row back;
  ASSERT_TRUE(decode_row(some_schema(), row, back));
  EXPECT_EQ(back.cells[4].text, "female");
  EXPECT_FALSE(back.cells[5].present);
  EXPECT_EQ(back.extra, R"({"region":"eu"})");
}

TEST(Payload, has_the_octets_of_the_format_page) {
  Bodies lines;
  lines.nonce_base = "\x01\x02\x03\x04\x05\x06\x07\x08";
  lines.add_clear("abc");
  const Bytes octets = encode_payload({"gw", 7, 0, "service:a", 0x1122334455667788}, {}, lines);
  EXPECT_EQ(to_hex(octets),
            "020700000100000000000000010203040506070800000000026777070000000000000088776655443322110973657276696365"
            "3a6103000000ffffffff616263");
  const Payload back = decode_payload(octets, 1).value();
  EXPECT_EQ(back.head.producer, "gw");
  EXPECT_EQ(back.head.sequence, 7U);
  EXPECT_EQ(back.head.owner, "service:a");
  EXPECT_EQ(back.head.content, 0x1122334455667788U);
  EXPECT_EQ(back.bodies[0].octets, "abc");
  for (std::size_t cut = 0; cut < octets.size(); ++cut)
    EXPECT_EQ(decode_payload(octets.substr(0, cut), 1).error().code, Code::kCorrupt) << cut;
}

TEST(Payload, of_version_1_is_read_without_an_owner) {
  const Bytes octets = from_hex("0103000001000000000000000102030405060708000000000267770700000000000000"
                                "03000000ffffffff616263").value();
  const Payload back = decode_payload(octets, 1).value();
  EXPECT_EQ(back.head.producer, "gw");
  EXPECT_EQ(back.head.sequence, 7U);
  EXPECT_EQ(back.head.owner, "");
  EXPECT_EQ(back.head.content, 0U);
  EXPECT_EQ(back.bodies[0].octets, "abc");
}

RC_GTEST_PROP(Row, decodes_to_what_was_encoded, (const std::vector<std::string>& texts, const std::vector<bool>& present,
                                                 std::uint64_t bits, const std::string& extra)) {
  const Schema schema = some_schema();
  std::vector<Cell> cells(schema.columns.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i >= present.size() || !present[i]) continue;
    cells[i].present = true;
    const ColumnType type = schema.columns[i].type;
    if (type == ColumnType::kText) {
      cells[i].text = i < texts.size() ? texts[i] : std::string_view("x");
    } else {
      cells[i].bits = type == ColumnType::kFlag || type == ColumnType::kDisposition ? bits & 1 : bits;
    }
  }
  Bytes octets;
  encode_row(schema, cells, extra, octets);
  Row row;
  RC_ASSERT(decode_row(schema, octets, row).has_value());
  Bytes again;
  encode_row(schema, row.cells, row.extra, again);
  RC_ASSERT(again == octets);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    RC_ASSERT(row.cells[i].present == cells[i].present);
    RC_ASSERT(row.cells[i].text == cells[i].text);
    RC_ASSERT(row.cells[i].bits == cells[i].bits);
  }
}

RC_GTEST_PROP(Row, cut_or_arbitrary_octets_are_an_error_or_a_row, (const std::string& octets)) {
  Row row;
  const auto decoded = decode_row(some_schema(), std::string("\x03\x00", 2) + octets, row);
  if (decoded) RC_SUCCEED("a row");
}

rc::Gen<Json> scalar() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t v) { return Json(v); }),
      rc::gen::map(rc::gen::inRange(-1000, 1000), [](int v) { return Json(v / 8.0); }),
      rc::gen::map(rc::gen::string<std::string>(), [](std::string v) {
        for (char& c : v) c = static_cast<char>(c & 0x7f);
        return Json(v);
      }),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool v) { return Json(v); }), rc::gen::just(Json(nullptr)));
}

// The values that go in come out, under whatever schemas they open on the way, and each leaf is computed again.
RC_GTEST_PROP(Stream, gives_back_every_value, ()) {
  static Room room;
  static int number = 0;
  record::Stream& stream = room.stream();
  JsonObject features;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i)
    features["f" + std::to_string(*rc::gen::inRange(0, 8))] = *scalar();
  JsonObject line = parse_json(inference("r" + std::to_string(++number)))->get_object();
  line["features"] = std::move(features);
  line["note"] = *scalar();
  const std::string given = canonical_json(line);
  const auto receipt = admit(stream, given);
  RC_ASSERT(receipt.has_value());
  const Record record = stream.read(receipt->first).value();
  // Through the text: a number is a value, not a C++ type.
  RC_ASSERT(canonical_json(record.fields()) == given);
  RC_ASSERT(leaf_of(record) == record.leaf);
}

RC_GTEST_PROP(Diagnose, agrees_with_the_document_parser, (const std::string& noise)) {
  std::string line = inference("x");
  line.pop_back();
  const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
  line.replace(at, std::min<std::size_t>(noise.size(), line.size() - at), noise);
  RC_ASSERT(diagnose_line(line).has_value() == parse_json(line, limits::kJsonDepth).has_value());
}

}  // namespace
}  // namespace firebreak::record
