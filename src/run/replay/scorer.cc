#include "run/replay/scorer.h"

#include <fmt/core.h>

#include <cmath>

namespace firebreak::replay {
namespace {

constexpr std::size_t kPiece = 2'000;

Result<Answer> answer_of(const Json& document, const Wire& wire, bool relative) {
  const Json* label = relative ? find(document, "label") : find_pointer(document, wire.label);
  const Json* score = relative ? find(document, "score") : find_pointer(document, wire.score);
  if (label == nullptr || !label->is_string()) return fail(Code::kInvalid, "the release's answer has no label");
  return Answer{std::string(label->get_string()),
                score != nullptr && score->is_number() ? score->to_number<double>() : std::nan("")};
}

}  // namespace

Scorer::Scorer(const Endpoint& endpoint, std::string upstream)
    : endpoint_(endpoint), upstream_(std::move(upstream)) {}

Result<std::vector<Answer>> Scorer::score(std::span<const FeatureRow> rows) {
  std::vector<Answer> out;
  out.reserve(rows.size());
  for (std::size_t at = 0; at < rows.size(); at += kPiece) {
    const auto piece = rows.subspan(at, std::min(kPiece, rows.size() - at));
    if (!endpoint_.wire.batch_path.empty()) {
      FIREBREAK_TRY(score_batch(piece, out));
      continue;
    }
    for (const FeatureRow& row : piece) {
      FIREBREAK_ASSIGN(Answer answer, score_one(row));
      out.push_back(std::move(answer));
    }
  }
  return out;
}

void Scorer::append_features(std::string& out, const FeatureRow& row) const {
  out += '{';
  bool first = true;
  const auto key = [&](const std::string& name) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
  };
  for (std::size_t i = 0; i < endpoint_.features.numeric.size(); ++i) {
    key(endpoint_.features.numeric[i]);
    if (std::isnan(row.numeric[i])) {
      out += "null";
    } else {
      append_json_number(out, row.numeric[i]);
    }
  }
  for (std::size_t i = 0; i < endpoint_.features.categorical.size(); ++i) {
    key(endpoint_.features.categorical[i]);
    append_json_string(out, row.categories[i]);
  }
  out += '}';
}

Result<void> Scorer::score_batch(std::span<const FeatureRow> rows, std::vector<Answer>& out) {
  std::string body = R"({"rows":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != 0) body += ',';
    append_features(body, rows[i]);
  }
  body += "]}";
  FIREBREAK_ASSIGN(const Json answer, net::json_of(http_.post(upstream_ + endpoint_.wire.batch_path, std::move(body),
                                                              "application/json", 60 * kSecond)));
  const Json* answers = find(answer, "answers");
  if (answers == nullptr || !answers->is_array() || answers->get_array().size() != rows.size())
    return fail(Code::kInvalid, fmt::format("{} did not answer {} rows with {} answers", upstream_, rows.size(),
                                            rows.size()));
  for (const Json& item : answers->get_array()) {
    FIREBREAK_ASSIGN(Answer one, answer_of(item, endpoint_.wire, true));
    out.push_back(std::move(one));
  }
  return {};
}

Result<Answer> Scorer::score_one(const FeatureRow& row) {
  // wire.features is a pointer with one segment in every endpoint that has no batch address.
  std::string body = "{";
  append_json_string(body, std::string_view(endpoint_.wire.features).substr(1));
  body += ':';
  append_features(body, row);
  body += '}';
  FIREBREAK_ASSIGN(const Json answer, net::json_of(http_.post(upstream_ + endpoint_.wire.path, std::move(body))));
  return answer_of(answer, endpoint_.wire, false);
}

}  // namespace firebreak::replay
