// Notes under counsel's privilege: what the journal says of them is that there is one, sealed, by whom; and that counsel released it.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/casefile/parts.h"
#include "types/roles.h"

namespace firebreak::casefile {

// Whoever asks counsel writes under the privilege too; to read is counsel's alone.
Drafts seal_note(const Asked& asked) {
  const std::string sealed = asked.text("sealed");
  if (!asked.entry.actor.starts_with("user:")) return asked.refused(Code::kForbidden, "a note under counsel's privilege is a person's");
  if (!Digest::from_hex(sealed)) return asked.refused(Code::kInvalid, "a sealed note is named by the SHA-256 of its octets", "/sealed");
  if (asked.file->privileged.size() >= kPrivileged) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} notes under privilege", kPrivileged));
  JsonObject body = asked.body();
  body["sealed"] = sealed;
  return {draft("privileged_note_sealed", std::move(body))};
}

// From here on it is a note like any other, by who wrote it.
Drafts release_note(const Asked& asked) {
  if (!has_word(string_or(asked.entry.body, "role"), kCounsel)) return asked.refused(Code::kForbidden, "only counsel, the role legal, releases a note from its privilege");
  const std::string id = asked.text("note");
  const auto note = asked.file->privileged.find(id);
  if (note == asked.file->privileged.end()) return asked.refused(Code::kNotFound, fmt::format("{} has no sealed note '{}'", asked.incident, id), "/note");
  const auto reason = text_of(asked.args, "reason"), text = text_of(asked.args, "text");
  for (const auto* one : {&reason, &text})
    if (!*one) return asked.refused(one->error());
  JsonObject body = asked.body();
  body["note"] = id;
  body["sealed"] = note->second.sealed;
  body["reason"] = *reason;
  return {draft("privileged_note_released", std::move(body)),
          draft("incident_note", {{"incident", asked.incident}, {"text", *text}, {"by", note->second.by}, {"note", id}})};
}

void apply_privileged(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (entry.kind == "privileged_note_sealed") file->privileged[entry.id("priv")] = {string_or(entry.body, "sealed"), string_or(entry.body, "by"), entry.time};
  else file->privileged.erase(string_or(entry.body, "note"));
}

}  // namespace firebreak::casefile
