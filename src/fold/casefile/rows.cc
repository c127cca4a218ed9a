// The timeline: facts and opinions, each a row of its own, and their corrections, which are rows too. Documents of notes.
#include <fmt/core.h>

#include <algorithm>

#include "fold/casefile/parts.h"

namespace firebreak::casefile {
namespace {

std::vector<Row>::const_iterator row_at(const std::vector<Row>& rows, std::uint64_t index) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), index, [](const Row& row, std::uint64_t i) { return row.index < i; });
  return at != rows.end() && at->index == index ? at : rows.end();
}

Result<JsonObject> row_body(const Asked& asked) {
  FIREBREAK_ASSIGN(std::string text, text_of(asked.args, "text"));
  if (asked.file->rows.size() >= kRows) return fail(Code::kTooLarge, fmt::format("a timeline has at most {} rows of people", kRows));
  JsonObject body = asked.body();
  body["text"] = std::move(text);
  copy_texts(asked.args, body, {"source"});
  FIREBREAK_TRY(copy_time(asked, "occurred", body));
  return body;
}

}  // namespace

Drafts add_row(const Asked& asked) {
  auto body = row_body(asked);
  if (!body) return asked.refused(body.error());
  const bool fact = asked.name == "incident.fact";
  if (fact && !body->contains("occurred"))
    return asked.refused(Code::kInvalid, "a fact says when it occurred: a time with its zone", "/occurred");
  (*body)["type"] = fact ? "fact" : "opinion";
  return {draft("casefile_row", std::move(*body))};
}

Drafts correct_row(const Asked& asked) {
  const std::string id = asked.text("row");
  const auto old = row_at(asked.file->rows, number_of(id, "row-"));
  if (old == asked.file->rows.end())
    return asked.refused(Code::kNotFound, fmt::format("{} has no fact and no opinion '{}'; 'firebreak incident timeline {}' lists them", asked.incident, id, asked.incident), "/row");
  if (old->corrected_by != 0)
    return asked.refused(Code::kConflict, fmt::format("{} was corrected by row-{}: correct that one", id, old->corrected_by), "/row");
  auto body = row_body(asked);
  if (!body) return asked.refused(body.error());
  const auto reason = text_of(asked.args, "reason");
  if (!reason) return asked.refused(reason.error());
  if (!body->contains("occurred") && old->occurred) (*body)["occurred"] = format_time(*old->occurred);
  (*body)["type"] = old->opinion ? "opinion" : "fact";
  (*body)["corrects"] = id;
  (*body)["reason"] = *reason;
  return {draft("casefile_row", std::move(*body))};
}

void apply_row(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (const auto old = row_at(file->rows, number_of(string_or(entry.body, "corrects"), "row-")); old != file->rows.end())
    file->rows[static_cast<std::size_t>(old - file->rows.begin())].corrected_by = entry.index;
  const auto occurred = get_time(entry.body, "occurred");
  file->rows.push_back({entry.index, string_or(entry.body, "type") == "opinion", 0, occurred ? std::optional(*occurred) : std::nullopt});
}

// Who wrote on an old revision is told so; what was written is kept as a text beside the document, whatever becomes of the writer's program.
Drafts write_notes(const Asked& asked) {
  const std::string document = asked.text("document"), text = asked.text("text");
  if (!is_name(document)) return asked.refused(Code::kInvalid, "a document's name is 1 to 64 of a-z, 0-9, '.', '_', '-'", "/document");
  const auto known = asked.file->notes.find(document);
  if (known == asked.file->notes.end() && asked.file->notes.size() >= kDocuments)
    return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} documents", kDocuments), "/document");
  const std::int64_t revision = known == asked.file->notes.end() ? 0 : known->second.revision;
  const std::int64_t base = int_or(asked.args, "base", -1);
  JsonObject body = asked.body();
  body["document"] = document;
  body["text"] = text;
  if (base == revision) {
    body["revision"] = revision + 1;
    return {draft("casefile_notes", std::move(body))};
  }
  if (base < 0 || base > revision)
    return asked.refused(Code::kInvalid, fmt::format("'base' is the revision that you wrote on: 0 to {}", revision), "/base");
  if (known->second.text == text) return asked.refused(Code::kConflict, fmt::format("revision {} says this already", revision), "/base");
  body["base"] = base;
  body["revision"] = revision;
  Drafts drafts = asked.refused(Code::kConflict, fmt::format("you wrote on revision {}, {} is at revision {}; your text is kept beside it: 'firebreak incident notes {} --document {}' "
                                                             "shows both, write again with --base {}", base, document, revision, asked.incident, document, revision), "/base");
  drafts.push_back(draft("casefile_notes_conflict", std::move(body)));
  return drafts;
}

void apply_notes(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry))
    file->notes[string_or(entry.body, "document")] = {int_or(entry.body, "revision"), string_or(entry.body, "text")};
}

}  // namespace firebreak::casefile
