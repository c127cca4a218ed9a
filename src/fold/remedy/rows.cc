// Rows of a remedy list: found, counted, packed, merged.
#include <algorithm>

#include "base/encoding.h"
#include "fold/remedy/remedy.h"

namespace firebreak::remedy {

Counts counts_of(const std::vector<Row>& rows) {
  Counts counts;
  counts.affected = rows.size();
  for (const Row& row : rows) {
    counts.changed += row.answer == Answer::kChanged ? 1 : 0;
    counts.unanswered += row.answer == Answer::kUnanswered ? 1 : 0;
    counts.erased += row.answer == Answer::kErased ? 1 : 0;
    counts.open += row.state == State::kOpen ? 1 : 0;
    counts.reversed += row.state == State::kReversed ? 1 : 0;
    counts.confirmed += row.state == State::kConfirmed ? 1 : 0;
    counts.told += row.told != 0 ? 1 : 0;
    counts.again += row.state != State::kOpen && row.settled_on != row.answer ? 1 : 0;
  }
  return counts;
}

Json to_json(const Counts& counts) {
  return JsonObject{{"affected", counts.affected}, {"changed", counts.changed},     {"unanswered", counts.unanswered}, {"erased", counts.erased},
                    {"open", counts.open},         {"reversed", counts.reversed},   {"confirmed", counts.confirmed},   {"told", counts.told},
                    {"again", counts.again}};
}

const Row* find_row(const std::vector<Row>& rows, std::uint64_t record) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), record, [](const Row& row, std::uint64_t index) { return row.record < index; });
  return at != rows.end() && at->record == record ? &*at : nullptr;
}

std::string pack(const std::vector<Row>& rows) {
  Bytes out;
  std::uint64_t before = 0;
  for (const Row& row : rows) {
    std::uint64_t value = (row.record - before) << 2 | static_cast<std::uint64_t>(row.answer);
    before = row.record;
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(0x80 | (value & 0x7f)));
    out.push_back(static_cast<char>(value));
  }
  return to_base64(out);
}

Result<std::vector<Row>> unpack(std::string_view text) {
  FIREBREAK_ASSIGN(const Bytes raw, from_base64(text));
  std::vector<Row> rows;
  std::uint64_t record = 0;
  for (std::size_t at = 0; at < raw.size();) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      if (at == raw.size() || shift > 56) return fail(Code::kInvalid, "rows: a number is cut short or too long");
      const auto octet = static_cast<std::uint8_t>(raw[at++]);
      value |= static_cast<std::uint64_t>(octet & 0x7f) << shift;
      if ((octet & 0x80) == 0) break;
    }
    if (!rows.empty() && value >> 2 == 0) return fail(Code::kInvalid, "rows: a record stands twice");
    Row row;
    row.record = record += value >> 2;
    row.answer = static_cast<Answer>(value & 3);
    rows.push_back(row);
  }
  return rows;
}

std::vector<Row> merged(const std::vector<Row>& before, const std::vector<Row>& built, bool replace) {
  std::vector<Row> out;
  out.reserve(before.size() + built.size());
  auto old = before.begin();
  const auto keep = [&](const Row& row) {
    if (!replace || row.state != State::kOpen || row.told != 0) out.push_back(row);
  };
  for (const Row& row : built) {
    for (; old != before.end() && old->record < row.record; ++old) keep(*old);
    out.push_back(row);
    if (old == before.end() || old->record != row.record) continue;
    out.back() = *old++;
    out.back().answer = row.answer;
  }
  for (; old != before.end(); ++old) keep(*old);
  return out;
}

std::vector<std::pair<std::uint64_t, const Taint*>> taints_in_force(const RemedyState& state) {
  std::map<std::string, std::pair<std::uint64_t, const Taint*>> newest;
  for (const auto& [index, taint] : state.taints)
    if (!taint.blob.empty()) newest[taint.incident] = {index, &taint};
  std::vector<std::pair<std::uint64_t, const Taint*>> out;
  for (const auto& [incident, one] : newest) out.push_back(one);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

}  // namespace firebreak::remedy
