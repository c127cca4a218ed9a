// A remedy list as people read it: rows of the fold, answers of the clean release from the list's blob, who asked and what they
// got from the stream as it is now, who settled it from the journal. What was erased since is shown as erased and stays a row.
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "fold/remedy/remedy.h"
#include "run/app/context.h"

namespace firebreak::app {

class RemedyRows {
 public:
  explicit RemedyRows(const Context& context) : context_(context) {}

  // {"incident", "build", "release", "counts", "done", "building": null or {"build","release","at","end","rows"}, "items": […],
  // "next"}. `state`: empty, open, reversed, confirmed, changed, unchanged, unanswered, erased, told or untold; the page begins
  // behind the record `cursor`. Errors: kNotFound, kInvalid.
  Result<Json> page(const std::string& incident, const std::string& state, const std::string& cursor, std::size_t limit) const;

  // Every row, as CSV with a header line or as {"incident", …, "items"}; the journal notes who took it (`remedy.export`).
  Result<Bytes> exported(const std::string& incident, const std::string& format, const std::string& actor) const;

 private:
  using Answers = std::map<std::uint64_t, Json>;  // record -> line of the blob
  Result<std::shared_ptr<const Answers>> answers_of(const std::string& blob) const;
  Result<JsonArray> told(const std::string& incident, const remedy::List& list, const std::vector<remedy::Row>& rows) const;

  const Context& context_;
  mutable std::mutex mutex_;
  mutable std::string cached_;  // the blob read last, and what it says
  mutable std::shared_ptr<const Answers> answers_;
};

// A CSV file (RFC 4180) that a spreadsheet may open: a text that it would take for a formula begins with an apostrophe.
std::string remedy_csv(const JsonArray& items);

}  // namespace firebreak::app
