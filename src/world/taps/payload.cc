#include "world/taps/payload.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace firebreak::taps {
namespace {

constexpr std::size_t kRows = 10'000;    // of one request
constexpr std::size_t kColumns = 512;

std::string column_name(const std::vector<std::string>& columns, std::size_t i) {
  return i < columns.size() ? columns[i] : fmt::format("f{}", i);
}

bool is_scalar(const Json& value) { return !value.is_object() && !value.is_array(); }

// A number when the whole cell is one, else the text.
Json cell_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number - number == 0) return number;
  return text.empty() ? Json(nullptr) : Json(text);
}

Result<JsonObject> row_of(const Json& row, const std::vector<std::string>& columns) {
  JsonObject features;
  if (row.is_object()) {
    for (const auto& member : row.get_object()) features[member.key()] = member.value();
  } else if (row.is_array()) {
    if (row.get_array().size() > kColumns) return fail(Code::kTooLarge, fmt::format("a row has more than {} values", kColumns));
    for (std::size_t i = 0; i < row.get_array().size(); ++i) features[column_name(columns, i)] = row.get_array()[i];
  } else {
    features[column_name(columns, 0)] = row;
  }
  if (features.empty()) return fail(Code::kInvalid, "a row without features");
  return features;
}

Result<std::vector<JsonObject>> rows_of_array(const JsonArray& rows, const std::vector<std::string>& columns) {
  std::vector<JsonObject> out;
  if (rows.size() > kRows) return fail(Code::kTooLarge, fmt::format("a request has more than {} rows", kRows));
  for (const Json& row : rows) {
    FIREBREAK_ASSIGN(JsonObject features, row_of(row, columns));
    out.push_back(std::move(features));
  }
  if (out.empty()) return fail(Code::kInvalid, "the request has no rows");
  return out;
}

void flatten(const Json& value, JsonArray& out) {
  if (!value.is_array()) return out.push_back(value);
  for (const Json& each : value.get_array()) flatten(each, out);
}

// {name, shape, datatype, data} -> rows × width values in row-major order (Open Inference Protocol v2, "Tensor Data").
Result<std::pair<std::size_t, JsonArray>> tensor_of(const Json& tensor) {
  const Json* shape = find(tensor, "shape");
  const Json* data = find(tensor, "data");
  if (shape == nullptr || !shape->is_array() || shape->get_array().empty() || data == nullptr || !data->is_array())
    return fail(Code::kInvalid, "a tensor has 'shape' and 'data' in JSON");
  const Json& first = shape->get_array().front();
  JsonArray values;
  flatten(*data, values);
  const std::size_t rows = first.is_number() ? static_cast<std::size_t>(std::max(0.0, first.to_number<double>())) : 0;
  if (rows == 0 || rows > kRows || values.empty() || values.size() % rows != 0)
    return fail(Code::kInvalid, "a tensor's 'data' does not fill its 'shape'");
  return std::pair(rows, std::move(values));
}

// One tensor of many columns, or one tensor per column.
Result<std::vector<JsonObject>> rows_of_tensors(const JsonArray& tensors, const std::vector<std::string>& columns) {
  std::vector<JsonObject> out;
  for (const Json& tensor : tensors) {
    if (string_or(tensor, "name").size() > limits::kFieldName)
      return fail(Code::kTooLarge, fmt::format("a tensor's name has more than {} octets", limits::kFieldName));
    FIREBREAK_ASSIGN(const auto shaped, tensor_of(tensor));
    const auto& [rows, values] = shaped;
    if (out.empty()) out.resize(rows);
    if (rows != out.size()) return fail(Code::kInvalid, "the tensors of a request have different numbers of rows");
    const std::size_t width = values.size() / rows;
    if (width > kColumns) return fail(Code::kTooLarge, fmt::format("a row has more than {} values", kColumns));
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t i = 0; i < width; ++i)
        out[row][width == 1 && tensors.size() > 1 ? string_or(tensor, "name", column_name(columns, out[row].size()))
                                                  : column_name(columns, i)] = values[row * width + i];
  }
  if (out.empty()) return fail(Code::kInvalid, "the request has no tensors");
  return out;
}

bool are_tensors(const Json& value) {
  return value.is_array() && !value.get_array().empty() && find(value.get_array().front(), "shape") != nullptr;
}

