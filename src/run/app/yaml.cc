#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include "run/app/content.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kFileBytes = 1024 * 1024;

// YAML 1.2 core schema for plain scalars, without octal and the infinities.
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [at, ec] = std::from_chars(text.data(), end, whole); ec == std::errc() && at == end) return whole;
  const bool number_like = std::isdigit(static_cast<unsigned char>(text[0])) != 0 || text[0] == '-' || text[0] == '.';
  double real = 0;
  if (const auto [at, ec] = std::from_chars(text.data(), end, real);
      number_like && ec == std::errc() && at == end && std::isfinite(real))
    return real;
  return Json(text);
}

// Builds the document while it is parsed: the first thing that is not allowed ends it with its place.
class Builder : public YAML::EventHandler {
 public:
  // `lines`: where each place stands; may be empty.
  explicit Builder(std::map<std::string, std::uint32_t>* lines = nullptr) : lines_(lines) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { value(mark, anchor, nullptr); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases are not allowed"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    // yaml-cpp tags plain scalars "?" and quoted ones "!".
    if (open_.empty() || !expects_key()) {
      value(mark, anchor, tag == "?" ? plain_scalar(text) : Json(text));
    } else if (open_.back().value.as_object().contains(text)) {
      refuse(mark, fmt::format("key '{}' appears twice", text));
    } else {
      open_.back().key = text;
      open_.back().has_key = true;
      remember(mark);
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, anchor, JsonArray{});
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, anchor, JsonObject{});
  }
  void OnMapEnd() override { end(); }

  Json result = nullptr;
  std::string error;
  std::uint32_t line = 0, column = 0;  // of the error, from 1

 private:
  struct Level {
    Json value;
    std::string key, path;
    bool has_key = false;
  };

  std::string place() const {
    if (open_.empty()) return {};
    const Level& level = open_.back();
    return level.path + "/" + (level.value.is_array() ? std::to_string(level.value.get_array().size()) : level.key);
  }

  void remember(const YAML::Mark& mark) {
    if (lines_ != nullptr) lines_->try_emplace(place(), static_cast<std::uint32_t>(mark.line + 1));
  }

  bool expects_key() const { return open_.back().value.is_object() && !open_.back().has_key; }

  void refuse(const YAML::Mark& mark, const std::string& what) {
    if (!error.empty()) return;
    error = what;
    line = static_cast<std::uint32_t>(mark.line + 1);
    column = static_cast<std::uint32_t>(mark.column + 1);
  }

  void begin(const YAML::Mark& mark, YAML::anchor_t anchor, Json empty) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not allowed");
    if (!open_.empty() && expects_key()) refuse(mark, "a key must be a plain word");
    if (open_.size() >= limits::kDocumentDepth) refuse(mark, "nested too deeply");
    remember(mark);
    open_.push_back({std::move(empty), {}, place(), false});
  }

  void end() {
    Json done = std::move(open_.back().value);
    open_.pop_back();
    put(std::move(done));
  }

  void value(const YAML::Mark& mark, YAML::anchor_t anchor, Json scalar) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not allowed");
    remember(mark);
    put(std::move(scalar));
  }

  void put(Json item) {
    if (open_.empty()) {
      result = std::move(item);
    } else if (Level& level = open_.back(); level.value.is_array()) {
      level.value.as_array().push_back(std::move(item));
    } else {
      level.value.as_object()[level.key] = std::move(item);
      level.has_key = false;
    }
  }

  std::map<std::string, std::uint32_t>* const lines_;
  std::vector<Level> open_;
};

}  // namespace

Result<Json> yaml_to_json(std::string_view text, const std::string& name) {
  if (text.size() > kFileBytes) return fail(Code::kTooLarge, fmt::format("{}: larger than 1 MiB", name));
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::ParserException& e) {
    return fail(Code::kInvalid, fmt::format("{}:{}:{}: {}", name, e.mark.line + 1, e.mark.column + 1, e.msg));
  } catch (const std::exception& e) {
    return fail(Code::kInvalid, fmt::format("{}: {}", name, e.what()));
  }
  if (!builder.error.empty()) return fail(Code::kInvalid, fmt::format("{}:{}:{}: {}", name, builder.line, builder.column, builder.error));
  return std::move(builder.result);
}

std::vector<YamlDocument> yaml_documents(std::string_view text) {
  std::vector<YamlDocument> out;
  if (text.size() > kFileBytes) return {{nullptr, {}, "the file is larger than 1 MiB", 0}};
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser) {
      YamlDocument document;
      Builder builder(&document.lines);
      if (!parser.HandleNextDocument(builder)) break;
      document.value = std::move(builder.result);
      document.error = std::move(builder.error);
      document.error_line = builder.line;
      if (!document.value.is_null() || !document.error.empty()) out.push_back(std::move(document));
    }
  } catch (const YAML::ParserException& e) {
    out.push_back({nullptr, {}, e.msg, static_cast<std::uint32_t>(e.mark.line + 1)});
  } catch (const std::exception& e) {
    out.push_back({nullptr, {}, e.what(), 0});
  }
  return out;
}

}  // namespace firebreak::app