JsonObject answer_of(const Json& value) {
  JsonObject answer;
  if (value.is_number()) {
    answer["score"] = value;
  } else if (value.is_string()) {
    answer["label"] = value;
  } else if (value.is_bool()) {
    answer["label"] = value.get_bool() ? "true" : "false";
  } else if (value.is_array() && value.get_array().size() == 1) {
    return answer_of(value.get_array().front());
  } else if (value.is_array()) {  // scores of classes: the answer is the highest
    const JsonArray& scores = value.get_array();
    const bool numbers = !scores.empty() && std::all_of(scores.begin(), scores.end(), [](const Json& s) { return s.is_number(); });
    if (numbers) {
      const auto best = std::max_element(scores.begin(), scores.end(), [](const Json& a, const Json& b) {
        return a.to_number<double>() < b.to_number<double>();
      });
      answer["label"] = std::to_string(best - scores.begin());
      answer["score"] = *best;
    }
  } else if (value.is_object()) {
    for (const std::string_view key : {"label", "predicted_label", "prediction", "class"}) {
      const Json* label = find(value, key);
      if (label == nullptr || !is_scalar(*label) || label->is_null()) continue;
      answer["label"] = label->is_string() ? *label : Json(canonical_json(*label));
      break;
    }
    for (const std::string_view key : {"score", "probability"}) {
      const Json* score = find(value, key);
      if (score == nullptr || !score->is_number()) continue;
      answer["score"] = *score;
      break;
    }
  }
  return answer;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

Result<std::vector<JsonObject>> rows_of_json(const Json& body, const std::vector<std::string>& columns) {
  if (body.is_array()) {
    // [[…], …] and [{…}, …] are rows; [1, 2, 3] is one.
    const JsonArray& rows = body.get_array();
    if (!rows.empty() && std::all_of(rows.begin(), rows.end(), is_scalar)) return rows_of_array(JsonArray{body}, columns);
    return rows_of_array(rows, columns);
  }
  if (!body.is_object()) return fail(Code::kInvalid, "a request body is an object or an array");
  for (const std::string_view key : {"instances", "inputs", "data", "rows"}) {
    const Json* rows = find(body, key);
    if (rows == nullptr) continue;
    if (are_tensors(*rows)) return rows_of_tensors(rows->get_array(), columns);
    if (rows->is_array()) return rows_of_json(*rows, columns);
  }
  const Json* features = find(body, "features");
  FIREBREAK_ASSIGN(JsonObject row, row_of(features != nullptr ? *features : body, columns));
  return std::vector<JsonObject>{std::move(row)};
}

Result<std::vector<JsonObject>> rows_of_csv(std::string_view text, const std::vector<std::string>& columns) {
  std::vector<JsonObject> out;
  for (const std::string_view line : split(text, '\n')) {
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
    JsonObject row;
    const auto cells = split(line, ',');
    if (cells.size() > kColumns) return fail(Code::kTooLarge, fmt::format("a row has more than {} values", kColumns));
    if (out.size() >= kRows) return fail(Code::kTooLarge, fmt::format("a request has more than {} rows", kRows));
    for (std::size_t i = 0; i < cells.size(); ++i) row[column_name(columns, i)] = cell_of(cells[i]);
    out.push_back(std::move(row));
  }
  if (out.empty()) return fail(Code::kInvalid, "the request has no rows");
  return out;
}

Result<std::vector<JsonObject>> answers_of_json(const Json& body) {
  const Json* answers = &body;
  for (const std::string_view key : {"predictions", "outputs", "answers"})
    if (const Json* found = find(body, key)) answers = found;
  std::vector<JsonObject> out;
  if (are_tensors(*answers)) {
    FIREBREAK_ASSIGN(const auto shaped, tensor_of(answers->get_array().front()));
    const auto& [rows, values] = shaped;
    const std::size_t width = values.size() / rows;
    for (std::size_t row = 0; row < rows; ++row) {
      JsonArray slice(values.begin() + static_cast<std::ptrdiff_t>(row * width),
                      values.begin() + static_cast<std::ptrdiff_t>((row + 1) * width));
      out.push_back(answer_of(slice));
    }
  } else if (answers->is_array()) {
    if (answers->get_array().size() > kRows) return fail(Code::kTooLarge, fmt::format("more than {} answers", kRows));
    for (const Json& each : answers->get_array()) out.push_back(answer_of(each));
  } else {
    out.push_back(answer_of(*answers));
  }
  return out;
}

Result<std::vector<JsonObject>> answers_of_csv(std::string_view text) {
  std::vector<JsonObject> out;
  for (const std::string_view line : split(text, '\n')) {
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
    if (out.size() >= kRows) return fail(Code::kTooLarge, fmt::format("more than {} answers", kRows));
    const auto cells = split(line, ',');
    JsonArray values;
    for (const std::string_view cell : cells) values.push_back(cell_of(cell));
    if (cells.size() == 2 && values[0].is_string() && values[1].is_number()) {
      out.push_back(JsonObject{{"label", values[0]}, {"score", values[1]}});
    } else {
      out.push_back(answer_of(values));
    }
  }
  return out;
}

}  // namespace firebreak::taps
